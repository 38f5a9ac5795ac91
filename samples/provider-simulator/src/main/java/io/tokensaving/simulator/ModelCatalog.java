package io.tokensaving.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The models that the simulator answers for, from {@code models.json} and from the test.
 * Safe for use by several threads.
 */
public final class ModelCatalog {

	private static final Map<String, TokenKind> KINDS = Map.of("input", TokenKind.INPUT, "cache_read",
			TokenKind.CACHE_READ, "cache_write_5m", TokenKind.CACHE_WRITE_5M, "cache_write_1h",
			TokenKind.CACHE_WRITE_1H, "cache_write_30m", TokenKind.CACHE_WRITE_30M, "output", TokenKind.OUTPUT,
			"thinking", TokenKind.THINKING);

	private final List<SimulatedModel> models;

	private ModelCatalog(List<SimulatedModel> models) {
		this.models = List.copyOf(models);
	}

	/**
	 * The models that come with the simulator.
	 * @return the catalog
	 */
	public static ModelCatalog builtIn() {
		try (InputStream in = ModelCatalog.class.getResourceAsStream("models.json")) {
			if (in == null) {
				throw new IllegalStateException("models.json is missing");
			}
			List<SimulatedModel> models = new ArrayList<>();
			for (JsonNode node : JsonMapper.shared().readTree(in).path("models")) {
				models.add(model(node));
			}
			return new ModelCatalog(models);
		}
		catch (IOException ex) {
			throw new IllegalStateException("models.json cannot be read", ex);
		}
	}

	/**
	 * These models and another one, which hides one of the same name.
	 * @param model the model
	 * @return a new catalog
	 */
	public ModelCatalog with(SimulatedModel model) {
		List<SimulatedModel> all = new ArrayList<>(List.of(model));
		all.addAll(this.models);
		return new ModelCatalog(all);
	}

	/**
	 * Looks a model up.
	 * @param provider who has it
	 * @param name its name in a request; what follows the longest id that is known must
	 * be a date, a version of three digits, {@code -latest} or begin with
	 * {@code -preview}
	 * @return the model, or null
	 */
	public @Nullable SimulatedModel find(Provider provider, String name) {
		SimulatedModel found = null;
		for (SimulatedModel model : this.models) {
			boolean longer = found == null || model.id().length() > found.id().length();
			if (model.provider() == provider && longer && matches(model.id(), name)) {
				found = model;
			}
		}
		return found;
	}

	/**
	 * Looks a model up that must be there.
	 * @param provider who has it
	 * @param name its name in a request
	 * @return the model
	 */
	public SimulatedModel get(Provider provider, String name) {
		SimulatedModel model = find(provider, name);
		if (model == null) {
			throw new IllegalArgumentException("No model '" + name + "' of " + provider);
		}
		return model;
	}

	/**
	 * All models.
	 * @return those of the test first
	 */
	public List<SimulatedModel> models() {
		return this.models;
	}

	private static boolean matches(String id, String name) {
		if (!name.startsWith(id)) {
			return false;
		}
		String rest = name.substring(id.length());
		return rest.isEmpty() || rest.matches("-(\\d{3}|\\d{8}|\\d{4}-\\d{2}-\\d{2}|latest|preview.*)");
	}

	private static SimulatedModel model(JsonNode node) {
		List<String> retention = new ArrayList<>();
		node.path("retention").forEach((value) -> retention.add(value.asString()));
		Map<String, BigDecimal> tiers = new HashMap<>();
		node.path("service_tiers").properties().forEach((tier) -> tiers.put(tier.getKey(), decimal(tier.getValue())));
		Set<TokenKind> neverReduced = EnumSet.noneOf(TokenKind.class);
		node.path("never_reduced")
			.forEach((kind) -> neverReduced.add(TokenKind.valueOf(kind.asString().toUpperCase(Locale.ROOT))));
		JsonNode above = node.path("above");
		return new SimulatedModel(Provider.valueOf(node.get("provider").asString().toUpperCase(Locale.ROOT)),
				node.get("id").asString(), node.get("cache_minimum").asInt(), node.get("context").asInt(),
				node.get("max_output").asInt(), node.path("cache").asString("prefix").equals("breakpoints"), retention,
				node.hasNonNull("default_retention") ? node.get("default_retention").asString() : null,
				node.path("reasoning").asBoolean(false), node.path("prefill").asBoolean(false),
				node.path("strict_turns").asBoolean(false), prices(node.get("prices")),
				above.path("input_tokens").asInt(0), above.isObject() ? prices(above.get("prices")) : null, tiers,
				node.hasNonNull("batch") ? decimal(node.get("batch")) : null, neverReduced);
	}

	private static TokenPrices prices(JsonNode node) {
		Map<TokenKind, BigDecimal> prices = new EnumMap<>(TokenKind.class);
		BigDecimal storage = null;
		for (Map.Entry<String, JsonNode> price : node.properties()) {
			TokenKind kind = KINDS.get(price.getKey());
			if (kind != null) {
				prices.put(kind, decimal(price.getValue()));
			}
			else if (price.getKey().equals("storage_hour")) {
				storage = decimal(price.getValue());
			}
			else {
				throw new IllegalStateException("models.json has an unknown price '" + price.getKey() + "'");
			}
		}
		return new TokenPrices(prices, storage);
	}

	private static BigDecimal decimal(JsonNode node) {
		return new BigDecimal(node.asString());
	}

}
