package io.tokensaving;

import java.util.regex.Pattern;

import org.springframework.util.Assert;

/**
 * Checks names that become part of JSON, of meters and of counters in Redis.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class SnakeCase {

	private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*");

	private static final int MAX_LENGTH = 60;

	private SnakeCase() {
	}

	/**
	 * Check a name.
	 * @param kind the kind of name, for the message
	 * @param name the name
	 * @return the name
	 * @throws IllegalArgumentException if it is not in snake case or longer than 60
	 * characters
	 */
	public static String check(String kind, String name) {
		Assert.isTrue(name.length() <= MAX_LENGTH && NAME.matcher(name).matches(),
				() -> "The name of the %s must be in snake case and have at most %d characters, but is '%s'"
					.formatted(kind, MAX_LENGTH, name));
		return name;
	}

}
