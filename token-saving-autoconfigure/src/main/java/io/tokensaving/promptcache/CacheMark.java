package io.tokensaving.promptcache;

/**
 * A boundary that is to be marked. Immutable.
 *
 * @param boundary the index of the boundary in the list that was planned
 * @param ttl how long the prefix is to be kept
 */
public record CacheMark(int boundary, CacheTtl ttl) {

}
