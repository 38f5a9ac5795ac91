package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import io.tokensaving.ledger.TokenScale;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.content.Media;
import org.springframework.ai.content.MediaContent;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.StringUtils;

/**
 * A prompt in the order in which providers read it, tools, system text, messages, with a
 * digest of everything up to each place where a prefix may end. Everything is hashed
 * once, and its tokens are estimated on the way. Immutable.
 */
final class PromptSegments {

	private static final int FRONT = -1;

	// As TokenCounter has them
	private static final int MESSAGE_OVERHEAD = 4;

	private static final int TOOL_OVERHEAD = 8;

	private static final int MEDIA_TOKENS = 1000;

	private static final int BYTES_A_TOKEN = 3;

	private static final long MAX_TOKENS = Integer.MAX_VALUE / 4;

	private final List<Message> messages;

	private final List<PrefixBoundary> boundaries;

	private final int[] messageOf;

	private final PrefixHash.Value tools;

	private final boolean split;

	private PromptSegments(Builder builder) {
		this.messages = builder.messages;
		this.boundaries = List.copyOf(builder.boundaries);
		this.messageOf = builder.messageOf.stream().mapToInt(Integer::intValue).toArray();
		this.tools = builder.tools;
		this.split = builder.split;
	}

	/**
	 * Return the messages as the model is sent them: Spring AI appends the format of a
	 * structured answer to the last question, unless the provider enforces it. That
	 * happens behind all advisors, and in calls only.
	 * @param request the request
	 * @param stream whether the answer is streamed
	 * @return the messages, which must not be sent
	 */
	static List<Message> sent(ChatClientRequest request, boolean stream) {
		List<Message> messages = request.prompt().getInstructions();
		String format = stream ? null : text(request, ChatClientAttributes.OUTPUT_FORMAT);
		if (!StringUtils.hasText(format) || nativeSchema(request, stream) != null) {
			return messages;
		}
		List<Message> sent = new ArrayList<>(messages);
		for (int i = sent.size() - 1; i >= 0; i--) {
			if (sent.get(i) instanceof UserMessage user) {
				sent.set(i, user.mutate().text(user.getText() + System.lineSeparator() + format).build());
				return sent;
			}
		}
		return messages;
	}

	/**
	 * Return the schema that Spring AI puts into the options behind all advisors.
	 * @param request the request
	 * @param stream whether the answer is streamed
	 * @return the schema, or {@code null} if there is none
	 */
	static @Nullable String nativeSchema(ChatClientRequest request, boolean stream) {
		String schema = stream ? null : text(request, ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA);
		boolean enforced = StringUtils.hasText(schema)
				&& request.context().containsKey(ChatClientAttributes.STRUCTURED_OUTPUT_NATIVE.getKey())
				&& request.prompt().getOptions() instanceof StructuredOutputChatOptions;
		return enforced ? schema : null;
	}

	private static @Nullable String text(ChatClientRequest request, ChatClientAttributes attribute) {
		return (request.context().get(attribute.getKey()) instanceof String text) ? text : null;
	}

	/**
	 * Divide a prompt.
	 * @param options the options with the tools as they are sent
	 * @param sent the messages as the model is sent them
	 * @param schema the schema that is added to the options, or {@code null}
	 * @param target where the request goes
	 * @param injector knows what can be marked
	 * @param scale how the model is counted
	 * @param systemHead how many characters of the one system text are sent as a part of
	 * their own, or 0 if all of it is one part
	 * @return the segments
	 */
	static PromptSegments of(ChatOptions options, List<Message> sent, @Nullable String schema, CacheTarget target,
			PromptCacheInjector injector, TokenScale scale, int systemHead) {
		return new Builder(options, sent, schema, target, injector, scale, systemHead).build();
	}

	static List<ToolCallback> tools(@Nullable ChatOptions options) {
		List<ToolCallback> tools = (options instanceof ToolCallingChatOptions toolOptions)
				? toolOptions.getToolCallbacks() : null;
		return (tools != null) ? tools : List.of();
	}

	List<Message> messages() {
		return this.messages;
	}

	List<PrefixBoundary> boundaries() {
		return this.boundaries;
	}

	/**
	 * Return the message behind which a prefix ends.
	 * @param boundary the index of the boundary
	 * @return the index of the message, negative if the prefix ends in front of all
	 */
	int message(int boundary) {
		return this.messageOf[boundary];
	}

	/**
	 * Whether the prefix with the system text ends within it.
	 * @return whether the system text has two parts
	 */
	boolean isSplit() {
		return this.split;
	}

	boolean isMarked(Segment segment, List<CacheMark> marks) {
		return marks.stream().anyMatch((mark) -> this.boundaries.get(mark.boundary()).segment() == segment);
	}

	/**
	 * Return how many tokens the prompt has up to the end of a segment.
	 * @param segment the segment
	 * @return the tokens, 0 if there is no such segment
	 */
	int tokens(Segment segment) {
		for (PrefixBoundary boundary : this.boundaries) {
			if (boundary.segment() == segment) {
				return boundary.tokens();
			}
		}
		return 0;
	}

	/**
	 * Return how many tokens the prompt has.
	 * @return the tokens
	 */
	int tokens() {
		return this.boundaries.isEmpty() ? 0 : this.boundaries.get(this.boundaries.size() - 1).tokens();
	}

	/**
	 * Return the digest of the tools and of the options that belong in front.
	 * @return the digest
	 */
	PrefixHash.Value toolsDigest() {
		return this.tools;
	}

	/**
	 * Return the digest of the first message alone, which stays the same for a
	 * conversation.
	 * @param scale how the model is counted, which knows what is sent beside texts
	 * @return the digest
	 */
	PrefixHash.Value conversationDigest(TokenScale scale) {
		PrefixHash hash = new PrefixHash();
		for (Message message : this.messages) {
			if (!(message instanceof SystemMessage)) {
				Builder.hash(hash, message, scale);
				break;
			}
		}
		return hash.at();
	}

	/**
	 * Builds segments in one pass.
	 */
	private static final class Builder {

		private final List<Message> messages;

		private final List<PrefixBoundary> boundaries = new ArrayList<>();

		private final List<Integer> messageOf = new ArrayList<>();

		private final PrefixHash hash = new PrefixHash();

		private final PrefixHash.Value tools;

		private final boolean split;

		private final double factor;

		// Of roles, delimiters and attachments
		private int overhead;

		private int blocks;

		Builder(ChatOptions options, List<Message> sent, @Nullable String schema, CacheTarget target,
				PromptCacheInjector injector, TokenScale scale, int systemHead) {
			this.messages = sent;
			this.split = systemHead > 0;
			this.factor = scale.factor();
			this.hash.values(target.frontOptions()).text(schema);
			List<ToolCallback> callbacks = PromptSegments.tools(options);
			this.hash.mark('T', callbacks.size());
			for (ToolCallback callback : callbacks) {
				ToolDefinition tool = callback.getToolDefinition();
				this.hash.content(tool.name()).content(tool.description()).content(tool.inputSchema());
			}
			this.tools = this.hash.at();
			if (!callbacks.isEmpty()) {
				this.overhead = callbacks.size() * TOOL_OVERHEAD;
				this.blocks = callbacks.size();
				end(Segment.TOOLS, FRONT, true);
			}
			system(injector, systemHead);
			this.hash.values(target.messageOptions());
			int last = lastMessage();
			for (int i = 0; i <= last; i++) {
				Message message = sent.get(i);
				if (!(message instanceof SystemMessage)) {
					this.overhead += hash(this.hash, message, scale);
					this.blocks += blocks(message);
					end((i == last) ? Segment.TAIL : Segment.HISTORY, i, injector.isMarkable(sent, i));
				}
			}
		}

		PromptSegments build() {
			return new PromptSegments(this);
		}

		private int lastMessage() {
			int last = this.messages.size() - 1;
			while (last >= 0 && this.messages.get(last) instanceof SystemMessage) {
				last--;
			}
			return last;
		}

		private void system(PromptCacheInjector injector, int head) {
			boolean blank = true;
			String rest = null;
			int number = 0;
			for (Message message : this.messages) {
				if (message instanceof SystemMessage) {
					String text = message.getText();
					if (head > 0 && text != null) {
						rest = text.substring(head);
						text = text.substring(0, head);
					}
					this.hash.mark('S', number++).content(text);
					this.overhead += MESSAGE_OVERHEAD;
					blank &= !StringUtils.hasText(message.getText());
				}
			}
			if (number > 0) {
				this.blocks++;
				end(Segment.SYSTEM, FRONT, !blank && injector.isSystemMarkable(this.messages));
			}
			if (rest != null) {
				this.blocks++;
				this.hash.mark('S', number).content(rest);
				this.overhead += MESSAGE_OVERHEAD;
			}
		}

		private void end(Segment segment, int message, boolean markable) {
			PrefixHash.Value value = this.hash.at();
			int tokens = (int) Math.min(MAX_TOKENS, this.overhead + Math.round(this.factor * this.hash.tokens()));
			this.boundaries.add(new PrefixBoundary(segment, value.high(), value.low(), tokens, this.blocks, markable));
			this.messageOf.add(message);
		}

		// Returns the tokens of what is not text
		private static int hash(PrefixHash hash, Message message, TokenScale scale) {
			int overhead = MESSAGE_OVERHEAD;
			hash.mark('M', 0).text(message.getMessageType().name()).content(message.getText());
			if (message instanceof MediaContent content && content.getMedia() != null) {
				for (Media media : content.getMedia()) {
					hash.mark('I', 0).text(media.getMimeType().toString()).value(media.getData());
					overhead += MEDIA_TOKENS;
				}
			}
			if (message instanceof AssistantMessage assistant) {
				for (AssistantMessage.ToolCall call : assistant.getToolCalls()) {
					hash.mark('C', 0).text(call.id()).content(call.name()).content(call.arguments());
					overhead += MESSAGE_OVERHEAD;
				}
				Collection<?> reasoning = scale.dialect().reasoning(assistant);
				hash.mark('l', reasoning.size());
				for (Object part : reasoning) {
					if (part instanceof byte[] bytes) {
						hash.bytes(bytes);
						overhead += bytes.length / BYTES_A_TOKEN;
					}
					else {
						hash.content((String) part);
					}
				}
			}
			if (message instanceof ToolResponseMessage results) {
				for (ToolResponseMessage.ToolResponse result : results.getResponses()) {
					hash.mark('R', 0).text(result.id()).content(result.name()).content(result.responseData());
					overhead += MESSAGE_OVERHEAD;
				}
			}
			return overhead;
		}

		private static int blocks(Message message) {
			if (message instanceof ToolResponseMessage results) {
				return results.getResponses().size();
			}
			int blocks = StringUtils.hasText(message.getText()) ? 1 : 0;
			if (message instanceof AssistantMessage assistant) {
				blocks += assistant.getToolCalls().size();
			}
			if (message instanceof MediaContent content && content.getMedia() != null) {
				blocks += content.getMedia().size();
			}
			return blocks;
		}

	}

}
