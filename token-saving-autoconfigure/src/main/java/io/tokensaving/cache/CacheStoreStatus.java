package io.tokensaving.cache;

import org.jspecify.annotations.Nullable;

/**
 * The state of a store of answers. Immutable.
 *
 * @param available whether the store can be used
 * @param entries the number of entries, or {@code null} if it is not known
 * @param bytes the size of the entries in bytes, or {@code null} if it is not known
 * @param maxBytes the size in bytes that the entries may have, or {@code null} if there
 * is no limit
 * @param evictions the number of entries that were removed to make room for others, or
 * {@code null} if it is not counted
 */
public record CacheStoreStatus(boolean available, @Nullable Long entries, @Nullable Long bytes, @Nullable Long maxBytes,
		@Nullable Long evictions) {

	/**
	 * The state of a store that cannot be used.
	 */
	public static final CacheStoreStatus UNAVAILABLE = new CacheStoreStatus(false, null, null, null, null);

}
