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

	private final ConcurrentMap<String, Sum> sums = new ConcurrentHashMap<>(4);

	Tally(Counter counter) {
		this.counter = counter;
	}

	Counter counter() {
		return this.counter;
	}

	@Nullable LongAdder find(String label) {
		Sum known = this.sums.get(label);
		return (known != null) ? known.adder() : null;
	}

	/**
	 * Return what counts a value of the dimension. The caller holds the lock of the plan.
	 * @param label the value
	 * @param added is told of a value that is counted for the first time
	 * @return the adder
	 */
	LongAdder add(String label, Added added) {
		LongAdder known = find(label);
		if (known != null) {
			return known;
		}
		if (this.sums.size() >= MAX_LABELS && !label.equals(OTHER)) {
			return add(OTHER, added);
		}
		LongAdder adder = new LongAdder();
		this.sums.put(label, new Sum(SavingsCounters.sum(this.counter, label), adder));
		added.counted(this.counter, label);
		return adder;
	}

	long sum(String label) {
		LongAdder adder = find(label);
		return (adder != null) ? adder.sum() : 0;
	}

	void forEach(ObjLongConsumer<String> sums) {
		this.sums.forEach((label, sum) -> sums.accept(label, sum.adder().sum()));
	}

	/**
	 * Tell what was counted.
	 * @param sums is given the name and the value of each sum
	 */
	void tellSums(ObjLongConsumer<String> sums) {
		this.sums.values().forEach((sum) -> sums.accept(sum.name(), sum.adder().sum()));
	}

	/**
	 * Take what was counted. Taking a sum and resetting it is one step for each cell of
	 * an adder, so that nothing is taken twice.
	 * @param taken is given what is not zero, by label
	 */
	void take(ObjLongConsumer<String> taken) {
		this.sums.forEach((label, sum) -> take(label, sum, taken));
	}

	/**
	 * Take what was counted, as {@link #take} does.
	 * @param taken is given what is not zero, by the name of the sum
	 */
	void takeSums(ObjLongConsumer<String> taken) {
		this.sums.values().forEach((sum) -> take(sum.name(), sum, taken));
	}

	private static void take(String name, Sum sum, ObjLongConsumer<String> taken) {
		long value = sum.adder().sumThenReset();
		if (value != 0) {
			taken.accept(name, value);
		}
	}

	/**
	 * Counts a value of the dimension. The name is kept, as those who keep sums by hour
	 * and by day would have a copy of it for each.
	 *
	 * @param name the name of the sum
	 * @param adder what counts
	 */
	private record Sum(String name, LongAdder adder) {

	}

	/**
	 * Is told of what is counted for the first time.
	 */
	interface Added {

		void counted(Counter counter, String label);

	}

}
