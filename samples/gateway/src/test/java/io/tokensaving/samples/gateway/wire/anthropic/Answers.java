package io.tokensaving.samples.gateway.wire.anthropic;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Messages as Anthropic answers them, made up at random.
 */
final class Answers {

	static final String PLAIN = """
			{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5",\
			"content":[{"type":"text","text":"Paris, \\u00fcber alles"}],"stop_reason":"end_turn","stop_sequence":null,\
			"usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":20,\
			"cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":3},\
			"output_tokens":7,"output_tokens_details":{"thinking_tokens":4},"service_tier":"priority"}}""";

	/**
	 * A message that holds every kind of block that the SDK knows and a call can return
	 * together.
	 */
	static final String RICH = """
			{"id":"msg_2","type":"message","role":"assistant","model":"claude-sonnet-5","container":null,"content":[\
			{"type":"thinking","thinking":"Let me see \\ud83d\\ude00","signature":"c2ln"},\
			{"type":"redacted_thinking","data":"ZGF0YQ=="},\
			{"type":"text","text":"It is ","citations":null},\
			{"type":"text","text":"blue.","citations":[{"type":"char_location","cited_text":"sky","document_index":0,\
			"document_title":"Sky","start_char_index":0,"end_char_index":3,"file_id":null},{"type":"char_location",\
			"cited_text":"blue","document_index":0,"document_title":null,"start_char_index":7,"end_char_index":11,\
			"file_id":null}]},\
			{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"sky"},\
			"caller":{"type":"direct"}},\
			{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","caller":{"type":"direct"},"content":[{"type":\
			"web_search_result","url":"https://example.org","title":"Sky","encrypted_content":"eA==","page_age":null}]},\
			{"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Paris","days":[1,2.50,{"a":null}]},\
			"caller":{"type":"direct"}},\
			{"type":"tool_use","id":"toolu_2","name":"now","input":{},"caller":{"type":"direct"}}],\
			"stop_reason":"tool_use","stop_sequence":null,"stop_details":null,\
			"usage":{"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},\
			"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"inference_geo":null,"input_tokens":11,\
			"output_tokens":90,"output_tokens_details":{"thinking_tokens":4},\
			"server_tool_use":{"web_search_requests":1,"web_fetch_requests":0},"service_tier":"standard"}}""";

	private Answers() {
	}

	static Arbitrary<String> any() {
		Arbitrary<List<String>> content = block().list().ofMaxSize(5).map(Answers::numbered);
		Arbitrary<String> reason = Arbitraries.of("end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn",
				"refusal");
		Arbitrary<Integer> tokens = Arbitraries.integers().between(1, 100_000);
		return Combinators.combine(content, reason, tokens, tokens, json(2))
			.as((blocks, stop, input, output,
					extra) -> "{\"id\":\"msg_%d\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"claude-x\",\"content\":[%s],\"x_extra\":%s,\"stop_reason\":\"%s\",\"stop_sequence\":null,\"usage\":{\"input_tokens\":%d,\"output_tokens\":%d,\"x\":1.0e2}}"
						.formatted(input, String.join(",", blocks), extra, stop, input, output));
	}

	private static List<String> numbered(List<String> blocks) {
		List<String> numbered = new ArrayList<>();
		for (String block : blocks) {
			numbered.add(block.replace("\"id\":\"%d\"", "\"id\":\"t" + numbered.size() + "\""));
		}
		return numbered;
	}

	private static Arbitrary<String> block() {
		Arbitrary<String> text = text();
		return Arbitraries.oneOf(text.map("{\"type\":\"text\",\"text\":%s}"::formatted),
				Combinators.combine(text, json(2).list().ofMaxSize(2))
					.as((value, notes) -> "{\"type\":\"text\",\"text\":%s,\"citations\":%s}".formatted(value,
							notes.stream().map("{\"cited_text\":%s}"::formatted).toList())),
				Combinators.combine(text, text)
					.as("{\"type\":\"thinking\",\"thinking\":%s,\"signature\":%s}"::formatted),
				text.map("{\"type\":\"redacted_thinking\",\"data\":%s}"::formatted),
				Combinators.combine(Arbitraries.of("tool_use", "server_tool_use", "mcp_tool_use"), text, json(3))
					.as("{\"type\":\"%s\",\"id\":\"%%d\",\"name\":%s,\"input\":{\"a\":%s}}"::formatted),
				Arbitraries.just("{\"type\":\"tool_use\",\"id\":\"%d\",\"name\":\"n\",\"input\":{}}"),
				json(3).map("{\"type\":\"web_search_tool_result\",\"content\":%s}"::formatted),
				json(3).map("{\"type\":\"of_the_future\",\"text\":%s}"::formatted));
	}

	private static Arbitrary<String> text() {
		return Arbitraries.oneOf(Arbitraries.strings().ofMaxLength(30), Arbitraries.of("", "\ud83d\ude00 \u2028\"\\"))
			.map((value) -> AnswerJson.object().put("t", value).path("t").toString());
	}

	static Arbitrary<String> json(int depth) {
		Arbitrary<String> leaf = Arbitraries.oneOf(text(),
				Arbitraries.of("null", "true", "1.50", "1E400", "-0", "12345678901234567890", "{}", "[]"));
		if (depth == 0) {
			return leaf;
		}
		return Arbitraries.oneOf(leaf, json(depth - 1).list().ofMaxSize(3).map(Object::toString),
				Combinators.combine(json(depth - 1), json(depth - 1)).as("{\"k\":%s,\"\":%s}"::formatted));
	}

	/**
	 * Cut the deltas of events into smaller ones, between any two chars.
	 * @param events the events
	 * @param random decides where
	 * @return the events
	 */
	static List<ServerSentEvent> smaller(List<ServerSentEvent> events, Random random) {
		List<ServerSentEvent> smaller = new ArrayList<>();
		for (ServerSentEvent event : events) {
			ObjectNode data = AnswerJson.object(event.data());
			if (random.nextInt(4) == 0) {
				smaller.add(new ServerSentEvent("ping", "{\"type\":\"ping\"}"));
			}
			String name = name(data.path("delta"));
			if (name == null) {
				smaller.add(event);
				continue;
			}
			String text = data.path("delta").path(name).stringValue();
			for (int from = 0; from < text.length();) {
				int to = from + 1 + random.nextInt(text.length() - from);
				((ObjectNode) data.path("delta")).put(name, text.substring(from, to));
				smaller.add(new ServerSentEvent(event.name(), data.toString()));
				from = to;
			}
		}
		return smaller;
	}

	private static @org.jspecify.annotations.Nullable String name(JsonNode delta) {
		return Map.of("text_delta", "text", "thinking_delta", "thinking", "input_json_delta", "partial_json")
			.get(delta.path("type").asString(""));
	}

}
