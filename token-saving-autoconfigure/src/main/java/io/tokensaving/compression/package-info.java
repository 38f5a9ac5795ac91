/**
 * Compression: brings the history of a conversation within a token limit.
 */
@NullMarked
package io.tokensaving.compression;

import org.jspecify.annotations.NullMarked;
