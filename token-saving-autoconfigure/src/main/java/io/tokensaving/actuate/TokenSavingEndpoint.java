package io.tokensaving.actuate;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.tokensaving.cache.CacheEviction;
import io.tokensaving.cache.CacheEvictor;
import io.tokensaving.plan.CacheSettings;
import io.tokensaving.plan.CompressionSettings;
import io.tokensaving.plan.DedupSettings;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanConflictException;
import io.tokensaving.plan.PlanNotFoundException;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.PlanStoreUnavailableException;
import io.tokensaving.plan.StoredPlan;
import io.tokensaving.savings.ErrorRateMonitor;
import io.tokensaving.savings.OverallStatistics;
import io.tokensaving.savings.SavingsStatistics;
import io.tokensaving.savings.ScopedStatistics;
import io.tokensaving.savings.StatisticsAggregator;
import io.tokensaving.savings.StatisticsScope;
import io.tokensaving.savings.StatisticsSnapshot;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * Shows what is saved: plans with their settings and statistics, totals, engines and
 * backends. Creates, changes and deletes stored plans, and evicts answers. Needs a
 * {@link TokenSavingOperationInvokerAdvisor} to be given all fields of a request.
 * Thread-safe.
 */
@Endpoint(id = TokenSavingEndpoint.ID)
public class TokenSavingEndpoint {

	static final String ID = "tokensaving";

	static final String PATH = "path";

	static final String BODY = "body";

	private static final String PLANS = "plans";

	private static final String CACHE = "cache";

	private static final String PLAN = "plan";

	private static final String SCOPE = "scope";

	private static final String TAG = "tag";

	private static final Log logger = LogFactory.getLog(TokenSavingEndpoint.class);

	private static final int STATUS_CREATED = 201;

	private static final int STATUS_CONFLICT = 409;

	private static final int STATUS_UNAVAILABLE = 503;

	private final String workspace;

	private final PlanRepository plans;

	private final SavingsStatistics statistics;

	private final StatisticsAggregator aggregator;

	private final Supplier<List<CacheEngineDescriptor>> cacheEngines;

	private final List<String> compressionEngines;

	private final CacheEvictor evictor;

	/**
	 * Create the endpoint.
	 * @param workspace the workspace whose plans are shown
	 * @param plans where the plans are found
	 * @param statistics what this instance counts
	 * @param aggregator what was saved, summed over all instances
	 * @param cacheEngines supplies the cache backends with their present state
	 * @param compressionEngines the names of the compression engines
	 * @param evictor evicts answers from all caches
	 */
	public TokenSavingEndpoint(String workspace, PlanRepository plans, SavingsStatistics statistics,
			StatisticsAggregator aggregator, Supplier<List<CacheEngineDescriptor>> cacheEngines,
			Collection<String> compressionEngines, CacheEvictor evictor) {
		this.workspace = workspace;
		this.plans = plans;
		this.statistics = statistics;
		this.aggregator = aggregator;
		this.cacheEngines = cacheEngines;
		this.compressionEngines = List.copyOf(compressionEngines);
		this.evictor = evictor;
	}

	/**
	 * Show everything.
	 * @return the description
	 */
	@ReadOperation
	public TokenSavingDescriptor tokenSaving() {
		ScopedStatistics<OverallStatistics> all = this.aggregator.all();
		return new TokenSavingDescriptor(this.workspace, planDescriptors(all), totals(all), this.cacheEngines.get(),
				this.compressionEngines);
	}

	/**
	 * Show a part: {@code plans}, {@code plans/{id}}, {@code plans/{id}/stats},
	 * {@code plans/{id}/stats/daily}, {@code totals}, {@code cache-engines} or
	 * {@code compression-engines}.
	 * @param path the path below the endpoint
	 * @return the part, or {@code null} if there is none of that path
	 */
	@ReadOperation
	public @Nullable Object part(@Selector(match = Selector.Match.ALL_REMAINING) String... path) {
		List<String> segments = Arrays.asList(path);
		if (segments.equals(List.of("plans"))) {
			return Map.of("plans", planDescriptors(this.aggregator.all()));
		}
		if (segments.equals(List.of("totals"))) {
			return totals(this.aggregator.all());
		}
		if (segments.equals(List.of("cache-engines"))) {
			return Map.of("cache_engines", this.cacheEngines.get());
		}
		if (segments.equals(List.of("compression-engines"))) {
			return Map.of("compression_engines", this.compressionEngines);
		}
		if (segments.size() >= 2 && segments.get(0).equals("plans")) {
			return planPart(segments.get(1), segments.subList(2, segments.size()));
		}
		return null;
	}

	/**
	 * Let the semantic cache of a plan serve again that has suspended itself.
	 * @param path {@code plans/{id}/resume}
	 * @return the plan, or the status 404 if there is none of that path
	 */
	@WriteOperation
	public WebEndpointResponse<Object> resume(@Selector(match = Selector.Match.ALL_REMAINING) String... path) {
		if (isPlans(path, 1) || isPlans(path, 2)) {
			return error(WebEndpointResponse.STATUS_BAD_REQUEST, ErrorDescriptor
				.of("A plan is written as a JSON object, with the header 'Content-Type: application/json'", BODY));
		}
		Plan plan = (isPlans(path, 3) && path[2].equals("resume")) ? this.plans.find(this.workspace, path[1]) : null;
		if (plan == null) {
			return notFound(path);
		}
		this.statistics.plan(plan.id()).semanticErrors().resume();
		return new WebEndpointResponse<>(describe(plan));
	}

	/**
	 * Create a plan at {@code plans}, or change settings of one at {@code plans/{id}}.
	 * @param path the path below the endpoint
	 * @param body the settings, {@code id}, and when changing a plan {@code version}
	 * @return the plan, or what is wrong
	 */
	@WriteOperation
	public WebEndpointResponse<Object> write(@Selector(match = Selector.Match.ALL_REMAINING) String[] path,
			Map<String, Object> body) {
		if (isPlans(path, 1)) {
			return respond(body, this::create);
		}
		if (isPlans(path, 2)) {
			return respond(body, (request) -> update(path[1], request));
		}
		if (isPlans(path, 3) && path[2].equals("resume")) {
			return respond(body, (request) -> {
				for (String field : request.settings().keySet()) {
					throw new InvalidPlanException(field, "", "nothing: there is nothing to set here");
				}
				return resume(path);
			});
		}
		return notFound(path);
	}

	/**
	 * Delete a plan, or evict the answers of this endpoint's workspace to which all that
	 * is named applies.
	 * @param path {@code plans/{id}} or {@code cache}
	 * @param version the version of the plan that is meant, or {@code null} for any
	 * @param plan the id of the plan whose answers are evicted, or {@code null} for all
	 * @param scope the scope whose answers are evicted, or {@code null} for all
	 * @param tag the tag whose answers are evicted, or {@code null} for all
	 * @return the status 204, the number of evicted answers, or what is wrong
	 */
	@DeleteOperation
	public WebEndpointResponse<Object> delete(@Selector(match = Selector.Match.ALL_REMAINING) String[] path,
			@Nullable String version, @Nullable String plan, @Nullable String scope, @Nullable String tag) {
		if (path.length == 1 && path[0].equals(CACHE)) {
			return (version != null) ? unknown(PlanRequest.VERSION)
					: evict(new CacheEviction(this.workspace, plan, scope, tag));
		}
		if (!isPlans(path, 2)) {
			return notFound(path);
		}
		if (plan != null || scope != null || tag != null) {
			return unknown((plan != null) ? PLAN : (scope != null) ? SCOPE : TAG);
		}
		return respond(Map.of(), (request) -> {
			Long expected = PlanRequest.version(version);
			mutablePlans(path[1]).delete(this.workspace, path[1], expected);
			return new WebEndpointResponse<>(WebEndpointResponse.STATUS_NO_CONTENT);
		});
	}

	private WebEndpointResponse<Object> evict(CacheEviction eviction) {
		Map<String, @Nullable String> labels = new LinkedHashMap<>();
		labels.put(PLAN, eviction.plan());
		labels.put(SCOPE, eviction.scope());
		labels.put(TAG, eviction.tag());
		for (Map.Entry<String, @Nullable String> label : labels.entrySet()) {
			String value = label.getValue();
			// Never all, because of a variable that is empty in a script
			if (value != null && value.isBlank()) {
				return error(WebEndpointResponse.STATUS_BAD_REQUEST,
						ErrorDescriptor.invalid(label.getKey(), value, "a text that is not blank"));
			}
		}
		try {
			return new WebEndpointResponse<>(new EvictionDescriptor(this.evictor.evict(eviction)));
		}
		catch (IllegalStateException ex) {
			Throwable cause = (ex.getCause() != null) ? ex.getCause() : ex;
			logger.warn("Answers could not be evicted: " + cause.getClass().getName());
			logger.debug("Answers could not be evicted", ex);
			return error(STATUS_UNAVAILABLE, ErrorDescriptor.of(ex.getMessage(), null));
		}
	}

	private WebEndpointResponse<Object> create(PlanRequest request) {
		if (request.version() != null) {
			throw new InvalidPlanException(PlanRequest.VERSION, request.version(),
					"nothing: a new plan is given its version");
		}
		String id = request.id();
		if (id == null) {
			throw new InvalidPlanException(PlanRequest.ID, "", "the id of the new plan");
		}
		StoredPlan created = mutablePlans(id).create(this.workspace, id, request.settings());
		return new WebEndpointResponse<>(describe(created.plan(), created.version()), STATUS_CREATED);
	}

	private WebEndpointResponse<Object> update(String id, PlanRequest request) {
		if (request.id() != null && !request.id().equals(id)) {
			throw new InvalidPlanException(PlanRequest.ID, request.id(), "'%s': an id cannot be changed".formatted(id));
		}
		StoredPlan updated = mutablePlans(id).update(this.workspace, id, request.settings(), request.version());
		return new WebEndpointResponse<>(describe(updated.plan(), updated.version()));
	}

	private MutablePlanRepository mutablePlans(String id) {
		if (this.plans instanceof MutablePlanRepository mutable) {
			return mutable;
		}
		throw new PlanConflictException(PlanConflictException.Reason.READ_ONLY, null,
				"The plan '%s' cannot be written: the PlanRepository of this application is read-only".formatted(id));
	}

	private static boolean isPlans(String[] path, int length) {
		return path.length == length && path[0].equals(PLANS);
	}

	private static WebEndpointResponse<Object> notFound(String[] path) {
		return error(WebEndpointResponse.STATUS_NOT_FOUND,
				ErrorDescriptor.of("There is no '%s'".formatted(String.join("/", path)), null));
	}

	private static WebEndpointResponse<Object> unknown(String parameter) {
		return error(WebEndpointResponse.STATUS_BAD_REQUEST, ErrorDescriptor.unknown(parameter));
	}

	private static WebEndpointResponse<Object> error(int status, ErrorDescriptor error) {
		return new WebEndpointResponse<>(error, status);
	}

	private static WebEndpointResponse<Object> respond(Map<String, ? extends @Nullable Object> body,
			Function<PlanRequest, WebEndpointResponse<Object>> operation) {
		PlanRequest request = null;
		try {
			request = PlanRequest.of(JsonBody.fields(body, Set.of(PlanRequest.VERSION)));
			return operation.apply(request);
		}
		catch (JsonBody.InvalidBodyException ex) {
			return error(WebEndpointResponse.STATUS_BAD_REQUEST,
					ErrorDescriptor.of(ex.getMessage(), BODY, null, JsonBody.InvalidBodyException.ACCEPTED));
		}
		catch (InvalidPlanException ex) {
			String field = (request != null) ? request.asWritten(ex.getField()) : ex.getField();
			return error(WebEndpointResponse.STATUS_BAD_REQUEST,
					ErrorDescriptor.invalid(field, String.valueOf(ex.getValue()), ex.getAccepted()));
		}
		catch (PlanNotFoundException ex) {
			return error(WebEndpointResponse.STATUS_NOT_FOUND, ErrorDescriptor.of(ex.getMessage(), null));
		}
		catch (PlanConflictException ex) {
			return error(STATUS_CONFLICT, ErrorDescriptor.conflict(ex.getMessage(), ex.getCurrentVersion()));
		}
		catch (PlanStoreUnavailableException ex) {
			return error(STATUS_UNAVAILABLE, ErrorDescriptor.of(ex.getMessage(), null));
		}
	}

	private static double rounded(double share) {
		return Math.round(share * 10_000) / 10_000.0;
	}

	private @Nullable Object planPart(String id, List<String> path) {
		Plan plan = this.plans.find(this.workspace, id);
		if (plan == null) {
			return null;
		}
		if (path.isEmpty()) {
			return describe(plan);
		}
		if (path.equals(List.of("stats", "daily"))) {
			return DailyDescriptor.of(this.aggregator.days(id));
		}
		return path.equals(List.of("stats")) ? stats(id) : null;
	}

	// Read in one go: each reading may take its two seconds
	private List<PlanDescriptor> planDescriptors(ScopedStatistics<OverallStatistics> all) {
		return this.plans.findAll(this.workspace)
			.stream()
			.map((plan) -> describe(plan, ScopedDescriptor.of(all.scope(), all.figures().plan(plan.id()))))
			.toList();
	}

	private PlanDescriptor describe(Plan plan) {
		return describe(plan, stats(plan.id()));
	}

	private PlanDescriptor describe(Plan plan, @Nullable Long version) {
		return describe(plan, version, stats(plan.id()));
	}

	private PlanDescriptor describe(Plan plan, ScopedDescriptor stats) {
		StoredPlan stored = (this.plans instanceof MutablePlanRepository mutable)
				? mutable.findStored(this.workspace, plan.id()) : null;
		return describe(plan, (stored != null && stored.plan().equals(plan)) ? stored.version() : null, stats);
	}

	private static PlanDescriptor describe(Plan plan, @Nullable Long version, ScopedDescriptor stats) {
		return new PlanDescriptor(plan.id(), version, SettingsDescriptor.of(plan), plan.source().value(), stats);
	}

	private ScopedDescriptor stats(String id) {
		ScopedStatistics<StatisticsSnapshot> stats = this.aggregator.plan(id);
		return ScopedDescriptor.of(stats.scope(), stats.figures());
	}

	private static TotalsDescriptor totals(ScopedStatistics<OverallStatistics> all) {
		Map<String, Long> errors = new LinkedHashMap<>();
		all.figures().errors().forEach((component, count) -> errors.put(component.value(), count));
		return new TotalsDescriptor(ScopedDescriptor.of(all.scope(), all.figures().totals()),
				all.figures().unknownPlans(), errors);
	}

	/**
	 * The whole.
	 *
	 * @param workspace the workspace whose plans are shown
	 * @param plans the plans
	 * @param totals the figures of all plans together
	 * @param cacheEngines the cache backends
	 * @param compressionEngines the names of the compression engines
	 */
	public record TokenSavingDescriptor(String workspace, List<PlanDescriptor> plans, TotalsDescriptor totals,
			@JsonProperty("cache_engines") List<CacheEngineDescriptor> cacheEngines,
			@JsonProperty("compression_engines") List<String> compressionEngines) {

	}

	/**
	 * A plan.
	 *
	 * @param id the id
	 * @param version the version of a stored plan
	 * @param settings the settings
	 * @param source where the plan was defined
	 * @param stats what it saved
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	public record PlanDescriptor(String id, @Nullable Long version, SettingsDescriptor settings, String source,
			ScopedDescriptor stats) {

	}

	/**
	 * What was evicted.
	 *
	 * @param evicted the number of answers, in all caches together
	 */
	public record EvictionDescriptor(long evicted) {

	}

	/**
	 * What is wrong with a request. Texts of the request are cut short.
	 *
	 * @param error what is wrong, in words
	 * @param field the field that is wrong
	 * @param value its value
	 * @param accepted what is accepted, in words
	 * @param currentVersion the version that a stored plan has
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	public record ErrorDescriptor(String error, @Nullable String field, @Nullable String value,
			@Nullable String accepted, @JsonProperty("current_version") @Nullable Long currentVersion) {

		private static final int MAX_LENGTH = 1000;

		private static final int MAX_VALUE_LENGTH = 200;

		static ErrorDescriptor of(@Nullable String error, @Nullable String field) {
			return of(error, field, null, null);
		}

		static ErrorDescriptor of(@Nullable String error, @Nullable String field, @Nullable String value,
				@Nullable String accepted) {
			return new ErrorDescriptor(clean(String.valueOf(error), MAX_LENGTH),
					(field != null) ? clean(field, MAX_VALUE_LENGTH) : null,
					(value != null) ? clean(value, MAX_VALUE_LENGTH) : null, accepted, null);
		}

		static ErrorDescriptor unknown(String field) {
			return of("There is no field or parameter '%s'".formatted(field), field);
		}

		static ErrorDescriptor invalid(String field, String value, String accepted) {
			return of("'%s' has the value '%s', accepted is %s".formatted(clean(field, MAX_VALUE_LENGTH),
					clean(value, MAX_VALUE_LENGTH), accepted), field, value, accepted);
		}

		static ErrorDescriptor conflict(@Nullable String error, @Nullable Long currentVersion) {
			return new ErrorDescriptor(clean(String.valueOf(error), MAX_LENGTH), null, null, null, currentVersion);
		}

		// Half of a surrogate pair cannot be sent
		private static String clean(String text, int maxLength) {
			String limited = (text.length() > maxLength) ? text.substring(0, maxLength) + "..." : text;
			return new String(limited.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
		}

	}

	/**
	 * The settings of a plan; what is off is left out.
	 *
	 * @param compression how the plan compresses
	 * @param cache how the plan caches
	 * @param dedup how equal requests in flight share an answer
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	public record SettingsDescriptor(@Nullable CompressionDescriptor compression, @Nullable CacheDescriptor cache,
			@Nullable DedupDescriptor dedup) {

		static SettingsDescriptor of(Plan plan) {
			CompressionSettings compression = plan.compression();
			CacheSettings cache = plan.cache();
			DedupSettings dedup = plan.dedup();
			return new SettingsDescriptor(
					(compression != null) ? new CompressionDescriptor(compression.engine(),
							compression.maxInputTokens(), compression.lowMark(), compression.keepLastMessages(),
							compression.focus().value(), compression.redundancyPenalty(), compression.lossless(),
							compression.stablePrefix(), compression.language(), compression.maxTime().toMillis())
							: null,
					(cache != null) ? new CacheDescriptor(cache.backend(), cache.ttl().toMillis() / 1000.0,
							cache.similarityThreshold(), cache.maxEntryBytes(), cache.history().value(),
							cache.maxQuestionLength(), cache.semanticTimeout().toMillis(), cache.guards(),
							cache.verifySampleRate(), cache.maxErrorRate(), cache.judge(),
							cache.lookupTimeout().toMillis()) : null,
					(dedup != null) ? new DedupDescriptor(dedup.timeout().toMillis() / 1000.0,
							dedup.onError().name().toLowerCase(Locale.ROOT), dedup.maxTemperature(),
							dedup.scope().name().toLowerCase(Locale.ROOT)) : null);
		}

	}

	/**
	 * How a plan compresses.
	 *
	 * @param engine the name of the engine
	 * @param maxInputTokens the limit in tokens
	 * @param lowMark the share of the room for history to which it is cut
	 * @param keepLastMessages the number of newest messages that are not changed
	 * @param focus what the ranking is biased to
	 * @param redundancyPenalty how much a sentence loses by being similar to a kept one
	 * @param lossless whether old messages are rewritten without loss first
	 * @param stablePrefix whether what was compressed stays as it is
	 * @param language the language of all texts, or that it is guessed
	 * @param maxTimeMillis the time after which ranking is given up, 0 for no limit
	 */
	public record CompressionDescriptor(String engine, @JsonProperty("max_input_tokens") int maxInputTokens,
			@JsonProperty("low_mark") double lowMark, @JsonProperty("keep_last_messages") int keepLastMessages,
			String focus, @JsonProperty("redundancy_penalty") double redundancyPenalty, boolean lossless,
			@JsonProperty("stable_prefix") boolean stablePrefix, String language,
			@JsonProperty("max_time_millis") long maxTimeMillis) {

	}

	/**
	 * How a plan caches.
	 *
	 * @param backend the name of the backend
	 * @param ttlSeconds how long an answer may be served
	 * @param similarityThreshold the threshold of a semantic backend
	 * @param maxEntryBytes the size above which an answer is not stored
	 * @param history what earlier turns mean to a semantic backend
	 * @param maxQuestionLength the length above which a question is only looked up
	 * exactly
	 * @param semanticTimeoutMillis how long embedding and search may take together
	 * @param guards the guards of a semantic backend
	 * @param verifySampleRate the share of semantic hits that are verified
	 * @param maxErrorRate the share of wrong answers above which a semantic backend
	 * suspends itself
	 * @param judge what judges verified answers
	 * @param lookupTimeoutMillis how long an exact look-up outside the process may take
	 */
	public record CacheDescriptor(String backend, @JsonProperty("ttl") double ttlSeconds,
			@JsonProperty("similarity_threshold") double similarityThreshold,
			@JsonProperty("max_entry_bytes") long maxEntryBytes, String history,
			@JsonProperty("max_question_length") int maxQuestionLength,
			@JsonProperty("semantic_timeout_millis") long semanticTimeoutMillis, List<String> guards,
			@JsonProperty("verify_sample_rate") double verifySampleRate,
			@JsonProperty("max_error_rate") double maxErrorRate, String judge,
			@JsonProperty("lookup_timeout_millis") long lookupTimeoutMillis) {

	}

	/**
	 * How equal requests in flight share an answer.
	 *
	 * @param timeoutSeconds how long a request waits for the answer of another one
	 * @param onError whether an error of the model is shared
	 * @param maxTemperature the temperature above which requests are not shared
	 * @param scope whose requests share answers
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	public record DedupDescriptor(@JsonProperty("timeout") double timeoutSeconds,
			@JsonProperty("on_error") String onError, @JsonProperty("max_temperature") @Nullable Double maxTemperature,
			String scope) {

	}

	/**
	 * What was saved.
	 *
	 * @param totalRequests all requests
	 * @param cacheHits requests that a cache answered
	 * @param exactHits requests that the exact cache answered
	 * @param semanticHits requests that the semantic cache answered
	 * @param dedupHits requests that an equal request in flight answered
	 * @param misses requests that were looked up and went to the model
	 * @param bypasses requests that went to the model without a look-up
	 * @param cacheHitRate the share of looked-up requests that a cache answered
	 * @param tokensSaved the tokens saved
	 * @param tokensSavedByTechnique the tokens saved by technique
	 * @param tokensBought the tokens the model was paid for
	 * @param costSavedUsd the net saving
	 * @param overheadTokens the tokens token saving itself spent
	 * @param overheadUsd what they cost
	 * @param overBudget requests sent although over the limit
	 * @param compressionTimeouts requests trimmed because ranking took too long
	 * @param guardVetoes answers of the semantic cache that a guard held back, by guard
	 * @param verification how many answers of the semantic cache were wrong
	 * @param errors failures of token saving
	 * @param modelErrors requests whose model failed
	 * @param unpricedModels models without a price
	 */
	public record StatsDescriptor(@JsonProperty("total_requests") long totalRequests,
			@JsonProperty("cache_hits") long cacheHits, @JsonProperty("exact_hits") long exactHits,
			@JsonProperty("semantic_hits") long semanticHits, @JsonProperty("dedup_hits") long dedupHits, long misses,
			long bypasses, @JsonProperty("cache_hit_rate") double cacheHitRate,
			@JsonProperty("tokens_saved") long tokensSaved,
			@JsonProperty("tokens_saved_by_technique") Map<String, Long> tokensSavedByTechnique,
			@JsonProperty("tokens_bought") long tokensBought, @JsonProperty("cost_saved_usd") BigDecimal costSavedUsd,
			@JsonProperty("overhead_tokens") long overheadTokens, @JsonProperty("overhead_usd") BigDecimal overheadUsd,
			@JsonProperty("over_budget") long overBudget,
			@JsonProperty("compression_timeouts") long compressionTimeouts,
			@JsonProperty("guard_vetoes") Map<String, Long> guardVetoes,
			@JsonProperty("semantic_verification") VerificationDescriptor verification, long errors,
			@JsonProperty("model_errors") long modelErrors,
			@JsonProperty("unpriced_models") Set<String> unpricedModels) {

		/**
		 * Describe statistics.
		 * @param snapshot the statistics
		 * @return the description, with the hit rate rounded to four digits
		 */
		public static StatsDescriptor of(StatisticsSnapshot snapshot) {
			return new StatsDescriptor(snapshot.totalRequests(), snapshot.cacheHits(), snapshot.exactHits(),
					snapshot.semanticHits(), snapshot.dedupHits(), snapshot.misses(), snapshot.bypasses(),
					rounded(snapshot.cacheHitRate()), snapshot.tokensSaved(), snapshot.tokensSavedByTechnique(),
					snapshot.tokensBought(), snapshot.costSavedUsd(), snapshot.overheadTokens(), snapshot.overheadUsd(),
					snapshot.overBudget(), snapshot.compressionTimeouts(), snapshot.guardVetoes(),
					VerificationDescriptor.of(snapshot.verification()), snapshot.errors(), snapshot.modelErrors(),
					snapshot.unpricedModels());
		}

	}

	/**
	 * What was saved, and by whose requests.
	 *
	 * @param scope {@code shared} for those of all instances, {@code instance} for those
	 * of this one since it started
	 * @param stats the figures
	 */
	public record ScopedDescriptor(String scope, @JsonUnwrapped StatsDescriptor stats) {

		static ScopedDescriptor of(StatisticsScope scope, StatisticsSnapshot snapshot) {
			return new ScopedDescriptor(scope.value(), StatsDescriptor.of(snapshot));
		}

	}

	/**
	 * What a plan saved by day.
	 *
	 * @param scope {@code shared} for the requests of all instances, {@code instance} for
	 * those of this one since it started
	 * @param days the days in UTC on which something was counted, newest first
	 */
	public record DailyDescriptor(String scope, List<DayDescriptor> days) {

		static DailyDescriptor of(ScopedStatistics<Map<LocalDate, StatisticsSnapshot>> days) {
			return new DailyDescriptor(days.scope().value(),
					days.figures()
						.entrySet()
						.stream()
						.map((day) -> new DayDescriptor(day.getKey().toString(), StatsDescriptor.of(day.getValue())))
						.toList());
		}

	}

	/**
	 * What a plan saved on a day.
	 *
	 * @param date the day in UTC, such as {@code 2026-01-31}
	 * @param stats the figures
	 */
	public record DayDescriptor(String date, @JsonUnwrapped StatsDescriptor stats) {

	}

	/**
	 * How many of the verified answers of a semantic cache were wrong.
	 *
	 * @param verified the number of verified answers
	 * @param wrong the number of those that were wrong
	 * @param errorRate the share of wrong ones
	 * @param errorRateLower the lower end of its 95 % interval
	 * @param errorRateUpper the upper end of its 95 % interval
	 * @param suspended whether the semantic cache has suspended itself
	 */
	public record VerificationDescriptor(long verified, long wrong, @JsonProperty("error_rate") double errorRate,
			@JsonProperty("error_rate_lower") double errorRateLower,
			@JsonProperty("error_rate_upper") double errorRateUpper, boolean suspended) {

		static VerificationDescriptor of(ErrorRateMonitor.Verification verification) {
			return new VerificationDescriptor(verification.verified(), verification.wrong(),
					rounded(verification.errorRate()), rounded(verification.lower()), rounded(verification.upper()),
					verification.suspended());
		}

	}

	/**
	 * The figures of all plans together.
	 *
	 * @param stats the sums
	 * @param unknownPlans requests that named an unknown plan
	 * @param errorsByComponent failures of token saving by component
	 */
	public record TotalsDescriptor(@JsonUnwrapped ScopedDescriptor stats,
			@JsonProperty("unknown_plans") long unknownPlans,
			@JsonProperty("errors_by_component") Map<String, Long> errorsByComponent) {

	}

	/**
	 * A cache backend.
	 *
	 * @param name the name in plans
	 * @param status {@code UP} or {@code DOWN}
	 * @param entries the number of entries, if known
	 * @param bytes the bytes they take up, if known
	 * @param maxBytes the bytes they may take up, if limited
	 * @param evictions the entries that had to make room, if counted
	 * @param circuitBreaker the state of its circuit breaker, such as {@code closed} or
	 * {@code open}, if it has one
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	public record CacheEngineDescriptor(String name, String status, @Nullable Long entries, @Nullable Long bytes,
			@JsonProperty("max_bytes") @Nullable Long maxBytes, @Nullable Long evictions,
			@JsonProperty("circuit_breaker") @Nullable String circuitBreaker) {

	}

}
