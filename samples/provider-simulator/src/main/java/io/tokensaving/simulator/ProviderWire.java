package io.tokensaving.simulator;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.simulator.SimulatedError.Kind;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** How a provider speaks: what it takes, what it rejects, what it answers. */
abstract class ProviderWire {

	static final JsonMapper JSON = JsonMapper.shared();

	private final Provider provider;

	private final Setup setup;

	ProviderWire(Provider provider, Setup setup) {
		this.provider = provider;
		this.setup = setup;
	}

	Provider provider() {
		return this.provider;
	}

	Setup setup() {
		return this.setup;
	}

	Tokenizer tokenizer() {
		return this.setup.tokenizer();
	}

	/**
	 * Answers what no model has to think about, such as a list of models.
	 * @return the answer, or null if a model is asked
	 */
	@Nullable Lookup lookUp(String method, String path, Map<String, List<String>> headers, String body) throws Rejection {
		return null;
	}

	/** Reads a request. {@code path} begins behind the provider's base URL. */
	abstract ParsedRequest parse(String path, Map<String, List<String>> headers, JsonNode body) throws Rejection;

	/** The body of the response to a call. */
	abstract JsonNode body(ParsedRequest request, Completion completion, CacheTokens input, Instant now);

	/** What differs in a batch, where the body is otherwise the same. */
	JsonNode batchBody(JsonNode body) {
		return body;
	}

	/** The events of a stream. */
	abstract List<Frame> frames(ParsedRequest request, Completion completion, CacheTokens input, Instant now);

	/** What is answered in place of an answer. */
	abstract ErrorResponse error(SimulatedError error, @Nullable String param, @Nullable String code, long number);

	/** An error within a stream. */
	abstract String errorEvent(SimulatedError error, long number);

	SimulatedModel model(JsonNode name) throws Rejection {
		SimulatedModel model = this.setup.catalog().find(this.provider, name.asString());
		if (model == null) {
			throw unknownModel(name.asString());
		}
		return model;
	}

	abstract Rejection unknownModel(String name);

	/** Who asks, as far as caches are concerned. */
	static String account(Map<String, List<String>> headers, String... names) {
		for (String name : names) {
			List<String> values = headers.get(name);
			if (values != null && !values.isEmpty() && !values.get(0).isBlank()) {
				return values.get(0);
			}
		}
		return "";
	}

	static JsonNode parseBody(String body) throws Rejection {
		try {
			JsonNode node = JSON.readTree(body);
			if (!node.isObject()) {
				throw Rejection.invalid("The body of the request must be a JSON object");
			}
			return node;
		}
		catch (JacksonException ex) {
			throw Rejection.invalid("The body of the request is not valid JSON");
		}
	}

	static ObjectNode object() {
		return JSON.createObjectNode();
	}

	static ArrayNode array() {
		return JSON.createArrayNode();
	}

	static @Nullable String unknownField(JsonNode node, Set<String> known) {
		for (String name : node.propertyNames()) {
			if (!known.contains(name)) {
				return name;
			}
		}
		return null;
	}

	static boolean isOneOf(JsonNode node, String... values) {
		return node.isString() && List.of(values).contains(node.asString());
	}

	static Map<String, String> retryAfter(@Nullable Duration duration) {
		Map<String, String> headers = new LinkedHashMap<>();
		if (duration != null) {
			headers.put("retry-after", Long.toString(Math.max(0, (duration.toMillis() + 999) / 1000)));
		}
		return headers;
	}

	static boolean isHtml(SimulatedError error) {
		return error.kind() == Kind.BAD_GATEWAY;
	}

	static ErrorResponse badGateway() {
		return new ErrorResponse(502, Map.of("content-type", "text/html"),
				"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>");
	}

	/**
	 * What all wires share.
	 *
	 * @param catalog the models
	 * @param tokenizer counts
	 * @param rules of caches
	 * @param seed for what is left to chance
	 * @param imageTokens what an image or a document counts
	 * @param options how the wires differ from the default
	 */
	record Setup(ModelCatalog catalog, Tokenizer tokenizer, CacheRules rules, long seed, int imageTokens,
			Set<WireOption> options) {

		boolean has(WireOption option) {
			return this.options.contains(option);
		}

	}

	/**
	 * What was looked up.
	 *
	 * @param body of the response
	 * @param model the name of the model, empty if there is none
	 * @param input its tokens
	 * @param bill what it costs
	 */
	record Lookup(JsonNode body, String model, CacheTokens input, RequestBill bill) {

		static Lookup free(JsonNode body) {
			return new Lookup(body, "", CacheTokens.none(0), RequestBill.NOTHING);
		}

	}

	/**
	 * An error on the wire.
	 *
	 * @param status of HTTP
	 * @param headers of the response
	 * @param body its body
	 */
	record ErrorResponse(int status, Map<String, String> headers, String body) {

	}

}
