package io.tokensaving.cache;

import org.jspecify.annotations.Nullable;

/**
 * Names an answer. The fingerprint alone tells answers apart, as it is made of the rest
 * too; the rest says whose the answer is, so that it can be evicted. Immutable.
 *
 * @param workspace the workspace of the request
 * @param plan the id of the plan
 * @param scope the scope of the request, or {@code null} if it has none
 * @param fingerprint the fingerprint of the request, 64 hexadecimal digits
 */
public record CacheKey(String workspace, String plan, @Nullable String scope, String fingerprint) {

}
