package io.tokensaving.statistics;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ObjLongConsumer;

import io.tokensaving.Counter;
import org.jspecify.annotations.Nullable;

/**
 * What was counted by one {@link Counter} for one plan. Thread-safe.
 */
final class Tally {

	/**
	 * The label of a counter that is not split.
	 */
	static final String WHOLE = "";

	/**
	 * Stands for the values of the dimension beyond {@value #MAX_LABELS}.
	 */
	static final String OTHER = "*other";

	private static final int MAX_LABELS = 100;

	private final Counter counter;

	private final ConcurrentMap<String, LongAdder> adders = new ConcurrentHashMap<>(4);

	Tally(Counter counter) {
		this.counter = counter;
	}

	Counter counter() {
		return this.counter;
	}

	@Nullable LongAdder find(String label) {
		return this.adders.get(label);
	}

	/**
	 * Return what counts a value of the dimension. The caller holds the lock of the plan.
	 * @param label the value
	 * @param added is told of a value that is counted for the first time
	 * @return the adder
	 */
	LongAdder add(String label, Added added) {
		LongAdder known = this.adders.get(label);
		if (known != null) {
			return known;
		}
		if (this.adders.size() >= MAX_LABELS && !label.equals(OTHER)) {
			return add(OTHER, added);
		}
		LongAdder adder = new LongAdder();
		this.adders.put(label, adder);
		added.counted(this.counter, label);
		return adder;
	}

	long sum(String label) {
		LongAdder adder = this.adders.get(label);
		return (adder != null) ? adder.sum() : 0;
	}

	void forEach(ObjLongConsumer<String> sums) {
		this.adders.forEach((label, adder) -> sums.accept(label, adder.sum()));
	}

	/**
	 * Take what was counted. Taking a sum and resetting it is one step for each cell of
	 * an adder, so that nothing is taken twice.
	 * @param taken is given what is not zero
	 */
	void take(ObjLongConsumer<String> taken) {
		this.adders.forEach((label, adder) -> {
			long value = adder.sumThenReset();
			if (value != 0) {
				taken.accept(label, value);
			}
		});
	}

	/**
	 * Is told of what is counted for the first time.
	 */
	interface Added {

		void counted(Counter counter, String label);

	}

}
