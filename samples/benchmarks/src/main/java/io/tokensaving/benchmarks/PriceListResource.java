package io.tokensaving.benchmarks;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.PriceListing;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reduces the public price table of LiteLLM to what the library ships: models of text,
 * the providers that Spring AI applications call, and the prices of tokens. A dated
 * version that costs what the model costs is left out, because the name of the model
 * stands for it. Arguments: the table, the version of LiteLLM, its date, the file to
 * write.
 */
public final class PriceListResource {

	private static final Set<String> PROVIDERS = Set.of("openai", "anthropic", "bedrock", "bedrock_converse", "azure",
			"azure_ai", "gemini", "deepseek", "mistral", "xai", "groq", "perplexity", "cohere", "cohere_chat",
			"moonshot");

	private static final Set<String> MODES = Set.of("chat", "responses", "completion", "embedding");

	private static final Pattern PRICES = Pattern.compile("((input_cost_per_token|output_cost_per_token"
			+ "|output_cost_per_reasoning_token|cache_read_input_token_cost|cache_creation_input_token_cost"
			+ "|cache_creation_input_token_cost_above_1hr)(_above_\\d+k_tokens)?(_batches|_flex|_priority)?)"
			+ "|off_peak_pricing");

	private static final JsonMapper JSON = JsonMapper.builder()
		.enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
		.build();

	private PriceListResource() {
	}

	public static void main(String[] arguments) throws IOException {
		JsonNode table = JSON.readTree(Files.readString(Path.of(arguments[0])));
		Map<String, ObjectNode> rows = new TreeMap<>();
		table.properties().forEach((row) -> {
			if (isShipped(row.getKey(), row.getValue())) {
				rows.put(row.getKey(), reduced(row.getValue()));
			}
		});
		List<String> versions = new ArrayList<>();
		rows.forEach((name, row) -> rows.forEach((other, otherRow) -> {
			if (!other.equals(name) && ModelPrice.isVersion(name, other) && row.equals(otherRow)) {
				versions.add(other);
			}
		}));
		versions.forEach(rows::remove);
		ObjectNode about = JSON.createObjectNode();
		about.put("source", "LiteLLM " + arguments[1] + ", model_prices_and_context_window.json, reduced");
		about.put("licence", "MIT, see model-prices.LICENSE");
		about.put("date", arguments[2]);
		StringBuilder text = new StringBuilder("{\n\"_about\": ").append(JSON.writeValueAsString(about));
		rows.forEach(
				(name, row) -> text.append(",\n\"").append(name).append("\": ").append(JSON.writeValueAsString(row)));
		Files.writeString(Path.of(arguments[3]), text.append("\n}\n"));
		System.out.printf(Locale.ROOT, "%,d models, %,d bytes%n", rows.size(), text.length());
	}

	private static boolean isShipped(String name, JsonNode row) {
		String provider = row.path("litellm_provider").asString("");
		boolean known = PROVIDERS.contains(provider) || provider.startsWith("vertex_ai");
		// Perplexity's names of the models of others
		boolean resold = provider.equals("perplexity") && name.indexOf('/') != name.lastIndexOf('/');
		boolean text = MODES.contains(row.path("mode").asString("")) && row.has("input_cost_per_token") && row
			.propertyNames()
			.stream()
			.noneMatch(
					(field) -> field.startsWith("output_cost_per_image") || field.startsWith("output_cost_per_audio"));
		PriceListing listing = Dialects.builtIn().listing(provider, name);
		return known && text && !resold && !(listing.names().isEmpty() && listing.otherwise().isEmpty());
	}

	private static ObjectNode reduced(JsonNode row) {
		ObjectNode reduced = JSON.createObjectNode();
		reduced.set("litellm_provider", row.get("litellm_provider"));
		reduced.set("mode", row.get("mode"));
		Map<String, JsonNode> prices = new TreeMap<>();
		row.properties().forEach((field) -> {
			if (PRICES.matcher(field.getKey()).matches()) {
				prices.put(field.getKey(), field.getValue());
			}
		});
		prices.forEach((name, price) -> reduced.set(name, shortest(price)));
		return reduced;
	}

	private static JsonNode shortest(JsonNode price) {
		if (!price.isNumber()) {
			return price;
		}
		BigDecimal value = price.decimalValue().stripTrailingZeros();
		return JSON.getNodeFactory().numberNode((value.signum() != 0) ? value : BigDecimal.ZERO);
	}

}
