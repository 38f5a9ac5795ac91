package io.tokensaving.samples.gateway.wire.responses;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;

import io.tokensaving.request.ResponseAssembler;
import io.tokensaving.samples.gateway.wire.RandomJson;
import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Properties of keys and bytes of all requests, and of all answers.
 */
class ResponsesPropertyTests {

	private static final Set<String> IRRELEVANT = Set.of("stream", "stream_options", "store");

	/**
	 * Values of the fields that OpenAI's document lists.
	 */
	private static final Map<String, List<String>> FIELDS = fields();

	private static Map<String, List<String>> fields() {
		Map<String, List<String>> fields = new LinkedHashMap<>();
		fields.put("background", List.of("true", "false"));
		fields.put("context_management", List.of("[]", "[{\"type\":\"compaction\"}]"));
		fields.put("conversation", List.of("\"a\"", "{\"id\":\"a\"}"));
		fields.put("include", List.of("[\"a\"]", "[\"b\"]"));
		fields.put("input", List.of("\"a\"", "\"b\"", "[{\"role\":\"system\",\"content\":\"a\"}]",
				"[{\"role\":\"developer\",\"content\":\"a\"}]", "[{\"role\":\"assistant\",\"content\":\"a\"}]",
				"[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\"},{\"type\":\"input_text\",\"text\":\"\"}]}]",
				"[{\"role\":\"user\",\"content\":[{\"type\":\"input_file\",\"file_id\":\"a\"}]}]",
				"[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"a\"}]}]",
				"[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"b\"}]}]"));
		fields.put("instructions", List.of("\"a\"", "\"b\"", "\"\""));
		fields.put("max_output_tokens", List.of("16", "17", "9999999999"));
		fields.put("max_tool_calls", List.of("1", "2"));
		fields.put("metadata", List.of("{\"a\":\"1\"}", "{\"a\":\"2\"}"));
		fields.put("model", List.of("\"m\"", "\"n\""));
		fields.put("moderation", List.of("{\"a\":1}", "{\"a\":2}"));
		fields.put("parallel_tool_calls", List.of("true", "false"));
		fields.put("previous_response_id", List.of("\"a\"", "\"b\""));
		fields.put("prompt", List.of("{\"id\":\"a\"}", "{\"id\":\"b\"}"));
		fields.put("prompt_cache_key", List.of("\"a\"", "\"b\""));
		fields.put("prompt_cache_options", List.of("{\"mode\":\"explicit\"}", "{\"mode\":\"implicit\"}"));
		fields.put("prompt_cache_retention", List.of("\"24h\"", "\"in_memory\""));
		fields.put("reasoning",
				List.of("{\"effort\":\"low\"}", "{\"effort\":\"high\"}", "{\"effort\":\"low\",\"summary\":\"auto\"}"));
		fields.put("safety_identifier", List.of("\"a\"", "\"b\""));
		fields.put("service_tier", List.of("\"flex\"", "\"auto\""));
		fields.put("store", List.of("false"));
		fields.put("stream", List.of("true", "false"));
		fields.put("stream_options", List.of("{\"include_obfuscation\":true}", "{}"));
		fields.put("temperature", List.of("0", "1", "0.7", "1E400", "0.70", "-0.0"));
		fields.put("text", List.of("{}", "{\"verbosity\":\"low\"}", "{\"format\":{\"type\":\"json_object\"}}",
				"{\"format\":{\"type\":\"json_schema\",\"name\":\"a\",\"schema\":{\"a\":1,\"b\":2}}}",
				"{\"format\":{\"type\":\"json_schema\",\"name\":\"a\",\"schema\":{\"b\":2,\"a\":1}}}",
				"{\"format\":{\"type\":\"json_schema\",\"name\":\"a\",\"schema\":{\"a\":1,\"b\":2},\"strict\":true}}"));
		fields.put("tool_choice", List.of("\"none\"", "{\"type\":\"function\",\"name\":\"f\"}"));
		fields.put("tools", List.of("[]", "[{\"type\":\"web_search\"}]", "[{\"type\":\"custom\",\"name\":\"c\"}]",
				"[{\"type\":\"function\",\"name\":\"f\"}]",
				"[{\"type\":\"function\",\"name\":\"f\",\"parameters\":{}}]",
				"[{\"type\":\"function\",\"name\":\"f\",\"description\":\"d\",\"parameters\":{}}]",
				"[{\"type\":\"function\",\"name\":\"f\",\"description\":\"d\",\"parameters\":{},\"strict\":true}]"));
		fields.put("top_logprobs", List.of("1", "2"));
		fields.put("top_p", List.of("0.1", "0.9"));
		fields.put("truncation", List.of("\"auto\"", "\"disabled\""));
		fields.put("user", List.of("\"a\"", "\"b\""));
		return Collections.unmodifiableMap(fields);
	}

	@Property(tries = 1)
	void everyFieldOfTheSpecificationThatMattersIsInTheKey() {
		assertThat(FIELDS).hasSize(31);
		FIELDS.forEach((name, values) -> {
			List<String> keys = new ArrayList<>();
			values.forEach((value) -> keys.add(Responses.fingerprint(body(Map.of(name, value)))));
			String without = Responses.fingerprint(body(Map.of()));
			if (IRRELEVANT.contains(name)) {
				assertThat(keys).as(name).containsOnly(without);
				return;
			}
			if (!name.equals("model") && !name.equals("input")) {
				keys.add(without);
			}
			assertThat(keys).as(name).doesNotHaveDuplicates();
		});
	}

	@Property(tries = 1)
	void instructionsAreNotTheSameAsAMessageOfTheSystem() {
		String user = "{\"role\":\"user\",\"content\":\"b\"}";
		assertThat(Responses.fingerprint(body(Map.of("instructions", "\"a\"", "input", "[" + user + "]"))))
			.isNotEqualTo(Responses
				.fingerprint(body(Map.of("input", "[{\"role\":\"system\",\"content\":\"a\"}," + user + "]"))));
	}

	private static String body(Map<String, String> fields) {
		Map<String, String> all = new LinkedHashMap<>(fields);
		all.putIfAbsent("model", "\"m\"");
		all.putIfAbsent("input", "\"a\"");
		all.putIfAbsent("store", "false");
		StringBuilder body = new StringBuilder();
		all.forEach((name, value) -> body.append(body.isEmpty() ? "{" : ",")
			.append(JsonWriter.quote(name))
			.append(':')
			.append(value));
		return body.append('}').toString();
	}

	@Property(tries = 400)
	void changeOfAnyValueChangesTheKey(@ForAll("documents") Map<String, @Nullable Object> document,
			@ForAll Random random) {
		String body = JsonWriter.write(document);
		Map<String, @Nullable Object> other = RandomJson.object(body);
		RandomJson.change(other, random);
		String changed = JsonWriter.write(other);
		assertThat(Responses.fingerprint(changed)).as("%s%n%s", body, changed)
			.isNotEqualTo(Responses.fingerprint(body));
	}

	@Property(tries = 200)
	void orderAndWhiteSpaceChangeNothing(@ForAll("documents") Map<String, @Nullable Object> document,
			@ForAll Random random) {
		String body = JsonWriter.write(document);
		String shuffled = RandomJson.spaced(RandomJson.shuffled(document, random), random);
		if (Responses.read(body).allowed().sharing()) {
			assertThat(Responses.fingerprint(shuffled)).isEqualTo(Responses.fingerprint(body));
		}
		assertThat(Responses.read(shuffled).allowed()).isEqualTo(Responses.read(body).allowed());
	}

	@Property(tries = 300)
	void bytesStayIfNothingChanges(@ForAll("documents") Map<String, @Nullable Object> document, @ForAll Random random) {
		String body = RandomJson.spaced(RandomJson.shuffled(document, random), random);
		assertThat(Responses.write(body)).isEqualTo(body);
	}

	@Property(tries = 200)
	void ownMembersAreAllThatIsCutOut(@ForAll("documents") Map<String, @Nullable Object> document,
			@ForAll Random random) {
		Map<String, @Nullable Object> own = new LinkedHashMap<>(document);
		own.put("token_saving_plan_id", "p");
		own.put("cache", Map.of("no-store", true));
		String written = Responses.write(RandomJson.spaced(RandomJson.shuffled(own, random), random));
		assertThat(RandomJson.object(written)).isEqualTo(RandomJson.object(JsonWriter.write(document)));
	}

	@Property(tries = 300)
	void whateverIsLeftOutCallsAndResultsStayPaired(@ForAll("documents") Map<String, @Nullable Object> document,
			@ForAll Random random) {
		WireRequest request = Responses.read(JsonWriter.write(document));
		List<Message> left = new ArrayList<>();
		boolean kept = true;
		for (Message message : request.messages()) {
			// As advisors do: what belongs to a call goes with it
			kept = (message instanceof ToolResponseMessage) ? kept
					: random.nextBoolean() || message instanceof SystemMessage;
			if (kept) {
				left.add(message);
			}
		}
		left.add(new UserMessage("?"));
		Map<String, @Nullable Object> written = RandomJson
			.object(Responses.write(left, request.options(), request.stream()));
		if (!request.allowed().sharing()) {
			return;
		}
		Set<Object> open = new HashSet<>();
		Object before = null;
		for (Object element : (List<?>) Objects.requireNonNull(written.get("input"))) {
			Map<?, ?> item = (Map<?, ?>) element;
			if (item.get("type") instanceof String type && type.endsWith("_call")) {
				open.add(item.get("call_id"));
			}
			else if (item.get("type") instanceof String type && type.endsWith("_output")) {
				assertThat(open.remove(item.get("call_id"))).isTrue();
			}
			assertThat("reasoning".equals(before) && "user".equals(item.get("role"))).isFalse();
			before = item.get("type");
		}
		assertThat(open).isEmpty();
	}

	@Provide
	Arbitrary<Map<String, @Nullable Object>> documents() {
		Arbitrary<Map<String, @Nullable Object>> extras = Arbitraries
			.maps(Arbitraries.strings().alpha().numeric().ofMinLength(1).ofMaxLength(6).map((name) -> "x_" + name),
					RandomJson.values(3))
			.ofMaxSize(4);
		return extras.flatMap((extra) -> Arbitraries.randomValue((random) -> {
			Map<String, @Nullable Object> document = new LinkedHashMap<>(extra);
			document.put("model", "m");
			document.put("store", false);
			List<Object> items = new ArrayList<>();
			int count = 1 + random.nextInt(4);
			for (int i = 0; i < count; i++) {
				items(random, extra, items);
			}
			document.put("input", items);
			return document;
		}));
	}

	private static void items(Random random, Map<String, @Nullable Object> extra, List<Object> items) {
		switch (random.nextInt(6)) {
			case 0 -> items.add(Map.of("role", "user", "content", "text " + random.nextInt(100)));
			case 1 -> items.add(Map.of("type", "message", "role",
					List.of("user", "system", "assistant", "developer").get(random.nextInt(4)), "content",
					List.of(Map.of("type", "input_text", "text", "part " + random.nextInt(100)))));
			case 2 -> {
				Map<String, @Nullable Object> part = new LinkedHashMap<>(extra);
				part.put("type", "input_image");
				part.put("image_url", "https://example.com/" + random.nextInt(100));
				items.add(Map.of("role", "user", "content", List.of(Map.of("type", "input_text", "text", "a"), part,
						Map.of("type", "input_text", "text", "b\nc"))));
			}
			case 3 -> {
				Map<String, @Nullable Object> item = new LinkedHashMap<>(extra);
				item.put("type", (random.nextInt(4) != 0) ? "message" : "of_the_future");
				item.put("role", "assistant");
				item.put("content", "x");
				items.add(item);
			}
			default -> calls(random, extra, items);
		}
	}

	private static void calls(Random random, Map<String, @Nullable Object> extra, List<Object> items) {
		if (random.nextBoolean()) {
			Map<String, @Nullable Object> reasoning = new LinkedHashMap<>(extra);
			reasoning.put("type", "reasoning");
			reasoning.put("summary", List.of(Map.of("type", "summary_text", "text", "hm")));
			items.add(reasoning);
		}
		int first = items.size();
		int count = 1 + random.nextInt(3);
		for (int i = 0; i < count; i++) {
			Map<String, @Nullable Object> call = random.nextBoolean() ? new LinkedHashMap<>(extra)
					: new LinkedHashMap<>();
			call.put("type", "function_call");
			call.put("call_id", "c" + (first + i));
			call.put("name", "f");
			call.put("arguments", "{\"a\":" + random.nextInt(9) + "}");
			items.add(call);
		}
		for (int i = count - 1; i >= 0; i--) {
			Object output = random.nextBoolean() ? "r" + random.nextInt(9)
					: List.of(Map.of("type", "input_text", "text", "r"), Map.of("type", "input_text", "text", "s"));
			items.add(Map.of("type", "function_call_output", "call_id", "c" + (first + i), "output", output));
		}
	}

	@Property(tries = 300)
	void anyAnswerIsCutAndPutTogetherToTheSameBytes(@ForAll("answers") String body, @ForAll Random random) {
		List<ServerSentEvent> events = smaller(Responses.FORMAT.cut(body, Responses.OPTIONS), random);
		List<ChatResponse> elements = new ArrayList<>();
		ChatResponse end = Responses.read(events, elements);
		assertThat(end.getMetadata().<Object>get(WireMetadata.BODY)).isEqualTo(body);
		ResponseAssembler assembler = new ResponseAssembler(Responses.DIALECTS.of(Responses.OPTIONS));
		elements.forEach(assembler::add);
		assembler.add(end);
		ChatResponse called = Responses.FORMAT.readAnswer(Responses.bytes(body), Responses.OPTIONS);
		assertThat(assembler.text()).isEqualTo(called.getResult().getOutput().getText());
		assertThat(assembler.assemble().getResult().getMetadata().getFinishReason())
			.isEqualTo(called.getResult().getMetadata().getFinishReason());
	}

	@Property(tries = 200)
	void anyAnswerHasEventsThatBuildItsOutput(@ForAll("answers") String body) {
		List<ServerSentEvent> events = Responses.FORMAT.cut(body, Responses.OPTIONS);
		WireStream stream = Responses.FORMAT.readStream(Responses.OPTIONS);
		List<Object> items = new ArrayList<>();
		for (int i = 0; i < events.size(); i++) {
			Map<String, @Nullable Object> data = RandomJson.object(events.get(i).data());
			assertThat(data).containsEntry("sequence_number", (long) i);
			stream.next(events.get(i));
			assertThat(stream.isComplete()).isEqualTo(i == events.size() - 1);
			if ("response.output_item.done".equals(data.get("type"))) {
				assertThat(data).containsEntry("output_index", (long) items.size());
				items.add(data.get("item"));
			}
		}
		assertThat(JsonWriter.write(items))
			.isEqualTo(JsonWriter.write(RandomJson.object(body).get("output")).replace("1E400", "1E+400"));
	}

	@Provide
	Arbitrary<String> answers() {
		return RandomJson.values(3).flatMap((extra) -> Arbitraries.randomValue((random) -> {
			List<String> items = new ArrayList<>();
			int count = 1 + random.nextInt(4);
			for (int i = 0; i < count; i++) {
				items.add(item(random, i, JsonWriter.write(extra)));
			}
			String status = List.of("completed", "incomplete", "failed").get(random.nextInt(3));
			return "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"" + status + "\",\"x\":"
					+ JsonWriter.write(extra) + ",\"error\":null, \"output\":[" + String.join(", ", items)
					+ "],\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"total_tokens\":3}}";
		}));
	}

	private static String item(Random random, int index, String extra) {
		return switch (random.nextInt(5)) {
			case 0 -> "{\"id\":\"m" + index + "\",\"type\":\"message\",\"status\":\"completed\",\"content\":[{\"type\":"
					+ "\"output_text\",\"text\":\"Hi \\u00e4 \\ud83d\\ude00 \\\"\",\"annotations\":[" + extra
					+ "]},{\"type\":\"of_the_future\",\"text\":" + extra + "}]}";
			case 1 -> "{\"type\":\"function_call\",\"call_id\":\"c" + index
					+ "\",\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1.50}\",\"x\":1E400}";
			case 2 -> "{\"id\":\"r\",\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"hm\"}],"
					+ "\"encrypted_content\":" + extra + "}";
			case 3 -> "{\"type\":\"web_search_call\",\"action\":" + extra + "}";
			default -> "{\"type\":\"message\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"no\"}]}";
		};
	}

	// As providers send them: texts in pieces, and events of which nothing is known
	private static List<ServerSentEvent> smaller(List<ServerSentEvent> events, Random random) {
		List<ServerSentEvent> smaller = new ArrayList<>();
		for (ServerSentEvent event : events) {
			Map<String, @Nullable Object> data = RandomJson.object(event.data());
			if (random.nextInt(4) == 0) {
				smaller.add(new ServerSentEvent("of.the.future", "{\"type\":\"of.the.future\"}"));
			}
			if (!(data.get("delta") instanceof String delta)) {
				smaller.add(event);
				continue;
			}
			for (int from = 0; from < delta.length();) {
				int to = delta.offsetByCodePoints(from, 1);
				data.put("delta", delta.substring(from, to));
				smaller.add(new ServerSentEvent(event.name(), JsonWriter.write(data)));
				from = to;
			}
		}
		return smaller;
	}

}
