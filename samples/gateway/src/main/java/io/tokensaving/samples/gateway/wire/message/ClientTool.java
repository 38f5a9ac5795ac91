package io.tokensaving.samples.gateway.wire.message;

import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;

/**
 * A tool that only the client, or the provider, can call. Immutable.
 *
 * @param definition its definition
 */
public record ClientTool(ToolDefinition definition) implements ToolCallback {

	/**
	 * Create a tool.
	 * @param name the name
	 * @param description the description, or an empty text
	 * @param inputSchema the schema of its parameters
	 */
	public ClientTool(String name, String description, String inputSchema) {
		this(new Definition(name, description, inputSchema));
	}

	@Override
	public ToolDefinition getToolDefinition() {
		return this.definition;
	}

	@Override
	public String call(String toolInput) {
		throw new UnsupportedOperationException("The tool '" + this.definition.name() + "' is the client's to call");
	}

	/**
	 * What a tool is. Unlike Spring AI's own it may have no description.
	 *
	 * @param name the name
	 * @param description the description, or an empty text
	 * @param inputSchema the schema of its parameters
	 */
	private record Definition(String name, String description, String inputSchema) implements ToolDefinition {

	}

}
