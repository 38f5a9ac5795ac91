package io.tokensaving.dedup;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import io.tokensaving.backend.HeapSize;
import io.tokensaving.request.ResponseAssembler;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.content.Media;

/**
 * The elements of an answer that have arrived so far. They are kept from the beginning,
 * so that late readers miss nothing, until they exceed the budget. From then on the
 * buffer is closed: only elements that some reader has not read yet are kept. The
 * elements of a stream are also assembled on arrival, for participants that want the
 * whole answer. Not thread-safe; {@link Flight} guards it with its lock.
 */
final class AnswerBuffer {

	/**
	 * What an element without texts takes in bytes: the response, its generation, the
	 * message and the maps of each of them.
	 */
	private static final int ELEMENT_BYTES = 1200;

	// With its entry in a map
	private static final int VALUE_BYTES = 48;

	private static final int TOOL_CALL_BYTES = 64;

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
	 * @return its size on the heap in bytes
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
		long size = ELEMENT_BYTES;
		ChatResponse response = element.chatResponse();
		if (response == null) {
			return size;
		}
		if (response.getMetadata() != null) {
			for (Map.Entry<String, Object> entry : response.getMetadata().entrySet()) {
				size += size(entry.getValue());
			}
		}
		for (Generation generation : response.getResults()) {
			size += size(generation.getOutput());
		}
		return size;
	}

	private static long size(@Nullable AssistantMessage output) {
		if (output == null) {
			return 0;
		}
		long size = (output.getText() != null) ? HeapSize.of(output.getText()) : 0;
		for (Object value : output.getMetadata().values()) {
			size += size(value);
		}
		for (AssistantMessage.ToolCall call : output.getToolCalls()) {
			size += TOOL_CALL_BYTES + ((call.arguments() != null) ? HeapSize.of(call.arguments()) : 0);
		}
		for (Media media : output.getMedia()) {
			size += size(media.getData());
		}
		return size;
	}

	// What is made of parts, such as the log probabilities of tokens, counts as its text
	private static long size(@Nullable Object value) {
		if (value instanceof CharSequence text) {
			return VALUE_BYTES + HeapSize.of(text);
		}
		if (value instanceof byte[] bytes) {
			return VALUE_BYTES + HeapSize.array(bytes.length);
		}
		return (value instanceof Collection<?> || value instanceof Map<?, ?>)
				? VALUE_BYTES + HeapSize.of(value.toString()) : VALUE_BYTES;
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
	 * @return the size on the heap in bytes
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
