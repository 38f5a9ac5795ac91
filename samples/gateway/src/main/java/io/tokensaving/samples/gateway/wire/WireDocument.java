package io.tokensaving.samples.gateway.wire;

/**
 * A request as the client sent it. Only its format knows what is inside. Immutable.
 */
public interface WireDocument {

}
