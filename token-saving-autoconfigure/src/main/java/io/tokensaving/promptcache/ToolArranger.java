package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ToolContext;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.DefaultToolDefinition;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.ai.tool.metadata.ToolMetadata;

/**
 * Arranges the definitions of tools so that equal sets of tools are equal prefixes: in
 * the order of their names, with schemas in a {@linkplain SchemaText canonical form}. The
 * tools themselves stay as they are. Thread-safe.
 */
final class ToolArranger {

	private final SchemaText schemas = new SchemaText();

	/**
	 * Arrange the tools of a request.
	 * @param options the options of the request
	 * @param settings says what is arranged
	 * @return new options, or the same if there is nothing to arrange
	 */
	ChatOptions arrange(ChatOptions options, PromptCacheSettings settings) {
		List<ToolCallback> tools = PromptSegments.tools(options);
		if (tools.isEmpty() || !(options instanceof ToolCallingChatOptions toolOptions)) {
			return options;
		}
		List<ToolCallback> arranged = new ArrayList<>(tools);
		if (settings.canonicalSchemas()) {
			arranged.replaceAll(this::canonical);
		}
		if (settings.sortTools()) {
			arranged.sort(Comparator.comparing((ToolCallback tool) -> tool.getToolDefinition().name()));
		}
		if (isSame(tools, arranged)) {
			return options;
		}
		ChatOptions changed = toolOptions.mutate().toolCallbacks(arranged).build();
		// A class of the application's own may not know how to copy itself
		return (changed.getClass() == options.getClass()) ? changed : options;
	}

	// Two tools that are equal may be different all the same
	@SuppressWarnings("ReferenceEquality")
	private static boolean isSame(List<ToolCallback> tools, List<ToolCallback> arranged) {
		for (int i = 0; i < tools.size(); i++) {
			if (tools.get(i) != arranged.get(i)) {
				return false;
			}
		}
		return true;
	}

	private ToolCallback canonical(ToolCallback tool) {
		ToolDefinition definition = tool.getToolDefinition();
		String schema = this.schemas.canonical(definition.inputSchema());
		return schema.equals(definition.inputSchema()) ? tool : new CanonicalTool(tool,
				new DefaultToolDefinition(definition.name(), definition.description(), schema));
	}

	/**
	 * Describes a tool in another way and calls it.
	 *
	 * @param tool the tool
	 * @param definition its definition
	 */
	private record CanonicalTool(ToolCallback tool, ToolDefinition definition) implements ToolCallback {

		@Override
		public ToolDefinition getToolDefinition() {
			return this.definition;
		}

		@Override
		public ToolMetadata getToolMetadata() {
			return this.tool.getToolMetadata();
		}

		@Override
		public String call(String toolInput) {
			return this.tool.call(toolInput);
		}

		@Override
		public String call(String toolInput, @Nullable ToolContext toolContext) {
			return this.tool.call(toolInput, toolContext);
		}

	}

}
