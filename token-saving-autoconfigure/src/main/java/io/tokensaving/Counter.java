package io.tokensaving;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * A count that is kept for each plan. Its name is the field in the endpoint and in the
 * sums that instances share; with dots for underscores and the prefix {@code
 * tokensaving.} it is the name of the meter. A counter may be split by one dimension,
 * such as the guard that vetoed an answer. Counters with equal names are equal.
 * Immutable.
 */
public final class Counter {

	private final String name;

	private final String description;

	private final @Nullable String unit;

	private final @Nullable String dimension;

	private Counter(String name, String description, @Nullable String unit, @Nullable String dimension) {
		this.name = SnakeCase.check("counter", name);
		this.description = description;
		this.unit = unit;
		this.dimension = (dimension != null) ? SnakeCase.check("dimension", dimension) : null;
	}

	/**
	 * Return a counter.
	 * @param name the name in snake case, such as {@code compression_timeouts}
	 * @param description what is counted, in one sentence without a full stop
	 * @return the counter
	 */
	public static Counter of(String name, String description) {
		return new Counter(name, description, null, null);
	}

	/**
	 * Return a counter with a unit.
	 * @param name the name in snake case, such as {@code compression_timeouts}
	 * @param description what is counted, in one sentence without a full stop
	 * @param unit the base unit of the meter in lower case, such as {@code requests}
	 * @return the counter
	 */
	public static Counter of(String name, String description, String unit) {
		return new Counter(name, description, unit.toLowerCase(Locale.ROOT), null);
	}

	/**
	 * Return a counter that is split by a dimension.
	 * @param dimension the tag of the meter, such as {@code guard}
	 * @param name the name in snake case, such as {@code guard_vetoes}
	 * @param description what is counted, in one sentence without a full stop
	 * @return the counter
	 */
	public static Counter by(String dimension, String name, String description) {
		return new Counter(name, description, null, dimension);
	}

	/**
	 * Return the name.
	 * @return the name in snake case
	 */
	public String name() {
		return this.name;
	}

	/**
	 * Return what is counted.
	 * @return a sentence without a full stop
	 */
	public String description() {
		return this.description;
	}

	/**
	 * Return the base unit of the meter.
	 * @return the unit, or {@code null} if it has none
	 */
	public @Nullable String unit() {
		return this.unit;
	}

	/**
	 * Return what the counter is split by.
	 * @return the tag of the meter, or {@code null} if it is not split
	 */
	public @Nullable String dimension() {
		return this.dimension;
	}

	@Override
	public boolean equals(Object other) {
		return this == other || (other instanceof Counter counter && this.name.equals(counter.name));
	}

	@Override
	public int hashCode() {
		return this.name.hashCode();
	}

	@Override
	public String toString() {
		return this.name;
	}

}
