package io.tokensaving.samples.gateway.wire.cache;

import java.util.List;

import io.tokensaving.samples.gateway.wire.WireDocument;
import org.jspecify.annotations.Nullable;

/**
 * A document that can tell a provider what its prompt cache is to keep. Its format
 * applies {@link io.tokensaving.samples.gateway.wire.WireOptions#getCacheInjection()}
 * when it writes the document. Immutable.
 */
public interface CacheableDocument extends WireDocument {

	/**
	 * Whether the client says itself what is to be kept, so that nothing is added.
	 * @return whether it does
	 */
	boolean isCacheManaged();

	/**
	 * Return the values of the document without which no prefix is found again.
	 * @return values; those with equal texts are equal
	 */
	List<@Nullable Object> frontOptions();

	/**
	 * Return the values of the document without which no prefix is found again that ends
	 * behind a message.
	 * @return values; those with equal texts are equal
	 */
	List<@Nullable Object> messageOptions();

}
