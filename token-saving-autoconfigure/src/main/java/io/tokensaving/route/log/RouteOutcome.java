package io.tokensaving.route.log;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * How a routed request ended.
 */
public enum RouteOutcome {

	/**
	 * A tier answered.
	 */
	ANSWERED,

	/**
	 * The tiers that were asked failed, and the caller's own model answered.
	 */
	FALLBACK,

	/**
	 * There is no answer.
	 */
	FAILED,

	/**
	 * The caller stopped waiting.
	 */
	CANCELLED;

	private final String value = name().toLowerCase(Locale.ROOT);

	/**
	 * Return the outcome as it is written.
	 * @return the name in lower case
	 */
	public String value() {
		return this.value;
	}

	static RouteOutcome of(@Nullable Object value) {
		for (RouteOutcome outcome : values()) {
			if (outcome.value.equals(value)) {
				return outcome;
			}
		}
		throw new IllegalArgumentException("Not an outcome");
	}

}
