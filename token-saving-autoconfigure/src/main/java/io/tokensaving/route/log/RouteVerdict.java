package io.tokensaving.route.log;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * What was said of an answer later: by a judge that compared it, or by the application
 * that knows whether it was of use.
 */
public enum RouteVerdict {

	/**
	 * A judge finds it better than that of the tier it is compared with.
	 */
	BETTER,

	/**
	 * A judge finds no difference that matters.
	 */
	SAME,

	/**
	 * A judge finds it worse.
	 */
	WORSE,

	/**
	 * A judge finds it of no use.
	 */
	UNUSABLE,

	/**
	 * The application reports that the task was done.
	 */
	SUCCESS,

	/**
	 * The application reports that the task was not done.
	 */
	FAILURE;

	private final String value = name().toLowerCase(Locale.ROOT);

	/**
	 * Return the verdict as it is written.
	 * @return the name in lower case
	 */
	public String value() {
		return this.value;
	}

	/**
	 * Whether a judge said so, rather than the application. A decision may have one
	 * verdict of each kind.
	 * @return whether it was a judge
	 */
	public boolean isJudged() {
		return this != SUCCESS && this != FAILURE;
	}

	/**
	 * Whether a judge finds the answer worse, or of no use.
	 * @return whether it counts as an error of routing
	 */
	public boolean isWorse() {
		return this == WORSE || this == UNUSABLE;
	}

	static @Nullable RouteVerdict of(@Nullable Object value) {
		for (RouteVerdict verdict : values()) {
			if (verdict.value.equals(value)) {
				return verdict;
			}
		}
		return null;
	}

}
