package io.tokensaving.statistics;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.ForeignText;
import io.tokensaving.SavingsReport;
import io.tokensaving.backend.RateLimitedLog;
import io.tokensaving.event.EventPublisher;
import io.tokensaving.event.TokenSavingEvent;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.core.NestedExceptionUtils;

/**
 * Counts what all plans saved, and what went wrong meanwhile, since the application
 * started. Thread-safe; shared by all advisors.
 * <p>
 * A plan is counted apart until it is {@linkplain #forget forgotten}, or until
 * {@value #MAX_PLANS} others were used after it, unless it is {@linkplain #keep kept}.
 * What was counted of it then goes to the statistics of all such plans of its workspace,
 * which have the id {@value #OTHER_PLANS}, so that no sum ever falls.
 */
public final class SavingsStatistics implements EventPublisher {

	/**
	 * The number of plans that are counted apart, in all workspaces together and besides
	 * those that are kept.
	 */
	public static final int MAX_PLANS = 1000;

	/**
	 * The number of workspaces whose {@value #OTHER_PLANS} are counted apart.
	 */
	public static final int MAX_WORKSPACES = 100;

	/**
	 * Stands for the plans of a workspace that are not counted apart any more. No plan
	 * can have this id.
	 */
	public static final String OTHER_PLANS = "*other";

	/**
	 * Stands for what is not counted apart any more and is of further workspaces than
	 * {@value #MAX_WORKSPACES}.
	 */
	public static final PlanKey OTHER_WORKSPACES = new PlanKey("*", "*workspaces");

	/**
	 * The number of sets of labels that are counted apart, of all plans together.
	 */
	static final int MAX_LABEL_SETS = 10_000;

	private static final Log logger = LogFactory.getLog(SavingsStatistics.class);

	// Held while plans are added, folded or read all together, so that the sum over all
	// plans includes what is being moved from one to another
	private final Object lock = new Object();

	private final ConcurrentMap<PlanKey, PlanStatistics> plans = new ConcurrentHashMap<>();

	private final Set<PlanKey> kept = ConcurrentHashMap.newKeySet();

	// Guarded by the lock: the plans that may be folded, and those that others were
	// folded into

	private final Map<PlanKey, PlanStatistics> foldable = new HashMap<>();

	private final Map<PlanKey, PlanStatistics> others = new HashMap<>();

	// The clock for the last use of a plan: the number of plans that were added. It
	// suffices to find the plan that has not been used for longest, and a plan that is
	// used again writes nothing while it stands still
	private volatile long additions;

	private final PlanStatistics.Additions planAdditions = new Additions();

	private final AtomicInteger labelSets = new AtomicInteger(MAX_LABEL_SETS);

	private final StatisticsNames names;

	private final Ticker ticker;

	private final ConcurrentMap<Component, Failures> failures = new ConcurrentHashMap<>();

	private final LongAdder unknownPlans = new LongAdder();

	private final OpenTasks tasks = new OpenTasks();

	private final List<Listener> listeners = new CopyOnWriteArrayList<>();

	private final List<CallListener> callListeners = new CopyOnWriteArrayList<>();

	/**
	 * Create statistics of what no feature has declared, that read the system's clock to
	 * limit the rate of warnings.
	 */
	public SavingsStatistics() {
		this(Ticker.systemTicker());
	}

	/**
	 * Create statistics of what no feature has declared.
	 * @param ticker the clock that limits the rate of warnings
	 */
	public SavingsStatistics(Ticker ticker) {
		this(ticker, List.of());
	}

	/**
	 * Create statistics.
	 * @param ticker the clock that limits the rate of warnings
	 * @param contributors the features, which declare what is shown even while it is zero
	 * @throws IllegalArgumentException if two different figures have one name
	 */
	public SavingsStatistics(Ticker ticker, Collection<? extends StatisticsContributor> contributors) {
		this.ticker = ticker;
		this.names = new StatisticsNames(contributors);
		for (Component component : this.names.components()) {
			this.failures.put(component, new Failures(ticker));
		}
	}

	/**
	 * Return the statistics of a plan, which start when they are first asked for. Of a
	 * plan that was forgotten they start anew.
	 * @param key the plan and its workspace
	 * @return the statistics
	 */
	public PlanStatistics plan(PlanKey key) {
		PlanStatistics known = this.plans.get(key);
		if (known == null) {
			known = add(key);
		}
		known.markUsed(this.additions);
		return known;
	}

	/**
	 * Return the statistics of a plan if it is counted, without a mark that it is used.
	 * @param key the plan and its workspace
	 * @return the statistics, or {@code null} if nothing was counted of the plan or it is
	 * not counted apart any more
	 */
	public @Nullable PlanStatistics find(PlanKey key) {
		return this.plans.get(key);
	}

	/**
	 * Count a plan apart, whatever happens, as it is part of the configuration.
	 * @param key the plan and its workspace
	 */
	public void keep(PlanKey key) {
		synchronized (this.lock) {
			this.kept.add(key);
			this.foldable.remove(key);
		}
		plan(key);
	}

	/**
	 * Stop counting a plan apart, because it was deleted. A plan that is kept stays.
	 * @param key the plan and its workspace
	 * @return whether the plan is not kept
	 */
	public boolean forget(PlanKey key) {
		synchronized (this.lock) {
			if (this.kept.contains(key)) {
				return false;
			}
			PlanStatistics known = this.foldable.get(key);
			if (known != null) {
				fold(known);
			}
			return true;
		}
	}

	/**
	 * Return the plans that are counted apart, but for those that are kept.
	 * @return the keys
	 */
	List<PlanKey> foldable() {
		synchronized (this.lock) {
			return List.copyOf(this.foldable.keySet());
		}
	}

	private PlanStatistics add(PlanKey key) {
		synchronized (this.lock) {
			PlanStatistics known = this.plans.get(key);
			if (known != null) {
				return known;
			}
			if (!this.kept.contains(key)) {
				while (this.foldable.size() >= MAX_PLANS) {
					fold(leastRecentlyUsed());
				}
			}
			PlanStatistics added = new PlanStatistics(key, this.names, this.lock, this.labelSets, this.planAdditions);
			if (!this.kept.contains(key)) {
				this.foldable.put(key, added);
			}
			this.additions++;
			added.markUsed(this.additions);
			publish(key, added);
			return added;
		}
	}

	private void publish(PlanKey key, PlanStatistics added) {
		this.plans.put(key, added);
		tell((listener) -> listener.planAdded(added));
	}

	// Plans with a suspended feature go last: the feature would start again if its state
	// were forgotten
	private PlanStatistics leastRecentlyUsed() {
		Comparator<PlanStatistics> order = Comparator.comparing(PlanStatistics::isSuspended);
		return Collections.min(this.foldable.values(), order.thenComparingLong(PlanStatistics::lastUsed));
	}

	private void fold(PlanStatistics plan) {
		PlanStatistics other = others(plan.key().workspace());
		this.foldable.remove(plan.key());
		this.plans.remove(plan.key());
		plan.foldInto(other);
		tell((listener) -> listener.planRemoved(plan));
	}

	private PlanStatistics others(String workspace) {
		PlanKey key = new PlanKey(workspace, OTHER_PLANS);
		if (!this.others.containsKey(key) && this.others.size() >= MAX_WORKSPACES) {
			key = OTHER_WORKSPACES;
		}
		PlanStatistics other = this.others.get(key);
		if (other == null) {
			other = new PlanStatistics(key, this.names, this.lock, this.labelSets, this.planAdditions);
			this.others.put(key, other);
			publish(key, other);
		}
		return other;
	}

	/**
	 * Return the statistics of all plans that have been used, and of what is not counted
	 * apart any more.
	 * @return the statistics
	 */
	public Collection<PlanStatistics> plans() {
		return Collections.unmodifiableCollection(this.plans.values());
	}

	/**
	 * Return the figures of all plans together.
	 * @return the sums over all plans of all workspaces
	 */
	public StatisticsSnapshot totals() {
		synchronized (this.lock) {
			return PlanStatistics.snapshot(this.plans.values(), this.names);
		}
	}

	/**
	 * Return what was counted, at a moment at which nothing is being folded.
	 * @return the sums of all statistics
	 */
	Map<PlanStatistics, StatisticsCounters> counters() {
		synchronized (this.lock) {
			Map<PlanStatistics, StatisticsCounters> counters = new HashMap<>();
			this.plans.values().forEach((plan) -> counters.put(plan, plan.counters()));
			return counters;
		}
	}

	/**
	 * Return what was counted as {@link #counters()} does, and take what was counted by
	 * labels since this was called last.
	 * @return the sums of all statistics, with what was taken by labels
	 */
	Map<PlanStatistics, StatisticsCounters> countersAndTakeLabelled() {
		synchronized (this.lock) {
			Map<PlanStatistics, StatisticsCounters> counters = new HashMap<>();
			this.plans.values().forEach((plan) -> {
				// Labels first: a call is added to the sums before it is added to its
				// labels, so all that is taken here is in the sums read next
				Map<Labels, StatisticsCounters> labelled = plan.takeLabelled();
				counters.put(plan, plan.counters().withLabelled(labelled));
			});
			return counters;
		}
	}

	StatisticsNames names() {
		return this.names;
	}

	/**
	 * Return how often a component failed.
	 * @param component the component
	 * @return the number of failures
	 */
	public long errors(Component component) {
		Failures failures = this.failures.get(component);
		return (failures != null) ? failures.count().sum() : 0;
	}

	/**
	 * Return how many requests named a plan that is not known.
	 * @return the number of requests
	 */
	public long unknownPlans() {
		return this.unknownPlans.sum();
	}

	/**
	 * Return the tasks whose outcomes can be reported.
	 * @return the tasks of this process
	 */
	public OpenTasks tasks() {
		return this.tasks;
	}

	/**
	 * Count a request that names a plan which is not known.
	 */
	public void recordUnknownPlan() {
		this.unknownPlans.increment();
	}

	void record(SavingsReport report, boolean modelFailed) {
		plan(new PlanKey(report.workspace(), report.plan())).record(report, modelFailed);
	}

	/**
	 * Count a failure of token saving itself and warn of it, at most once a minute for a
	 * component. What the failure says goes to the debug log only, as it may quote a
	 * request, unless it is a {@link DescribedException}.
	 * @param component what failed
	 * @param plan the plan and its workspace, or {@code null} if none was known yet
	 * @param failure the failure
	 */
	public void recordError(Component component, @Nullable PlanKey plan, Throwable failure) {
		Failures failures = failuresOf(component);
		failures.count().increment();
		if (plan != null) {
			plan(plan).recordError();
		}
		try {
			failures.log()
				.warn(() -> "Token saving went on without '%s'%s: %s".formatted(component.value(),
						(plan != null) ? " for plan '" + ForeignText.printable(plan.plan()) + "'" : "",
						describe(failure)));
			logger.debug("Failure of token saving", failure);
		}
		catch (Throwable ex) {
			// The failure is counted, and logging is what failed
		}
	}

	// The message of a failure may quote a request, unless its type rules that out
	private static String describe(Throwable failure) {
		if (failure instanceof DescribedException described) {
			return described.description();
		}
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
		tell((listener) -> listener.lookedUp(tier, nanos));
	}

	/**
	 * Tell the listeners what happened.
	 * @param event what happened
	 */
	@Override
	public void publish(TokenSavingEvent event) {
		tell((listener) -> listener.happened(event));
	}

	/**
	 * Add a listener; it is told of the plans that are there already.
	 * @param listener the listener
	 */
	public void addListener(Listener listener) {
		synchronized (this.lock) {
			this.listeners.add(listener);
			this.names.components().forEach((component) -> tell(listener, (told) -> told.componentAdded(component)));
			new ArrayList<>(this.plans.values()).forEach((plan) -> tell(listener, (told) -> told.planAdded(plan)));
		}
	}

	/**
	 * Add a listener that is told of the calls which end from now on.
	 * @param listener the listener
	 */
	public void addCallListener(CallListener listener) {
		this.callListeners.add(listener);
	}

	/**
	 * Tell the listeners that a call has ended.
	 * @param plan its plan and workspace
	 * @param call what it saved and cost
	 * @param measures what was measured of it
	 * @param fingerprint the fingerprint of its request, or {@code null} if it has none
	 */
	public void callEnded(PlanKey plan, ClosedLedger call, CallMeasures measures, @Nullable String fingerprint) {
		for (CallListener listener : this.callListeners) {
			try {
				listener.ended(plan, call, measures, fingerprint);
			}
			catch (Throwable ex) {
				recordError(Component.METERS, plan, ex);
			}
		}
	}

	private void tell(Consumer<Listener> event) {
		for (Listener listener : this.listeners) {
			tell(listener, event);
		}
	}

	// Called on the way back of a request: what a listener throws must not cost the
	// caller the answer, which has been paid for
	private void tell(Listener listener, Consumer<Listener> event) {
		try {
			event.accept(listener);
		}
		catch (Throwable ex) {
			recordError(Component.METERS, null, ex);
		}
	}

	private Failures failuresOf(Component component) {
		Failures known = this.failures.get(component);
		return (known != null) ? known : addFailures(component);
	}

	private Failures addFailures(Component component) {
		synchronized (this.lock) {
			Failures failures = this.failures.computeIfAbsent(component, (added) -> new Failures(this.ticker));
			if (this.names.learn(component)) {
				tell((listener) -> listener.componentAdded(component));
			}
			return failures;
		}
	}

	/**
	 * Is told what happens. Must be fast; what it throws is counted and logged and
	 * reaches nobody else. It is told of the coming and going of one plan after the
	 * other.
	 */
	public interface Listener {

		/**
		 * A component can fail.
		 * @param component the component
		 */
		default void componentAdded(Component component) {
		}

		/**
		 * The statistics of a plan have started.
		 * @param statistics the statistics
		 */
		default void planAdded(PlanStatistics statistics) {
		}

		/**
		 * Something is counted for the first time that was not declared, or a value of
		 * the dimension of a counter is.
		 * @param statistics the statistics of the plan
		 * @param counter the counter
		 * @param label the value of its dimension, empty if it has none
		 */
		default void counterAdded(PlanStatistics statistics, Counter counter, String label) {
		}

		/**
		 * A feature keeps something of a plan besides counters that was not declared.
		 * @param statistics the statistics of the plan
		 * @param slot the slot of the feature
		 */
		default void stateAdded(PlanStatistics statistics, StateSlot<?, ?> slot) {
		}

		/**
		 * The statistics of a plan have ended: what was counted is now in those of
		 * others.
		 * @param statistics the statistics, which are the same as when they started
		 */
		default void planRemoved(PlanStatistics statistics) {
		}

		/**
		 * Something was looked up.
		 * @param tier what was asked
		 * @param nanos the duration in nanoseconds
		 */
		default void lookedUp(String tier, long nanos) {
		}

		/**
		 * Something happened that an application may want to know.
		 * @param event what happened
		 */
		default void happened(TokenSavingEvent event) {
		}

	}

	/**
	 * Tells the listeners of what is new in the statistics of a plan. A plan that is not
	 * published yet, or any more, is not metered.
	 */
	private final class Additions implements PlanStatistics.Additions {

		@Override
		public void counterAdded(PlanStatistics plan, Counter counter, String label) {
			if (plan.equals(SavingsStatistics.this.plans.get(plan.key()))) {
				tell((listener) -> listener.counterAdded(plan, counter, label));
			}
		}

		@Override
		public void stateAdded(PlanStatistics plan, StateSlot<?, ?> slot) {
			if (plan.equals(SavingsStatistics.this.plans.get(plan.key()))) {
				tell((listener) -> listener.stateAdded(plan, slot));
			}
		}

	}

	private record Failures(LongAdder count, RateLimitedLog log) {

		Failures(Ticker ticker) {
			this(new LongAdder(), new RateLimitedLog(logger, ticker));
		}

	}

}
