package io.tokensaving.autoconfigure;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;

import io.tokensaving.autoconfigure.TokenSavingProperties.Cache;
import io.tokensaving.autoconfigure.TokenSavingProperties.Compression;
import io.tokensaving.autoconfigure.TokenSavingProperties.Dedup;
import io.tokensaving.autoconfigure.TokenSavingProperties.PlanProperties;
import io.tokensaving.autoconfigure.TokenSavingProperties.Price;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.compression.text.Language;
import io.tokensaving.plan.CacheHistory;
import io.tokensaving.plan.CacheSettings;
import io.tokensaving.plan.CompressionSettings;
import io.tokensaving.plan.DedupSettings;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanSource;
import io.tokensaving.savings.ModelPrice;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.advisor.ToolCallingAdvisor;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.core.Ordered;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * Reads the properties into what the library works with. Whatever is wrong is reported by
 * the name of its property, with its value and with what is accepted; Spring Boot's own
 * failure analysis adds the file and line.
 */
final class ConfigurationReader {

	private static final Duration MIN_FLUSH_INTERVAL = Duration.ofMillis(100);

	private static final Duration MAX_FLUSH_INTERVAL = Duration.ofMinutes(1);

	private static final BigDecimal MAX_PRICE = BigDecimal.valueOf(1_000_000);

	private static final String ACCEPTED_PRICES = "a price in US dollars per million tokens, from 0 to 1000000";

	private static final Map<String, String> BACKEND_REMEDIES = Map.of("redis",
			". 'redis' needs 'org.springframework.boot:spring-boot-starter-data-redis', and a single or primary "
					+ "RedisConnectionFactory bean",
			"redis_semantic",
			". 'redis_semantic' needs 'com.redis.om:redis-om-spring' and "
					+ "'org.springframework.boot:spring-boot-starter-data-redis'",
			"qdrant_semantic", ". 'qdrant_semantic' needs 'io.qdrant:client'");

	private final TokenSavingProperties properties;

	private final PlanSource source;

	ConfigurationReader(TokenSavingProperties properties) {
		this(properties, PlanSource.CONFIGURATION);
	}

	ConfigurationReader(TokenSavingProperties properties, PlanSource source) {
		this.properties = properties;
		this.source = source;
	}

	/**
	 * Read the plans.
	 * @param engines the names of the compression engines that there are
	 * @param backends the names of the cache backends that there are
	 * @param guards the names of the guards that there are
	 * @param judges the names of the judges that there are
	 * @param shared tells of a backend whether instances share requests in flight by it
	 * @return the plans
	 */
	List<Plan> plans(Collection<String> engines, Collection<String> backends, Collection<String> guards,
			Collection<String> judges, Predicate<String> shared) {
		List<Plan> plans = new ArrayList<>();
		this.properties.getPlans().forEach((id, planProperties) -> plans.add(plan(id, planProperties)));
		for (Plan plan : plans) {
			CompressionSettings compression = plan.compression();
			if (compression != null && !engines.contains(compression.engine())) {
				throw invalid(planProperty(plan.id(), "compression.engine"), compression.engine(), oneOf(engines)
						+ ". An engine of your own is a CompressionEngine bean, selected by the name of the bean");
			}
			CacheSettings cache = plan.cache();
			if (cache != null && !backends.contains(cache.backend())) {
				throw invalid(planProperty(plan.id(), "cache.backend"), cache.backend(), oneOf(backends)
						+ BACKEND_REMEDIES.getOrDefault(cache.backend(), "")
						+ ". A backend of your own is an ExactCacheStore or SemanticCacheStore bean, selected by its backend()");
			}
			if (cache != null) {
				checkGuards(plan.id(), cache, guards);
				checkJudge(plan.id(), cache, judges);
			}
			checkScope(plan, shared);
		}
		checkDefaultPlan(plans);
		return plans;
	}

	private static void checkGuards(String plan, CacheSettings cache, Collection<String> guards) {
		for (String guard : cache.guards()) {
			if (!guard.equals(CacheSettings.ALL_GUARDS) && !guards.contains(guard)) {
				throw invalid(planProperty(plan, "cache.guards"), guard,
						"'%s' or %s. A guard of your own is a ".formatted(CacheSettings.ALL_GUARDS, oneOf(guards))
								+ "SemanticGuard bean, selected by its name()");
			}
		}
	}

	private static void checkJudge(String plan, CacheSettings cache, Collection<String> judges) {
		if (!judges.contains(cache.judge())) {
			throw invalid(planProperty(plan, "cache.judge"), cache.judge(), oneOf(judges)
					+ ". 'llm' needs a single or primary ChatModel bean; a judge of your own is an AnswerJudge bean, "
					+ "selected by the name of the bean");
		}
	}

	private static void checkScope(Plan plan, Predicate<String> shared) {
		boolean cluster = plan.dedup() != null && plan.dedup().scope() == DedupSettings.Scope.CLUSTER;
		if (cluster && (plan.cache() == null || !shared.test(plan.cache().backend()))) {
			throw invalid(planProperty(plan.id(), "dedup.scope"), "cluster",
					"'instance', or 'cluster' if the plan has a cache that all instances share, such as the backend "
							+ "'redis'");
		}
	}

	private void checkDefaultPlan(List<Plan> plans) {
		String id = this.properties.getDefaultPlan();
		if (id != null && !id.equals(Plan.NONE) && plans.stream().noneMatch((plan) -> plan.id().equals(id))) {
			throw invalid("default-plan", id,
					plans.isEmpty() ? "the id of a plan, but there are no plans under 'token-saving.plans'"
							: oneOf(plans.stream().map(Plan::id).toList()));
		}
	}

	private Plan plan(String id, PlanProperties properties) {
		try {
			return Plan.builder(id)
				.source(this.source)
				.compression(compression(properties.getCompression()))
				.cache(cache(properties.getCache()))
				.dedup(dedup(properties.getDedup()))
				.build();
		}
		catch (InvalidPlanException ex) {
			String property = ex.getField().equals("id") ? "plans" : planProperty(id, ex.getField());
			throw invalid(property, ex.getValue(), ex.getAccepted());
		}
	}

	private static @Nullable CompressionSettings compression(@Nullable Compression properties) {
		if (properties == null) {
			return null;
		}
		Integer maxInputTokens = properties.getMaxInputTokens();
		if (maxInputTokens == null) {
			throw new InvalidPlanException("compression.max-input-tokens", "", "a number of tokens of at least 1");
		}
		String language = properties.getLanguage();
		if (!CompressionSettings.AUTO.equals(language) && Language.find(language) == null) {
			throw new InvalidPlanException("compression.language", language,
					"'auto' or one of '" + String.join("', '", Language.codes()) + "'");
		}
		return new CompressionSettings(properties.getEngine(), maxInputTokens, properties.getLowMark(),
				properties.getKeepLastMessages(), properties.getFocus(), properties.getRedundancyPenalty(),
				properties.isLossless(), properties.isStablePrefix(), language.toLowerCase(Locale.ROOT),
				properties.getMaxTime());
	}

	private static @Nullable CacheSettings cache(@Nullable Cache properties) {
		if (properties == null) {
			return null;
		}
		return new CacheSettings(properties.getBackend(), properties.getTtl(), properties.getSimilarityThreshold(),
				properties.getMaxEntrySize().toBytes(), CacheHistory.parse(properties.getHistory()),
				properties.getMaxQuestionLength(), properties.getSemanticTimeout(), properties.getGuards(),
				properties.getVerifySampleRate(), properties.getMaxErrorRate(), properties.getJudge(),
				properties.getLookupTimeout());
	}

	private static @Nullable DedupSettings dedup(@Nullable Dedup properties) {
		return (properties != null && properties.isEnabled()) ? new DedupSettings(properties.getTimeout(),
				properties.getOnError(), properties.getMaxTemperature(), properties.getScope()) : null;
	}

	/**
	 * Read the workspace.
	 * @return the workspace
	 */
	String workspace() {
		String workspace = this.properties.getWorkspace();
		if (!StringUtils.hasText(workspace)) {
			throw invalid("workspace", workspace, "a text that is not blank");
		}
		return workspace;
	}

	/**
	 * Read how many calls can be shared at a time.
	 * @return the number
	 */
	int maxInFlight() {
		int number = this.properties.getDedup().getMaxInFlight();
		if (number < 1) {
			throw invalid("dedup.max-in-flight", number, "a number of at least 1");
		}
		return number;
	}

	/**
	 * Read how answers are stored outside this process.
	 * @return the codec
	 */
	EntryCodec entryCodec() {
		long threshold = this.properties.getCache().getCompressionThreshold().toBytes();
		if (threshold < 0 || threshold > Integer.MAX_VALUE) {
			throw invalid("cache.compression-threshold", this.properties.getCache().getCompressionThreshold(),
					"a size from 0 to 2 GB");
		}
		return new EntryCodec((int) threshold, encryptionKey());
	}

	private byte @Nullable [] encryptionKey() {
		String key = this.properties.getCache().getEncryptionKey();
		if (!StringUtils.hasText(key)) {
			return null;
		}
		byte[] bytes;
		try {
			bytes = Base64.getDecoder().decode(key.strip());
		}
		catch (IllegalArgumentException ex) {
			throw invalidKey("is no Base64");
		}
		if (!EntryCodec.isKeyLength(bytes.length)) {
			throw invalidKey("has " + bytes.length + " bytes");
		}
		return bytes;
	}

	// Says what is wrong with the key, but never the key
	private static InvalidSecretException invalidKey(String description) {
		return new InvalidSecretException(TokenSavingProperties.PREFIX + ".cache.encryption-key", description,
				"Accepted are 16, 24 or 32 random bytes in Base64, such as 'openssl rand -base64 32' makes.");
	}

	/**
	 * Check what only stores outside this process use, whether there is one or not.
	 */
	void checkStoredAnswers() {
		var unused = entryCodec();
		nearCacheMaxBytes();
		nearCacheTtl();
	}

	/**
	 * Read the near cache.
	 * @return its limit in bytes, 0 for none
	 */
	long nearCacheMaxBytes() {
		DataSize size = this.properties.getCache().getNearCache().getMaxSize();
		if (size.isNegative()) {
			throw invalid("cache.near-cache.max-size", size, "a size of 0 (no near cache) or more");
		}
		return size.toBytes();
	}

	/**
	 * Read how long answers stay in the near cache.
	 * @return the time
	 */
	Duration nearCacheTtl() {
		Duration ttl = this.properties.getCache().getNearCache().getTtl();
		if (ttl.isZero() || ttl.isNegative()) {
			throw invalid("cache.near-cache.ttl", ttl, "a duration above zero");
		}
		return ttl;
	}

	/**
	 * Read the limit of the in-memory cache.
	 * @return the limit in bytes
	 */
	long inMemoryMaxBytes() {
		return bytes("in-memory.max-size", this.properties.getInMemory().getMaxSize());
	}

	/**
	 * Read the number of answers that the semantic cache in memory holds.
	 * @return the number
	 */
	long inMemorySemanticMaxEntries() {
		long entries = this.properties.getInMemorySemantic().getMaxEntries();
		if (entries < 1) {
			throw invalid("in-memory-semantic.max-entries", entries, "a number of at least 1");
		}
		return entries;
	}

	/**
	 * Read the limit of the semantic cache in memory.
	 * @return the limit in bytes
	 */
	long inMemorySemanticMaxBytes() {
		return bytes("in-memory-semantic.max-size", this.properties.getInMemorySemantic().getMaxSize());
	}

	private static long bytes(String property, DataSize size) {
		if (size.toBytes() < 1) {
			throw invalid(property, size, "a size of at least one byte");
		}
		return size.toBytes();
	}

	/**
	 * Read the factor for models other than OpenAI's.
	 * @return the factor
	 */
	double otherModelsFactor() {
		double factor = this.properties.getTokenCount().getOtherModelsFactor();
		if (!(factor > 0 && factor <= 10)) {
			throw invalid("token-count.other-models-factor", factor, "a number above 0 and up to 10");
		}
		return factor;
	}

	/**
	 * Read the prices.
	 * @return the prices
	 */
	List<ModelPrice> prices() {
		List<ModelPrice> prices = new ArrayList<>();
		for (int i = 0; i < this.properties.getPrices().size(); i++) {
			Price price = this.properties.getPrices().get(i);
			String property = "prices[" + i + "]";
			String model = price.getModel();
			if (!StringUtils.hasText(model) || model.equals("*")) {
				throw invalid(property + ".model", (model != null) ? model : "",
						"the name of a model, or a prefix that ends in '*'");
			}
			prices.add(new ModelPrice(model, required(property + ".input", price.getInput()),
					required(property + ".output", price.getOutput()),
					inRange(property + ".cache-read", price.getCacheRead()),
					inRange(property + ".cache-write", price.getCacheWrite())));
		}
		return prices;
	}

	private static BigDecimal required(String property, @Nullable BigDecimal price) {
		BigDecimal checked = inRange(property, price);
		if (checked == null) {
			throw invalid(property, "", ACCEPTED_PRICES);
		}
		return checked;
	}

	private static @Nullable BigDecimal inRange(String property, @Nullable BigDecimal price) {
		if (price != null && (price.signum() < 0 || price.compareTo(MAX_PRICE) > 0)) {
			throw invalid(property, price, ACCEPTED_PRICES);
		}
		return price;
	}

	/**
	 * Read the orders of the advisors.
	 * @return the orders, checked against each other
	 */
	TokenSavingProperties.Order advisorOrder() {
		TokenSavingProperties.Order order = this.properties.getAdvisorOrder();
		if (order.getSemanticCache() >= Ordered.LOWEST_PRECEDENCE) {
			throw invalid("advisor-order.semantic-cache", order.getSemanticCache(),
					"a number below " + Ordered.LOWEST_PRECEDENCE + ", the order of the model itself");
		}
		if (order.getDedup() >= order.getSemanticCache()) {
			throw invalid("advisor-order.dedup", order.getDedup(),
					"a number below 'token-saving.advisor-order.semantic-cache' (" + order.getSemanticCache() + ")");
		}
		if (order.getExactCache() >= order.getDedup()) {
			throw invalid("advisor-order.exact-cache", order.getExactCache(),
					"a number below 'token-saving.advisor-order.dedup' (" + order.getDedup() + ")");
		}
		if (order.getCompression() >= order.getExactCache()) {
			throw invalid("advisor-order.compression", order.getCompression(),
					"a number below 'token-saving.advisor-order.exact-cache' (" + order.getExactCache() + ")");
		}
		if (order.getPlan() >= order.getCompression()) {
			throw invalid("advisor-order.plan", order.getPlan(),
					"a number below 'token-saving.advisor-order.compression' (" + order.getCompression() + ")");
		}
		if (order.getPlan() <= ToolCallingAdvisor.DEFAULT_ORDER) {
			throw invalid("advisor-order.plan", order.getPlan(), "a number above " + ToolCallingAdvisor.DEFAULT_ORDER
					+ ", the order of Spring AI's tool loop: each of its rounds is a request of its own");
		}
		return order;
	}

	/**
	 * Read the time between two batches of statistics.
	 * @return the time
	 */
	Duration statisticsFlushInterval() {
		Duration interval = this.properties.getStatistics().getFlushInterval();
		if (interval.compareTo(MIN_FLUSH_INTERVAL) < 0 || interval.compareTo(MAX_FLUSH_INTERVAL) > 0) {
			throw invalid("statistics.flush-interval", interval, "a duration from 100ms to 1m");
		}
		return interval;
	}

	/**
	 * Check that statistics may be kept in memory.
	 */
	void checkInMemoryStatistics() {
		if (this.properties.getStatistics().getRepository() == TokenSavingProperties.StatisticsBackend.REDIS) {
			throw new InvalidConfigurationPropertyValueException(
					TokenSavingProperties.PREFIX + ".statistics.repository", "redis",
					"There is no RedisConnectionFactory bean, or more than one and none of them is primary. Add "
							+ "'org.springframework.boot:spring-boot-starter-data-redis', which makes one from "
							+ "'spring.data.redis.*', or set the property to 'auto' or 'in_memory'.");
		}
	}

	private static String planProperty(String id, String field) {
		return "plans." + id + "." + field;
	}

	private static String oneOf(Collection<String> names) {
		return "one of '" + String.join("', '", new TreeSet<>(names)) + "'";
	}

	private static InvalidConfigurationPropertyValueException invalid(String property, @Nullable Object value,
			String accepted) {
		return new InvalidConfigurationPropertyValueException(TokenSavingProperties.PREFIX + "." + property, value,
				"Accepted is " + accepted + ".");
	}

}
