package io.tokensaving.statistics;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import io.tokensaving.ledger.ClosedLedger;
import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * Counts what a plan of a workspace saved since the application started. Once the plan is
 * gone, what was counted, and what requests that are still under way count, goes to the
 * statistics that {@link SavingsStatistics} keeps of all such plans. Thread-safe.
 */
public final class PlanStatistics {

	private final PlanKey key;

	private final StatisticsNames names;

	private final Object lock;

	private final Additions additions;

	private volatile @Nullable PlanStatistics foldedInto;

	private volatile long lastUsed;

	private final Tallies tallies;

	private final LabelledTallies labelled;

	private final TaskPlace withoutLabels;

	private final ConcurrentMap<StateSlot<?, ?>, FeatureState<?>> states = new ConcurrentHashMap<>();

	private final Set<String> unpricedModels = ConcurrentHashMap.newKeySet();

	/**
	 * Create statistics that are all zero.
	 * @param key the plan and its workspace
	 * @param names the names of what is counted
	 * @param lock is held by whoever adds what is counted, or folds; the caller holds it
	 * @param labelSets how many sets of labels all plans together can still have
	 * @param additions is told of what is counted for the first time, with the lock held
	 */
	PlanStatistics(PlanKey key, StatisticsNames names, Object lock, AtomicInteger labelSets, Additions additions) {
		this.key = key;
		this.names = names;
		this.lock = lock;
		this.additions = additions;
		this.tallies = new Tallies(names, lock, (counter, label) -> additions.counterAdded(this, counter, label));
		this.tallies.addDeclared();
		this.labelled = new LabelledTallies(this, names, labelSets);
		this.withoutLabels = new TaskPlace(this, null);
		names.states().forEach((slot) -> this.states.put(slot, slot.create()));
	}

	// A write to a field that all threads read makes each of them load it again, so an
	// unchanged value is not written
	void markUsed(long time) {
		if (this.lastUsed != time) {
			this.lastUsed = time;
		}
	}

	long lastUsed() {
		return this.lastUsed;
	}

	/**
	 * Hand over what was counted and what is still to come, without its labels. The
	 * caller holds the lock.
	 * @param target what takes it over
	 */
	void foldInto(PlanStatistics target) {
		this.foldedInto = target;
		this.labelled.forget(target);
		this.withoutLabels.moveTo(target);
		this.states.forEach((slot, state) -> fold(slot, state, target));
		moveTo(target);
	}

	private static <S extends FeatureState<S>> void fold(StateSlot<S, ?> slot, FeatureState<?> state,
			PlanStatistics target) {
		slot.type().cast(state).foldInto(target.state(slot));
	}

	@Nullable PlanStatistics foldedInto() {
		return this.foldedInto;
	}

	// A request adds to a tally first and reads foldedInto afterwards; folding sets
	// foldedInto first and moves the tallies afterwards. So what is added while the plan
	// is being folded is moved by one of the two
	private void forward() {
		PlanStatistics target = this.foldedInto;
		if (target != null) {
			synchronized (this.lock) {
				moveTo(target);
			}
		}
	}

	private void moveTo(PlanStatistics target) {
		this.tallies.moveTo(target.tallies);
		this.unpricedModels.forEach(target::addUnpriced);
	}

	/**
	 * Return the plan.
	 * @return the id of the plan
	 */
	public String plan() {
		return this.key.plan();
	}

	/**
	 * Return the plan and its workspace.
	 * @return the key
	 */
	public PlanKey key() {
		return this.key;
	}

	/**
	 * Count a call that has no labels.
	 * @param report what it saved
	 * @param modelFailed whether its model failed
	 */
	public void record(SavingsReport report, boolean modelFailed) {
		count(report, modelFailed);
		forward();
	}

	/**
	 * Count a call, for the plan and for the labels of the call.
	 * @param call what it saved
	 * @param modelFailed whether its model failed
	 */
	public void record(ClosedLedger call, boolean modelFailed) {
		record(call, CallMeasures.of(modelFailed));
	}

	/**
	 * Count a call that is of no task whose outcome may be reported.
	 * @param call what it saved and cost
	 * @param measures what was measured of it
	 */
	public void record(ClosedLedger call, CallMeasures measures) {
		record(call, measures, null);
	}

	/**
	 * Count a call, for the plan and for the labels of the call.
	 * @param call what it saved and cost
	 * @param measures what was measured of it
	 * @param task the task that the call is part of, or {@code null} if its outcome
	 * cannot be reported
	 */
	public void record(ClosedLedger call, CallMeasures measures, @Nullable OpenTask task) {
		this.tallies.record(call, measures);
		call.attempts().forEach(this.tallies::record);
		countUnpriced(call.report());
		call.counted().forEach(this.tallies::increment);
		call.unpriced().forEach(this::addUnpriced);
		// After the plan, so that what is collected by labels never exceeds what is
		// collected of the plan
		LabelledTallies.Counted counted = null;
		if (!call.labels().isEmpty()) {
			counted = this.labelled.record(call, measures);
			call.attempts().forEach(this.labelled::record);
			countOthers(call.labels(), (counted != null) ? counted.labels() : Labels.NONE);
		}
		if (task != null) {
			task.add((counted != null) ? counted.place() : this.withoutLabels,
					call.spentPicoUsd() + PicoUsd.of(call.report().overheadUsd()));
		}
		forward();
	}

	void recordOutcome(LabelledTallies.@Nullable Counted counted, TaskOutcome outcome) {
		this.tallies.recordOutcome(outcome);
		if (counted != null) {
			counted.recordOutcome(outcome);
		}
		forward();
	}

	void recordKnownCost(LabelledTallies.@Nullable Counted counted, long picoUsd) {
		if (picoUsd == 0) {
			return;
		}
		this.tallies.recordKnownCost(picoUsd);
		if (counted != null) {
			counted.recordKnownCost(picoUsd);
		}
		forward();
	}

	private void count(SavingsReport report, boolean modelFailed) {
		this.tallies.record(report, modelFailed);
		countUnpriced(report);
	}

	private void countUnpriced(SavingsReport report) {
		if (!report.priced()) {
			addUnpriced((report.model() != null) ? report.model() : ModelPrice.UNKNOWN);
		}
	}

	private void countOthers(Labels labels, Labels counted) {
		for (String name : labels.values().keySet()) {
			String value = counted.value(name);
			if (value == null || value.equals(Labels.OTHER)) {
				this.tallies.increment(SavingsCounters.OTHER_LABELS, name);
			}
		}
	}

	private void addUnpriced(String model) {
		if (this.unpricedModels.size() < StatisticsCounters.MAX_UNPRICED_MODELS
				&& model.length() <= StatisticsCounters.MAX_MODEL_LENGTH) {
			this.unpricedModels.add(model);
		}
	}

	/**
	 * Charge what token saving spent in the background against what the plan saved.
	 * @param model the model that was paid, or {@code null} if it is not known
	 * @param usage the tokens
	 * @param prices the prices; a model without one counts tokens and adds no cost
	 */
	public void recordOverhead(@Nullable String model, TokenUsage usage, PriceTable prices) {
		if (usage.total() == 0) {
			return;
		}
		ModelPrice price = prices.find(model);
		if (price == null) {
			addUnpriced((model != null) ? model : ModelPrice.UNKNOWN);
		}
		this.tallies.recordOverhead(usage.total(), (price != null) ? price.picoUsd(usage) : 0);
		forward();
	}

	/**
	 * Charge what a call in shadow spent on itself, and nothing else of it.
	 * @param call what the call would have saved
	 */
	public void recordOverhead(ClosedLedger call) {
		SavingsReport report = call.report();
		call.unpriced().forEach(this::addUnpriced);
		if (report.overheadTokens() > 0) {
			this.tallies.recordOverhead(report.overheadTokens(), PicoUsd.of(report.overheadUsd()));
			forward();
		}
	}

	/**
	 * Count one more.
	 * @param counter what is counted, by no dimension
	 */
	public void increment(Counter counter) {
		this.tallies.increment(counter);
		forward();
	}

	/**
	 * Count one more by a dimension. Of the values of a dimension the first hundred are
	 * counted apart, and the others as {@code *other}.
	 * @param counter what is counted
	 * @param label the value of its dimension: a fixed name, never text of a request
	 */
	public void increment(Counter counter, String label) {
		this.tallies.increment(counter, label);
		forward();
	}

	/**
	 * Return what a feature keeps of the plan.
	 * @param <S> the type of the state
	 * @param slot the place of the state
	 * @return the state, the same each time
	 */
	public <S extends FeatureState<S>> S state(StateSlot<S, ?> slot) {
		FeatureState<?> state = this.states.get(slot);
		return slot.type().cast((state != null) ? state : addState(slot));
	}

	private <S extends FeatureState<S>> FeatureState<?> addState(StateSlot<S, ?> slot) {
		synchronized (this.lock) {
			FeatureState<?> known = this.states.get(slot);
			if (known != null) {
				return known;
			}
			S state = slot.create();
			this.names.learn(slot);
			PlanStatistics target = this.foldedInto;
			if (target != null) {
				state.foldInto(target.state(slot));
			}
			this.states.put(slot, state);
			this.additions.stateAdded(this, slot);
			return state;
		}
	}

	/**
	 * Whether a feature has suspended itself for the plan.
	 * @return whether at least one has
	 */
	public boolean isSuspended() {
		for (FeatureState<?> state : this.states.values()) {
			if (state.isSuspended()) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Let all features work again that have suspended themselves for the plan, and count
	 * anew what they had counted for it.
	 * @return whether one was suspended
	 */
	public boolean resume() {
		boolean resumed = false;
		for (FeatureState<?> state : this.states.values()) {
			resumed |= state.resume();
		}
		return resumed;
	}

	/**
	 * Return the names of the states for which a feature has suspended itself.
	 * @return the names of slots
	 */
	Set<String> suspended() {
		Set<String> suspended = new HashSet<>();
		this.states.forEach((slot, state) -> {
			if (state.isSuspended()) {
				suspended.add(slot.name());
			}
		});
		return suspended;
	}

	void recordError() {
		increment(SavingsCounters.ERRORS);
	}

	/**
	 * Return a sum.
	 * @param sum the counter and the value of its dimension
	 * @return what was counted
	 */
	long sum(SumKey sum) {
		return this.tallies.sum(sum.counter(), sum.label());
	}

	/**
	 * Return what is counted.
	 * @return the counters, with each value of their dimension
	 */
	Collection<SumKey> sums() {
		return this.tallies.sums();
	}

	/**
	 * Return what features keep besides counters.
	 * @return the slots
	 */
	Set<StateSlot<?, ?>> states() {
		return Set.copyOf(this.states.keySet());
	}

	/**
	 * Return the number of requests with an outcome.
	 * @param outcome the outcome
	 * @return the number of requests
	 */
	public long requests(Outcome outcome) {
		return this.tallies.sum(SavingsCounters.REQUESTS, outcome.value());
	}

	/**
	 * Return the tokens that a technique saved.
	 * @param technique the technique
	 * @return the tokens
	 */
	public long tokensSaved(SavingTechnique technique) {
		return this.tallies.sum(SavingsCounters.TOKENS_SAVED, technique.value());
	}

	/**
	 * Return all figures. Requests that are counted meanwhile may be in some of them and
	 * not yet in others.
	 * @return the figures
	 */
	public StatisticsSnapshot snapshot() {
		return snapshot(List.of(this), this.names);
	}

	static StatisticsSnapshot snapshot(Collection<PlanStatistics> plans, StatisticsNames names) {
		StatisticsCounters sums = plans.stream()
			.map(PlanStatistics::counters)
			.reduce(StatisticsCounters.EMPTY, StatisticsCounters::plus);
		Set<String> suspended = new HashSet<>();
		plans.forEach((plan) -> suspended.addAll(plan.suspended()));
		return new StatisticsSnapshot(sums, suspended, names);
	}

	/**
	 * Return what was counted since the application started. Only what is counted
	 * meanwhile is missing, and is there the next time.
	 * @return the sums
	 */
	StatisticsCounters counters() {
		Map<String, Long> values = new HashMap<>();
		this.tallies.tellSums(values::put);
		this.states.forEach((slot, state) -> tellSums(slot, state, values));
		return new StatisticsCounters(values, this.unpricedModels);
	}

	/**
	 * Take what was counted by labels since it was taken last.
	 * @return what was counted, by labels
	 */
	Map<Labels, StatisticsCounters> takeLabelled() {
		return this.labelled.take();
	}

	private static <S extends FeatureState<S>> void tellSums(StateSlot<S, ?> slot, FeatureState<?> state,
			Map<String, Long> values) {
		slot.tellSums(slot.type().cast(state), values::put);
	}

	/**
	 * Is told of what is new in the statistics of a plan.
	 */
	interface Additions {

		void counterAdded(PlanStatistics plan, Counter counter, String label);

		void stateAdded(PlanStatistics plan, StateSlot<?, ?> slot);

	}

	/**
	 * What names one sum of a plan.
	 *
	 * @param counter the counter
	 * @param label the value of its dimension, empty if it has none
	 */
	record SumKey(Counter counter, String label) {

	}

}
