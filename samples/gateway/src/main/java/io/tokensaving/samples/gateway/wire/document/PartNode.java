package io.tokensaving.samples.gateway.wire.document;

import io.tokensaving.samples.gateway.wire.json.Span;
import org.jspecify.annotations.Nullable;

/**
 * A part of a message. Immutable.
 *
 * @param start the offset of its first byte
 * @param end the offset behind its last byte
 * @param object whether it is an object
 * @param text its text, or {@code null} if it is no part with a text
 * @param textSpan where that stands, or {@code null}
 */
public record PartNode(int start, int end, boolean object, @Nullable String text, @Nullable Span textSpan) {

}
