package io.tokensaving.samples.gateway.wire.openai;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

import io.tokensaving.plan.Plan;
import io.tokensaving.provider.Dialects;
import io.tokensaving.request.CacheDirectives;
import io.tokensaving.request.CallState;
import io.tokensaving.samples.gateway.wire.GatewayDialect;
import io.tokensaving.samples.gateway.wire.WireRequest;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * What tests of this format share.
 */
final class Chats {

	static final ChatCompletionsFormat FORMAT = new ChatCompletionsFormat();

	static final Dialects DIALECTS = new Dialects(List.of(new GatewayDialect()));

	private Chats() {
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	static WireRequest read(String body) {
		return FORMAT.read(bytes(body));
	}

	static Prompt prompt(WireRequest request) {
		return new Prompt(request.messages(), request.options());
	}

	static String write(String body) {
		return write(read(body));
	}

	static String write(WireRequest request) {
		return text(FORMAT.write(prompt(request), request.stream()));
	}

	static String write(List<Message> messages, ChatOptions options) {
		return text(FORMAT.write(new Prompt(messages, options), false));
	}

	static String text(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

	static String fingerprint(String body) {
		return fingerprint(prompt(read(body)));
	}

	static String fingerprint(Prompt prompt) {
		CallState call = new CallState("default", Plan.builder("plan").build(), CacheDirectives.NONE, DIALECTS);
		return call.fingerprint(new ChatClientRequest(prompt, Map.of())).exact();
	}

	static String user(String members) {
		return "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]" + members + "}";
	}

	static String messages(String messages) {
		return "{\"model\":\"m\",\"messages\":[" + messages + "]}";
	}

}
