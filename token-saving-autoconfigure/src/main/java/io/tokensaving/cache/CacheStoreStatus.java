package io.tokensaving.cache;

import org.jspecify.annotations.Nullable;

/**
 * The state of a store of answers. Immutable.
 *
 * @param available whether the store can be used
 * @param entries the number of entries, or {@code null} if it is not known
 * @param bytes the bytes they take up, or {@code null} if they are not known
 * @param maxBytes the bytes they may take up, or {@code null} if there is no limit
 * @param evictions the entries that had to make room for others, or {@code null} if they
 * are not counted
 */
public record CacheStoreStatus(boolean available, @Nullable Long entries, @Nullable Long bytes, @Nullable Long maxBytes,
		@Nullable Long evictions) {

	/**
	 * The state of a store that cannot be used.
	 */
	public static final CacheStoreStatus UNAVAILABLE = new CacheStoreStatus(false, null, null, null, null);

}
