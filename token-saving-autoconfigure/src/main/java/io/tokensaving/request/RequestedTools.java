package io.tokensaving.request;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.tokensaving.provider.Dialect;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.StringUtils;

/**
 * The tools that a request offers to the model, and whether the calls of an answer fit
 * them. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class RequestedTools {

	private static final RequestedTools NONE = new RequestedTools(List.of());

	private final List<ToolCallback> tools;

	private RequestedTools(List<ToolCallback> tools) {
		this.tools = tools;
	}

	/**
	 * Return the tools of a request.
	 * @param options the options of the request, or {@code null} if it has none
	 * @return the tools, none if the options do not say
	 */
	public static RequestedTools of(@Nullable ChatOptions options) {
		List<ToolCallback> tools = (options instanceof ToolCallingChatOptions toolOptions)
				? toolOptions.getToolCallbacks() : null;
		return (tools != null && !tools.isEmpty()) ? new RequestedTools(tools) : NONE;
	}

	/**
	 * Whether tool calls can be executed: each has a name and an object of arguments, and
	 * an id of its own, by which its result is sent back.
	 * @param calls the calls of one generation
	 * @param dialect says whether calls have ids
	 * @return {@code false} also if the arguments of a call are left out although its
	 * tool asks for some, or is not known
	 */
	public boolean areExecutable(List<ToolCall> calls, Dialect dialect) {
		if (!areIdentified(calls, dialect)) {
			return false;
		}
		for (ToolCall call : calls) {
			if (StringUtils.hasText(call.arguments()) ? !isObject(call.arguments()) : !takesNoArguments(call.name())) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Whether the results of tool calls can be sent back.
	 * @param calls the calls of one generation
	 * @param dialect says whether calls have ids
	 * @return whether each has a name, and an id of its own if the provider gives ids
	 */
	public static boolean areIdentified(List<ToolCall> calls, Dialect dialect) {
		Set<String> ids = new HashSet<>();
		for (ToolCall call : calls) {
			boolean hasId = StringUtils.hasText(call.id());
			if (!StringUtils.hasText(call.name()) || (!hasId && dialect.toolCallsHaveIds())
					|| (hasId && !ids.add(call.id()))) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Whether more arguments of a call of a stream may come.
	 * @param call the call as it has arrived so far
	 * @return {@code false} if its arguments are whole
	 */
	public static boolean mayGoOn(ToolCall call) {
		return !new StreamedToolCall(call).isWhole();
	}

	/**
	 * Whether a tool is certainly not one of those that the request offers.
	 * @param name the name of the tool
	 * @return {@code false} also if the request does not say which tools it offers
	 */
	public boolean lacks(String name) {
		return !this.tools.isEmpty() && find(name) == null;
	}

	/**
	 * Whether the arguments of a call are certainly not what its tool takes.
	 * @param call the call
	 * @return whether they are no JSON object, or violate the schema of the tool; one
	 * that is not known, or cannot be understood, is not violated
	 */
	public boolean rejects(ToolCall call) {
		ToolDefinition tool = find(call.name());
		// Some models leave out the arguments of a tool without parameters
		JsonNode arguments = JsonSchemas.read(StringUtils.hasText(call.arguments()) ? call.arguments() : "{}");
		return arguments == null || !arguments.isObject()
				|| (tool != null && JsonSchemas.violates(tool.inputSchema(), arguments));
	}

	private @Nullable ToolDefinition find(String name) {
		for (ToolCallback tool : this.tools) {
			if (tool.getToolDefinition().name().equals(name)) {
				return tool.getToolDefinition();
			}
		}
		return null;
	}

	private static boolean isObject(String arguments) {
		JsonNode value = JsonSchemas.read(arguments);
		return value != null && value.isObject();
	}

	private boolean takesNoArguments(String name) {
		ToolDefinition tool = find(name);
		return tool != null && !requiresProperties(tool.inputSchema());
	}

	private static boolean requiresProperties(String schema) {
		JsonNode value = JsonSchemas.read(schema);
		JsonNode required = (value != null) ? value.get("required") : null;
		return value == null || (required != null && !required.isEmpty());
	}

}
