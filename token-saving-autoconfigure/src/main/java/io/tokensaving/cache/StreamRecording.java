package io.tokensaving.cache;

import java.util.function.Consumer;

import io.tokensaving.request.ResponseAssembler;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatResponse;

/**
 * Records a stream as it goes by. What cannot be recorded is given up on, and the stream
 * goes on.
 */
public final class StreamRecording {

	private final ResponseAssembler assembler = new ResponseAssembler();

	private volatile boolean failed;

	/**
	 * Add an element.
	 * @param response the response of the element, if any
	 * @param onFailure is told if the recording fails; it then stays failed
	 */
	public void add(@Nullable ChatResponse response, Consumer<RuntimeException> onFailure) {
		if (response == null || this.failed) {
			return;
		}
		try {
			this.assembler.add(response);
		}
		catch (RuntimeException ex) {
			this.failed = true;
			onFailure.accept(ex);
		}
	}

	/**
	 * Return the recorded response.
	 * @return the response, or {@code null} if it does not hold all that went by
	 */
	public @Nullable ChatResponse assemble() {
		return (!this.failed && this.assembler.isLossless()) ? this.assembler.assemble() : null;
	}

}
