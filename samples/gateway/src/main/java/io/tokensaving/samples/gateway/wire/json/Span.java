package io.tokensaving.samples.gateway.wire.json;

/**
 * A range of the bytes of a document. Immutable.
 *
 * @param start the offset of its first byte
 * @param end the offset behind its last byte
 */
public record Span(int start, int end) {

}
