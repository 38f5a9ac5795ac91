package io.tokensaving.promptcache;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * What a provider reported about the input of one request. Immutable.
 *
 * @param input all tokens of input, those read and written included, or {@code null} if
 * not reported
 * @param read tokens read from the provider's cache, or {@code null} if not reported
 * @param written tokens written to it, or {@code null} if not reported
 * @param responseBegun when the response began, which is when what was written can be
 * read
 */
public record CacheUsage(@Nullable Long input, @Nullable Long read, @Nullable Long written, Instant responseBegun) {

}
