package io.tokensaving.samples.gateway.wire.anthropic;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.samples.gateway.wire.anthropic.MessagesReader.ReadBlock;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import io.tokensaving.samples.gateway.wire.message.WireAssistantMessage;
import io.tokensaving.samples.gateway.wire.message.WireMessage.Said;
import io.tokensaving.samples.gateway.wire.message.WireSystemMessage;
import io.tokensaving.samples.gateway.wire.message.WireUserMessage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeType;
import org.springframework.util.MimeTypeUtils;

/**
 * Makes messages of what was read. What a class of Spring AI can hold whole is one of it,
 * so that advisors may shorten it; the rest is a {@code WireMessage}.
 */
final class Projection {

	/**
	 * What stands between the texts of several blocks.
	 */
	static final String BETWEEN = "\n\n";

	// The type that the client names is in the rest
	private static final MimeType IMAGE = MimeTypeUtils.parseMimeType("image/*");

	private static final MimeType DOCUMENT = MimeTypeUtils.parseMimeType("application/*");

	private static final String ASSISTANT = "assistant";

	private static final Set<String> TEXT = Set.of("type", "text");

	private static final Set<String> CALL = Set.of("type", "id", "name", "input");

	private Projection() {
	}

	static Message system(String text, Map<String, Object> metadata) {
		return SystemMessage.builder().text(text).metadata(metadata).build();
	}

	static Message system(ReadBlock block, Map<String, Object> metadata) {
		String text = block.block().text();
		if (isPlainText(block) && text != null) {
			return system(text, metadata);
		}
		return new WireSystemMessage((text != null) ? text : "", Map.of("block", block.value()), metadata);
	}

	static Message text(String role, String text, Map<String, @Nullable Object> rest, Map<String, Object> metadata) {
		if (rest.containsKey("role")) {
			return other(role, text, rest, metadata);
		}
		if (!rest.isEmpty()) {
			return role.equals(ASSISTANT) ? new WireAssistantMessage(text, List.of(), rest, metadata)
					: new WireUserMessage(text, List.of(), rest, metadata);
		}
		return role.equals(ASSISTANT) ? AssistantMessage.builder().content(text).properties(metadata).build()
				: UserMessage.builder().text(text).metadata(metadata).build();
	}

	// The provider says what it thinks of a role that is not known here
	private static Message other(String role, String text, Map<String, @Nullable Object> rest,
			Map<String, Object> metadata) {
		return role.equals("system") ? new WireSystemMessage(text, rest, metadata)
				: new WireUserMessage(text, List.of(), rest, metadata);
	}

	static Message blocks(String role, List<ReadBlock> blocks, boolean given, Map<String, @Nullable Object> rest,
			Map<String, Object> metadata) {
		String text = joined(blocks);
		List<ToolCall> calls = role.equals(ASSISTANT) ? calls(blocks) : List.of();
		if (rest.isEmpty() && isPlain(role, blocks)) {
			return role.equals(ASSISTANT)
					? AssistantMessage.builder().content(text).properties(metadata).toolCalls(calls).build()
					: UserMessage.builder().text(text).metadata(metadata).build();
		}
		Map<String, @Nullable Object> all = new LinkedHashMap<>(rest);
		boolean attached = !role.equals(ASSISTANT) && !rest.containsKey("role");
		if (given) {
			all.put("content", values(blocks, attached));
		}
		if (rest.containsKey("role")) {
			return other(role, text, all, metadata);
		}
		return role.equals(ASSISTANT) ? new WireAssistantMessage(text, calls, all, metadata)
				: new WireUserMessage(text, media(blocks), all, metadata);
	}

	private static List<Media> media(List<ReadBlock> blocks) {
		List<Media> media = new ArrayList<>();
		for (ReadBlock block : blocks) {
			Media attachment = media(block);
			if (attachment != null) {
				media.add(attachment);
			}
		}
		return media;
	}

	private static @Nullable Media media(ReadBlock block) {
		boolean image = block.block().type().equals("image");
		if ((!image && !block.block().type().equals("document"))
				|| !(block.value().get("source") instanceof Map<?, ?> source)
				|| !(source.get("data") instanceof String data) || !"base64".equals(source.get("type"))) {
			return null;
		}
		MimeType type = image ? IMAGE : DOCUMENT;
		return Media.builder().mimeType(type).data(data).name(block.block().type()).build();
	}

	private static boolean isPlain(String role, List<ReadBlock> blocks) {
		if (blocks.isEmpty()) {
			return false;
		}
		if (!role.equals(ASSISTANT)) {
			return blocks.size() == 1 && isPlainText(blocks.get(0));
		}
		for (int i = 0; i < blocks.size(); i++) {
			ReadBlock block = blocks.get(i);
			boolean call = block.isCall() && block.input() != null && block.value().keySet().equals(CALL)
					&& !block.block().id().isEmpty() && !block.text("name").isEmpty();
			if (!call && !(i == 0 && isPlainText(block) && !block.text("text").isEmpty())) {
				return false;
			}
		}
		return true;
	}

	private static boolean isPlainText(ReadBlock block) {
		return block.isText() && block.value().keySet().equals(TEXT);
	}

	private static List<ToolCall> calls(List<ReadBlock> blocks) {
		List<ToolCall> calls = new ArrayList<>();
		for (ReadBlock block : blocks) {
			if (block.isCall()) {
				calls.add(new ToolCall(block.block().id(), "function", block.text("name"),
						(block.input() != null) ? block.input() : ""));
			}
		}
		return calls;
	}

	/**
	 * Join the texts of blocks.
	 * @param blocks the blocks
	 * @return the text, empty if there is none
	 */
	static String joined(List<ReadBlock> blocks) {
		List<String> texts = new ArrayList<>();
		for (ReadBlock block : blocks) {
			if (block.isText() && block.block().text() != null) {
				texts.add(block.block().text());
			}
		}
		return (texts.size() == 1) ? texts.get(0) : String.join(BETWEEN, texts);
	}

	// One text is said by the text of the message; of several, only where they end
	private static List<Object> values(List<ReadBlock> blocks, boolean attached) {
		boolean single = blocks.stream().filter(ReadBlock::isText).count() == 1;
		List<Object> values = new ArrayList<>();
		for (ReadBlock block : blocks) {
			if (!block.isText() || block.block().text() == null) {
				values.add((attached && media(block) != null) ? withoutData(block.value()) : block.value());
				continue;
			}
			Map<String, @Nullable Object> value = new LinkedHashMap<>(block.value());
			value.put("text", Said.TEXT);
			values.add(single ? value : List.of(value, block.block().text().length()));
		}
		return values;
	}

	private static Map<String, @Nullable Object> withoutData(Map<String, @Nullable Object> block) {
		Map<String, @Nullable Object> without = new LinkedHashMap<>(block);
		if (block.get("source") instanceof Map<?, ?> source) {
			Map<Object, @Nullable Object> rest = new LinkedHashMap<>(source);
			rest.put("data", Said.MEDIA);
			without.put("source", rest);
		}
		return without;
	}

	/**
	 * Make a message of results of tools. Advisors shorten the texts of any such message,
	 * and make a new one of them that has no rest. So what the texts do not say is in the
	 * name of the tool, which they keep and which is part of the keys of answers.
	 * @param blocks the results
	 * @param names the names of the tools by the ids of calls
	 * @param rest the rest of the message
	 * @param metadata the metadata
	 * @return the message
	 */
	static Message results(List<ReadBlock> blocks, Map<String, String> names, Map<String, @Nullable Object> rest,
			Map<String, Object> metadata) {
		List<ToolResponse> responses = new ArrayList<>();
		for (ReadBlock block : blocks) {
			String id = block.block().id();
			String name = names.getOrDefault(id, "");
			Map<String, @Nullable Object> more = rest(block);
			if (!rest.isEmpty() && responses.isEmpty()) {
				more.put("message", rest);
			}
			String text = block.block().text();
			responses.add(new ToolResponse(id, more.isEmpty() ? name : name + "#" + digest(more),
					(text != null) ? text : ""));
		}
		return ToolResponseMessage.builder().responses(responses).metadata(metadata).build();
	}

	private static Map<String, @Nullable Object> rest(ReadBlock block) {
		Map<String, @Nullable Object> more = new LinkedHashMap<>(block.value());
		boolean said = block.value().get("content") instanceof String;
		if (block.value().get("content") instanceof List<?> content && content.size() == 1
				&& content.get(0) instanceof Map<?, ?> only && only.keySet().equals(TEXT)
				&& "text".equals(only.get("type")) && only.get("text") instanceof String) {
			said = true;
		}
		if (said) {
			more.remove("content");
		}
		else if (!more.containsKey("content")) {
			more.put("content", Boolean.FALSE);
		}
		more.remove("type");
		if (more.get("tool_use_id") instanceof String) {
			more.remove("tool_use_id");
		}
		return more;
	}

	private static String digest(Map<String, @Nullable Object> rest) {
		try {
			MessageDigest digest = MessageDigest.getInstance("SHA-256");
			return HexFormat.of().formatHex(digest.digest(JsonWriter.write(rest).getBytes(StandardCharsets.UTF_8)));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	/**
	 * Makes a message once its place is known.
	 */
	interface Source {

		Message at(Map<String, Object> metadata);

	}

}
