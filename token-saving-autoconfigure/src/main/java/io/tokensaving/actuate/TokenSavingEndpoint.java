package io.tokensaving.actuate;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.tokensaving.Counter;
import io.tokensaving.advice.AdviceCollector;
import io.tokensaving.advice.PlanAdvice;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.EntryCounter;
import io.tokensaving.feature.EntryCounts;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import io.tokensaving.feature.Features;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.statistics.OverallStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.ScopedStatistics;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsScope;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.util.Assert;
import org.springframework.util.StringUtils;

/**
 * The actuator endpoint. Shows plans with their settings and statistics, totals, engines
 * and backends; creates, changes and deletes stored plans; and evicts answers. Needs a
 * {@link TokenSavingOperationInvokerAdvisor}, which passes all fields of a request on.
 * Thread-safe.
 */
@Endpoint(id = TokenSavingEndpoint.ID)
public class TokenSavingEndpoint {

	static final String ID = "tokensaving";

	static final String PATH = "path";

	static final String BODY = "body";

	private static final String PLANS = "plans";

	private static final String CACHE = "cache";

	private static final String CACHE_ENTRIES = "cache-entries";

	static final String PLAN = "plan";

	static final String SCOPE = "scope";

	static final String TAG = "tag";

	static final String WORKSPACE = "workspace";

	static final int RESUME_LENGTH = 3;

	private static final String READABLE = "'plans', 'plans/{id}', 'plans/{id}/stats', 'plans/{id}/stats/daily', 'plans/{id}/advice', "
			+ "%s'features', 'models', 'daily', 'hourly', 'cache-entries', 'totals', 'advice', %s'cache-engines' or 'compression-engines'";

	private static final String WRITABLE = "'plans', 'plans/{id}' or 'plans/{id}/resume'";

	private static final String DELETABLE = "'plans/{id}' or 'cache'";

	private static final String CACHE_PARAMETERS = "'plan', 'scope' or 'tag'";

	private static final String VERSION_PARAMETER = "'version'";

	private static final int STATUS_METHOD_NOT_ALLOWED = 405;

	private final String workspace;

	private final PlanRepository plans;

	private final StatisticsAggregator aggregator;

	private final Supplier<List<CacheEngineDescriptor>> cacheEngines;

	private final List<String> compressionEngines;

	private final LedgerView ledger;

	private final EntryCounter entryCounter;

	private final Features features;

	private final EndpointReader reader;

	private final EndpointWriter writer;

	/**
	 * Create the endpoint.
	 * @param workspace the workspace whose plans are shown
	 * @param plans where the plans are found
	 * @param statistics the statistics of this instance
	 * @param aggregator the sums over all instances
	 * @param cacheEngines supplies the cache backends with their present state
	 * @param compressionEngines the names of the compression engines
	 * @param evictor evicts answers from all caches
	 * @param entryCounter counts answers in all caches
	 * @param features the features, which have views of their own
	 * @param advice collects what is advised
	 */
	public TokenSavingEndpoint(String workspace, PlanRepository plans, SavingsStatistics statistics,
			StatisticsAggregator aggregator, Supplier<List<CacheEngineDescriptor>> cacheEngines,
			Collection<String> compressionEngines, Evictor evictor, EntryCounter entryCounter, Features features,
			AdviceCollector advice) {
		this.workspace = workspace;
		this.plans = plans;
		this.aggregator = aggregator;
		this.cacheEngines = cacheEngines;
		this.compressionEngines = List.copyOf(compressionEngines);
		this.ledger = new LedgerView(aggregator);
		this.entryCounter = entryCounter;
		this.features = features;
		this.reader = new EndpointReader(plans, aggregator, features, advice);
		this.writer = new EndpointWriter(workspace, plans, statistics, aggregator, evictor, this.reader);
	}

	private TokenSavingEndpoint(String workspace, TokenSavingEndpoint other) {
		this.workspace = workspace;
		this.plans = other.plans;
		this.aggregator = other.aggregator;
		this.cacheEngines = other.cacheEngines;
		this.compressionEngines = other.compressionEngines;
		this.ledger = other.ledger;
		this.entryCounter = other.entryCounter;
		this.features = other.features;
		this.reader = other.reader;
		this.writer = other.writer.workspace(workspace);
	}

	/**
	 * Return the same endpoint for another workspace, which it reads if no other one is
	 * named, and to which it writes. For application code that offers plans over HTTP to
	 * several tenants, and itself checks who may read and write which workspace. What is
	 * shown of all plans together, such as the totals, is still of all workspaces.
	 * @param workspace the workspace, not blank
	 * @return the endpoint, which shares everything else with this one
	 */
	public TokenSavingEndpoint workspace(String workspace) {
		Assert.hasText(workspace, "'workspace' must not be blank");
		return new TokenSavingEndpoint(workspace, this);
	}

	String workspace() {
		return this.workspace;
	}

	EndpointOperations.PlanPage plans(String workspace, String text, int page, int size) {
		return this.reader.plans(workspace, text, page, size, this.aggregator.all());
	}

	/**
	 * Show everything.
	 * @param workspace the workspace whose plans are shown, or {@code null} for the
	 * application's
	 * @return the description
	 */
	@ReadOperation
	public TokenSavingDescriptor tokenSaving(@Nullable String workspace) {
		String chosen = workspaceOrDefault(workspace);
		ScopedStatistics<OverallStatistics> all = this.aggregator.all();
		return new TokenSavingDescriptor(chosen, this.reader.planDescriptors(chosen, all), EndpointReader.totals(all),
				this.reader.workspaces(all), this.cacheEngines.get(), this.compressionEngines);
	}

	/**
	 * Show a part: {@code plans}, {@code plans/{id}}, {@code plans/{id}/stats},
	 * {@code plans/{id}/stats/daily}, {@code plans/{id}/advice}, {@code features},
	 * {@code models}, {@code daily}, {@code hourly}, {@code cache-entries},
	 * {@code totals}, {@code advice}, {@code cache-engines}, {@code compression-engines},
	 * or what a feature shows, such as {@code budgets}.
	 * @param path the path below the endpoint
	 * @param workspace the workspace whose plans and figures are shown, or {@code null}
	 * for the application's
	 * @param plan the plan whose features, models, days, hours or stored answers are
	 * shown, or {@code null} for all
	 * @param scope the scope whose stored answers are counted, or {@code null} for all
	 * @param tag the tag whose stored answers are counted, or {@code null} for all
	 * @param feature the feature whose figures are shown, or {@code null} for all
	 * @param model the model whose figures are shown, or {@code null} for all
	 * @param days the number of days up to the present one whose figures are shown, 1 to
	 * 90, or {@code null} for 7; by hour 1 to 14, or {@code null} for 1
	 * @param hours the number of hours up to the present one that are shown by hour, 1 to
	 * 336, or {@code null} for those of the days
	 * @param page the page of features, models or days, or {@code null} for 0
	 * @param size the number of rows of a page, 1 to 1000, or {@code null} for 100
	 * @param format {@code csv} or {@code json}, or {@code null} for what the header says
	 * @param accepted the format that the header {@code Accept} names, or {@code null}
	 * @return the part, or the status 404 with the paths that exist
	 */
	@ReadOperation(producesFrom = LedgerFormat.class)
	public Object part(@Selector(match = Selector.Match.ALL_REMAINING) String[] path, @Nullable String workspace,
			@Nullable String plan, @Nullable String scope, @Nullable String tag, @Nullable String feature,
			@Nullable String model, @Nullable String days, @Nullable String hours, @Nullable String page,
			@Nullable String size, @Nullable String format, @Nullable LedgerFormat accepted) {
		for (LedgerView.By by : LedgerView.By.values()) {
			if (path.length == 1 && path[0].equals(by.field())) {
				boolean hourly = by == LedgerView.By.HOURLY;
				return ledger(by, format, accepted, () -> {
					LedgerQuery query = LedgerQuery.of(workspaceOrDefault(workspace), plan, feature, model,
							hourly ? null : days, page, size);
					return hourly ? query.hours(hours, days) : query;
				});
			}
		}
		Object shown = (path.length == 1 && path[0].equals(CACHE_ENTRIES)) ? CacheDescriptor.of(this.entryCounter
			.count(new Eviction(workspaceOrDefault(workspace), textOrNull(plan), textOrNull(scope), textOrNull(tag))))
				: part(path, workspace);
		return (accepted == LedgerFormat.CSV) ? asJson(shown) : shown;
	}

	// What is not made of rows cannot be written as the table that the header asks for
	private static Object asJson(Object shown) {
		if (!(shown instanceof WebEndpointResponse<?> response)) {
			return new WebEndpointResponse<>(shown, LedgerFormat.JSON.getProducedMimeType());
		}
		return (response.getContentType() != null) ? response : new WebEndpointResponse<>(response.getBody(),
				response.getStatus(), LedgerFormat.JSON.getProducedMimeType());
	}

	private static @Nullable String textOrNull(@Nullable String value) {
		return StringUtils.hasText(value) ? value : null;
	}

	private Object ledger(LedgerView.By by, @Nullable String name, @Nullable LedgerFormat accepted,
			Supplier<LedgerQuery> query) {
		LedgerFormat format = LedgerFormat.of(name, accepted);
		if (format == null) {
			return refused(ErrorDescriptor.invalid("format", String.valueOf(name), "'json' or 'csv'"));
		}
		Map<String, Object> shown;
		try {
			shown = this.ledger.show(by, query.get());
		}
		catch (LedgerQuery.InvalidParameterException ex) {
			return refused(ex.describe());
		}
		if (format != LedgerFormat.CSV) {
			// Of the type that the header asks for, unless the parameter overrules it
			return (accepted != LedgerFormat.CSV) ? shown
					: new WebEndpointResponse<>(shown, LedgerFormat.JSON.getProducedMimeType());
		}
		// The rows are maps by name, as the view has made them
		@SuppressWarnings("unchecked")
		List<Map<String, ?>> rows = (List<Map<String, ?>>) Objects.requireNonNull(shown.get(by.field()));
		return new WebEndpointResponse<>(CsvTable.of(rows), LedgerFormat.CSV.getProducedMimeType());
	}

	// As JSON even if the header asks for a table
	private static WebEndpointResponse<Object> refused(ErrorDescriptor error) {
		return new WebEndpointResponse<>(error, WebEndpointResponse.STATUS_BAD_REQUEST,
				LedgerFormat.JSON.getProducedMimeType());
	}

	/**
	 * Show a part that takes no other parameters.
	 * @param path the path below the endpoint
	 * @param workspace the workspace whose plans and figures are shown, or {@code null}
	 * for the application's
	 * @return the part, or the status 404 with the paths that exist
	 */
	public Object part(String[] path, @Nullable String workspace) {
		String chosen = workspaceOrDefault(workspace);
		List<String> segments = Arrays.asList(path);
		if (segments.equals(List.of("plans"))) {
			return Map.of("plans", this.reader.planDescriptors(chosen, this.aggregator.all()));
		}
		if (segments.equals(List.of("totals"))) {
			return EndpointReader.totals(this.aggregator.all());
		}
		if (segments.equals(List.of("advice"))) {
			return this.reader.advice(chosen, null);
		}
		if (segments.equals(List.of("cache-engines"))) {
			return Map.of("cache_engines", this.cacheEngines.get());
		}
		if (segments.equals(List.of("compression-engines"))) {
			return Map.of("compression_engines", this.compressionEngines);
		}
		Function<String, Object> view = (segments.size() == 1) ? this.features.views().get(segments.get(0)) : null;
		if (view != null) {
			return this.reader.view(segments.get(0), view, chosen);
		}
		if (segments.size() >= 2 && segments.get(0).equals("plans") && StringUtils.hasText(segments.get(1))) {
			return planPart(path, new PlanKey(chosen, segments.get(1)), segments.subList(2, segments.size()));
		}
		return notFound(path, readable());
	}

	/**
	 * Let the features of a plan work again that have suspended themselves.
	 * @param path {@code plans/{id}/resume}; may be followed by an empty text and the
	 * workspace, which {@link TokenSavingOperationInvokerAdvisor} takes from the query
	 * @return the plan and whether it was suspended, or the status 404 with the paths
	 * that exist
	 */
	@WriteOperation
	public WebEndpointResponse<Object> resume(@Selector(match = Selector.Match.ALL_REMAINING) String... path) {
		// The workspace cannot be a parameter of the operation: Spring Boot would then
		// expect a body, as it does for write(...). So it is appended to the path, after
		// an
		// empty segment, which the path of a URL cannot have
		return (path.length == RESUME_LENGTH + 2 && path[RESUME_LENGTH].isEmpty())
				? resume(Arrays.copyOf(path, RESUME_LENGTH), path[RESUME_LENGTH + 1]) : resume(path, null);
	}

	private WebEndpointResponse<Object> resume(String[] path, @Nullable String workspace) {
		if (isPlans(path, 1) || isPlans(path, 2)) {
			return error(WebEndpointResponse.STATUS_BAD_REQUEST, ErrorDescriptor
				.of("A plan is written as a JSON object, with the header 'Content-Type: application/json'", BODY));
		}
		if (!isPlans(path, RESUME_LENGTH) || !path[2].equals("resume") || !StringUtils.hasText(path[1])) {
			return notFound(path, WRITABLE);
		}
		return this.writer.resume(workspaceOrDefault(workspace), path[1]);
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
			return this.writer.create(body);
		}
		if (isPlans(path, 2)) {
			return this.writer.update(path[1], body);
		}
		if (isPlans(path, RESUME_LENGTH) && path[2].equals("resume")) {
			return this.writer.resume(body, (workspace) -> resume(path, workspace));
		}
		return notFound(path, WRITABLE);
	}

	/**
	 * Write as {@link #write(String[], Map)}, from the bytes of a request that Spring
	 * Boot has not read.
	 * @param path the path below the endpoint
	 * @param json a JSON object in UTF-8 of at most 64 KB and 16 levels, no field twice
	 * @return the plan, or what is wrong
	 */
	public WebEndpointResponse<Object> write(String[] path, byte[] json) {
		return write(path, JsonBody.argument(json));
	}

	/**
	 * Refuse to write to the endpoint itself.
	 * @return the status 405 and what can be written to
	 */
	@WriteOperation
	public WebEndpointResponse<Object> writeAll() {
		return error(STATUS_METHOD_NOT_ALLOWED, ErrorDescriptor
			.of("There is nothing to write at this path, accepted is " + WRITABLE, PATH, "", WRITABLE));
	}

	/**
	 * Refuse to delete the endpoint itself.
	 * @return the status 405 and what can be deleted
	 */
	@DeleteOperation
	public WebEndpointResponse<Object> deleteAll() {
		return error(STATUS_METHOD_NOT_ALLOWED, ErrorDescriptor
			.of("There is nothing to delete at this path, accepted is " + DELETABLE, PATH, "", DELETABLE));
	}

	/**
	 * Delete a plan, or evict those answers of this endpoint's workspace to which all
	 * given parameters apply.
	 * @param path {@code plans/{id}} or {@code cache}
	 * @param version the expected version of the plan, or {@code null} for any
	 * @param plan the id of the plan whose answers are evicted, or {@code null} for all
	 * @param scope the scope whose answers are evicted, or {@code null} for all
	 * @param tag the tag whose answers are evicted, or {@code null} for all
	 * @return the status 204, the number of evicted answers, or what is wrong
	 */
	@DeleteOperation
	public WebEndpointResponse<Object> delete(@Selector(match = Selector.Match.ALL_REMAINING) String[] path,
			@Nullable String version, @Nullable String plan, @Nullable String scope, @Nullable String tag) {
		if (path.length == 1 && path[0].equals(CACHE)) {
			return (version != null) ? unknown(PlanRequest.VERSION, CACHE_PARAMETERS)
					: this.writer.evict(new Eviction(this.workspace, plan, scope, tag));
		}
		if (!isPlans(path, 2)) {
			return notFound(path, DELETABLE);
		}
		if (plan != null || scope != null || tag != null) {
			return unknown((plan != null) ? PLAN : (scope != null) ? SCOPE : TAG, VERSION_PARAMETER);
		}
		return this.writer.delete(path[1], version);
	}

	static String deleteParameters(String[] path) {
		return isPlans(path, 2) ? VERSION_PARAMETER : CACHE_PARAMETERS;
	}

	private static boolean isPlans(String[] path, int length) {
		return path.length == length && path[0].equals(PLANS);
	}

	private String readable() {
		return READABLE.formatted(list(this.features.planViews().keySet(), "plans/{id}/"),
				list(this.features.views().keySet(), ""));
	}

	private static String list(Collection<String> names, String prefix) {
		return names.stream().map((name) -> "'" + prefix + name + "', ").collect(Collectors.joining());
	}

	private static WebEndpointResponse<Object> notFound(String[] path, String accepted) {
		String whole = String.join("/", path);
		return error(WebEndpointResponse.STATUS_NOT_FOUND, ErrorDescriptor.notFound("", PATH, whole, accepted));
	}

	private static WebEndpointResponse<Object> unknown(String parameter, String accepted) {
		return error(WebEndpointResponse.STATUS_BAD_REQUEST, ErrorDescriptor.unknown(parameter, accepted));
	}

	private static WebEndpointResponse<Object> error(int status, ErrorDescriptor error) {
		return new WebEndpointResponse<>(error, status);
	}

	static void putOutcomes(Map<String, Object> figures, StatisticsSnapshot snapshot) {
		figures.put("success_known", rounded(snapshot.successKnown()));
		figures.put("successes", snapshot.successes());
		figures.put("failures", snapshot.failures());
		BigDecimal cost = snapshot.costPerSuccessUsd();
		if (cost != null) {
			figures.put("cost_per_success_usd", cost);
		}
	}

	static double rounded(double share) {
		return Math.round(share * 10_000) / 10_000.0;
	}

	// A blank parameter, such as an empty variable in a script, counts as none
	private String workspaceOrDefault(@Nullable String workspace) {
		return StringUtils.hasText(workspace) ? workspace : this.workspace;
	}

	private Object planPart(String[] path, PlanKey key, List<String> part) {
		Plan plan = this.plans.find(key.workspace(), key.plan());
		if (plan == null) {
			return this.reader.unknownPlan(key.workspace(), key.plan(), PlanRequest.ID);
		}
		if (part.isEmpty()) {
			return this.reader.describe(key.workspace(), plan);
		}
		if (part.equals(List.of("stats", "daily"))) {
			return DailyDescriptor.of(this.aggregator.days(key));
		}
		if (part.equals(List.of("stats"))) {
			return this.reader.stats(key);
		}
		if (part.equals(List.of("advice"))) {
			return this.reader.advice(key.workspace(), key.plan());
		}
		Object view = (part.size() == 1) ? this.reader.planView(part.get(0), key) : null;
		return (view != null) ? view : notFound(path, readable());
	}

	/**
	 * Everything that the endpoint shows.
	 *
	 * @param workspace the workspace whose plans are shown
	 * @param plans the plans
	 * @param totals the figures of all plans of all workspaces together
	 * @param workspaces the figures of each workspace, if there are several
	 * @param cacheEngines the cache backends
	 * @param compressionEngines the names of the compression engines
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	public record TokenSavingDescriptor(String workspace, List<PlanDescriptor> plans, TotalsDescriptor totals,
			@Nullable Map<String, ScopedDescriptor> workspaces,
			@JsonProperty("cache_engines") List<CacheEngineDescriptor> cacheEngines,
			@JsonProperty("compression_engines") List<String> compressionEngines) {

	}

	/**
	 * What was seen of a plan that costs money or serves wrong answers.
	 *
	 * @param code what was seen, in snake case
	 * @param severity {@code serious}, {@code warning} or {@code info}
	 * @param plan the id of the plan
	 * @param feature the feature of the application that it was seen of, if known
	 * @param model the model that it was seen of, if known
	 * @param costUsdPerDay what it costs a day in US dollars, if known
	 * @param text what was seen, a sentence
	 * @param remedy what helps, a sentence
	 * @param setting the property that mends it, if there is one, and a value for it
	 * @param figures what it was seen by, with their units
	 * @param advisedBy the feature of token saving that advises, or {@code ledger}
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	public record AdviceDescriptor(String code, String severity, String plan, @Nullable String feature,
			@Nullable String model, @JsonProperty("cost_usd_per_day") @Nullable BigDecimal costUsdPerDay, String text,
			String remedy, Advice.@Nullable Setting setting, Map<String, Advice.Figure> figures,
			@JsonProperty("advised_by") String advisedBy) {

		static AdviceDescriptor of(PlanAdvice advised) {
			Advice advice = advised.advice();
			return new AdviceDescriptor(advice.code(), advised.severity().value(), advised.plan(), advice.feature(),
					advice.model(), advice.costUsdPerDay(), advice.text(), advice.remedy(), advice.setting(),
					advice.figures(), advised.advisedBy());
		}

	}

	/**
	 * A plan.
	 *
	 * @param id the id
	 * @param version the version of a stored plan
	 * @param settings the settings as a configuration would contain them, in snake case;
	 * features that are off are left out
	 * @param source where the plan was defined
	 * @param stats what it saved
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	public record PlanDescriptor(String id, @Nullable Long version, Map<String, Object> settings, String source,
			ScopedDescriptor stats) {

	}

	/**
	 * The result of resuming a plan.
	 *
	 * @param resumed whether one of its features was suspended; if not, nothing was
	 * changed
	 * @param plan the plan
	 */
	public record ResumeDescriptor(boolean resumed, @JsonUnwrapped PlanDescriptor plan) {

	}

	/**
	 * How many answers are stored.
	 *
	 * @param cacheEntries the counts of each cache backend
	 */
	public record CacheDescriptor(@JsonProperty("cache_entries") List<EntriesDescriptor> cacheEntries) {

		static CacheDescriptor of(Map<String, Optional<EntryCounts>> counts) {
			List<EntriesDescriptor> entries = new ArrayList<>();
			counts.forEach((name, known) -> entries.add(EntriesDescriptor.of(name, known.orElse(null))));
			return new CacheDescriptor(entries);
		}

	}

	/**
	 * How many answers a cache backend stores.
	 *
	 * @param name the name in plans
	 * @param entries the number of answers that were counted, if the backend can count
	 * @param complete whether these are all
	 * @param plans the answers by plan
	 * @param scopes the answers by the hash of their scope, if known
	 * @param tags the answers by the hash of their tags, if known
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	public record EntriesDescriptor(String name, @Nullable Long entries, @Nullable Boolean complete,
			EntryCounts.@Nullable ByLabel plans, EntryCounts.@Nullable ByLabel scopes,
			EntryCounts.@Nullable ByLabel tags) {

		static EntriesDescriptor of(String name, @Nullable EntryCounts counts) {
			return (counts != null) ? new EntriesDescriptor(name, counts.entries(), counts.complete(), counts.plans(),
					counts.scopes(), counts.tags()) : new EntriesDescriptor(name, null, null, null, null, null);
		}

	}

	/**
	 * The result of an eviction.
	 *
	 * @param evicted the number of evicted answers in all caches together
	 */
	public record EvictionDescriptor(long evicted) {

	}

	/**
	 * What was saved.
	 *
	 * @param snapshot the statistics
	 */
	public record StatsDescriptor(@JsonIgnore StatisticsSnapshot snapshot) {

		/**
		 * Return the figures by the names that the features declared, with the hit rate
		 * rounded to four digits.
		 * @return numbers, texts and maps of them by name in snake case
		 */
		@JsonAnyGetter
		public Map<String, Object> figures() {
			StatisticsSnapshot snapshot = this.snapshot;
			Map<String, Object> figures = new LinkedHashMap<>();
			figures.put("total_requests", snapshot.totalRequests());
			figures.put("cache_hits", snapshot.cacheHits());
			figures.putAll(snapshot.requestsByOutcome());
			figures.put("cache_hit_rate", rounded(snapshot.cacheHitRate()));
			figures.put("tokens_saved", snapshot.tokensSaved());
			figures.put("tokens_saved_by_technique", snapshot.tokensSavedByTechnique());
			figures.put("tokens_bought", snapshot.tokensBought());
			figures.put("cost_saved_usd", snapshot.costSavedUsd());
			figures.put("overhead_tokens", snapshot.overheadTokens());
			figures.put("overhead_usd", snapshot.overheadUsd());
			figures.put("provider_discount_usd", snapshot.providerDiscountUsd());
			putOutcomes(figures, snapshot);
			for (Counter counter : snapshot.counters()) {
				figures.put(counter.name(),
						(counter.dimension() != null) ? snapshot.counts(counter) : snapshot.count(counter));
			}
			for (StateSlot<?, ?> slot : snapshot.states()) {
				if (slot.isShown()) {
					figures.put(slot.name(), describe(slot, snapshot));
				}
			}
			figures.put("errors", snapshot.errors());
			figures.put("model_errors", snapshot.modelErrors());
			figures.put("unpriced_models", snapshot.unpricedModels());
			return figures;
		}

		private static <F> Map<String, Object> describe(StateSlot<?, F> slot, StatisticsSnapshot snapshot) {
			return slot.describe(snapshot.figures(slot));
		}

	}

	/**
	 * The savings, and by whose requests.
	 *
	 * @param scope {@code shared} for the sums over all instances, {@code instance} for
	 * those of this instance since its start
	 * @param stats the figures
	 */
	public record ScopedDescriptor(String scope, @JsonUnwrapped StatsDescriptor stats) {

		static ScopedDescriptor of(StatisticsScope scope, StatisticsSnapshot snapshot) {
			return new ScopedDescriptor(scope.value(), new StatsDescriptor(snapshot));
		}

	}

	/**
	 * The savings of a plan by day.
	 *
	 * @param scope {@code shared} for the sums over all instances, {@code instance} for
	 * those of this instance since its start
	 * @param days the days in UTC on which something was counted, newest first
	 */
	public record DailyDescriptor(String scope, List<DayDescriptor> days) {

		static DailyDescriptor of(ScopedStatistics<Map<LocalDate, StatisticsSnapshot>> days) {
			return new DailyDescriptor(days.scope().value(),
					days.figures()
						.entrySet()
						.stream()
						.map((day) -> new DayDescriptor(day.getKey().toString(), new StatsDescriptor(day.getValue())))
						.toList());
		}

	}

	/**
	 * The savings of a plan on one day.
	 *
	 * @param date the day in UTC, such as {@code 2026-01-31}
	 * @param stats the figures
	 */
	public record DayDescriptor(String date, @JsonUnwrapped StatsDescriptor stats) {

	}

	/**
	 * The figures of all plans together.
	 *
	 * @param stats the sums
	 * @param unknownPlans requests that named an unknown plan
	 * @param unknownOutcomes reports of tasks that were not known
	 * @param errorsByComponent failures of token saving by component
	 */
	public record TotalsDescriptor(@JsonUnwrapped ScopedDescriptor stats,
			@JsonProperty("unknown_plans") long unknownPlans, @JsonProperty("unknown_outcomes") long unknownOutcomes,
			@JsonProperty("errors_by_component") Map<String, Long> errorsByComponent) {

	}

	/**
	 * A cache backend.
	 *
	 * @param name the name in plans
	 * @param status {@code UP} or {@code DOWN}
	 * @param entries the number of entries, if known
	 * @param bytes the size of the entries in bytes, if known
	 * @param maxBytes the maximum size in bytes, if limited
	 * @param evictions the number of entries evicted for lack of room, if counted
	 * @param circuitBreaker the state of its circuit breaker, such as {@code closed} or
	 * {@code open}, if it has one
	 */
	@JsonInclude(JsonInclude.Include.NON_NULL)
	public record CacheEngineDescriptor(String name, String status, @Nullable Long entries, @Nullable Long bytes,
			@JsonProperty("max_bytes") @Nullable Long maxBytes, @Nullable Long evictions,
			@JsonProperty("circuit_breaker") @Nullable String circuitBreaker) {

	}

}
