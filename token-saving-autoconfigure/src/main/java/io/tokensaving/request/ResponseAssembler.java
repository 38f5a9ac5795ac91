package io.tokensaving.request;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.content.Media;
import org.springframework.util.StringUtils;

/**
 * Puts the elements of a stream together to the response that a call would have given,
 * with all its generations. Thread-safe.
 */
public final class ResponseAssembler {

	private final Map<Integer, Part> parts = new TreeMap<>();

	private final Map<String, Object> metadata = new HashMap<>();

	private String id = "";

	private String model = "";

	private @Nullable Usage usage;

	private boolean finished;

	private boolean lossless = true;

	/**
	 * Add the next element.
	 * @param response the element
	 */
	public synchronized void add(ChatResponse response) {
		List<Generation> generations = response.getResults();
		for (int i = 0; i < generations.size(); i++) {
			Generation generation = generations.get(i);
			if (generation.getOutput() != null) {
				this.parts.computeIfAbsent(index(generation, i), (index) -> new Part()).add(generation);
			}
			this.finished = this.finished || FinishReason.isGiven(generation.getMetadata().getFinishReason());
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
		metadata.entrySet().forEach((entry) -> this.metadata.put(entry.getKey(), entry.getValue()));
	}

	private static int total(Usage usage) {
		Integer total = usage.getTotalTokens();
		return (total != null) ? total : 0;
	}

	private static int index(Generation generation, int position) {
		Object index = generation.getOutput().getMetadata().get("index");
		return (index instanceof Number number) ? number.intValue() : position;
	}

	/**
	 * Whether a generation has said that it has ended.
	 * @return {@code true} after the first finish reason
	 */
	public synchronized boolean isFinished() {
		return this.finished;
	}

	/**
	 * Whether the assembled response holds all that the stream held. It does not if the
	 * model thought aloud: thoughts and answer come as separate elements, told apart by
	 * metadata only.
	 * @return {@code false} if something would be lost
	 */
	public synchronized boolean isLossless() {
		return this.lossless;
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
		return new ChatResponse(generations, builder.build());
	}

	private final class Part {

		private final StringBuilder text = new StringBuilder();

		private final Map<String, Object> messageMetadata = new HashMap<>();

		private final Map<String, Object> generationMetadata = new HashMap<>();

		private final List<ToolCall> toolCalls = new ArrayList<>();

		private final List<Media> media = new ArrayList<>();

		private final List<String> contentFilters = new ArrayList<>();

		private @Nullable String finishReason;

		void add(Generation generation) {
			AssistantMessage message = generation.getOutput();
			if (message.getText() != null) {
				this.text.append(message.getText());
			}
			message.getMetadata().forEach((key, value) -> {
				this.messageMetadata.put(key, value);
				if (isThought(key, value)) {
					ResponseAssembler.this.lossless = false;
				}
			});
			this.toolCalls.addAll(message.getToolCalls());
			this.media.addAll(message.getMedia());
			ChatGenerationMetadata metadata = generation.getMetadata();
			metadata.entrySet().forEach((entry) -> this.generationMetadata.put(entry.getKey(), entry.getValue()));
			this.contentFilters.addAll(metadata.getContentFilters());
			if (FinishReason.isGiven(metadata.getFinishReason())) {
				this.finishReason = metadata.getFinishReason();
			}
			if (message.getClass() != AssistantMessage.class) {
				ResponseAssembler.this.lossless = false;
			}
		}

		private static boolean isThought(String key, @Nullable Object value) {
			if (value == null || "".equals(value) || Boolean.FALSE.equals(value)) {
				return false;
			}
			String lowerCase = key.toLowerCase(Locale.ROOT);
			return lowerCase.contains("thought") || lowerCase.contains("think") || lowerCase.startsWith("reason")
					|| lowerCase.equals("signature");
		}

		Generation toGeneration() {
			AssistantMessage message = AssistantMessage.builder()
				.content(this.text.toString())
				.properties(this.messageMetadata)
				.toolCalls(List.copyOf(this.toolCalls))
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
