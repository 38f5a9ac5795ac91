package io.tokensaving.statistics;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.ledger.Labels;

/**
 * Decides under which labels a plan counts its calls, so that neither the values of a
 * label nor the sets of labels grow without a bound, whatever callers make up. Not
 * thread-safe.
 */
final class LabelLimits {

	/**
	 * The number of values of a label that are counted apart for a plan, besides
	 * {@link Labels#OTHER}.
	 */
	static final int MAX_VALUES = StatisticsRepository.MAX_LABEL_VALUES;

	/**
	 * The number of sets of labels that are counted apart for a plan, besides
	 * {@value #SPARE_SETS} of which each value is {@link Labels#OTHER}.
	 */
	static final int MAX_SETS = StatisticsRepository.MAX_LABEL_SETS;

	/**
	 * The number of sets for those that are beyond {@link #MAX_SETS}: one for each
	 * combination of names, of which there are few.
	 */
	static final int SPARE_SETS = 10;

	private final AtomicInteger left;

	private final Set<Labels> admitted = new HashSet<>();

	private final Map<String, Set<String>> values = new HashMap<>();

	private int taken;

	/**
	 * Create limits.
	 * @param left how many sets all plans together can still have
	 */
	LabelLimits(AtomicInteger left) {
		this.left = left;
	}

	/**
	 * Return the labels under which a call is counted.
	 * @param labels the labels of the call
	 * @return these, or {@link Labels#OTHER} in place of some of the values, or none
	 */
	Labels admit(Labels labels) {
		if (this.admitted.contains(labels)) {
			return labels;
		}
		Labels bounded = withinValues(labels);
		if (this.admitted.contains(bounded)) {
			return bounded;
		}
		if (!bounded.equals(bounded.others()) && this.admitted.size() < MAX_SETS && take()) {
			return add(bounded);
		}
		Labels others = labels.others();
		if (this.admitted.contains(others)) {
			return others;
		}
		return (this.admitted.size() < MAX_SETS + SPARE_SETS) ? add(others) : Labels.NONE;
	}

	private Labels withinValues(Labels labels) {
		Labels bounded = labels;
		for (Map.Entry<String, String> label : labels.values().entrySet()) {
			Set<String> known = this.values.getOrDefault(label.getKey(), Set.of());
			if (known.size() >= MAX_VALUES && !known.contains(label.getValue())) {
				bounded = bounded.with(label.getKey(), Labels.OTHER);
			}
		}
		return bounded;
	}

	private boolean take() {
		if (this.left.getAndDecrement() > 0) {
			this.taken++;
			return true;
		}
		this.left.incrementAndGet();
		return false;
	}

	private Labels add(Labels labels) {
		this.admitted.add(labels);
		labels.values().forEach((name, value) -> {
			if (!value.equals(Labels.OTHER)) {
				this.values.computeIfAbsent(name, (added) -> new HashSet<>()).add(value);
			}
		});
		return labels;
	}

	/**
	 * Let other plans have the sets of this one, which is not used any more.
	 */
	void release() {
		this.left.addAndGet(this.taken);
		this.taken = 0;
	}

}
