package io.tokensaving.provider;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * How fast a provider processes a request, which decides at which of its prices.
 */
public enum ServiceTier {

	/**
	 * At once, at the price that is meant if nothing else is said.
	 */
	STANDARD,

	/**
	 * Some time within hours, for less.
	 */
	BATCH,

	/**
	 * Slower, or refused where there is no room, for less.
	 */
	FLEX,

	/**
	 * Before others, for more.
	 */
	PRIORITY;

	/**
	 * Find a tier by the name that a provider gives it.
	 * @param name the name in any case, such as {@code flex}, or {@code null}
	 * @return the tier; {@link #STANDARD} if the name is that of no other
	 */
	public static ServiceTier of(@Nullable Object name) {
		String text = (name != null) ? name.toString().toLowerCase(Locale.ROOT) : "";
		return switch (text) {
			case "batch" -> BATCH;
			case "flex" -> FLEX;
			case "priority" -> PRIORITY;
			default -> STANDARD;
		};
	}

}
