package io.tokensaving.samples.gateway.wire.anthropic;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.tokensaving.plan.Plan;
import io.tokensaving.provider.Dialects;
import io.tokensaving.request.CacheDirectives;
import io.tokensaving.request.CallState;
import io.tokensaving.samples.gateway.wire.GatewayDialect;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What reaches the upstream and differs has another fingerprint, but for what
 * {@link #withoutWhatChangesNoAnswer} leaves out.
 */
class MessagesFingerprintTests {

	private static final String WITH_EVERYTHING = """
			{"model":"claude-x","max_tokens":100,"temperature":1,"top_p":0.5,"top_k":3,"stop_sequences":["a","b"],\
			"system":[{"type":"text","text":"One"},{"type":"text","text":"Two","citations":null}],\
			"tools":[{"name":"b","description":"B","input_schema":{"type":"object"}},\
			{"name":"a","input_schema":{"type":"object"},"strict":true},{"type":"bash_20250124","name":"bash"}],\
			"tool_choice":{"type":"auto"},"thinking":{"type":"enabled","budget_tokens":1024},"service_tier":"auto",\
			"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object"}}},\
			"metadata":{"user_id":"u"},"stream":true,\
			"messages":[{"role":"user","content":"First"},{"role":"assistant","content":"Second"},\
			{"role":"user","content":[{"type":"text","text":"Look"},{"type":"image","source":{"type":"base64",\
			"media_type":"image/png","data":"AAAA"}},{"type":"text","text":"here"}]},\
			{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},\
			{"type":"text","text":"I call"},{"type":"tool_use","id":"t1","name":"a","input":{"n":1}},\
			{"type":"tool_use","id":"t2","name":"b","input":{}}]},\
			{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"r1"},\
			{"type":"tool_result","tool_use_id":"t2","is_error":true,"content":[{"type":"text","text":"r2"},\
			{"type":"image","source":{"type":"base64","media_type":"image/png","data":"BBBB"}}]},\
			{"type":"text","text":"go on"}]},\
			{"role":"assistant","content":[{"type":"text","text":"Say"},{"type":"tool_use","id":"t3","name":"a",\
			"input":{"n":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t3","content":\
			[{"type":"text","text":"r3"}]}]},{"role":"assistant","content":[{"type":"redacted_thinking","data":"d"},\
			{"type":"text","text":"Done"}]},{"role":"user","content":[{"type":"text","text":"And now?"}]}]}""";

	private static final List<String> VALUES = List.of("null", "true", "false", "0", "-0", "1", "1.0", "1e0", "\"\"",
			"\"a\"", "\"text\"", "\"user\"", "{}", "[]", "[null]", "{\"a\":1}", "\"1\"", "[\"a\"]",
			"{\"type\":\"text\",\"text\":\"x\"}", "[{\"type\":\"text\",\"text\":\"x\"}]");

	private static final List<String> NAMES = List.of("cache_control", "name", "type", "text", "x", "role", "content",
			"is_error", "description", "metadata", "service_tier", "data", "citations", "system", "thinking", "speed",
			"inference_geo", "user_id", "id", "defer_loading");

	private final AnthropicMessagesFormat format = new AnthropicMessagesFormat();

	@Property(tries = 1000)
	void whatDiffersHasAnotherFingerprint(@ForAll Random random) {
		String first = mutated(WITH_EVERYTHING, random);
		String second = mutated(random.nextBoolean() ? first : WITH_EVERYTHING, random);
		String one = fingerprint(first);
		String other = fingerprint(second);
		if (one != null && other != null) {
			assertThat(one.equals(other)).as("%s%n%s", first, second)
				.isEqualTo(withoutWhatChangesNoAnswer(first).equals(withoutWhatChangesNoAnswer(second)));
		}
	}

	@Test
	void whatChangesNoAnswerHasTheSameFingerprint() {
		String marked = WITH_EVERYTHING
			.replace("\"text\":\"Look\"", "\"text\":\"Look\",\"cache_control\":{\"type\":\"ephemeral\"}")
			.replace("\"strict\"", "\"cache_control\":{\"type\":\"ephemeral\"},\"strict\"")
			.replace("\"text\":\"One\"", "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"},\"text\":\"One\"")
			.replace("\"stream\":true", "\"stream\":false,\"cache_control\":null")
			.replace("\"user_id\":\"u\"", "\"user_id\":\"v\"")
			.replace("\"content\":[{\"type\":\"text\",\"text\":\"And now?\"}]", "\"content\":\"And now?\"")
			.replace("{\"type\":\"text\",\"text\":\"And now?\"}", "\"And now?\"")
			.replace("\"content\":\"First\"", "\"content\":[{\"text\":\"\\u0046irst\",\"type\":\"text\"}]")
			.replace("\"content\":\"r1\"", "\"content\":[{\"type\":\"text\",\"text\":\"r1\"}]")
			.replace("{\"model\"", "{\"token_saving_plan_id\":\"p\",\"cache\":{\"ttl\":5},\"model\"");
		assertThat(fingerprint(marked)).isNotNull().isEqualTo(fingerprint(WITH_EVERYTHING));
	}

	@Test
	void resultsThatDifferInAnImageDifferHoweverShortTheirTextsBecome() {
		String other = WITH_EVERYTHING.replace("BBBB", "CCCC");
		assertThat(results(other)).isNotEqualTo(results(WITH_EVERYTHING));
	}

	// What is left of results that an advisor has shortened
	private Object results(String body) {
		return this.format.read(body.getBytes(StandardCharsets.UTF_8))
			.messages()
			.stream()
			.filter((message) -> message instanceof org.springframework.ai.chat.messages.ToolResponseMessage)
			.map((message) -> ((org.springframework.ai.chat.messages.ToolResponseMessage) message).getResponses())
			.flatMap(List::stream)
			.map((response) -> response.id() + response.name())
			.toList();
	}

	private @org.jspecify.annotations.Nullable String fingerprint(String body) {
		try {
			WireRequest request = this.format.read(body.getBytes(StandardCharsets.UTF_8));
			CallState state = new CallState("w", Plan.builder("p").build(), CacheDirectives.NONE,
					new Dialects(List.of(new GatewayDialect())));
			return state.fingerprint(new ChatClientRequest(new Prompt(request.messages(), request.options()), Map.of()))
				.exact();
		}
		catch (WireException ex) {
			return null;
		}
	}

	/**
	 * Leave out what may differ: the stream, the user's id, marks of the prompt cache,
	 * the order of named tools, and whether one text is a block or not. (Fields of the
	 * gateway, the order of members, escapes and white space are gone with the tree.)
	 */
	private static JsonNode withoutWhatChangesNoAnswer(String body) {
		ObjectNode document = AnswerJson.object(body);
		document.remove(List.of("stream", "cache_control"));
		if (document.path("metadata") instanceof ObjectNode metadata) {
			metadata.remove("user_id");
			if (metadata.isEmpty()) {
				document.remove("metadata");
			}
		}
		if (document.path("tools") instanceof ArrayNode tools) {
			List<JsonNode> sorted = new ArrayList<>();
			tools.forEach((tool) -> sorted.add(unmarked(tool)));
			if (sorted.stream().allMatch((tool) -> isNamed(tool))) {
				sorted.sort(Comparator.comparing(JsonNode::toString));
			}
			tools.removeAll().addAll(sorted);
			if (tools.isEmpty()) {
				document.remove("tools");
			}
		}
		document.set("system", block(document.path("system"), true));
		for (JsonNode message : document.path("messages")) {
			if (message instanceof ObjectNode object) {
				object.set("content", block(object.path("content"), true));
			}
		}
		return document;
	}

	private static boolean isNamed(JsonNode tool) {
		return tool.path("name").isString() && !tool.path("name").stringValue().isBlank();
	}

	private static JsonNode unmarked(JsonNode block) {
		if (block instanceof ObjectNode object) {
			object.remove("cache_control");
		}
		return block;
	}

	private static JsonNode block(JsonNode content, boolean joins) {
		if (!(content instanceof ArrayNode array)) {
			return content;
		}
		for (JsonNode element : array) {
			unmarked(element);
			if (element instanceof ObjectNode object && object.path("content").isArray()) {
				object.set("content",
						block(object.path("content"), object.path("type").stringValue("").equals("tool_result")));
			}
		}
		JsonNode only = (array.size() == 1) ? array.get(0) : array;
		boolean text = joins && only.size() == 2 && only.path("type").stringValue("").equals("text")
				&& only.path("text").isString();
		return text ? only.path("text") : array;
	}

	private static String mutated(String body, Random random) {
		JsonNode document = AnswerJson.object(body);
		int mutations = 1 + random.nextInt(2);
		for (int i = 0; i < mutations; i++) {
			List<JsonNode> containers = new ArrayList<>();
			collect(document, containers);
			JsonNode container = containers.get(random.nextInt(containers.size()));
			JsonNode value = AnswerJson.value(VALUES.get(random.nextInt(VALUES.size())));
			if (container instanceof ObjectNode object) {
				mutate(object, value, random);
			}
			else if (container instanceof ArrayNode array) {
				mutate(array, value, random);
			}
		}
		return document.toString();
	}

	private static void mutate(ObjectNode object, @org.jspecify.annotations.Nullable JsonNode value, Random random) {
		List<String> names = new ArrayList<>(object.propertyNames());
		String name = (names.isEmpty() || random.nextInt(3) == 0) ? NAMES.get(random.nextInt(NAMES.size()))
				: names.get(random.nextInt(names.size()));
		switch (random.nextInt(3)) {
			case 0 -> object.remove(name);
			case 1 -> object.set(name, value);
			default -> {
				if (object.path(name).isString()) {
					object.put(name, object.path(name).stringValue() + "x");
				}
				else {
					object.set(name, value);
				}
			}
		}
	}

	private static void mutate(ArrayNode array, @org.jspecify.annotations.Nullable JsonNode value, Random random) {
		int index = array.isEmpty() ? -1 : random.nextInt(array.size());
		switch (random.nextInt(4)) {
			case 0 -> array.add(value);
			case 1 -> {
				if (index >= 0) {
					array.remove(index);
				}
			}
			case 2 -> {
				if (index >= 0) {
					array.insert(random.nextInt(array.size()), array.get(index).deepCopy());
				}
			}
			default -> {
				if (index >= 0) {
					array.add(array.remove(index));
				}
			}
		}
	}

	private static void collect(JsonNode node, List<JsonNode> containers) {
		if (node.isContainer()) {
			containers.add(node);
			node.forEach((child) -> collect(child, containers));
		}
	}

}
