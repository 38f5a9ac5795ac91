package io.tokensaving.simulator.spring;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

import io.tokensaving.simulator.traffic.TrafficBodies;
import io.tokensaving.simulator.traffic.TrafficRequest;
import tools.jackson.databind.JsonNode;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.Media;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.MimeTypeUtils;

/**
 * Made-up requests as messages and tools of Spring AI. A model of Spring AI puts the same
 * texts on the wire that {@link TrafficBodies} has. The choice of tools, thinking and
 * marks of the application are options of a model, and left to the caller.
 */
public final class TrafficPrompts {

	private TrafficPrompts() {
	}

	/**
	 * The messages of a request, system texts first.
	 * @param request the request
	 * @return new messages
	 */
	public static List<Message> messages(TrafficRequest request) {
		JsonNode body = TrafficBodies.anthropic(request, new TreeMap<>());
		List<Message> messages = new ArrayList<>();
		for (JsonNode block : body.path("system")) {
			messages.add(new SystemMessage(block.get("text").asString()));
		}
		for (JsonNode message : body.get("messages")) {
			messages.add(message(message.get("role").asString(), message.get("content")));
		}
		return messages;
	}

	private static Message message(String role, JsonNode content) {
		StringBuilder text = new StringBuilder();
		List<AssistantMessage.ToolCall> calls = new ArrayList<>();
		List<ToolResponseMessage.ToolResponse> results = new ArrayList<>();
		List<Media> media = new ArrayList<>();
		for (JsonNode block : content) {
			switch (block.get("type").asString()) {
				case "text" -> text.append(block.get("text").asString());
				case "tool_use" -> calls.add(new AssistantMessage.ToolCall(block.get("id").asString(), "function",
						block.get("name").asString(), block.get("input").toString()));
				case "tool_result" ->
					results.add(new ToolResponseMessage.ToolResponse(block.get("tool_use_id").asString(), "tool_00",
							block.get("content").asString()));
				case "image" ->
					media.add(new Media(MimeTypeUtils.IMAGE_PNG, URI.create(block.at("/source/url").asString())));
				default -> throw new IllegalStateException("No message of " + block);
			}
		}
		if (!results.isEmpty()) {
			return ToolResponseMessage.builder().responses(results).build();
		}
		if (role.equals("assistant")) {
			return AssistantMessage.builder().content(text.toString()).toolCalls(calls).build();
		}
		return UserMessage.builder().text(text.toString()).media(media).build();
	}

	/**
	 * The tools of a request, in its order. Calling one is an error: what they answer is
	 * in the messages.
	 * @param request the request
	 * @return new tools
	 */
	public static List<ToolCallback> tools(TrafficRequest request) {
		List<ToolCallback> tools = new ArrayList<>();
		for (JsonNode tool : TrafficBodies.anthropic(request, new TreeMap<>()).path("tools")) {
			tools.add(new MadeUpTool(ToolDefinition.builder()
				.name(tool.get("name").asString())
				.description(tool.get("description").asString())
				.inputSchema(tool.get("input_schema").toString())
				.build()));
		}
		return tools;
	}

	private record MadeUpTool(ToolDefinition definition) implements ToolCallback {

		@Override
		public ToolDefinition getToolDefinition() {
			return this.definition;
		}

		@Override
		public String call(String toolInput) {
			throw new UnsupportedOperationException("Made-up tools are not called");
		}

	}

}
