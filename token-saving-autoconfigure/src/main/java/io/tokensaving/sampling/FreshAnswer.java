package io.tokensaving.sampling;

import java.util.function.Consumer;

import io.tokensaving.provider.Dialect;
import io.tokensaving.request.ResponseAssembler;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * Calls the model for a request that was answered more cheaply.
 */
@FunctionalInterface
public interface FreshAnswer {

	/**
	 * Call the model, and block until it has answered.
	 * @param cutOff receives the part of a streamed answer that had arrived when the
	 * stream failed or the thread was interrupted
	 * @return the answer, or {@code null} if the model gave none
	 */
	@Nullable ChatResponse get(Consumer<ChatResponse> cutOff);

	/**
	 * Call the model as a stream, and assemble its elements.
	 * @param stream the stream
	 * @param dialect the dialect of the provider
	 * @return the call of the model
	 */
	static FreshAnswer ofStream(Flux<ChatClientResponse> stream, Dialect dialect) {
		return (cutOff) -> {
			ResponseAssembler assembler = new ResponseAssembler(dialect);
			try {
				stream.doOnNext((element) -> {
					if (element.chatResponse() != null) {
						// An element may arrive while the waiting thread is interrupted
						synchronized (assembler) {
							assembler.add(element.chatResponse());
						}
					}
				}).blockLast();
			}
			catch (RuntimeException | Error ex) {
				synchronized (assembler) {
					cutOff.accept(assembler.assemble());
				}
				throw ex;
			}
			return assembler.assemble();
		};
	}

}
