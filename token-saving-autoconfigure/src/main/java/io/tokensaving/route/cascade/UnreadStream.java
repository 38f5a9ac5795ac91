package io.tokensaving.route.cascade;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.provider.Dialect;
import io.tokensaving.request.ResponseAssembler;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * What has arrived of a stream, and the reader has not seen. The provider bills it, also
 * if the stream was cancelled. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param elements the elements in order, none if nothing has arrived
 * @param whole whether the stream has completed, so that its last element holds what the
 * provider reports
 */
public record UnreadStream(List<ChatClientResponse> elements, boolean whole) {

	/**
	 * Copy the elements.
	 */
	public UnreadStream {
		elements = List.copyOf(elements);
	}

	/**
	 * Return what the model has said.
	 * @return the responses of all elements that have one, in order
	 */
	public List<ChatResponse> responses() {
		List<ChatResponse> responses = new ArrayList<>(this.elements.size());
		for (ChatClientResponse element : this.elements) {
			if (element.chatResponse() != null) {
				responses.add(element.chatResponse());
			}
		}
		return responses;
	}

	/**
	 * Put the elements together.
	 * @param dialect reads the elements
	 * @return one response with the texts, thoughts, tool calls and usage of all elements
	 */
	public ChatResponse assemble(Dialect dialect) {
		ResponseAssembler assembler = new ResponseAssembler(dialect);
		responses().forEach(assembler::add);
		return assembler.assemble();
	}

}
