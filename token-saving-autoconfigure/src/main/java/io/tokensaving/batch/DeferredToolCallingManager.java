package io.tokensaving.batch;

import java.util.List;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.model.tool.ToolExecutionResult;
import org.springframework.ai.tool.definition.ToolDefinition;

/**
 * Executes the tools of a piece of work once, however often it is run. All others execute
 * theirs as before. Thread-safe if the manager is.
 */
public final class DeferredToolCallingManager implements ToolCallingManager {

	private final ToolCallingManager delegate;

	/**
	 * Create it.
	 * @param delegate executes the tools
	 */
	public DeferredToolCallingManager(ToolCallingManager delegate) {
		this.delegate = delegate;
	}

	@Override
	public List<ToolDefinition> resolveToolDefinitions(ToolCallingChatOptions chatOptions) {
		return this.delegate.resolveToolDefinitions(chatOptions);
	}

	@Override
	public ToolExecutionResult executeToolCalls(Prompt prompt, ChatResponse chatResponse) {
		BatchScope scope = BatchScope.current();
		if (scope == null) {
			return this.delegate.executeToolCalls(prompt, chatResponse);
		}
		List<AssistantMessage.ToolCall> calls = chatResponse.getResults()
			.stream()
			.flatMap((generation) -> generation.getOutput().getToolCalls().stream())
			.toList();
		return scope.execute(List.of(prompt.getInstructions(), calls),
				() -> this.delegate.executeToolCalls(prompt, chatResponse));
	}

}
