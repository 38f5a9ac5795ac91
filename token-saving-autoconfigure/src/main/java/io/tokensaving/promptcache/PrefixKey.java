package io.tokensaving.promptcache;

/**
 * A prefix within a scope. Immutable.
 *
 * @param scope the number of the scope
 * @param high the first 64 bits of the digest
 * @param low the last 64 bits of the digest
 */
record PrefixKey(int scope, long high, long low) {

}
