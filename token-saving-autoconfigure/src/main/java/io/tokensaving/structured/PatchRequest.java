package io.tokensaving.structured;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.request.CallState;
import io.tokensaving.request.RequestedOutput;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;

/**
 * Asks a cheap tier to correct an answer that is not valid. It is given the answer, what
 * is wrong with it and the schema, and neither question nor history nor tools.
 */
final class PatchRequest {

	private static final int MAX_CHARS = 64 * 1024;

	private final ChatClientRequest request;

	private final CallState call;

	private final RequestedOutput output;

	private final AnsweredOutput.Tools tools;

	PatchRequest(ChatClientRequest request, CallState call, RequestedOutput output, AnsweredOutput.Tools tools) {
		this.request = request;
		this.call = call;
		this.output = output;
		this.tools = tools;
	}

	/**
	 * Have an answer corrected. What that costs is overhead of the call.
	 * @param answer the answer
	 * @param tierName the tier
	 * @param model asks a model
	 * @return an answer that is valid, or {@code null} if there is none
	 */
	@Nullable String patch(String answer, String tierName, Function<ChatClientRequest, ChatClientResponse> model) {
		try {
			Tier tier = this.tools.tiers().get().find(tierName);
			String schema = this.output.schema();
			if (tier == null || schema == null || answer.length() > MAX_CHARS) {
				return null;
			}
			ChatOptions options = options(tier);
			if (options == null) {
				return null;
			}
			Prompt prompt = new Prompt(List.of(new UserMessage(text(answer, schema))), options);
			ChatResponse response = model.apply(new ChatClientRequest(prompt, context(tier))).chatResponse();
			if (response == null) {
				return null;
			}
			SavingsLedger.of(this.request)
				.recordOverhead(TokenCounter.model(response, options),
						this.tools.tokenCounter().usage(prompt, response));
			String corrected = (response.getResult() != null) ? response.getResult().getOutput().getText() : null;
			if (corrected == null || this.output.isValid(corrected)) {
				return corrected;
			}
			return JsonRepair.repair(corrected, false, this.output::isValid).json();
		}
		catch (RuntimeException ex) {
			this.tools.statistics().recordError(StructuredFeature.COMPONENT, this.call.planKey(), ex);
			return null;
		}
	}

	private String text(String answer, String schema) {
		return """
				The answer below was meant to be JSON that satisfies the schema. %s

				Correct it: change the form only, keep every value that is in it, add none. \
				Reply with the JSON and nothing else.

				Schema:
				%s

				Answer:
				%s""".formatted(this.output.problem(answer), schema.strip(), answer);
	}

	private @Nullable ChatOptions options(Tier tier) {
		ChatModel model = tier.chatModel();
		ChatOptions options = (model != null) ? model.getOptions() : this.request.prompt().getOptions();
		if (options != null && tier.model() != null) {
			options = this.tools.translator().withModel(options, tier.model());
		}
		if (options instanceof ToolCallingChatOptions calling) {
			ToolCallingChatOptions.Builder<?> builder = (ToolCallingChatOptions.Builder<?>) calling.mutate();
			options = builder.toolCallbacks(List.of()).build();
		}
		return options;
	}

	private Map<String, Object> context(Tier tier) {
		Map<String, Object> context = new HashMap<>(this.request.context());
		context.remove(ChatClientAttributes.OUTPUT_FORMAT.getKey());
		context.remove(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey());
		context.remove(ChatClientAttributes.STRUCTURED_OUTPUT_NATIVE.getKey());
		TierModelAdvisor.select(context, tier);
		return context;
	}

}
