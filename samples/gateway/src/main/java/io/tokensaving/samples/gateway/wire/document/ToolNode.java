package io.tokensaving.samples.gateway.wire.document;

import io.tokensaving.samples.gateway.wire.json.Span;
import io.tokensaving.samples.gateway.wire.message.ClientTool;
import org.jspecify.annotations.Nullable;

/**
 * A tool of a document. Immutable.
 *
 * @param start the offset of its first byte
 * @param end the offset behind its last byte
 * @param tool what the advisors see of it, or {@code null} if nothing
 * @param parameters where its parameters stand, or {@code null} if it has none
 */
public record ToolNode(int start, int end, @Nullable ClientTool tool, @Nullable Span parameters) {

}
