package io.tokensaving.simulator.schema;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.SimulatedRequest;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a request asks, whatever API it is of.
 *
 * @param prompt the last text of the user
 * @param hasResult whether a tool has answered since
 * @param tools that can be called
 * @param choice whether they must be
 * @param parallel whether several can be called at once
 * @param schema of the output, or null
 * @param json whether the output is to be JSON of any kind
 * @param attachments images and files in all messages
 * @param thinks whether thinking is shown
 * @param digest of all that can change an answer
 */
record Question(String prompt, boolean hasResult, List<Tool> tools, Choice choice, boolean parallel,
		@Nullable JsonNode schema, boolean json, int attachments, boolean thinks, String digest) {

	/** What does not change an answer, or is another number each time. */
	private static final Set<String> IGNORED = Set.of("stream", "stream_options", "user", "metadata", "store",
			"safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options",
			"prompt_cache_breakpoint", "cache_control", "id", "tool_call_id", "tool_use_id", "call_id", "signature");

	private static final Set<String> ATTACHED = Set.of("image_url", "image", "input_image", "input_file", "input_audio",
			"file", "document");

	static Question of(SimulatedRequest request) {
		JsonNode body = request.json();
		boolean responses = request.path().endsWith("/responses");
		List<JsonNode> messages = new ArrayList<>();
		JsonNode input = responses ? body.path("input") : body.path("messages");
		if (input.isString()) {
			messages.add(JsonMapper.shared().createObjectNode().put("role", "user").set("content", input));
		}
		input.forEach(messages::add);
		if (body.has("prompt")) {
			messages.add(JsonMapper.shared().createObjectNode().put("role", "user").set("content", body.get("prompt")));
		}
		String prompt = "";
		boolean hasResult = false;
		int attachments = 0;
		for (JsonNode message : messages) {
			String text = text(message.path("content"));
			if (isResult(message)) {
				hasResult = true;
			}
			else if (message.path("role").asString("").equals("user") && !text.isEmpty()) {
				prompt = text;
				hasResult = false;
			}
			for (JsonNode part : message.path("content")) {
				attachments += ATTACHED.contains(part.path("type").asString("")) ? 1 : 0;
			}
		}
		JsonNode format = format(request.provider(), responses, body);
		JsonNode schema = format.path("type").asString("").equals("json_schema")
				? (format.has("schema") ? format.get("schema") : format.path("json_schema").path("schema"))
				: JsonMapper.shared().missingNode();
		Allowed allowed = allowed(tools(body), body.path("tool_choice"));
		boolean parallel = body.path("parallel_tool_calls").asBoolean(true)
				&& !body.path("tool_choice").path("disable_parallel_tool_use").asBoolean(false);
		String thinking = body.path("thinking").path("type").asString("disabled");
		return new Question(prompt, hasResult, allowed.tools(), allowed.choice(), parallel,
				schema.isObject() ? schema : null, format.path("type").asString("").equals("json_object"), attachments,
				!thinking.equals("disabled") || (responses && body.path("reasoning").isObject()), digest(body));
	}

	private static JsonNode format(Provider provider, boolean responses, JsonNode body) {
		if (responses) {
			return body.path("text").path("format");
		}
		if (provider == Provider.ANTHROPIC) {
			return body.has("output_format") ? body.get("output_format") : body.path("output_config").path("format");
		}
		return body.path("response_format");
	}

	private static boolean isResult(JsonNode message) {
		if (message.path("role").asString("").equals("tool")
				|| message.path("type").asString("").equals("function_call_output")) {
			return true;
		}
		return message.path("content")
			.valueStream()
			.anyMatch((part) -> part.path("type").asString("").equals("tool_result"));
	}

	private static String text(JsonNode content) {
		if (content.isString()) {
			return content.asString();
		}
		List<String> texts = new ArrayList<>();
		content.forEach((part) -> {
			if (part.isString() || part.path("text").isString()) {
				texts.add(part.isString() ? part.asString() : part.get("text").asString());
			}
		});
		return String.join("\n", texts);
	}

	private static List<Tool> tools(JsonNode body) {
		List<Tool> tools = new ArrayList<>();
		for (JsonNode tool : body.path("tools")) {
			JsonNode inner = tool.path("function").isObject() ? tool.get("function") : tool;
			JsonNode schema = inner.has("input_schema") ? inner.get("input_schema") : inner.path("parameters");
			if (inner.path("name").isString()) {
				tools.add(new Tool(inner.get("name").asString(), schema));
			}
		}
		return tools;
	}

	/** The tools that are allowed, and whether one must be called. */
	private static Allowed allowed(List<Tool> tools, JsonNode choice) {
		String word = choice.isString() ? choice.asString() : choice.path("type").asString("auto");
		return switch (word) {
			case "none" -> new Allowed(tools, Choice.NONE);
			case "required", "any" -> new Allowed(tools, Choice.REQUIRED);
			case "function", "tool" -> {
				String name = choice.path("function").path("name").asString(choice.path("name").asString(""));
				yield new Allowed(tools.stream().filter((tool) -> tool.name().equals(name)).toList(), Choice.REQUIRED);
			}
			case "allowed_tools" -> {
				JsonNode allowed = choice.path("allowed_tools").isObject() ? choice.get("allowed_tools") : choice;
				Set<String> names = new HashSet<>();
				allowed.path("tools")
					.forEach((tool) -> names
						.add(tool.path("function").path("name").asString(tool.path("name").asString(""))));
				yield new Allowed(tools.stream().filter((tool) -> names.contains(tool.name())).toList(),
						allowed.path("mode").asString("auto").equals("required") ? Choice.REQUIRED : Choice.AUTO);
			}
			default -> new Allowed(tools, Choice.AUTO);
		};
	}

	/**
	 * Whether the prompt names a tool: by its name, or by all of its longer words.
	 * @param tool the tool
	 */
	boolean names(Tool tool) {
		String words = this.prompt.toLowerCase(Locale.ROOT);
		String name = tool.name();
		if (words.contains(name.toLowerCase(Locale.ROOT))) {
			return true;
		}
		List<String> parts = List.of(name.replaceAll("([a-z])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT).split("[_-]+"))
			.stream()
			.filter((part) -> part.length() > 3)
			.toList();
		return !parts.isEmpty() && parts.stream().allMatch(words::contains);
	}

	private static String digest(JsonNode body) {
		try {
			byte[] hash = MessageDigest.getInstance("SHA-256")
				.digest(canonical(body).toString().getBytes(StandardCharsets.UTF_8));
			return HexFormat.of().formatHex(hash, 0, 6);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static JsonNode canonical(JsonNode node) {
		if (node.isObject()) {
			Map<String, JsonNode> sorted = new TreeMap<>();
			node.properties().forEach((field) -> {
				if (!IGNORED.contains(field.getKey())) {
					sorted.put(field.getKey(), canonical(field.getValue()));
				}
			});
			ObjectNode copy = JsonMapper.shared().createObjectNode();
			sorted.forEach(copy::set);
			return copy;
		}
		if (node.isArray()) {
			ArrayNode copy = JsonMapper.shared().createArrayNode();
			node.forEach((element) -> copy.add(canonical(element)));
			return copy;
		}
		return node;
	}

	/** Whether a tool must be called. */
	enum Choice {

		NONE, AUTO, REQUIRED

	}

	private record Allowed(List<Tool> tools, Choice choice) {

	}

	/**
	 * A tool.
	 *
	 * @param name its name
	 * @param schema of its arguments
	 */
	record Tool(String name, JsonNode schema) {

	}

}
