package io.tokensaving.samples.gateway.wire;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * A wire format of requests and answers. The document that a client sent stays the truth:
 * a request is read into a prompt for the advisors, and what they leave of it is written
 * back into the document, in which all else keeps its bytes. Thread-safe.
 */
public interface WireFormat {

	/**
	 * Return the name of the format.
	 * @return a short name, such as {@code chat-completions}, which is part of the keys
	 * of stored answers
	 */
	String name();

	/**
	 * Return the path behind an upstream's base URL to which requests are sent.
	 * @return the path, which begins with a slash
	 */
	String path();

	/**
	 * Read a request.
	 * @param body the body
	 * @return the request
	 * @throws WireException if the body is no request of this format
	 */
	WireRequest read(byte[] body);

	/**
	 * Write a request for an upstream: the document of the options, without the fields of
	 * this gateway, with the messages that are left, shortened texts, the model and the
	 * marks of the options.
	 * @param prompt a prompt with {@link WireOptions}
	 * @param stream whether a stream is asked for; it always asks for the usage
	 * @return the body
	 */
	byte[] write(Prompt prompt, boolean stream);

	/**
	 * Read an answer.
	 * @param body the body
	 * @param options the options of the request
	 * @return the response, whose metadata hold the body under {@link WireMetadata#BODY}
	 * @throws WireException if the body is no answer of this format
	 */
	ChatResponse readAnswer(byte[] body, WireOptions options);

	/**
	 * Start to read a stream.
	 * @param options the options of the request
	 * @return a reader for one stream
	 */
	WireStream readStream(WireOptions options);

	/**
	 * Cut an answer into the events of a stream that says the same.
	 * @param body the body of an answer
	 * @param options the options of the request that is answered now
	 * @return the events, with those that end the stream
	 */
	List<ServerSentEvent> cut(String body, WireOptions options);

	/**
	 * Write an error as clients of this format expect it.
	 * @param status the HTTP status
	 * @param type the type, such as {@code invalid_request_error}
	 * @param message what is wrong and what is accepted
	 * @param param the field that is wrong, or {@code null}
	 * @param code the code, or {@code null}
	 * @return the body
	 */
	byte[] error(int status, String type, String message, @Nullable String param, @Nullable String code);

	/**
	 * Write an error as an event of a stream that has begun.
	 * @param error what {@link #error} has written, or what an upstream has said instead;
	 * an object of JSON
	 * @param sent how many events were sent before
	 * @return the event
	 */
	default ServerSentEvent errorEvent(String error, int sent) {
		return new ServerSentEvent(null, error);
	}

	/**
	 * Put texts that an advisor has changed, such as by a repair, into the answer that
	 * they are of. All else stays byte for byte.
	 * @param body the body of an answer
	 * @param texts the texts of its choices, in their order
	 * @return the same body if it has these texts
	 */
	default String withTexts(String body, List<String> texts) {
		return body;
	}

}
