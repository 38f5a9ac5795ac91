package io.tokensaving.samples.gateway.door;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.WireRequest;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * What has to be known of a body that is passed on as it is, but for the fields of this
 * gateway. Immutable.
 *
 * @param bytes the body without the fields of this gateway
 * @param model the model
 * @param stream whether a stream is asked for
 * @param maxOutputTokens what the output cannot exceed in tokens, or -1
 * @param parameters the parameters of this gateway
 */
record PassedBody(byte[] bytes, String model, boolean stream, long maxOutputTokens, WireRequest.Parameters parameters) {

	private static final JsonFactory JSON = JsonFactory.builder()
		.enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
		.build();

	private static final JsonMapper MAPPER = JsonMapper.shared();

	/**
	 * Read a body.
	 * @param body the body
	 * @return what has to be known of it
	 * @throws DoorException if it is no object, or names no model
	 */
	static PassedBody read(byte[] body) {
		try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), body)) {
			return new Reader(body, parser).read();
		}
		catch (JacksonException ex) {
			throw refused("The body is no JSON: " + ex.getOriginalMessage(), null);
		}
	}

	private static DoorException refused(String message, @Nullable String param) {
		return new DoorException(new Failure(400, Failure.INVALID_REQUEST, message, param, "invalid_value"));
	}

	private static final class Reader {

		private final byte[] body;

		private final JsonParser parser;

		private final List<int[]> cuts = new ArrayList<>();

		private @Nullable String model;

		private boolean stream;

		private long maxTokens = -1;

		private long answers = 1;

		private long prompts = 1;

		private final Map<String, String> texts = new HashMap<>();

		private Map<String, Object> cache = Map.of();

		private int start;

		Reader(byte[] body, JsonParser parser) {
			this.body = body;
			this.parser = parser;
		}

		PassedBody read() {
			if (this.parser.nextToken() != JsonToken.START_OBJECT) {
				throw refused("The body must be a JSON object", null);
			}
			while (this.parser.nextToken() == JsonToken.PROPERTY_NAME) {
				this.start = (int) this.parser.currentTokenLocation().getByteOffset();
				if (this.start < 0) {
					throw refused("The body must be UTF-8", null);
				}
				member(this.parser.currentName(), this.parser.nextToken());
			}
			if (this.parser.nextToken() != null) {
				throw refused("The body must be one JSON object", null);
			}
			String model = this.model;
			if (model == null || model.isBlank()) {
				throw refused("'model' must be the name of a model", "model");
			}
			return new PassedBody(withoutCuts(), model, this.stream, maxOutputTokens(),
					new WireRequest.Parameters(this.texts.get("token_saving_plan_id"),
							this.texts.get("token_saving_feature"), this.texts.get("token_saving_tier"), this.cache));
		}

		@SuppressWarnings("unchecked")
		private void member(String name, JsonToken value) {
			switch (name) {
				case "model" -> {
					this.model = text(name, value);
				}
				case "stream" -> {
					this.stream = value == JsonToken.VALUE_TRUE;
				}
				case "max_tokens", "max_completion_tokens", "max_output_tokens" -> {
					this.maxTokens = (value == JsonToken.VALUE_NUMBER_INT) ? this.parser.getLongValue()
							: this.maxTokens;
				}
				case "n", "best_of" -> {
					this.answers = Math.max(this.answers,
							(value == JsonToken.VALUE_NUMBER_INT) ? this.parser.getLongValue() : 1);
				}
				case "prompt" -> {
					countPrompts(value);
				}
				case "token_saving_plan_id", "token_saving_feature", "token_saving_tier" -> {
					this.texts.put(name, text(name, value));
					cut();
				}
				case "cache" -> {
					if (value == JsonToken.START_OBJECT) {
						int from = (int) this.parser.currentTokenLocation().getByteOffset();
						this.parser.skipChildren();
						int to = (int) this.parser.currentLocation().getByteOffset();
						this.cache = MAPPER.readValue(this.body, from, to - from, Map.class);
						cut();
					}
				}
				default -> {
					// Is passed on
				}
			}
			this.parser.skipChildren();
		}

		private void countPrompts(JsonToken value) {
			if (value != JsonToken.START_ARRAY) {
				return;
			}
			long texts = 0;
			for (JsonToken token = this.parser.nextToken(); token != JsonToken.END_ARRAY; token = this.parser
				.nextToken()) {
				texts += (token == JsonToken.VALUE_STRING || token == JsonToken.START_ARRAY) ? 1 : 0;
				this.parser.skipChildren();
			}
			this.prompts = Math.max(1, texts);
		}

		private long maxOutputTokens() {
			long all = Math.min(this.answers, Integer.MAX_VALUE) * Math.min(this.prompts, Integer.MAX_VALUE);
			return (this.maxTokens <= 0) ? -1
					: (this.maxTokens > Long.MAX_VALUE / all) ? Long.MAX_VALUE : this.maxTokens * all;
		}

		private String text(String name, JsonToken value) {
			if (value != JsonToken.VALUE_STRING) {
				throw refused("'" + name + "' must be a text", name);
			}
			return this.parser.getString();
		}

		private void cut() {
			this.parser.finishToken();
			this.cuts.add(new int[] { this.start, (int) this.parser.currentLocation().getByteOffset() });
		}

		private byte[] withoutCuts() {
			if (this.cuts.isEmpty()) {
				return this.body;
			}
			ByteArrayOutputStream rest = new ByteArrayOutputStream(this.body.length);
			int from = 0;
			for (int i = 0; i < this.cuts.size(); i++) {
				int begin = this.cuts.get(i)[0];
				int end = this.cuts.get(i)[1];
				int comma = comma(end, 1);
				while (comma >= 0 && i + 1 < this.cuts.size() && beyondSpace(comma + 1, 1) == this.cuts.get(i + 1)[0]) {
					end = this.cuts.get(++i)[1];
					comma = comma(end, 1);
				}
				// Of members one comma goes too: the one behind, or else the one before
				int before = (comma < 0) ? comma(begin - 1, -1) : -1;
				rest.write(this.body, from, ((before >= 0) ? before : begin) - from);
				from = (comma >= 0) ? comma + 1 : end;
			}
			rest.write(this.body, from, this.body.length - from);
			return rest.toByteArray();
		}

		private int comma(int from, int step) {
			int at = beyondSpace(from, step);
			return (this.body[at] == ',') ? at : -1;
		}

		private int beyondSpace(int from, int step) {
			int at = from;
			while (this.body[at] == ' ' || this.body[at] == '\n' || this.body[at] == '\r' || this.body[at] == '\t') {
				at += step;
			}
			return at;
		}

	}

}
