package io.tokensaving.cache;

import java.util.function.BooleanSupplier;

import org.springframework.util.Assert;

/**
 * Limits the memory and the time for reading an entry that comes from outside this
 * process, whatever size the entry announces. Immutable.
 *
 * @param maxBytes the largest size in bytes, at least 1, both of the content and of what
 * is read from it in memory
 * @param abandoned whether no caller waits for the entry any more; the reading thread
 * asks this from time to time
 */
public record ReadLimit(long maxBytes, BooleanSupplier abandoned) {

	/**
	 * Check the limit.
	 * @throws IllegalArgumentException if {@code maxBytes} is below 1
	 */
	public ReadLimit {
		Assert.isTrue(maxBytes >= 1, () -> "'maxBytes' must be at least 1, but is " + maxBytes);
	}

	/**
	 * Limit only the size.
	 * @param maxBytes the largest size in bytes, at least 1
	 * @return the limit
	 */
	public static ReadLimit ofBytes(long maxBytes) {
		return new ReadLimit(maxBytes, () -> false);
	}

}
