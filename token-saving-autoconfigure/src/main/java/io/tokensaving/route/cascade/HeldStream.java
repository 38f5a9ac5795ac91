package io.tokensaving.route.cascade;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.provider.Dialect;
import io.tokensaving.request.ResponseAssembler;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.content.Media;

/**
 * The elements of a stream that are kept while it is judged, within the memory that all
 * streams share. Not thread-safe; {@link StreamGate} guards it with its lock.
 */
final class HeldStream {

	/**
	 * The objects of an element without its texts, in bytes.
	 */
	static final int ELEMENT_BYTES = 800;

	private static final int PER_VALUE = 64;

	private final GatedStream settings;

	private final List<@Nullable ChatClientResponse> elements = new ArrayList<>();

	// Only of a beginning: how long it is has to be known after each element
	private final @Nullable ResponseAssembler shown;

	private final Map<Integer, Integer> tokens = new HashMap<>(2);

	private int next;

	private long bytes;

	HeldStream(GatedStream settings) {
		this.settings = settings;
		this.shown = (settings.mode() == StreamMode.PREFIX) ? new ResponseAssembler(settings.dialect()) : null;
	}

	/**
	 * Keep an element. It is kept also if there is no memory for it, since somebody must.
	 * @param element the element
	 * @return {@code false} if there is no memory for it
	 */
	boolean add(ChatClientResponse element) {
		this.elements.add(element);
		// The text of a beginning is kept twice
		long size = size(element) * ((this.shown != null) ? 2 : 1);
		if (this.bytes + size > this.settings.maxBytes() || !this.settings.memory().tryAcquire(size)) {
			return false;
		}
		this.bytes += size;
		if (this.shown != null) {
			ChatResponse response = withoutThoughts(element.chatResponse(), this.settings.dialect());
			if (response != null) {
				this.shown.add(response);
				response.getResults().forEach(this::count);
			}
		}
		return true;
	}

	private void count(Generation generation) {
		String text = (generation.getOutput() != null) ? generation.getOutput().getText() : null;
		if (text != null && !text.isEmpty()) {
			Integer number = this.settings.dialect().candidateNumber(generation);
			this.tokens.merge((number != null) ? number : 0, this.settings.tokens().applyAsInt(text), Integer::sum);
		}
	}

	/**
	 * Whether enough has arrived for a beginning.
	 * @return whether there is a tool call, or as much text as is kept
	 */
	boolean isBeginning() {
		return this.shown != null && (this.shown.hasWholeToolCall()
				|| this.tokens.values().stream().anyMatch((count) -> count >= GatedStream.PREFIX_TOKENS));
	}

	/**
	 * Put together what has arrived.
	 * @return the response without the thoughts of the model
	 */
	ChatResponse assemble() {
		if (this.shown != null) {
			return this.shown.assemble();
		}
		ResponseAssembler assembler = new ResponseAssembler(this.settings.dialect());
		for (ChatClientResponse element : this.elements) {
			ChatResponse response = (element != null) ? withoutThoughts(element.chatResponse(), this.settings.dialect())
					: null;
			if (response != null) {
				assembler.add(response);
			}
		}
		return assembler.assemble();
	}

	// An assembled response does not tell thoughts and answer apart
	private static @Nullable ChatResponse withoutThoughts(@Nullable ChatResponse response, Dialect dialect) {
		if (response == null
				|| response.getResults().stream().noneMatch((generation) -> isThought(generation, dialect))) {
			return response;
		}
		List<Generation> shown = response.getResults()
			.stream()
			.filter((generation) -> !isThought(generation, dialect))
			.toList();
		return new ChatResponse(shown, response.getMetadata());
	}

	private static boolean isThought(Generation generation, Dialect dialect) {
		return generation.getOutput() != null && dialect.isThought(generation);
	}

	/**
	 * Take the next element out.
	 * @return the element, or {@code null} if there is none
	 */
	@Nullable ChatClientResponse poll() {
		if (this.next == this.elements.size()) {
			return null;
		}
		return this.elements.set(this.next++, null);
	}

	/**
	 * Whether no element is left.
	 * @return whether all have been taken out
	 */
	boolean isEmpty() {
		return this.next == this.elements.size();
	}

	/**
	 * Return all elements that are left, and leave them there.
	 * @return a copy
	 */
	List<ChatClientResponse> left() {
		List<ChatClientResponse> left = new ArrayList<>(this.elements.size() - this.next);
		for (ChatClientResponse element : this.elements.subList(this.next, this.elements.size())) {
			if (element != null) {
				left.add(element);
			}
		}
		return left;
	}

	/**
	 * Take all elements that are left out, and give back the memory. Does nothing the
	 * second time.
	 * @return the elements
	 */
	List<ChatClientResponse> drain() {
		List<ChatClientResponse> left = new ArrayList<>(this.elements.size() - this.next);
		for (ChatClientResponse element = poll(); element != null; element = poll()) {
			left.add(element);
		}
		release();
		return left;
	}

	/**
	 * Give back the memory. Does nothing the second time.
	 */
	void release() {
		this.elements.clear();
		this.next = 0;
		this.settings.memory().release(this.bytes);
		this.bytes = 0;
	}

	private static long size(ChatClientResponse element) {
		long size = ELEMENT_BYTES;
		ChatResponse response = element.chatResponse();
		if (response != null) {
			for (Generation generation : response.getResults()) {
				AssistantMessage message = generation.getOutput();
				if (message != null) {
					size += size(message.getText());
					for (ToolCall call : message.getToolCalls()) {
						size += PER_VALUE + size(call.arguments());
					}
					for (Media media : message.getMedia()) {
						size += PER_VALUE + size(media.getData());
					}
					// Some providers put the thoughts of the model there
					for (Object value : message.getMetadata().values()) {
						size += PER_VALUE + size(value);
					}
				}
			}
		}
		return size;
	}

	private static long size(@Nullable Object value) {
		return (value instanceof CharSequence text) ? 2L * text.length()
				: (value instanceof byte[] bytes) ? bytes.length : 0;
	}

}
