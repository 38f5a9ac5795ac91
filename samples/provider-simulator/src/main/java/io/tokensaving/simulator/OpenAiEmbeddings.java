package io.tokensaving.simulator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * OpenAI's Embeddings API. Equal texts have equal vectors, and texts that share words
 * have vectors that are near.
 */
final class OpenAiEmbeddings {

	private static final Set<String> FIELDS = Set.of("input", "model", "encoding_format", "dimensions", "user");

	private static final int INPUTS = 2048;

	private static final int TOKENS_OF_ONE = 8192;

	private OpenAiEmbeddings() {
	}

	static boolean isModel(String id) {
		return id.startsWith("text-embedding-");
	}

	static ProviderWire.Lookup answer(OpenAiWire wire, JsonNode body) throws Rejection {
		if (wire.isStrict()) {
			String unknown = ProviderWire.unknownField(body, FIELDS);
			ChatCompletionsWire.require(unknown == null, "Unknown parameter: '" + unknown + "'.", unknown,
					"unknown_parameter");
		}
		ChatCompletionsWire.require(body.path("model").isString(), "you must provide a model parameter", "model", null);
		SimulatedModel model = wire.model(body.get("model"));
		ChatCompletionsWire.require(isModel(model.id()), "You are not allowed to generate embeddings from this model",
				"model", null);
		int size = dimensions(body, model);
		JsonNode format = body.path("encoding_format");
		ChatCompletionsWire.require(
				format.isMissingNode() || format.isNull() || ProviderWire.isOneOf(format, "float", "base64"),
				"Invalid value: '%s'. Supported values are: 'float' and 'base64'.".formatted(format.asString("")),
				"encoding_format", "invalid_value");
		List<JsonNode> inputs = inputs(body.path("input"));
		int tokens = 0;
		ObjectNode response = ProviderWire.object().put("object", "list");
		ArrayNode data = response.putArray("data");
		for (int index = 0; index < inputs.size(); index++) {
			JsonNode input = inputs.get(index);
			int own = input.isString() ? wire.tokenizer().count(input.asString()) : input.size();
			ChatCompletionsWire.require(own <= TOKENS_OF_ONE,
					"This model's maximum context length is %d tokens, however you requested %d tokens."
						.formatted(TOKENS_OF_ONE, own),
					null, null);
			tokens += own;
			ObjectNode entry = data.addObject().put("object", "embedding").put("index", index);
			float[] vector = vector(input.isString() ? input.asString() : input.toString(), size);
			if (ProviderWire.isOneOf(format, "base64")) {
				entry.put("embedding", base64(vector));
			}
			else {
				ArrayNode numbers = entry.putArray("embedding");
				for (float number : vector) {
					numbers.add(number);
				}
			}
		}
		response.put("model", body.get("model").asString());
		response.putObject("usage").put("prompt_tokens", tokens).put("total_tokens", tokens);
		CacheTokens input = CacheTokens.none(tokens);
		return new ProviderWire.Lookup(response, body.get("model").asString(), input,
				RequestBill.of(model, input, 0, 0, null));
	}

	private static int dimensions(JsonNode body, SimulatedModel model) throws Rejection {
		int most = model.id().equals("text-embedding-3-large") ? 3072 : 1536;
		JsonNode asked = body.path("dimensions");
		if (asked.isMissingNode() || asked.isNull()) {
			return most;
		}
		ChatCompletionsWire.require(!model.id().equals("text-embedding-ada-002"),
				"This model does not support specifying dimensions.", null, null);
		ChatCompletionsWire.require(asked.isInt() && asked.asInt() >= 1 && asked.asInt() <= most,
				"Invalid value for 'dimensions' = %s. Must be between 1 and %d.".formatted(asked, most), "dimensions",
				"invalid_value");
		return asked.asInt();
	}

	/** Texts, or texts as numbers of tokens. */
	private static List<JsonNode> inputs(JsonNode input) throws Rejection {
		List<JsonNode> inputs = new ArrayList<>();
		if (input.isString() || (input.isArray() && !input.isEmpty() && input.get(0).isInt())) {
			inputs.add(input);
		}
		else {
			input.forEach(inputs::add);
		}
		boolean valid = !inputs.isEmpty() && inputs.size() <= INPUTS
				&& inputs.stream().allMatch(OpenAiEmbeddings::isValid);
		ChatCompletionsWire.require(valid && (input.isString() || input.isArray()),
				"'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
				"input", null);
		return inputs;
	}

	private static boolean isValid(JsonNode input) {
		if (input.isString()) {
			return !input.asString().isEmpty();
		}
		return input.isArray() && !input.isEmpty() && input.valueStream().allMatch(JsonNode::isInt);
	}

	/** The sum of a direction for each word, and a small one for the text as it is. */
	static float[] vector(String text, int size) {
		double[] sum = new double[size];
		add(sum, text, 0.1);
		for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+")) {
			if (!word.isEmpty()) {
				add(sum, word, 1);
			}
		}
		double square = 0;
		for (double number : sum) {
			square += number * number;
		}
		float[] vector = new float[size];
		for (int index = 0; index < size; index++) {
			vector[index] = (float) (sum[index] / Math.sqrt(square));
		}
		return vector;
	}

	private static void add(double[] sum, String text, double weight) {
		SplittableRandom random = new SplittableRandom(ByteBuffer
			.wrap(PromptBlock.text(PromptBlock.Layer.MESSAGES, "", text, (ignored) -> new int[0]).digest())
			.getLong());
		for (int index = 0; index < sum.length; index++) {
			sum[index] += weight * (random.nextDouble() - 0.5);
		}
	}

	private static String base64(float[] vector) {
		ByteBuffer bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
		for (float number : vector) {
			bytes.putFloat(number);
		}
		return Base64.getEncoder().encodeToString(bytes.array());
	}

}
