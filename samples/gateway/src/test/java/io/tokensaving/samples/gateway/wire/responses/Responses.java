package io.tokensaving.samples.gateway.wire.responses;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.tokensaving.plan.Plan;
import io.tokensaving.provider.Dialects;
import io.tokensaving.request.CacheDirectives;
import io.tokensaving.request.CallState;
import io.tokensaving.samples.gateway.wire.GatewayDialect;
import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * What tests of this format share.
 */
final class Responses {

	static final ResponsesFormat FORMAT = new ResponsesFormat();

	static final Dialects DIALECTS = new Dialects(List.of(new GatewayDialect()));

	static final WireOptions OPTIONS = WireOptions.builder().format(ResponsesFormat.NAME).model("m").build();

	/**
	 * A response with every kind of item that a client may share.
	 */
	static final String RICH = """
			{"id":"resp_1","object":"response","created_at":1,"status":"completed","background":false,"error":null,\
			"incomplete_details":null,"instructions":"s\\u00e4","model":"gpt-x","temperature":1.0,"x":1.50,\
			"output":[{"id":"rs_1","type":"reasoning","summary":[{"type":"summary_text","text":"Hm \\ud83d\\ude00"},\
			{"type":"summary_text","text":""}],"content":[{"type":"reasoning_text","text":"deep"}],\
			"encrypted_content":"eA=="},{"id":"msg_1","type":"message","status":"completed","role":"assistant",\
			"phase":"commentary","content":[{"type":"output_text","text":"Paris, \\u00fcber","annotations":[{"type":\
			"url_citation","url":"u","start_index":0}],"logprobs":[{"token":"P","logprob":-0.10,"top_logprobs":[]}]},\
			{"type":"output_text","text":" alles","annotations":[],"logprobs":[]}]},{"id":"fc_1","type":"function_call",\
			"status":"completed","call_id":"call_1","name":"f","arguments":"{\\"a\\":[1,2.50]}"},{"id":"fc_2","type":\
			"function_call","status":"completed","call_id":"call_2","name":"g","arguments":"{}"}],"metadata":{},\
			"service_tier":"flex","usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":64,\
			"cache_write_tokens":10},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":5},\
			"total_tokens":120}}""";

	private Responses() {
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	static String text(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

	static WireRequest read(String body) {
		return FORMAT.read(bytes(body));
	}

	static Prompt prompt(WireRequest request) {
		return new Prompt(request.messages(), request.options());
	}

	static String write(String body) {
		WireRequest request = read(body);
		return text(FORMAT.write(prompt(request), request.stream()));
	}

	static String write(List<Message> messages, ChatOptions options, boolean stream) {
		return text(FORMAT.write(new Prompt(messages, options), stream));
	}

	static String fingerprint(String body) {
		CallState call = new CallState("default", Plan.builder("plan").build(), CacheDirectives.NONE, DIALECTS);
		return call.fingerprint(new ChatClientRequest(prompt(read(body)), Map.of())).exact();
	}

	static @Nullable Object tree(Object body) {
		return JsonReader.read(bytes((String) body));
	}

	/**
	 * Return a request whose answer may be shared.
	 * @param members members to add, with a comma in front
	 * @return the body
	 */
	static String input(String members) {
		return "{\"model\":\"m\",\"store\":false,\"input\":\"Hi\"" + members + "}";
	}

	/**
	 * Return a request with items whose answer may be shared.
	 * @param items the items
	 * @return the body
	 */
	static String items(String... items) {
		return "{\"model\":\"m\",\"store\":false,\"input\":[" + String.join(", ", items) + "]}";
	}

	static String user(String text) {
		return "{\"role\":\"user\",\"content\":\"" + text + "\"}";
	}

	static String call(String id) {
		return "{\"type\":\"function_call\",\"call_id\":\"" + id + "\",\"name\":\"f\",\"arguments\":\"{}\"}";
	}

	static String result(String id, String output) {
		return "{\"type\":\"function_call_output\",\"call_id\":\"" + id + "\",\"output\":" + output + "}";
	}

	static ChatResponse read(List<ServerSentEvent> events, List<ChatResponse> elements) {
		WireStream stream = FORMAT.readStream(OPTIONS);
		events.forEach((event) -> elements.add(stream.next(event)));
		return Objects.requireNonNull(stream.end());
	}

}
