package io.tokensaving.request;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import io.tokensaving.provider.Dialect;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.EmptyRateLimit;
import org.springframework.ai.chat.metadata.PromptMetadata;
import org.springframework.ai.chat.metadata.RateLimit;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.content.Media;
import org.springframework.util.ObjectUtils;
import org.springframework.util.StringUtils;

/**
 * Assembles the elements of a stream into the response that a call would have given, with
 * all its generations. Generations are told apart by the number that the provider gives
 * them, or by their position if each element holds all of them. If a stream is longer
 * than the limit, only its beginning is kept. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class ResponseAssembler {

	/**
	 * Texts in the metadata of a message that may be others in each element.
	 */
	private static final Set<String> VARYING_TEXTS = Set.of("id", "role", "finishReason", "finish_reason", "refusal");

	private final Dialect dialect;

	private final Map<Integer, Part> parts = new TreeMap<>();

	private final long maxBytes;

	private final @Nullable StreamMemory memory;

	private long bytes;

	private long charsKept;

	private long charsDropped;

	private boolean cut;

	private int perElement;

	private boolean numbered;

	private boolean unnumbered;

	private final Map<String, Object> metadata = new HashMap<>();

	private String id = "";

	private String model = "";

	private @Nullable Usage usage;

	private @Nullable RateLimit rateLimit;

	private @Nullable PromptMetadata promptMetadata;

	private boolean finished;

	private boolean lossless = true;

	/**
	 * Create an assembler that keeps a stream of any length.
	 * @param dialect reads the elements
	 */
	public ResponseAssembler(Dialect dialect) {
		this.dialect = dialect;
		this.maxBytes = Long.MAX_VALUE;
		this.memory = null;
	}

	/**
	 * Create an assembler that keeps a stream up to a limit and while memory is
	 * available. The caller has to {@linkplain #release() release} it.
	 * @param dialect reads the elements
	 * @param maxBytes the size in bytes up to which a stream is kept
	 * @param memory the memory that all streams share
	 */
	public ResponseAssembler(Dialect dialect, long maxBytes, StreamMemory memory) {
		this.dialect = dialect;
		this.maxBytes = maxBytes;
		this.memory = memory;
	}

	/**
	 * Add the next element.
	 * @param response the element
	 */
	public synchronized void add(ChatResponse response) {
		List<Generation> generations = response.getResults();
		int size = generations.size();
		Set<Integer> seen = (size > 1) ? new HashSet<>() : Set.of();
		for (int i = 0; i < size; i++) {
			Generation generation = generations.get(i);
			if (generation.getOutput() != null) {
				Integer number = this.dialect.candidateNumber(generation);
				int key = (number != null) ? number : i;
				note(number, size);
				if (size > 1 && !seen.add(key)) {
					// Readers see two generations here, which would share one part
					this.lossless = false;
				}
				this.parts.computeIfAbsent(key, (added) -> new Part()).add(generation, number != null);
			}
			this.finished = this.finished || this.dialect.isFinished(generation.getMetadata().getFinishReason());
		}
		ChatResponseMetadata metadata = response.getMetadata();
		if (StringUtils.hasText(metadata.getId())) {
			this.id = metadata.getId();
		}
		if (StringUtils.hasText(metadata.getModel())) {
			this.model = metadata.getModel();
		}
		Usage usage = metadata.getUsage();
		if (usage != null && (this.usage == null || total(usage) > 0)) {
			this.usage = usage;
		}
		RateLimit rateLimit = metadata.getRateLimit();
		if (rateLimit != null && !(rateLimit instanceof EmptyRateLimit)) {
			this.rateLimit = rateLimit;
		}
		PromptMetadata promptMetadata = metadata.getPromptMetadata();
		if (promptMetadata != null && promptMetadata.iterator().hasNext()) {
			this.promptMetadata = promptMetadata;
		}
		metadata.entrySet().forEach((entry) -> merge(this.metadata, entry.getKey(), entry.getValue()));
	}

	// Elements without a value repeat its key, and must not make it be forgotten. A
	// collection is sent once, or grows; of two different ones, one would be lost
	private void merge(Map<String, Object> metadata, String key, @Nullable Object value) {
		Object earlier = metadata.get(key);
		if (ObjectUtils.isEmpty(earlier)) {
			metadata.put(key, value);
		}
		else if (!ObjectUtils.isEmpty(value)) {
			if (!holds(value, earlier)) {
				this.lossless = false;
			}
			metadata.put(key, value);
		}
	}

	private static boolean holds(@Nullable Object value, @Nullable Object earlier) {
		if (earlier instanceof List<?> list) {
			return value instanceof List<?> longer && longer.size() >= list.size()
					&& longer.subList(0, list.size()).equals(list);
		}
		if (earlier instanceof Collection<?> collection) {
			return value instanceof Collection<?> longer && longer.containsAll(collection);
		}
		if (earlier instanceof Map<?, ?> map) {
			return value instanceof Map<?, ?> longer && longer.entrySet().containsAll(map.entrySet());
		}
		return !(earlier instanceof byte[] bytes) || (value instanceof byte[] others && Arrays.equals(bytes, others));
	}

	private static int total(Usage usage) {
		Integer total = usage.getTotalTokens();
		return (total != null) ? total : 0;
	}

	private void note(@Nullable Integer number, int size) {
		if (number != null) {
			this.numbered = true;
			return;
		}
		this.unnumbered = true;
		if (this.perElement == 0) {
			this.perElement = size;
		}
		else if (this.perElement != size) {
			// A position identifies a generation only if each element holds all of them
			this.lossless = false;
		}
	}

	private boolean keep(long size) {
		if (!this.cut) {
			this.cut = this.bytes + size > this.maxBytes || (this.memory != null && !this.memory.tryAcquire(size));
			if (!this.cut) {
				this.bytes += size;
				return true;
			}
			this.lossless = false;
		}
		return false;
	}

	/**
	 * Discard everything that was kept, and give back its memory. Later elements are not
	 * kept. Does nothing the second time.
	 */
	public synchronized void release() {
		this.parts.clear();
		this.lossless = false;
		giveBack();
	}

	/**
	 * Give back the memory of the stream although its text is still used for a moment.
	 * Later elements are not kept. Does nothing the second time.
	 */
	public synchronized void giveBack() {
		this.cut = true;
		if (this.memory != null) {
			this.memory.release(this.bytes);
		}
		this.bytes = 0;
	}

	/**
	 * Return the factor by which the whole text is longer than the text that was kept.
	 * @return 1 if all is kept, otherwise more
	 */
	public synchronized double scale() {
		return (this.charsDropped == 0) ? 1
				: (this.charsKept + this.charsDropped) / (double) Math.max(1, this.charsKept);
	}

	/**
	 * Whether several generations could have been told apart.
	 * @return {@code false} if no generation had a number and each element held only one
	 */
	public synchronized boolean tellsApart() {
		return this.numbered || this.perElement > 1;
	}

	/**
	 * Whether a generation has ended.
	 * @return {@code true} after the first finish reason
	 */
	public synchronized boolean isFinished() {
		return this.finished;
	}

	/**
	 * Whether all arguments of a tool call have arrived.
	 * @return {@code true} after the first call whose arguments are whole
	 */
	public synchronized boolean hasWholeToolCall() {
		return this.parts.values()
			.stream()
			.anyMatch((part) -> part.toolCalls.stream().anyMatch(StreamedToolCall::isWhole));
	}

	/**
	 * Whether the assembled response holds everything that the stream held. It does not
	 * if the stream contains the thoughts of the model, which come as separate elements
	 * that only metadata distinguishes from the answer; if generations or tool calls
	 * could not be told apart; if metadata contradict each other; or if the stream was
	 * longer than the limit.
	 * @return {@code false} if something would be lost
	 */
	public synchronized boolean isLossless() {
		return this.lossless && !(this.numbered && this.unnumbered && this.parts.size() > 1);
	}

	/**
	 * Whether the stream was longer than the limit, or than the memory that was left.
	 * @return whether only its beginning was kept
	 */
	public synchronized boolean isCut() {
		return this.cut;
	}

	/**
	 * Return the text of all generations so far.
	 * @return the text
	 */
	public synchronized String text() {
		StringBuilder text = new StringBuilder();
		this.parts.values().forEach((part) -> text.append(part.text));
		return text.toString();
	}

	/**
	 * Return the response so far.
	 * @return the response
	 */
	public synchronized ChatResponse assemble() {
		List<Generation> generations = new ArrayList<>(this.parts.size());
		this.parts.values().forEach((part) -> generations.add(part.toGeneration()));
		ChatResponseMetadata.Builder builder = ChatResponseMetadata.builder()
			.id(this.id)
			.model(this.model)
			.metadata(this.metadata);
		if (this.usage != null) {
			builder.usage(this.usage);
		}
		if (this.rateLimit != null) {
			builder.rateLimit(this.rateLimit);
		}
		if (this.promptMetadata != null) {
			builder.promptMetadata(this.promptMetadata);
		}
		return new ChatResponse(generations, builder.build());
	}

	private final class Part {

		private final StringBuilder text = new StringBuilder();

		private final Map<String, Object> messageMetadata = new HashMap<>();

		private final Map<String, Object> generationMetadata = new HashMap<>();

		private final List<StreamedToolCall> toolCalls = new ArrayList<>();

		private final List<Media> media = new ArrayList<>();

		private final List<String> contentFilters = new ArrayList<>();

		private @Nullable String finishReason;

		void add(Generation generation, boolean numbered) {
			AssistantMessage message = generation.getOutput();
			String text = message.getText();
			if (text != null && !text.isEmpty()) {
				if (!numbered && this.finishReason != null) {
					// The previous generation had ended, so this may be another one
					ResponseAssembler.this.lossless = false;
				}
				append(text);
			}
			message.getMetadata().forEach((key, value) -> {
				Object earlier = this.messageMetadata.get(key);
				if (isThought(key, value)
						|| (value instanceof String now && !now.isEmpty() && earlier instanceof String before
								&& !before.isEmpty() && !before.equals(now) && !VARYING_TEXTS.contains(key))) {
					ResponseAssembler.this.lossless = false;
				}
				merge(this.messageMetadata, key, value);
			});
			message.getToolCalls().forEach(this::add);
			message.getMedia().forEach((item) -> {
				if (keep(size(item.getData()))) {
					this.media.add(item);
				}
			});
			ChatGenerationMetadata metadata = generation.getMetadata();
			metadata.entrySet().forEach((entry) -> merge(this.generationMetadata, entry.getKey(), entry.getValue()));
			this.contentFilters.addAll(metadata.getContentFilters());
			if (ResponseAssembler.this.dialect.isFinished(metadata.getFinishReason())) {
				this.finishReason = metadata.getFinishReason();
			}
			if (message.getClass() != AssistantMessage.class) {
				ResponseAssembler.this.lossless = false;
			}
		}

		private void add(ToolCall call) {
			if (!keep(size(call.name()) + size(call.arguments()))) {
				return;
			}
			StreamedToolCall begun = begun(call);
			if (begun == null) {
				this.toolCalls.add(new StreamedToolCall(call));
			}
			else if (!begun.append(call)) {
				ResponseAssembler.this.lossless = false;
			}
		}

		// A further piece has the id of its call, or neither id nor name if it belongs to
		// the latest one
		private @Nullable StreamedToolCall begun(ToolCall call) {
			if (StringUtils.hasText(call.id())) {
				return this.toolCalls.stream().filter((begun) -> call.id().equals(begun.id())).findFirst().orElse(null);
			}
			return (StringUtils.hasText(call.name()) || this.toolCalls.isEmpty()) ? null
					: this.toolCalls.get(this.toolCalls.size() - 1);
		}

		private void append(String text) {
			if (keep(size(text))) {
				this.text.append(text);
				ResponseAssembler.this.charsKept += text.length();
			}
			else {
				ResponseAssembler.this.charsDropped += text.length();
			}
		}

		private static long size(@Nullable Object value) {
			return (value instanceof CharSequence text) ? 2L * text.length()
					: (value instanceof byte[] bytes) ? bytes.length : 0;
		}

		private static boolean isThought(String key, @Nullable Object value) {
			if (value == null || "".equals(value) || Boolean.FALSE.equals(value)) {
				return false;
			}
			String lowerCase = key.toLowerCase(Locale.ROOT);
			// Signatures of thoughts belong to what was answered after them
			return (lowerCase.contains("thought") && !lowerCase.contains("signature")) || lowerCase.contains("think")
					|| lowerCase.startsWith("reason") || lowerCase.equals("signature");
		}

		Generation toGeneration() {
			AssistantMessage message = AssistantMessage.builder()
				.content(this.text.toString())
				.properties(this.messageMetadata)
				.toolCalls(this.toolCalls.stream().map(StreamedToolCall::toToolCall).toList())
				.media(List.copyOf(this.media))
				.build();
			ChatGenerationMetadata.Builder metadata = ChatGenerationMetadata.builder()
				.finishReason(this.finishReason)
				.metadata(this.generationMetadata);
			this.contentFilters.forEach(metadata::contentFilter);
			return new Generation(message, metadata.build());
		}

	}

}
