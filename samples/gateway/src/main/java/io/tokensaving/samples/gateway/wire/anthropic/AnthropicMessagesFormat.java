package io.tokensaving.samples.gateway.wire.anthropic;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireFormat;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import io.tokensaving.samples.gateway.wire.json.JsonTexts;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.util.Assert;

/**
 * Anthropic's Messages, for upstreams that speak them: nothing is translated, so that
 * thinking, signatures and marks of the prompt cache stay what they are.
 */
public final class AnthropicMessagesFormat implements WireFormat {

	/**
	 * The name of the format.
	 */
	public static final String NAME = "messages";

	private static final Set<String> ERROR_TYPES = Set.of("authentication_error", "billing_error", "permission_error",
			"not_found_error", "request_too_large", "rate_limit_error", "api_error", "timeout_error",
			"overloaded_error");

	private static final long FIVE_MINUTES = 300;

	@Override
	public String name() {
		return NAME;
	}

	@Override
	public String path() {
		return "/v1/messages";
	}

	@Override
	public WireRequest read(byte[] body) {
		return MessagesReader.read(body);
	}

	@Override
	public byte[] write(Prompt prompt, boolean stream) {
		WireOptions options = (prompt.getOptions() instanceof WireOptions given) ? given : null;
		Assert.isTrue(options != null && options.getDocument() instanceof MessagesDocument,
				"'prompt' must have options with a document of this format");
		return MessagesWriter.write((MessagesDocument) options.getDocument(), options, prompt, stream);
	}

	@Override
	public ChatResponse readAnswer(byte[] body, WireOptions options) {
		return MessagesAnswer.read(body, keepsForAnHour(options));
	}

	@Override
	public WireStream readStream(WireOptions options) {
		return new MessagesStream(keepsForAnHour(options));
	}

	// What an answer may not say: how long the provider keeps what it has written
	private static boolean keepsForAnHour(WireOptions options) {
		if (options.getDocument() instanceof MessagesDocument document && document.isCacheManaged()) {
			return document.marks() == MessagesDocument.Marks.ONE_HOUR;
		}
		CacheInjection injection = options.getCacheInjection();
		return injection != null && (isHour(injection.tools()) || isHour(injection.system())
				|| injection.behindMessages().values().stream().anyMatch(AnthropicMessagesFormat::isHour));
	}

	static boolean isHour(@Nullable CacheTtl ttl) {
		return ttl != null && ttl.duration().toSeconds() > FIVE_MINUTES;
	}

	@Override
	public List<ServerSentEvent> cut(String body, WireOptions options) {
		return MessagesCutter.cut(body);
	}

	@Override
	public byte[] error(int status, String type, String message, @Nullable String param, @Nullable String code) {
		ObjectNode error = AnswerJson.object().put("type", "error");
		error.putObject("error")
			.put("type", ERROR_TYPES.contains(type) ? type : type(status))
			.put("message", (param != null && !message.contains(param)) ? param + ": " + message : message);
		return error.putNull("request_id").toString().getBytes(StandardCharsets.UTF_8);
	}

	@Override
	public ServerSentEvent errorEvent(String error, int sent) {
		return new ServerSentEvent("error", error);
	}

	private static String type(int status) {
		return switch (status) {
			case 401 -> "authentication_error";
			case 402 -> "billing_error";
			case 403 -> "permission_error";
			case 404 -> "not_found_error";
			case 413 -> "request_too_large";
			case 429 -> "rate_limit_error";
			case 408, 504 -> "timeout_error";
			case 503, 529 -> "overloaded_error";
			default -> (status < 500) ? "invalid_request_error" : "api_error";
		};
	}

	/**
	 * Put a text into the first of the blocks whose text it is, and leave the others of
	 * them empty.
	 */
	@Override
	public String withTexts(String body, List<String> texts) {
		JsonTexts answer = new JsonTexts(body);
		List<JsonTexts.Text> blocks = answer.find("content", "text")
			.stream()
			.filter((block) -> block.span() != null)
			.toList();
		if (texts.size() != 1) {
			return body;
		}
		answer.replaceAll(blocks, texts.get(0));
		return answer.body();
	}

}
