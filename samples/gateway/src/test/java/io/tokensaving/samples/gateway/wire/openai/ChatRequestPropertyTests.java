package io.tokensaving.samples.gateway.wire.openai;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import io.tokensaving.samples.gateway.wire.RandomJson;
import io.tokensaving.samples.gateway.wire.json.JsonWriter;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Properties of keys and bytes of all requests.
 */
class ChatRequestPropertyTests {

	private static final Set<String> IRRELEVANT = Set.of("stream", "stream_options", "user", "metadata", "store",
			"safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options");

	/**
	 * Values of the fields that OpenAI's document lists, and of some others.
	 */
	private static final Map<String, List<String>> FIELDS = fields();

	private static Map<String, List<String>> fields() {
		Map<String, List<String>> fields = new LinkedHashMap<>();
		fields.put("model", List.of("\"m\"", "\"n\""));
		fields.put("messages", List.of("[{\"role\":\"user\",\"content\":\"a\"}]",
				"[{\"role\":\"user\",\"content\":\"b\"}]",
				"[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"x\",\"format\":\"wav\"}}]}]"));
		fields.put("audio",
				List.of("{\"voice\":\"alloy\",\"format\":\"wav\"}", "{\"voice\":\"echo\",\"format\":\"wav\"}"));
		fields.put("frequency_penalty", List.of("0.1", "0.2", "0.1000000000000000001"));
		fields.put("function_call", List.of("\"auto\"", "{\"name\":\"f\"}"));
		fields.put("functions", List.of("[{\"name\":\"f\"}]", "[{\"name\":\"g\"}]"));
		fields.put("logit_bias", List.of("{\"1\":1}", "{\"1\":2}"));
		fields.put("logprobs", List.of("true", "false"));
		fields.put("max_completion_tokens", List.of("1", "2", "9999999999", "99999999999999999999"));
		fields.put("max_tokens", List.of("1", "2", "9999999999"));
		fields.put("metadata", List.of("{\"a\":\"1\"}", "{\"a\":\"2\"}"));
		fields.put("modalities", List.of("[\"text\"]", "[\"text\",\"audio\"]"));
		fields.put("moderation", List.of("{\"a\":1}", "{\"a\":2}"));
		fields.put("n", List.of("1", "2", "3"));
		fields.put("parallel_tool_calls", List.of("true", "false"));
		fields.put("prediction",
				List.of("{\"type\":\"content\",\"content\":\"a\"}", "{\"type\":\"content\",\"content\":\"b\"}"));
		fields.put("presence_penalty", List.of("1", "1.5"));
		fields.put("prompt_cache_key", List.of("\"a\"", "\"b\""));
		fields.put("prompt_cache_options", List.of("{\"mode\":\"explicit\"}", "{\"mode\":\"implicit\"}"));
		fields.put("prompt_cache_retention", List.of("\"24h\"", "\"in_memory\""));
		fields.put("reasoning_effort", List.of("\"low\"", "\"HIGH\"", "\"high\""));
		fields.put("response_format", List.of("{\"type\":\"text\"}", "{\"type\":\"json_object\"}",
				"{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{\"type\":\"object\"}}}",
				"{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{\"type\":\"object\"},\"strict\":true}}"));
		fields.put("safety_identifier", List.of("\"a\"", "\"b\""));
		fields.put("seed", List.of("1", "2", "1.0", "12345678901234567890"));
		fields.put("service_tier", List.of("\"flex\"", "\"auto\""));
		fields.put("stop", List.of("\"a\"", "[\"a\",\"b\"]", "[\"b\",\"a\"]", "[]"));
		fields.put("store", List.of("true", "false"));
		fields.put("stream", List.of("true", "false"));
		fields.put("stream_options", List.of("{\"include_usage\":true}", "{}"));
		fields.put("temperature", List.of("0", "1", "0.7", "1E400", "0.70", "-0.0"));
		fields.put("tool_choice", List.of("\"none\"", "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}"));
		fields.put("tools", List.of("[]", "[{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]",
				"[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]",
				"[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}]",
				"[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\",\"parameters\":{}}}]",
				"[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\",\"parameters\":{},\"strict\":true}}]",
				"[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\",\"parameters\":{}},\"x\":1}]"));
		fields.put("top_logprobs", List.of("1", "2"));
		fields.put("top_p", List.of("0.1", "0.9"));
		fields.put("user", List.of("\"a\"", "\"b\""));
		fields.put("verbosity", List.of("\"low\"", "\"high\""));
		fields.put("web_search_options", List.of("{}", "{\"search_context_size\":\"low\"}"));
		return Collections.unmodifiableMap(fields);
	}

	@Property(tries = 1)
	void everyFieldOfTheSpecificationThatMattersIsInTheKey() {
		assertThat(FIELDS).hasSize(37);
		FIELDS.forEach((name, values) -> {
			List<String> keys = new ArrayList<>();
			keys.add(key(body(Map.of())));
			values.forEach((value) -> keys.add(key(body(Map.of(name, value)))));
			if (IRRELEVANT.contains(name)) {
				assertThat(Set.copyOf(keys)).as(name).hasSize(1);
			}
			else if (name.equals("model") || name.equals("messages")) {
				// The first value is that of all others
				assertThat(keys.subList(1, keys.size())).as(name).doesNotHaveDuplicates();
			}
			else {
				assertThat(keys).as(name).doesNotHaveDuplicates();
			}
		});
	}

	@Property(tries = 1)
	void limitsByEitherNameHaveDifferentKeys() {
		assertThat(List.of(key(body(Map.of("max_tokens", "5"))), key(body(Map.of("max_completion_tokens", "5"))),
				key(body(Map.of("max_tokens", "5", "max_completion_tokens", "5"))),
				key(body(Map.of("max_tokens", "6", "max_completion_tokens", "5")))))
			.doesNotHaveDuplicates();
	}

	@Property(tries = 400)
	void changeOfAnyValueChangesTheKey(@ForAll("documents") Map<String, @Nullable Object> document,
			@ForAll Random random) {
		String body = JsonWriter.write(document);
		Map<String, @Nullable Object> other = RandomJson.object(body);
		RandomJson.change(other, random);
		String changed = JsonWriter.write(other);
		assertThat(key(changed)).as("%s%n%s", body, changed).isNotEqualTo(key(body));
	}

	@Property(tries = 200)
	void orderAndWhiteSpaceChangeNothing(@ForAll("documents") Map<String, @Nullable Object> document,
			@ForAll Random random) {
		String body = JsonWriter.write(document);
		String shuffled = RandomJson.spaced(RandomJson.shuffled(document, random), random);
		assertThat(key(shuffled)).isEqualTo(key(body));
	}

	@Property(tries = 300)
	void bytesStayIfNothingChanges(@ForAll("documents") Map<String, @Nullable Object> document, @ForAll Random random) {
		String body = RandomJson.spaced(RandomJson.shuffled(document, random), random);
		assertThat(Chats.write(body)).isEqualTo(body);
	}

	@Property(tries = 200)
	void ownMembersAreAllThatIsCutOut(@ForAll("documents") Map<String, @Nullable Object> document,
			@ForAll Random random) {
		Map<String, @Nullable Object> own = new LinkedHashMap<>(document);
		own.put("token_saving_plan_id", "p");
		own.put("token_saving_feature", "f");
		own.put("cache", Map.of("no-store", true));
		String written = Chats.write(RandomJson.spaced(RandomJson.shuffled(own, random), random));
		assertThat(RandomJson.object(written)).isEqualTo(RandomJson.object(JsonWriter.write(document)));
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
			List<Object> messages = new ArrayList<>();
			int count = 1 + random.nextInt(4);
			for (int i = 0; i < count; i++) {
				messages.add(message(random, extra));
			}
			document.put("messages", messages);
			return document;
		}));
	}

	private static Map<String, @Nullable Object> message(Random random, Map<String, @Nullable Object> extra) {
		Map<String, @Nullable Object> message = new LinkedHashMap<>();
		message.put("role", List.of("user", "system", "assistant", "tool", "developer").get(random.nextInt(5)));
		if (message.get("role").equals("tool")) {
			message.put("tool_call_id", "t" + random.nextInt(3));
		}
		switch (random.nextInt(4)) {
			case 0 -> message.put("content", "text " + random.nextInt(100));
			case 1 -> message.put("content", List.of(Map.of("type", "text", "text", "part " + random.nextInt(100))));
			case 2 -> {
				Map<String, @Nullable Object> part = new LinkedHashMap<>(extra);
				part.put("type", "image_url");
				part.put("image_url", Map.of("url", "https://example.com/" + random.nextInt(100)));
				message.put("content",
						List.of(Map.of("type", "text", "text", "a"), part, Map.of("type", "text", "text", "b\nc")));
			}
			default -> {
				message.put("content", "x");
				message.putAll(extra);
			}
		}
		return message;
	}

	private static String key(String body) {
		return Chats.fingerprint(body);
	}

	private static String body(Map<String, String> fields) {
		Map<String, String> all = new LinkedHashMap<>(fields);
		all.putIfAbsent("model", "\"m\"");
		all.putIfAbsent("messages", "[{\"role\":\"user\",\"content\":\"a\"}]");
		StringBuilder body = new StringBuilder();
		all.forEach((name, value) -> body.append(body.isEmpty() ? "{" : ",")
			.append(JsonWriter.quote(name))
			.append(':')
			.append(value));
		return body.append('}').toString();
	}

}
