package io.tokensaving.savings;

import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.SavingsReport;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.core.NestedExceptionUtils;

/**
 * Counts what all plans saved, and what went wrong meanwhile, since the application
 * started. Thread-safe; shared by all advisors.
 */
public final class SavingsStatistics {

	private static final Log logger = LogFactory.getLog(SavingsStatistics.class);

	private final ConcurrentMap<String, PlanStatistics> plans = new ConcurrentHashMap<>();

	private final Map<Component, Failures> failures;

	private final LongAdder unknownPlans = new LongAdder();

	private final List<Listener> listeners = new CopyOnWriteArrayList<>();

	/**
	 * Create statistics that read the system's clock to limit the rate of warnings.
	 */
	public SavingsStatistics() {
		this(Ticker.systemTicker());
	}

	/**
	 * Create statistics.
	 * @param ticker the clock that limits the rate of warnings
	 */
	public SavingsStatistics(Ticker ticker) {
		Map<Component, Failures> failures = new EnumMap<>(Component.class);
		for (Component component : Component.values()) {
			failures.put(component, new Failures(new LongAdder(), new RateLimitedLog(logger, ticker)));
		}
		this.failures = Collections.unmodifiableMap(failures);
	}

	/**
	 * Return the statistics of a plan, which start when they are first asked for.
	 * @param id the id of the plan
	 * @return the statistics
	 */
	public PlanStatistics plan(String id) {
		PlanStatistics known = this.plans.get(id);
		if (known != null) {
			return known;
		}
		return this.plans.computeIfAbsent(id, (added) -> {
			PlanStatistics statistics = new PlanStatistics(added);
			this.listeners.forEach((listener) -> listener.planAdded(statistics));
			return statistics;
		});
	}

	/**
	 * Return the statistics of all plans that have been used.
	 * @return the statistics
	 */
	public Collection<PlanStatistics> plans() {
		return Collections.unmodifiableCollection(this.plans.values());
	}

	/**
	 * Return the figures of all plans together.
	 * @return the sums over all plans
	 */
	public StatisticsSnapshot totals() {
		return PlanStatistics.snapshot(this.plans.values());
	}

	/**
	 * Return how often a component failed.
	 * @param component the component
	 * @return the number of failures
	 */
	public long errors(Component component) {
		return failuresOf(component).count().sum();
	}

	/**
	 * Return how many requests named a plan that is not known.
	 * @return the number of requests
	 */
	public long unknownPlans() {
		return this.unknownPlans.sum();
	}

	void recordUnknownPlan() {
		this.unknownPlans.increment();
	}

	void record(SavingsReport report, boolean modelFailed) {
		PlanStatistics statistics = plan(report.plan());
		statistics.record(report);
		if (modelFailed) {
			statistics.recordModelError();
		}
	}

	/**
	 * Count a failure of token saving itself and warn of it, at most once a minute for a
	 * component. What the failure says goes to the debug log only, as it may quote a
	 * request.
	 * @param component what failed
	 * @param plan the id of the plan, or {@code null} if none was known yet
	 * @param failure the failure
	 */
	public void recordError(Component component, @Nullable String plan, Throwable failure) {
		Failures failures = failuresOf(component);
		failures.count().increment();
		if (plan != null) {
			plan(plan).recordError();
		}
		failures.log()
			.warn(() -> "Token saving went on without '%s'%s: %s".formatted(component.value(),
					(plan != null) ? " for plan '" + plan + "'" : "", describe(failure)));
		logger.debug("Failure of token saving", failure);
	}

	// Messages may quote requests
	private static String describe(Throwable failure) {
		Throwable cause = NestedExceptionUtils.getMostSpecificCause(failure);
		String name = failure.getClass().getName();
		return (cause != failure) ? name + ", caused by " + cause.getClass().getName() : name;
	}

	/**
	 * Tell the listeners how long a look-up took.
	 * @param tier what was asked, such as {@code exact}
	 * @param nanos the duration in nanoseconds
	 */
	public void recordLookup(String tier, long nanos) {
		this.listeners.forEach((listener) -> listener.lookedUp(tier, nanos));
	}

	/**
	 * Add a listener; it is told of the plans that are there already.
	 * @param listener the listener
	 */
	public void addListener(Listener listener) {
		this.listeners.add(listener);
		this.plans.values().forEach(listener::planAdded);
	}

	private Failures failuresOf(Component component) {
		Failures failures = this.failures.get(component);
		if (failures == null) {
			throw new IllegalStateException("No counter for " + component);
		}
		return failures;
	}

	/**
	 * Is told what happens. Must be fast and must not throw; may be told of a plan twice.
	 */
	public interface Listener {

		/**
		 * The statistics of a plan have started.
		 * @param statistics the statistics
		 */
		default void planAdded(PlanStatistics statistics) {
		}

		/**
		 * Something was looked up.
		 * @param tier what was asked
		 * @param nanos the duration in nanoseconds
		 */
		default void lookedUp(String tier, long nanos) {
		}

	}

	private record Failures(LongAdder count, RateLimitedLog log) {

	}

}
