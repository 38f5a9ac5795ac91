package io.tokensaving.samples.gateway.wire.openai;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireFormat;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.json.JsonTexts;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * OpenAI's chat completions. It can also write prompts that no client has sent.
 * Immutable.
 */
public final class ChatCompletionsFormat implements WireFormat {

	/**
	 * The name of the format.
	 */
	public static final String NAME = "chat-completions";

	@Override
	public String name() {
		return NAME;
	}

	@Override
	public String path() {
		return "/chat/completions";
	}

	@Override
	public WireRequest read(byte[] body) {
		return ChatReader.read(body, NAME);
	}

	@Override
	public byte[] write(Prompt prompt, boolean stream) {
		if (prompt.getOptions() instanceof WireOptions options
				&& options.getDocument() instanceof ChatDocument document) {
			return new ChatWriter(document, options).write(prompt.getInstructions(), stream);
		}
		return ChatBodies.request(prompt, stream);
	}

	@Override
	public ChatResponse readAnswer(byte[] body, WireOptions options) {
		return ChatAnswers.read(body);
	}

	@Override
	public WireStream readStream(WireOptions options) {
		return new ChatStream(asksForUsage(options));
	}

	@Override
	public List<ServerSentEvent> cut(String body, WireOptions options) {
		return ChatCutter.cut(body, asksForUsage(options));
	}

	private static boolean asksForUsage(WireOptions options) {
		return options.getDocument() instanceof ChatDocument document && document.usageAsked();
	}

	@Override
	public byte[] error(int status, String type, String message, @Nullable String param, @Nullable String code) {
		Map<String, @Nullable Object> error = new LinkedHashMap<>();
		error.put("message", message);
		error.put("type", type);
		error.put("param", param);
		error.put("code", code);
		return JsonWriter.write(Map.of("error", error)).getBytes(StandardCharsets.UTF_8);
	}

	@Override
	public String withTexts(String body, List<String> texts) {
		JsonTexts answer = new JsonTexts(body);
		List<JsonTexts.Text> found = answer.find(ChatAnswers.CHOICES, "message", "content");
		for (int i = 0; i < Math.min(found.size(), texts.size()); i++) {
			answer.replace(found.get(i), texts.get(i));
		}
		return answer.body();
	}

}
