package io.tokensaving.actuate;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.tokensaving.actuate.TokenSavingEndpoint.AdviceDescriptor;
import io.tokensaving.actuate.TokenSavingEndpoint.PlanDescriptor;
import io.tokensaving.actuate.TokenSavingEndpoint.ScopedDescriptor;
import io.tokensaving.actuate.TokenSavingEndpoint.TotalsDescriptor;
import io.tokensaving.advice.AdviceCollector;
import io.tokensaving.feature.Features;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.SettingsDocument;
import io.tokensaving.plan.StoredPlan;
import io.tokensaving.statistics.OverallStatistics;
import io.tokensaving.statistics.ScopedStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * Creates what {@link TokenSavingEndpoint} shows of plans and savings. Thread-safe.
 */
final class EndpointReader {

	private static final Log logger = LogFactory.getLog(EndpointReader.class);

	private static final int MAX_KNOWN_PLANS = 10;

	private static final int STATUS_UNAVAILABLE = 503;

	private final PlanRepository plans;

	private final StatisticsAggregator aggregator;

	private final Features features;

	private final AdviceCollector advice;

	EndpointReader(PlanRepository plans, StatisticsAggregator aggregator, Features features, AdviceCollector advice) {
		this.advice = advice;
		this.plans = plans;
		this.aggregator = aggregator;
		this.features = features;
	}

	Map<String, Object> advice(String workspace, @Nullable String plan) {
		AdviceCollector.Collected collected = this.advice.collect(workspace);
		Map<String, Object> shown = new LinkedHashMap<>();
		shown.put("scope", collected.scope().value());
		shown.put("days", AdviceCollector.DAYS);
		shown.put("advice",
				collected.advice()
					.stream()
					.filter((each) -> plan == null || plan.equals(each.plan()))
					.map(AdviceDescriptor::of)
					.toList());
		if (collected.plansLeftOut() > 0) {
			shown.put("plans_left_out", collected.plansLeftOut());
		}
		return shown;
	}

	Object view(String name, Function<String, Object> view, String workspace) {
		try {
			return Map.of(name.replace('-', '_'), view.apply(workspace));
		}
		catch (RuntimeException ex) {
			logger.debug("'" + name + "' cannot be read", ex);
			return new WebEndpointResponse<>(ErrorDescriptor.of("'%s' cannot be read now".formatted(name), null),
					STATUS_UNAVAILABLE);
		}
	}

	// Takes figures that were read once for all plans, as each reading may take two
	// seconds
	List<PlanDescriptor> planDescriptors(String workspace, ScopedStatistics<OverallStatistics> all) {
		return this.plans.findAll(workspace).stream().map((plan) -> {
			PlanKey key = new PlanKey(workspace, plan.id());
			return describe(workspace, plan, ScopedDescriptor.of(all.scope(), all.figures().plan(key)));
		}).toList();
	}

	EndpointOperations.PlanPage plans(String workspace, String text, int page, int size,
			ScopedStatistics<OverallStatistics> all) {
		String searched = text.toLowerCase(Locale.ROOT);
		List<Plan> found = this.plans.findAll(workspace)
			.stream()
			.filter((plan) -> plan.id().toLowerCase(Locale.ROOT).contains(searched))
			.sorted(Comparator.comparing(Plan::id))
			.toList();
		List<PlanDescriptor> shown = found.stream()
			.skip((long) page * size)
			.limit(size)
			.map((plan) -> describe(workspace, plan,
					ScopedDescriptor.of(all.scope(), all.figures().plan(new PlanKey(workspace, plan.id())))))
			.toList();
		return new EndpointOperations.PlanPage(shown, page, size, found.size());
	}

	PlanDescriptor describe(String workspace, Plan plan) {
		return describe(workspace, plan, stats(new PlanKey(workspace, plan.id())));
	}

	PlanDescriptor describe(String workspace, StoredPlan stored) {
		return describe(stored.plan(), stored.version(), stats(new PlanKey(workspace, stored.plan().id())));
	}

	private PlanDescriptor describe(String workspace, Plan plan, ScopedDescriptor stats) {
		StoredPlan stored = (this.plans instanceof MutablePlanRepository mutable)
				? mutable.findStored(workspace, plan.id()) : null;
		return describe(plan, (stored != null && stored.plan().equals(plan)) ? stored.version() : null, stats);
	}

	private static PlanDescriptor describe(Plan plan, @Nullable Long version, ScopedDescriptor stats) {
		return new PlanDescriptor(plan.id(), version, snakeCase(SettingsDocument.of(plan).asMap()),
				plan.source().value(), stats);
	}

	private static Map<String, Object> snakeCase(Map<String, Object> settings) {
		Map<String, Object> renamed = new LinkedHashMap<>();
		settings.forEach((name, value) -> renamed.put(PlanRequest.endpointName(name), snakeCase(value)));
		return renamed;
	}

	// A section of a settings document is a map by text
	@SuppressWarnings("unchecked")
	private static Object snakeCase(Object value) {
		if (value instanceof List<?> list) {
			return list.stream().map((element) -> snakeCase((Object) element)).toList();
		}
		return (value instanceof Map<?, ?> section) ? snakeCase((Map<String, Object>) section) : value;
	}

	@Nullable Object planView(String name, PlanKey key) {
		Function<PlanKey, Object> view = this.features.planViews().get(name);
		return (view != null) ? view.apply(key) : null;
	}

	ScopedDescriptor stats(PlanKey key) {
		ScopedStatistics<StatisticsSnapshot> stats = this.aggregator.plan(key);
		return ScopedDescriptor.of(stats.scope(), stats.figures());
	}

	@Nullable Map<String, ScopedDescriptor> workspaces(ScopedStatistics<OverallStatistics> all) {
		Map<String, ScopedDescriptor> workspaces = new TreeMap<>();
		all.figures()
			.workspaces()
			.forEach((name, figures) -> workspaces.put(name, ScopedDescriptor.of(all.scope(), figures)));
		return (workspaces.size() > 1) ? workspaces : null;
	}

	static TotalsDescriptor totals(ScopedStatistics<OverallStatistics> all) {
		Map<String, Long> errors = new LinkedHashMap<>();
		all.figures().errors().forEach((component, count) -> errors.put(component.value(), count));
		return new TotalsDescriptor(ScopedDescriptor.of(all.scope(), all.figures().totals()),
				all.figures().unknownPlans(), all.figures().unknownOutcomes(), errors);
	}

	WebEndpointResponse<Object> unknownPlan(String workspace, String id, String field) {
		List<String> ids = this.plans.findAll(workspace).stream().map(Plan::id).sorted().toList();
		String known = ids.isEmpty() ? "none, as there are no plans" : "one of '"
				+ ids.stream().limit(MAX_KNOWN_PLANS).collect(Collectors.joining("', '")) + "'"
				+ ((ids.size() > MAX_KNOWN_PLANS) ? " and %d more".formatted(ids.size() - MAX_KNOWN_PLANS) : "");
		return new WebEndpointResponse<>(ErrorDescriptor.notFound("plan ", field, id, known),
				WebEndpointResponse.STATUS_NOT_FOUND);
	}

}
