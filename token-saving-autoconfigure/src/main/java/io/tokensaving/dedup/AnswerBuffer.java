package io.tokensaving.dedup;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import io.tokensaving.request.ResponseAssembler;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/**
 * The elements of an answer that have arrived so far. They are kept from the beginning,
 * so that late readers miss nothing, until they exceed the budget. From then on the
 * buffer is closed: only elements that some reader has not read yet are kept. The
 * elements of a stream are also assembled on arrival, for participants that want the
 * whole answer. Not thread-safe; {@link Flight} guards it with its lock.
 */
final class AnswerBuffer {

	private final BufferBudget budget;

	// Null if a call leads the flight: its only element is the whole answer
	private final @Nullable ResponseAssembler assembler;

	private final Consumer<Throwable> onFailure;

	private final List<ChatClientResponse> elements = new ArrayList<>(2);

	private boolean open = true;

	private long bytes;

	// The number of elements removed from the beginning
	private int dropped;

	// The elements at the beginning that are charged to the budget
	private int held;

	private long heldBytes;

	private boolean assemblyFailed;

	/**
	 * Create a buffer.
	 * @param budget the budget of all buffers
	 * @param assembler assembles the elements of a stream, or {@code null} for a call
	 * @param onFailure receives failures to assemble the answer; readers are not affected
	 */
	AnswerBuffer(BufferBudget budget, @Nullable ResponseAssembler assembler, Consumer<Throwable> onFailure) {
		this.budget = budget;
		this.assembler = assembler;
		this.onFailure = onFailure;
	}

	/**
	 * Whether all elements are kept from the beginning.
	 * @return {@code false} if the buffer is closed, so that a late reader would miss
	 * elements
	 */
	boolean isOpen() {
		return this.open;
	}

	/**
	 * Close the buffer, and release its budget. Unread elements stay.
	 */
	void close() {
		this.open = false;
		this.budget.release(this.held, this.heldBytes);
		this.held = 0;
		this.heldBytes = 0;
		if (this.assembler != null) {
			this.assembler.giveBack();
		}
	}

	/**
	 * Remove all elements.
	 */
	void clear() {
		this.elements.clear();
	}

	/**
	 * Add an element. The buffer is closed if this exceeds the budget.
	 * @param element the element
	 * @return the size of its texts in bytes
	 */
	long add(ChatClientResponse element) {
		long size = size(element);
		this.elements.add(element);
		this.bytes += size;
		assemble(element);
		if (this.open && this.elements.size() <= this.budget.maxPerFlight()
				&& this.bytes <= BufferBudget.MAX_BYTES_PER_FLIGHT && this.budget.tryAcquire(size)) {
			this.held++;
			this.heldBytes += size;
		}
		else {
			this.open = false;
		}
		return size;
	}

	private static long size(ChatClientResponse element) {
		long size = 0;
		ChatResponse response = element.chatResponse();
		if (response != null) {
			for (Generation generation : response.getResults()) {
				String text = (generation.getOutput() != null) ? generation.getOutput().getText() : null;
				size += (text != null) ? 2L * text.length() : 0;
			}
		}
		return size;
	}

	private long size(int from, int to) {
		long size = 0;
		for (int i = from; i < to; i++) {
			size += size(this.elements.get(i));
		}
		return size;
	}

	private void assemble(ChatClientResponse element) {
		if (this.assembler == null || this.assemblyFailed || element.chatResponse() == null) {
			return;
		}
		try {
			this.assembler.add(element.chatResponse());
		}
		catch (Throwable ex) { // readers of the elements must not be affected
			this.assemblyFailed = true;
			this.assembler.release();
			this.onFailure.accept(ex);
		}
	}

	/**
	 * Whether elements that all readers have read can be removed.
	 * @return {@code false} if the buffer is open, or if it holds the answer of a call
	 */
	boolean isTrimmable() {
		return !this.open && this.assembler != null;
	}

	/**
	 * Remove the elements before a position.
	 * @param position the position of the slowest reader
	 */
	void trim(long position) {
		int read = (int) Math.min(position - this.dropped, this.elements.size());
		if (read > 0) {
			int freed = Math.min(read, this.held);
			long freedBytes = size(0, freed);
			this.bytes -= freedBytes + size(freed, read);
			this.elements.subList(0, read).clear();
			this.dropped += read;
			this.held -= freed;
			this.heldBytes -= freedBytes;
			this.budget.release(freed, freedBytes);
		}
	}

	/**
	 * Return the position of the first element that is kept.
	 * @return the position, from 0
	 */
	long start() {
		return this.dropped;
	}

	/**
	 * Return the position after the last element.
	 * @return the number of elements that have arrived
	 */
	long end() {
		return this.dropped + (long) this.elements.size();
	}

	/**
	 * Return the size of the elements that are kept.
	 * @return the size of their texts in bytes
	 */
	long bytes() {
		return this.bytes;
	}

	/**
	 * Return an element.
	 * @param position its position, from 0
	 * @return the element, or {@code null} if it has not arrived or was removed
	 */
	@Nullable ChatClientResponse element(long position) {
		int index = (int) (position - this.dropped);
		return (index >= 0 && index < this.elements.size()) ? this.elements.get(index) : null;
	}

	/**
	 * Whether the elements so far can be assembled to a whole answer.
	 * @return {@code false} if they cannot, such as those of a model that streams its
	 * thoughts
	 */
	boolean canBeWhole() {
		return this.assembler == null || isSingle() || (!this.assemblyFailed && this.assembler.isLossless());
	}

	private boolean isSingle() {
		return this.dropped == 0 && this.elements.size() <= 1;
	}

	/**
	 * Return the whole answer, after the last element has arrived.
	 * @param served whether a cache served the answer, so that it is complete without a
	 * finish reason
	 * @return the answer, or {@code null} if it cannot be assembled without loss, or if
	 * the stream may have been truncated
	 */
	@Nullable ChatClientResponse whole(BooleanSupplier served) {
		ChatClientResponse only = (isSingle() && !this.elements.isEmpty()) ? this.elements.get(0) : null;
		if (this.assembler == null) {
			return only;
		}
		boolean finished = this.assembler.isFinished() || served.getAsBoolean();
		if (!finished || only != null) {
			return finished ? only : null;
		}
		ChatResponse response = this.assembler.isLossless() ? response() : null;
		return (response != null) ? new ChatClientResponse(response, Map.of()) : null;
	}

	/**
	 * Return the response so far, as far as it can be assembled.
	 * @return the response, in which thoughts and answer may be mixed, or {@code null} if
	 * there is none
	 */
	@Nullable ChatResponse response() {
		if (this.assembler == null) {
			return this.elements.isEmpty() ? null : this.elements.get(0).chatResponse();
		}
		if (this.assemblyFailed) {
			return null;
		}
		try {
			return this.assembler.assemble();
		}
		catch (Throwable ex) {
			this.assemblyFailed = true;
			this.onFailure.accept(ex);
			return null;
		}
	}

}
