package io.tokensaving.samples.gateway.wire.json;

/**
 * Where a member of an object stands. Immutable.
 *
 * @param name the name
 * @param keyStart the offset of the name's quotation mark
 * @param value the range of the value
 */
public record JsonMember(String name, int keyStart, Span value) {

}
