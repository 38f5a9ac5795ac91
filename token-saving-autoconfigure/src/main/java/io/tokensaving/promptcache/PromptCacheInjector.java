package io.tokensaving.promptcache;

import java.util.List;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * Knows how the requests of one provider tell what its prompt cache is to keep. A bean of
 * this type comes before those of the library. Whatever it throws leaves the request as
 * it was. Implementations are thread-safe.
 */
public interface PromptCacheInjector {

	/**
	 * Whether the options are of this provider.
	 * @param options the options of a request
	 * @return whether they are; the other methods are only called with such options
	 */
	boolean supports(ChatOptions options);

	/**
	 * Read where a request goes, and what of its options matters to the prompt cache.
	 * @param options the options
	 * @param messages the messages as the model is sent them
	 * @return the target
	 */
	CacheTarget target(ChatOptions options, List<Message> messages);

	/**
	 * Whether the request can say that the prefix with the system text is to be kept. By
	 * default it can.
	 * @param messages the messages as the model is sent them, with at least one system
	 * message
	 * @return whether it can
	 */
	default boolean isSystemMarkable(List<Message> messages) {
		return true;
	}

	/**
	 * Whether two system messages are sent as they are, one behind the other with nothing
	 * in between, if the first one is marked. By default they are not.
	 * @return whether {@link CacheInjection#split()} is understood
	 */
	default boolean canSplitSystem() {
		return false;
	}

	/**
	 * Whether the request can say that the prefix that ends behind a message is to be
	 * kept.
	 * @param messages the messages as the model is sent them
	 * @param index the index of the message, which is no system message
	 * @return whether it can
	 */
	boolean isMarkable(List<Message> messages, int index);

	/**
	 * Tell the provider what to keep. What the options say themselves stays as it is.
	 * @param options the options
	 * @param injection what the provider is to be told
	 * @return new options, or the same if there is nothing to tell
	 */
	Injected inject(ChatOptions options, CacheInjection injection);

	/**
	 * Whether a failure of the model may be due to what was added to the options. The
	 * request is then sent once more, as it was.
	 * @param failure the failure
	 * @return whether the provider has rejected the request as malformed; {@code false}
	 * by default
	 */
	default boolean isRejection(Throwable failure) {
		return false;
	}

	/**
	 * Options that tell the provider what to keep. Immutable.
	 *
	 * @param options the options
	 * @param marked whether a prefix is marked that the provider would not keep otherwise
	 */
	record Injected(ChatOptions options, boolean marked) {

	}

}
