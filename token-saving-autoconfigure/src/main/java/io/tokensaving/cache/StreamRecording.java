package io.tokensaving.cache;

import java.util.function.Consumer;

import io.tokensaving.provider.Dialect;
import io.tokensaving.request.ResponseAssembler;
import io.tokensaving.request.StreamMemory;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Records a stream while its elements pass by. A stream that cannot be recorded, or is
 * too long to be stored, passes on unrecorded. The creator {@linkplain #close() closes}
 * the recording when the stream has completed, failed or been cancelled.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class StreamRecording {

	private final boolean severalGenerations;

	private volatile @Nullable ResponseAssembler assembler;

	private volatile @Nullable NotStored lost;

	/**
	 * Create a recording.
	 * @param prompt the request
	 * @param dialect the dialect of the provider
	 * @param maxBytes the size in bytes above which the answer is not stored
	 * @param memory the memory that all recordings share
	 */
	public StreamRecording(Prompt prompt, Dialect dialect, long maxBytes, StreamMemory memory) {
		this.severalGenerations = mayAskForSeveral(prompt, dialect);
		this.assembler = new ResponseAssembler(dialect, maxBytes, memory);
	}

	private static boolean mayAskForSeveral(Prompt prompt, Dialect dialect) {
		try {
			return dialect.asksForSeveral(prompt.getOptions());
		}
		catch (RuntimeException ex) {
			return true;
		}
	}

	/**
	 * Add an element.
	 * @param response the response of the element, or {@code null} if it has none
	 * @param onFailure receives the failure if the recording fails, which ends it
	 */
	public void add(@Nullable ChatResponse response, Consumer<Throwable> onFailure) {
		ResponseAssembler assembler = this.assembler;
		if (response == null || assembler == null) {
			return;
		}
		try {
			assembler.add(response);
			if (!assembler.isLossless()) {
				this.lost = assembler.isCut() ? NotStored.SIZE : NotStored.STREAM;
				close();
			}
		}
		catch (Throwable ex) { // running out of memory must not break the stream
			close();
			onFailure.accept(ex);
		}
	}

	/**
	 * Return the recorded response.
	 * @return the response, or {@code null} if it would not equal the whole stream
	 */
	public @Nullable ChatResponse assemble() {
		ResponseAssembler assembler = this.assembler;
		if (assembler == null) {
			return null;
		}
		if (!assembler.isLossless() || (this.severalGenerations && !assembler.tellsApart())) {
			this.lost = NotStored.STREAM;
			return null;
		}
		return assembler.assemble();
	}

	/**
	 * Return why the stream could not be assembled into one answer.
	 * @return the reason, or {@code null} if it could, or had no elements
	 */
	@Nullable NotStored notStored() {
		return this.lost;
	}

	/**
	 * Discard the recording and release its memory.
	 */
	public void close() {
		ResponseAssembler assembler = this.assembler;
		this.assembler = null;
		if (assembler != null) {
			assembler.release();
		}
	}

}
