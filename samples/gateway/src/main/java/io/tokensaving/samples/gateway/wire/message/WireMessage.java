package io.tokensaving.samples.gateway.wire.message;

import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;

/**
 * A message that holds more than the classes of Spring AI can. The rest is part of the
 * keys of stored answers, and as it is in a class of its own, nobody shortens the text.
 */
public interface WireMessage extends Message {

	/**
	 * Return what the other properties of the message do not say.
	 * @return the values by name; a {@link Said} stands for what other properties do say
	 */
	Map<String, @Nullable Object> getRest();

	/**
	 * What stands in the rest for a value that is in another property. No value of a
	 * document equals it.
	 */
	enum Said {

		/**
		 * The text of the message.
		 */
		TEXT,

		/**
		 * The data of the next attachment.
		 */
		MEDIA

	}

}
