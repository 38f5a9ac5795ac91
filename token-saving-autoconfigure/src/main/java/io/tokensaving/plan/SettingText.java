package io.tokensaving.plan;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/**
 * Formats values of settings as a configuration would contain them, for descriptions of
 * plans and for errors.
 */
public final class SettingText {

	/**
	 * The longest duration of a setting: 3650 days.
	 */
	public static final Duration MAX_DURATION = Duration.ofDays(3650);

	private static final long BYTES_PER_UNIT = 1024;

	private SettingText() {
	}

	/**
	 * Format an enum constant.
	 * @param choice the choice
	 * @return its name in lower case
	 */
	public static String of(Enum<?> choice) {
		return choice.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Format the values that a setting accepts.
	 * @param names the names
	 * @return a text such as {@code one of 'a', 'b'}, ordered by name
	 */
	public static String oneOf(Collection<String> names) {
		return "one of '" + String.join("', '", new TreeSet<>(names)) + "'";
	}

	/**
	 * Return the property of the configuration that sets a setting of a plan.
	 * @param plan the id of the plan
	 * @param setting the name of the setting in kebab case, with the section in front
	 * @return the name of the property, with the id in brackets if it has a dot
	 */
	public static String property(String plan, String setting) {
		return "token-saving.plans.%s.%s".formatted((plan.indexOf('.') >= 0) ? "[" + plan + "]" : plan, setting);
	}

	/**
	 * Format a duration in the largest unit of which it is a whole number.
	 * @param duration the duration
	 * @return a text such as {@code 90s} or {@code 1h}
	 */
	public static String of(Duration duration) {
		long seconds = duration.getSeconds();
		int nanos = duration.getNano();
		if (nanos == 0) {
			if (seconds == 0 || seconds % 60 != 0) {
				return seconds + "s";
			}
			return (seconds % 3600 != 0) ? seconds / 60 + "m"
					: (seconds % 86_400 != 0) ? seconds / 3600 + "h" : seconds / 86_400 + "d";
		}
		// Longer durations occur in errors only; their nanoseconds would overflow
		if (duration.abs().compareTo(MAX_DURATION) > 0) {
			return duration.toString();
		}
		long all = duration.toNanos();
		return (all % 1000 != 0) ? all + "ns" : (all % 1_000_000 != 0) ? all / 1000 + "us" : all / 1_000_000 + "ms";
	}

	/**
	 * Format a size in the largest unit of which it is a whole number.
	 * @param bytes the size in bytes, above 0
	 * @return a text such as {@code 256KB}
	 */
	public static String ofSize(long bytes) {
		long number = bytes;
		for (String unit : List.of("B", "KB", "MB", "GB")) {
			if (number % BYTES_PER_UNIT != 0) {
				return number + unit;
			}
			number /= BYTES_PER_UNIT;
		}
		return number + "TB";
	}

}
