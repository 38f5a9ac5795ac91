package io.tokensaving.autoconfigure;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.plan.CompressionSettings;
import io.tokensaving.plan.DedupSettings;
import io.tokensaving.savings.UnknownPlanPolicy;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.util.unit.DataSize;

/**
 * Properties of token saving. An unknown property is an error, because a plan that does
 * less than it seems to say costs money unnoticed. Defaults are literals, so that they
 * get into the metadata; a test holds them equal to those of the library.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX, ignoreUnknownFields = false)
public class TokenSavingProperties {

	/**
	 * The prefix of all properties.
	 */
	public static final String PREFIX = "token-saving";

	/**
	 * Whether to save tokens at all.
	 */
	private boolean enabled = true;

	/**
	 * Namespace of what is cached, unless a WorkspaceResolver bean names one for each
	 * request.
	 */
	private String workspace = "default";

	/**
	 * Plan of requests that do not name one. Without it only requests that name a plan
	 * are touched.
	 */
	private @Nullable String defaultPlan;

	/**
	 * What happens to a request that names an unknown plan.
	 */
	private UnknownPlanPolicy unknownPlan = UnknownPlanPolicy.WARN;

	/**
	 * Where plans are kept that are created while the application runs.
	 */
	private PlanRepositoryType planRepository = PlanRepositoryType.AUTO;

	/**
	 * Plans by their id.
	 */
	private Map<String, PlanProperties> plans = new LinkedHashMap<>();

	/**
	 * Prices of models, preferred to the built-in ones.
	 */
	private List<Price> prices = new ArrayList<>();

	private final TokenCount tokenCount = new TokenCount();

	private final InMemory inMemory = new InMemory();

	private final InFlight dedup = new InFlight();

	private final Storage cache = new Storage();

	private final Qdrant qdrant = new Qdrant();

	private final InMemorySemantic inMemorySemantic = new InMemorySemantic();

	/**
	 * Name of the EmbeddingModel bean that embeds questions, if there is more than one.
	 */
	private @Nullable String embeddingModel;

	private final Order advisorOrder = new Order();

	private final Statistics statistics = new Statistics();

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public String getWorkspace() {
		return this.workspace;
	}

	public void setWorkspace(String workspace) {
		this.workspace = workspace;
	}

	public @Nullable String getDefaultPlan() {
		return this.defaultPlan;
	}

	public void setDefaultPlan(@Nullable String defaultPlan) {
		this.defaultPlan = defaultPlan;
	}

	public UnknownPlanPolicy getUnknownPlan() {
		return this.unknownPlan;
	}

	public void setUnknownPlan(UnknownPlanPolicy unknownPlan) {
		this.unknownPlan = unknownPlan;
	}

	public PlanRepositoryType getPlanRepository() {
		return this.planRepository;
	}

	public void setPlanRepository(PlanRepositoryType planRepository) {
		this.planRepository = planRepository;
	}

	public Map<String, PlanProperties> getPlans() {
		return this.plans;
	}

	public void setPlans(Map<String, PlanProperties> plans) {
		this.plans = plans;
	}

	public List<Price> getPrices() {
		return this.prices;
	}

	public void setPrices(List<Price> prices) {
		this.prices = prices;
	}

	public TokenCount getTokenCount() {
		return this.tokenCount;
	}

	public InMemory getInMemory() {
		return this.inMemory;
	}

	public InMemorySemantic getInMemorySemantic() {
		return this.inMemorySemantic;
	}

	public @Nullable String getEmbeddingModel() {
		return this.embeddingModel;
	}

	public void setEmbeddingModel(@Nullable String embeddingModel) {
		this.embeddingModel = embeddingModel;
	}

	public Order getAdvisorOrder() {
		return this.advisorOrder;
	}

	public InFlight getDedup() {
		return this.dedup;
	}

	public Storage getCache() {
		return this.cache;
	}

	public Qdrant getQdrant() {
		return this.qdrant;
	}

	public Statistics getStatistics() {
		return this.statistics;
	}

	/**
	 * Where plans are kept that are created while the application runs.
	 */
	public enum PlanRepositoryType {

		/**
		 * In Redis if a plan of the configuration caches there and there is a connection
		 * factory, otherwise in memory.
		 */
		AUTO,

		/**
		 * In the memory of this process, until it ends.
		 */
		IN_MEMORY,

		/**
		 * In Redis, for all instances.
		 */
		REDIS

	}

	/**
	 * A plan.
	 */
	public static class PlanProperties {

		/**
		 * How to compress the history; without it, it is sent as it is.
		 */
		private @Nullable Compression compression;

		/**
		 * How to cache answers; without it, every request goes to the model.
		 */
		private @Nullable Cache cache;

		/**
		 * How equal requests in flight share an answer; without it they do not.
		 */
		private @Nullable Dedup dedup;

		public @Nullable Compression getCompression() {
			return this.compression;
		}

		public void setCompression(@Nullable Compression compression) {
			this.compression = compression;
		}

		public @Nullable Cache getCache() {
			return this.cache;
		}

		public void setCache(@Nullable Cache cache) {
			this.cache = cache;
		}

		public @Nullable Dedup getDedup() {
			return this.dedup;
		}

		public void setDedup(@Nullable Dedup dedup) {
			this.dedup = dedup;
		}

	}

	/**
	 * How a plan compresses.
	 */
	public static class Compression {

		/**
		 * Engine that compresses: 'trim', 'text_rank', 'lex_rank', 'lsa' or the name of a
		 * CompressionEngine bean.
		 */
		private String engine = "trim";

		/**
		 * Limit for messages and tool definitions together, in tokens of the request's
		 * model.
		 */
		private @Nullable Integer maxInputTokens;

		/**
		 * Share of the room for history that remains filled once the limit is crossed.
		 */
		private double lowMark = 0.4;

		/**
		 * Number of newest messages that are not changed. The last user message and what
		 * follows it never is.
		 */
		private int keepLastMessages = 4;

		/**
		 * What the ranking of sentences is biased to.
		 */
		private CompressionSettings.Focus focus = CompressionSettings.Focus.QUESTION;

		/**
		 * How much a sentence loses by being similar to one that is kept, 0 to 1.
		 */
		private double redundancyPenalty = 1;

		/**
		 * Whether to rewrite old messages without loss before anything is left out.
		 */
		private boolean lossless = true;

		/**
		 * Whether what was compressed once stays as it is until the limit is crossed
		 * again, for the sake of the provider's prompt cache.
		 */
		private boolean stablePrefix = true;

		/**
		 * ISO 639-1 code of the language of all texts, or 'auto' to guess that of each
		 * message.
		 */
		private String language = "auto";

		/**
		 * Time after which ranking is given up in favour of trimming, 0 for no limit.
		 * Without a unit, in milliseconds.
		 */
		private Duration maxTime = Duration.ofMillis(500);

		public String getEngine() {
			return this.engine;
		}

		public void setEngine(String engine) {
			this.engine = engine;
		}

		public @Nullable Integer getMaxInputTokens() {
			return this.maxInputTokens;
		}

		public void setMaxInputTokens(@Nullable Integer maxInputTokens) {
			this.maxInputTokens = maxInputTokens;
		}

		public double getLowMark() {
			return this.lowMark;
		}

		public void setLowMark(double lowMark) {
			this.lowMark = lowMark;
		}

		public int getKeepLastMessages() {
			return this.keepLastMessages;
		}

		public void setKeepLastMessages(int keepLastMessages) {
			this.keepLastMessages = keepLastMessages;
		}

		public CompressionSettings.Focus getFocus() {
			return this.focus;
		}

		public void setFocus(CompressionSettings.Focus focus) {
			this.focus = focus;
		}

		public double getRedundancyPenalty() {
			return this.redundancyPenalty;
		}

		public void setRedundancyPenalty(double redundancyPenalty) {
			this.redundancyPenalty = redundancyPenalty;
		}

		public boolean isLossless() {
			return this.lossless;
		}

		public void setLossless(boolean lossless) {
			this.lossless = lossless;
		}

		public boolean isStablePrefix() {
			return this.stablePrefix;
		}

		public void setStablePrefix(boolean stablePrefix) {
			this.stablePrefix = stablePrefix;
		}

		public String getLanguage() {
			return this.language;
		}

		public void setLanguage(String language) {
			this.language = language;
		}

		public Duration getMaxTime() {
			return this.maxTime;
		}

		public void setMaxTime(Duration maxTime) {
			this.maxTime = maxTime;
		}

	}

	/**
	 * How a plan caches.
	 */
	public static class Cache {

		/**
		 * Backend that keeps answers: 'in_memory', 'in_memory_semantic', 'redis',
		 * 'redis_semantic', 'qdrant_semantic' or the backend of an ExactCacheStore or
		 * SemanticCacheStore bean.
		 */
		private String backend = "in_memory";

		/**
		 * How long an answer may be served. Without a unit, in seconds.
		 */
		@DurationUnit(ChronoUnit.SECONDS)
		private Duration ttl = Duration.ofHours(1);

		/**
		 * Lowest cosine similarity, 0 to 1, at which a semantic backend serves.
		 */
		private double similarityThreshold = 0.85;

		/**
		 * Size above which an answer is not stored.
		 */
		private DataSize maxEntrySize = DataSize.ofKilobytes(256);

		/**
		 * What earlier turns mean to a semantic backend: 'partition' (they must be
		 * equal), 'window:N' (the last N user messages are embedded together) or
		 * 'standalone' (they are ignored if the question stands alone).
		 */
		private String history = "partition";

		/**
		 * Number of characters above which a question is only looked up exactly.
		 */
		private int maxQuestionLength = 1000;

		/**
		 * How long embedding and search may take together. Without a unit, in
		 * milliseconds.
		 */
		private Duration semanticTimeout = Duration.ofMillis(500);

		/**
		 * Guards that may veto an answer of a semantic backend, 'all' for all there are.
		 */
		private List<String> guards = new ArrayList<>(List.of("all"));

		/**
		 * Share of semantic hits, 0 to 1, that are verified by the model in the
		 * background.
		 */
		private double verifySampleRate = 0.01;

		/**
		 * Share of wrong answers among the verified ones, 0 to 1, above which the
		 * semantic cache of the plan suspends itself.
		 */
		private double maxErrorRate = 0.05;

		/**
		 * Judge of verified answers: 'embedding', 'llm' or the name of an AnswerJudge
		 * bean.
		 */
		private String judge = "embedding";

		/**
		 * How long an exact look-up outside this process may take. Without a unit, in
		 * milliseconds.
		 */
		private Duration lookupTimeout = Duration.ofMillis(50);

		public String getBackend() {
			return this.backend;
		}

		public void setBackend(String backend) {
			this.backend = backend;
		}

		public Duration getTtl() {
			return this.ttl;
		}

		public void setTtl(Duration ttl) {
			this.ttl = ttl;
		}

		public double getSimilarityThreshold() {
			return this.similarityThreshold;
		}

		public void setSimilarityThreshold(double similarityThreshold) {
			this.similarityThreshold = similarityThreshold;
		}

		public DataSize getMaxEntrySize() {
			return this.maxEntrySize;
		}

		public void setMaxEntrySize(DataSize maxEntrySize) {
			this.maxEntrySize = maxEntrySize;
		}

		public String getHistory() {
			return this.history;
		}

		public void setHistory(String history) {
			this.history = history;
		}

		public int getMaxQuestionLength() {
			return this.maxQuestionLength;
		}

		public void setMaxQuestionLength(int maxQuestionLength) {
			this.maxQuestionLength = maxQuestionLength;
		}

		public Duration getSemanticTimeout() {
			return this.semanticTimeout;
		}

		public void setSemanticTimeout(Duration semanticTimeout) {
			this.semanticTimeout = semanticTimeout;
		}

		public List<String> getGuards() {
			return this.guards;
		}

		public void setGuards(List<String> guards) {
			this.guards = guards;
		}

		public double getVerifySampleRate() {
			return this.verifySampleRate;
		}

		public void setVerifySampleRate(double verifySampleRate) {
			this.verifySampleRate = verifySampleRate;
		}

		public double getMaxErrorRate() {
			return this.maxErrorRate;
		}

		public void setMaxErrorRate(double maxErrorRate) {
			this.maxErrorRate = maxErrorRate;
		}

		public String getJudge() {
			return this.judge;
		}

		public void setJudge(String judge) {
			this.judge = judge;
		}

		public Duration getLookupTimeout() {
			return this.lookupTimeout;
		}

		public void setLookupTimeout(Duration lookupTimeout) {
			this.lookupTimeout = lookupTimeout;
		}

	}

	/**
	 * How equal requests in flight share an answer.
	 */
	public static class Dedup {

		/**
		 * Whether they share an answer.
		 */
		private boolean enabled = true;

		/**
		 * How long a request waits for the answer of another one before it calls the
		 * model itself. Without a unit, in seconds.
		 */
		@DurationUnit(ChronoUnit.SECONDS)
		private Duration timeout = Duration.ofMinutes(2);

		/**
		 * What happens to the requests that wait if the model fails: 'share' gives them
		 * the same error, 'retry' lets each of them call the model itself.
		 */
		private DedupSettings.OnError onError = DedupSettings.OnError.SHARE;

		/**
		 * Temperature above which requests are not shared. Without it there is no limit.
		 */
		private @Nullable Double maxTemperature;

		/**
		 * Whose requests share answers: those of this 'instance', or of all instances of
		 * the application that share an exact cache ('cluster').
		 */
		private DedupSettings.Scope scope = DedupSettings.Scope.INSTANCE;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public Duration getTimeout() {
			return this.timeout;
		}

		public void setTimeout(Duration timeout) {
			this.timeout = timeout;
		}

		public DedupSettings.OnError getOnError() {
			return this.onError;
		}

		public void setOnError(DedupSettings.OnError onError) {
			this.onError = onError;
		}

		public @Nullable Double getMaxTemperature() {
			return this.maxTemperature;
		}

		public void setMaxTemperature(@Nullable Double maxTemperature) {
			this.maxTemperature = maxTemperature;
		}

		public DedupSettings.Scope getScope() {
			return this.scope;
		}

		public void setScope(DedupSettings.Scope scope) {
			this.scope = scope;
		}

	}

	/**
	 * The price of a model in US dollars per million tokens.
	 */
	public static class Price {

		/**
		 * Name of the model, which includes its dated versions, or a prefix that ends in
		 * '*'.
		 */
		private @Nullable String model;

		/**
		 * Price of input tokens.
		 */
		private @Nullable BigDecimal input;

		/**
		 * Price of output tokens.
		 */
		private @Nullable BigDecimal output;

		/**
		 * Price of input tokens read from the provider's prompt cache. Without it, that
		 * of input tokens.
		 */
		private @Nullable BigDecimal cacheRead;

		/**
		 * Price of input tokens written to the provider's prompt cache. Without it, that
		 * of input tokens.
		 */
		private @Nullable BigDecimal cacheWrite;

		public @Nullable String getModel() {
			return this.model;
		}

		public void setModel(@Nullable String model) {
			this.model = model;
		}

		public @Nullable BigDecimal getInput() {
			return this.input;
		}

		public void setInput(@Nullable BigDecimal input) {
			this.input = input;
		}

		public @Nullable BigDecimal getOutput() {
			return this.output;
		}

		public void setOutput(@Nullable BigDecimal output) {
			this.output = output;
		}

		public @Nullable BigDecimal getCacheRead() {
			return this.cacheRead;
		}

		public void setCacheRead(@Nullable BigDecimal cacheRead) {
			this.cacheRead = cacheRead;
		}

		public @Nullable BigDecimal getCacheWrite() {
			return this.cacheWrite;
		}

		public void setCacheWrite(@Nullable BigDecimal cacheWrite) {
			this.cacheWrite = cacheWrite;
		}

	}

	/**
	 * How tokens are counted.
	 */
	public static class TokenCount {

		/**
		 * Factor by which other models make more tokens of a text than those of OpenAI.
		 */
		private double otherModelsFactor = 1.2;

		public double getOtherModelsFactor() {
			return this.otherModelsFactor;
		}

		public void setOtherModelsFactor(double otherModelsFactor) {
			this.otherModelsFactor = otherModelsFactor;
		}

	}

	/**
	 * The backend 'in_memory'.
	 */
	public static class InMemory {

		/**
		 * Memory that the answers of all plans may take up.
		 */
		private DataSize maxSize = DataSize.ofMegabytes(64);

		public DataSize getMaxSize() {
			return this.maxSize;
		}

		public void setMaxSize(DataSize maxSize) {
			this.maxSize = maxSize;
		}

	}

	/**
	 * The backend 'in_memory_semantic'.
	 */
	public static class InMemorySemantic {

		/**
		 * Number of answers of all plans together.
		 */
		private long maxEntries = 100_000;

		/**
		 * Memory that the answers of all plans may take up, with their embeddings.
		 */
		private DataSize maxSize = DataSize.ofMegabytes(256);

		public long getMaxEntries() {
			return this.maxEntries;
		}

		public void setMaxEntries(long maxEntries) {
			this.maxEntries = maxEntries;
		}

		public DataSize getMaxSize() {
			return this.maxSize;
		}

		public void setMaxSize(DataSize maxSize) {
			this.maxSize = maxSize;
		}

	}

	/**
	 * Limits of requests in flight that share an answer.
	 */
	public static class InFlight {

		/**
		 * Number of calls of the model that can be shared at a time; further requests are
		 * not shared.
		 */
		private int maxInFlight = 512;

		public int getMaxInFlight() {
			return this.maxInFlight;
		}

		public void setMaxInFlight(int maxInFlight) {
			this.maxInFlight = maxInFlight;
		}

	}

	/**
	 * How answers are kept outside this process.
	 */
	public static class Storage {

		/**
		 * Key that encrypts what is stored outside this process: 16, 24 or 32 bytes in
		 * Base64. Without it, nothing is encrypted.
		 */
		private @Nullable String encryptionKey;

		/**
		 * Size above which answers are compressed.
		 */
		private DataSize compressionThreshold = DataSize.ofKilobytes(4);

		private final NearCache nearCache = new NearCache();

		public @Nullable String getEncryptionKey() {
			return this.encryptionKey;
		}

		public void setEncryptionKey(@Nullable String encryptionKey) {
			this.encryptionKey = encryptionKey;
		}

		public DataSize getCompressionThreshold() {
			return this.compressionThreshold;
		}

		public void setCompressionThreshold(DataSize compressionThreshold) {
			this.compressionThreshold = compressionThreshold;
		}

		public NearCache getNearCache() {
			return this.nearCache;
		}

	}

	/**
	 * A small cache in this process before the backend 'redis'.
	 */
	public static class NearCache {

		/**
		 * Memory that it may take up; 0 for no near cache.
		 */
		private DataSize maxSize = DataSize.ofBytes(0);

		/**
		 * How long an answer stays there, and so how long it may still be served after
		 * another instance has evicted it. Without a unit, in seconds.
		 */
		@DurationUnit(ChronoUnit.SECONDS)
		private Duration ttl = Duration.ofSeconds(5);

		public DataSize getMaxSize() {
			return this.maxSize;
		}

		public void setMaxSize(DataSize maxSize) {
			this.maxSize = maxSize;
		}

		public Duration getTtl() {
			return this.ttl;
		}

		public void setTtl(Duration ttl) {
			this.ttl = ttl;
		}

	}

	/**
	 * Orders of the advisors.
	 */
	public static class Order {

		/**
		 * Order of the advisor that applies the plan; must be the lowest of all.
		 */
		private int plan = 2147483587;

		/**
		 * Order of the advisor that compresses.
		 */
		private int compression = 2147483597;

		/**
		 * Order of the advisor that answers from the exact cache; must be above that of
		 * compression.
		 */
		private int exactCache = 2147483617;

		/**
		 * Order of the advisor that shares answers of requests in flight; must be above
		 * that of the exact cache.
		 */
		private int dedup = 2147483627;

		/**
		 * Order of the advisor that answers from the semantic cache; must be above that
		 * of dedup.
		 */
		private int semanticCache = 2147483637;

		public int getPlan() {
			return this.plan;
		}

		public void setPlan(int plan) {
			this.plan = plan;
		}

		public int getCompression() {
			return this.compression;
		}

		public void setCompression(int compression) {
			this.compression = compression;
		}

		public int getDedup() {
			return this.dedup;
		}

		public void setDedup(int dedup) {
			this.dedup = dedup;
		}

		public int getSemanticCache() {
			return this.semanticCache;
		}

		public void setSemanticCache(int semanticCache) {
			this.semanticCache = semanticCache;
		}

		public int getExactCache() {
			return this.exactCache;
		}

		public void setExactCache(int exactCache) {
			this.exactCache = exactCache;
		}

	}

	/**
	 * The backend 'qdrant_semantic'. If none of the connection settings is given, the
	 * QdrantClient bean is used.
	 */
	public static class Qdrant {

		/**
		 * Name or address of the server. Defaults to that of Spring AI's vector store,
		 * 'spring.ai.vectorstore.qdrant.host', or to 'localhost'.
		 */
		private @Nullable String host;

		/**
		 * Port of the server's gRPC interface. Defaults to that of Spring AI's vector
		 * store, 'spring.ai.vectorstore.qdrant.port', or to 6334.
		 */
		private @Nullable Integer port;

		/**
		 * Whether to connect by TLS. Defaults to what Spring AI's vector store does,
		 * 'spring.ai.vectorstore.qdrant.use-tls', or to 'false'.
		 */
		private @Nullable Boolean useTls;

		/**
		 * API key of the server. Defaults to that of Spring AI's vector store,
		 * 'spring.ai.vectorstore.qdrant.api-key', or to none.
		 */
		private @Nullable String apiKey;

		/**
		 * What the names of collections start with.
		 */
		private String collectionName = "tokensaving";

		public @Nullable String getHost() {
			return this.host;
		}

		public void setHost(@Nullable String host) {
			this.host = host;
		}

		public @Nullable Integer getPort() {
			return this.port;
		}

		public void setPort(@Nullable Integer port) {
			this.port = port;
		}

		public @Nullable Boolean getUseTls() {
			return this.useTls;
		}

		public void setUseTls(@Nullable Boolean useTls) {
			this.useTls = useTls;
		}

		public @Nullable String getApiKey() {
			return this.apiKey;
		}

		public void setApiKey(@Nullable String apiKey) {
			this.apiKey = apiKey;
		}

		public String getCollectionName() {
			return this.collectionName;
		}

		public void setCollectionName(String collectionName) {
			this.collectionName = collectionName;
		}

	}

	/**
	 * Where statistics are summed over all instances of the application.
	 */
	public static class Statistics {

		/**
		 * Repository of the sums.
		 */
		private StatisticsBackend repository = StatisticsBackend.AUTO;

		/**
		 * Time between two batches of what an instance counted, 100 ms to one minute.
		 * Without a unit, in milliseconds.
		 */
		private Duration flushInterval = Duration.ofSeconds(1);

		public StatisticsBackend getRepository() {
			return this.repository;
		}

		public void setRepository(StatisticsBackend repository) {
			this.repository = repository;
		}

		public Duration getFlushInterval() {
			return this.flushInterval;
		}

		public void setFlushInterval(Duration flushInterval) {
			this.flushInterval = flushInterval;
		}

	}

	/**
	 * A repository of statistics.
	 */
	public enum StatisticsBackend {

		/**
		 * Redis if a plan caches there and the application has a connection, otherwise
		 * memory.
		 */
		AUTO,

		/**
		 * The memory of this process: each instance has its own sums, since it started.
		 */
		IN_MEMORY,

		/**
		 * The Redis that the application connects to.
		 */
		REDIS

	}

}
