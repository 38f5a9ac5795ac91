package io.tokensaving.cache;

import java.util.Locale;

import io.tokensaving.plan.InvalidPlanException;

/**
 * How a semantic cache treats the turns before a question. Immutable.
 *
 * @param mode how earlier turns are treated
 * @param messages the number of user messages that are embedded together, 1 unless the
 * mode is {@link Mode#WINDOW}
 */
public record CacheHistory(Mode mode, int messages) {

	/**
	 * Earlier turns must be equal: they are part of the partition.
	 */
	public static final CacheHistory PARTITION = new CacheHistory(Mode.PARTITION, 1);

	/**
	 * Earlier turns are ignored if the question stands alone, otherwise they must be
	 * equal.
	 */
	public static final CacheHistory STANDALONE = new CacheHistory(Mode.STANDALONE, 1);

	private static final String ACCEPTED = "'partition', 'standalone' or 'window:N' with N from 1 to 100";

	private static final String WINDOW_PREFIX = "window:";

	/**
	 * Check the number of messages.
	 * @throws InvalidPlanException if it is out of its range
	 */
	public CacheHistory {
		if (messages < 1 || messages > 100) {
			throw new InvalidPlanException("cache.history", WINDOW_PREFIX + messages, ACCEPTED);
		}
	}

	/**
	 * Embed the last user messages together and ignore all other turns.
	 * @param messages the number of user messages, 1 to 100
	 * @return the setting
	 * @throws InvalidPlanException if the number is out of its range
	 */
	public static CacheHistory window(int messages) {
		return new CacheHistory(Mode.WINDOW, messages);
	}

	/**
	 * Read a setting.
	 * @param text {@code partition}, {@code standalone} or {@code window:N}, in any case
	 * @return the setting
	 * @throws InvalidPlanException if the text is none of them
	 */
	public static CacheHistory parse(String text) {
		String lowerCase = text.strip().toLowerCase(Locale.ROOT);
		if (lowerCase.equals(PARTITION.value())) {
			return PARTITION;
		}
		if (lowerCase.equals(STANDALONE.value())) {
			return STANDALONE;
		}
		if (lowerCase.matches(WINDOW_PREFIX + "\\d{1,3}")) {
			int messages = Integer.parseInt(lowerCase.substring(WINDOW_PREFIX.length()));
			if (messages >= 1 && messages <= 100) {
				return window(messages);
			}
		}
		throw new InvalidPlanException("cache.history", text, ACCEPTED);
	}

	/**
	 * Return the text by which plans select the setting.
	 * @return the text that {@link #parse} reads
	 */
	public String value() {
		return (this.mode == Mode.WINDOW) ? WINDOW_PREFIX + this.messages : this.mode.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * How earlier turns are treated.
	 */
	public enum Mode {

		/**
		 * They must be equal.
		 */
		PARTITION,

		/**
		 * The last user messages are embedded together.
		 */
		WINDOW,

		/**
		 * They are ignored if the question stands alone.
		 */
		STANDALONE

	}

}
