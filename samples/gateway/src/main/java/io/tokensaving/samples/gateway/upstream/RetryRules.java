package io.tokensaving.samples.gateway.upstream;

import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleSupplier;

import org.jspecify.annotations.Nullable;

/**
 * Which answers are asked for again, and when: as the upstream says, otherwise after a
 * random time below a limit that doubles, so that callers who failed together do not come
 * back together. Thread-safe if the source of chance is.
 */
final class RetryRules {

	private static final Set<Integer> RETRIED = Set.of(429, 500, 502, 503, 504, 529);

	private static final long FIRST_MILLIS = 500;

	private static final long LONGEST_MILLIS = 8000;

	private static final int MAX_DOUBLINGS = 10;

	private final Clock clock;

	private final DoubleSupplier random;

	/**
	 * Create rules.
	 * @param clock the clock
	 * @param random numbers from 0 to below 1
	 */
	RetryRules(Clock clock, DoubleSupplier random) {
		this.clock = clock;
		this.random = random;
	}

	/**
	 * Whether the same request may be answered by another upstream.
	 * @param status the status of the answer
	 * @return whether it may
	 */
	static boolean isPassing(int status) {
		return RETRIED.contains(status);
	}

	/**
	 * Whether an answer says that the upstream itself fails, which a limit of requests
	 * does not.
	 * @param status the status of the answer
	 * @return whether it does
	 */
	static boolean isFailure(int status) {
		return status != 429 && RETRIED.contains(status);
	}

	/**
	 * Return how long to wait before the next attempt.
	 * @param attempt how many attempts there were before the one that failed
	 * @param status the status of the answer
	 * @param headers the headers of the answer
	 * @param longest the longest wait that the upstream may ask for
	 * @return the time, or {@code null} if there is to be none
	 */
	@Nullable Duration retryAfter(int attempt, int status, Map<String, List<String>> headers, Duration longest) {
		String said = first(headers, "x-should-retry");
		if ("false".equalsIgnoreCase(said) || !(isPassing(status) || "true".equalsIgnoreCase(said))) {
			return null;
		}
		Duration asked = asked(headers);
		if (asked == null) {
			return backOff(attempt);
		}
		return (asked.compareTo(longest) <= 0) ? asked.plus(backOff(attempt)) : null;
	}

	/**
	 * Return how long to wait before the next attempt if there was no answer.
	 * @param attempt how many attempts there were before the one that failed
	 * @return the time
	 */
	Duration backOff(int attempt) {
		long limit = Math.min(LONGEST_MILLIS, FIRST_MILLIS << Math.min(attempt, MAX_DOUBLINGS));
		return Duration.ofMillis((long) (this.random.getAsDouble() * limit));
	}

	private @Nullable Duration asked(Map<String, List<String>> headers) {
		Duration asked = time(first(headers, "retry-after-ms"), 1);
		if (asked != null) {
			return asked;
		}
		String text = first(headers, "retry-after");
		asked = time(text, 1000);
		if (asked != null || text == null) {
			return asked;
		}
		try {
			Duration until = Duration.between(this.clock.instant(),
					ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
			return until.isNegative() ? Duration.ZERO : until;
		}
		catch (DateTimeException ex) {
			return null;
		}
	}

	private static @Nullable Duration time(@Nullable String text, int millis) {
		try {
			double value = (text != null) ? Double.parseDouble(text.strip()) * millis : Double.NaN;
			return (value >= 0) ? Duration.ofMillis((long) Math.min(value, Integer.MAX_VALUE)) : null;
		}
		catch (NumberFormatException ex) {
			return null;
		}
	}

	private static @Nullable String first(Map<String, List<String>> headers, String name) {
		List<String> values = headers.get(name);
		return (values != null && !values.isEmpty()) ? values.get(0) : null;
	}

}
