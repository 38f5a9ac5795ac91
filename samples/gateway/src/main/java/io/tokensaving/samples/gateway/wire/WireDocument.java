package io.tokensaving.samples.gateway.wire;

/**
 * A request as the client sent it. Only its format knows what is inside. Immutable.
 */
public interface WireDocument {

	/**
	 * Whether it refers to what only the upstream of its model has, so that no other one
	 * can answer.
	 * @return whether it does
	 */
	default boolean isBound() {
		return false;
	}

}
