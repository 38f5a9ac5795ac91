package io.tokensaving.request;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tokensaving.TokenSaving;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.Dialects;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.content.MediaContent;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.CollectionUtils;

/**
 * Fingerprints of a request: SHA-256 over an injective encoding of everything that can
 * change the answer. Two requests with the same fingerprint would be answered the same.
 * <p>
 * The encoding covers workspace, plan and scope; the class and the properties of the
 * options, except those that cannot change the answer such as credentials and timeouts;
 * HTTP headers among the options, except credentials, tracing and ids; tool definitions;
 * the structured output format; what decides which model answers; and for every message
 * its role, text, media, tool calls and tool results, with those parts of its metadata
 * that are sent to the provider (reasoning and signatures). Each fingerprint has 64
 * hexadecimal digits. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param exact over the whole request
 * @param prefix over everything but the last user message
 * @param partition over everything but the text of the last user message
 */
public record RequestFingerprint(String exact, String prefix, String partition) {

	/**
	 * The version of the encoding. It changes with the encoding, so that old entries are
	 * not found.
	 */
	private static final String FORMAT = "token-saving/2";

	private static final Set<Class<?>> PLAIN_MESSAGES = Set.of(UserMessage.class, SystemMessage.class,
			AssistantMessage.class, ToolResponseMessage.class);

	/**
	 * Properties of a message that the generic encoding skips: they are encoded
	 * separately or, like derived views, not at all.
	 */
	private static final Set<String> ENCODED_PROPERTIES = Set.of("text", "textcontent", "media", "metadata",
			"messagetype", "toolcalls", "responses", "content");

	/**
	 * Parts of the names of metadata that is sent to providers: reasoning, signatures of
	 * thoughts, additional properties of tool calls.
	 */
	private static final List<String> SENT_METADATA = List.of("reason", "think", "thought", "signature", "additional",
			"redacted");

	static RequestFingerprint of(String workspace, String plan, @Nullable String scope, Prompt prompt,
			CallState.OutputFormat format, @Nullable String answerInputs, Dialects dialects) {
		CanonicalDigest digest = circumstances(workspace, plan, scope, prompt, format, answerInputs, dialects);
		List<Message> messages = prompt.getInstructions();
		int last = lastUserMessage(messages);
		digest.size(messages.size());
		digest.size(last);
		for (int i = 0; i < messages.size(); i++) {
			if (i != last) {
				Message message = messages.get(i);
				envelope(digest, message);
				digest.value(message.getText());
			}
		}
		String prefix = digest.hexAt('P');
		if (last >= 0) {
			envelope(digest, messages.get(last));
		}
		String partition = digest.hexAt('S');
		if (last >= 0) {
			digest.value(messages.get(last).getText());
		}
		return new RequestFingerprint(digest.hexAt('E'), prefix, partition);
	}

	/**
	 * Compute a partition without the earlier turns: system messages, options and formats
	 * only. It never equals the partition of a fingerprint.
	 */
	static String partitionWithoutHistory(String workspace, String plan, @Nullable String scope, Prompt prompt,
			CallState.OutputFormat format, @Nullable String answerInputs, Dialects dialects) {
		CanonicalDigest digest = circumstances(workspace, plan, scope, prompt, format, answerInputs, dialects);
		List<Message> messages = prompt.getInstructions();
		for (Message message : messages) {
			if (message instanceof SystemMessage) {
				envelope(digest, message);
				digest.value(message.getText());
			}
		}
		int last = lastUserMessage(messages);
		if (last >= 0) {
			envelope(digest, messages.get(last));
		}
		return digest.hexAt('H');
	}

	// Encodes everything but the messages
	private static CanonicalDigest circumstances(String workspace, String plan, @Nullable String scope, Prompt prompt,
			CallState.OutputFormat format, @Nullable String answerInputs, Dialects dialects) {
		Dialect dialect = dialects.of(prompt.getOptions());
		CanonicalDigest digest = new CanonicalDigest(dialect);
		digest.string(FORMAT);
		digest.string(workspace);
		digest.string(plan);
		digest.value(scope);
		options(digest, prompt.getOptions(), dialect);
		digest.value(format.format());
		digest.value(format.schema());
		digest.value(format.providerNative());
		// Its type tells it apart from what follows, so that nothing need stand here
		// without
		if (answerInputs != null) {
			digest.string(answerInputs);
		}
		return digest;
	}

	private static int lastUserMessage(List<Message> messages) {
		for (int i = messages.size() - 1; i >= 0; i--) {
			if (messages.get(i) instanceof UserMessage) {
				return i;
			}
		}
		return -1;
	}

	/**
	 * Encode options and the definitions of their tools.
	 * @param digest the digest
	 * @param options the options, or {@code null} if there are none
	 * @param dialect knows which of them cannot change an answer
	 */
	static void options(CanonicalDigest digest, @Nullable ChatOptions options, Dialect dialect) {
		if (options == null) {
			digest.value(null);
			return;
		}
		digest.string(options.getClass().getName());
		digest.properties(options, dialect::isIrrelevantOption);
		List<ToolCallback> tools = (options instanceof ToolCallingChatOptions toolOptions)
				? toolOptions.getToolCallbacks() : null;
		if (CollectionUtils.isEmpty(tools)) {
			digest.size(0);
			return;
		}
		List<ToolDefinition> definitions = tools.stream()
			.map(ToolCallback::getToolDefinition)
			.sorted(Comparator.comparing(ToolDefinition::name)
				.thenComparing(ToolDefinition::description)
				.thenComparing(ToolDefinition::inputSchema))
			.toList();
		digest.size(definitions.size());
		definitions.forEach(digest::value);
	}

	// Encodes everything of a message but its text
	private static void envelope(CanonicalDigest digest, Message message) {
		digest.string(message.getMessageType().name());
		List<Media> media = (message instanceof MediaContent content) ? content.getMedia() : null;
		digest.list((media != null) ? media : List.of());
		digest.list((message instanceof AssistantMessage assistant && assistant.getToolCalls() != null)
				? assistant.getToolCalls() : List.of());
		digest.list((message instanceof ToolResponseMessage tool) ? tool.getResponses() : List.of());
		metadata(digest, message);
		if (PLAIN_MESSAGES.contains(message.getClass())) {
			digest.value(null);
		}
		else {
			digest.string(message.getClass().getName());
			digest.properties(message, ENCODED_PROPERTIES::contains);
		}
	}

	private static void metadata(CanonicalDigest digest, Message message) {
		// Every message has at least one entry, its type
		if (message instanceof AssistantMessage && message.getMetadata().size() > 1) {
			for (Map.Entry<String, Object> entry : message.getMetadata()
				.entrySet()
				.stream()
				.filter((entry) -> isSent(entry.getKey(), entry.getValue()))
				.sorted(Map.Entry.comparingByKey())
				.toList()) {
				digest.string(entry.getKey());
				digest.value(entry.getValue());
			}
		}
		digest.value(null);
	}

	private static boolean isSent(String key, @Nullable Object value) {
		if (value == null || "".equals(value) || "finishReason".equals(key)) {
			return false;
		}
		String lowerCase = key.toLowerCase(Locale.ROOT);
		// The tier that has answered a conversation so far may go on to answer it
		return TokenSaving.TIER.equals(key) || SENT_METADATA.stream().anyMatch(lowerCase::contains);
	}

}
