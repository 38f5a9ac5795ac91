package io.tokensaving.simulator.traffic;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

import io.tokensaving.simulator.CacheLifetime;
import io.tokensaving.simulator.traffic.TrafficPart.Kind;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Made-up requests as they stand on the wire. To Anthropic, each part has the tokens that
 * it says, if it is not so short that its braces take more.
 */
public final class TrafficBodies {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final String TOOL = "tool_00";

	private TrafficBodies() {
	}

	/**
	 * A request of Anthropic's Messages API.
	 * @param request the request
	 * @param marks lifetimes of marked parts by their index
	 * @return the body, to be changed at will
	 */
	public static ObjectNode anthropic(TrafficRequest request, SortedMap<Integer, CacheLifetime> marks) {
		ObjectNode body = JSON.createObjectNode().put("model", request.model()).put("max_tokens", 2000);
		int index = 0;
		if (!request.tools().isEmpty()) {
			ArrayNode tools = body.putArray("tools");
			for (TrafficPart part : request.tools()) {
				tools.add(marked(padded(tool(part), "description", part), marks.get(index++)));
			}
		}
		if (!request.system().isEmpty()) {
			ArrayNode system = body.putArray("system");
			for (TrafficPart part : request.system()) {
				system.add(marked(text(part), marks.get(index++)));
			}
		}
		ArrayNode messages = body.putArray("messages");
		TrafficPart before = null;
		for (TrafficPart part : request.messages()) {
			if (before == null || !together(before, part)) {
				boolean assistant = part.kind() == Kind.ASSISTANT || part.kind() == Kind.TOOL_CALL;
				messages.addObject().put("role", assistant ? "assistant" : "user").putArray("content");
			}
			ArrayNode content = (ArrayNode) messages.get(messages.size() - 1).get("content");
			content.add(marked(block(part), marks.get(index++)));
			before = part;
		}
		if (!request.toolChoice().isEmpty()) {
			body.putObject("tool_choice").put("type", request.toolChoice());
		}
		if (request.thinking()) {
			body.putObject("thinking").put("type", "enabled").put("budget_tokens", 1024);
		}
		return body;
	}

	private static boolean together(TrafficPart before, TrafficPart part) {
		return part.kind() == Kind.IMAGE
				|| (part.kind() == before.kind() && (part.kind() == Kind.TOOL_CALL || part.kind() == Kind.TOOL_RESULT));
	}

	private static ObjectNode block(TrafficPart part) {
		return switch (part.kind()) {
			case TOOL_CALL -> {
				ObjectNode call = JSON.createObjectNode()
					.put("type", "tool_use")
					.put("id", part.name())
					.put("name", TOOL);
				ObjectNode input = call.putObject("input").put("query", "");
				input.put("query", filler(part, call));
				yield call;
			}
			case TOOL_RESULT ->
				padded(JSON.createObjectNode().put("type", "tool_result").put("tool_use_id", part.name()), "content",
						part);
			case IMAGE -> {
				ObjectNode image = JSON.createObjectNode().put("type", "image");
				image.putObject("source").put("type", "url").put("url", "https://example.org/" + part.name());
				yield image;
			}
			default -> text(part);
		};
	}

	private static ObjectNode text(TrafficPart part) {
		return JSON.createObjectNode().put("type", "text").put("text", part.text());
	}

	private static ObjectNode tool(TrafficPart part) {
		ObjectNode tool = JSON.createObjectNode().put("name", part.name()).put("description", "");
		schema(tool.putObject("input_schema"));
		return tool;
	}

	private static void schema(ObjectNode schema) {
		schema.put("type", "object").putObject("properties").putObject("query").put("type", "string");
	}

	private static ObjectNode padded(ObjectNode node, String field, TrafficPart part) {
		node.put(field, "");
		return node.put(field, filler(part, node));
	}

	/** What is left of the part's text when the braces around it are taken off. */
	private static String filler(TrafficPart part, ObjectNode around) {
		String text = part.text().replace('\n', ' ');
		return text.substring(0, Math.max(0, text.length() - around.toString().length()));
	}

	private static ObjectNode marked(ObjectNode block, @Nullable CacheLifetime lifetime) {
		if (lifetime != null) {
			block.putObject("cache_control").put("type", "ephemeral").put("ttl", lifetime.wire());
		}
		return block;
	}

	/**
	 * A request of the Chat Completions API of OpenAI or DeepSeek.
	 * @param request the request; its model is not used
	 * @param model the model's name
	 * @return the body, to be changed at will
	 */
	public static ObjectNode chatCompletions(TrafficRequest request, String model) {
		ObjectNode body = JSON.createObjectNode().put("model", model);
		ArrayNode messages = body.putArray("messages");
		for (TrafficPart part : request.system()) {
			messages.addObject().put("role", "system").put("content", part.text());
		}
		List<TrafficPart> parts = request.messages();
		for (int index = 0; index < parts.size(); index++) {
			TrafficPart part = parts.get(index);
			switch (part.kind()) {
				case TOOL_CALL -> {
					ObjectNode message = messages.addObject().put("role", "assistant").putNull("content");
					ArrayNode calls = message.putArray("tool_calls");
					for (TrafficPart call : run(parts, index)) {
						calls.addObject()
							.put("id", call.name())
							.put("type", "function")
							.putObject("function")
							.put("name", TOOL)
							.put("arguments", JSON.writeValueAsString(Map.of("query", call.text())));
						index++;
					}
					index--;
				}
				case TOOL_RESULT -> messages.addObject()
					.put("role", "tool")
					.put("tool_call_id", part.name())
					.put("content", part.text());
				case IMAGE -> messages.addObject()
					.put("role", "user")
					.putArray("content")
					.addObject()
					.put("type", "image_url")
					.putObject("image_url")
					.put("url", "https://example.org/" + part.name());
				default -> messages.addObject()
					.put("role", (part.kind() == Kind.ASSISTANT) ? "assistant" : "user")
					.put("content", part.text());
			}
		}
		if (!request.tools().isEmpty()) {
			ArrayNode tools = body.putArray("tools");
			for (TrafficPart part : request.tools()) {
				ObjectNode function = tools.addObject().put("type", "function").putObject("function");
				function.put("name", part.name()).put("description", part.text());
				schema(function.putObject("parameters"));
			}
		}
		return body;
	}

	private static List<TrafficPart> run(List<TrafficPart> parts, int first) {
		List<TrafficPart> run = new ArrayList<>();
		for (int index = first; index < parts.size() && parts.get(index).kind() == parts.get(first).kind(); index++) {
			run.add(parts.get(index));
		}
		return run;
	}

}
