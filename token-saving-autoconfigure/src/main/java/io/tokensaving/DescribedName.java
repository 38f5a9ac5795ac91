package io.tokensaving;

import org.jspecify.annotations.Nullable;

/**
 * A name in snake case with a description, which a feature declares. Names of the same
 * class and with equal values are equal, whatever they are described as. Immutable.
 */
public abstract class DescribedName {

	private final String value;

	private final String description;

	DescribedName(String kind, String value, String description) {
		this.value = SnakeCase.check(kind, value);
		this.description = description;
	}

	/**
	 * Return the name used in the endpoint, in meters and in metadata.
	 * @return the name in snake case
	 */
	public final String value() {
		return this.value;
	}

	/**
	 * Return what the name stands for.
	 * @return a sentence without a full stop
	 */
	public final String description() {
		return this.description;
	}

	@Override
	public final boolean equals(@Nullable Object other) {
		return this == other || (other != null && getClass() == other.getClass()
				&& this.value.equals(((DescribedName) other).value));
	}

	@Override
	public final int hashCode() {
		return this.value.hashCode();
	}

	@Override
	public final String toString() {
		return this.value;
	}

}
