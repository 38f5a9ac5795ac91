package io.tokensaving.tier;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.tokensaving.provider.OutputLimit;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.content.MediaContent;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;

/**
 * What a request needs of the tier that serves it. Immutable.
 *
 * @param tokens the number of tokens of the input and of the largest output together
 * @param tools whether the model must know tools: it may call some, or the conversation
 * holds calls
 * @param media whether the messages hold images or other media
 * @param nativeSchema whether the provider must enforce a JSON schema
 * @param tags the tags that the tier must have
 */
public record TierNeeds(long tokens, boolean tools, boolean media, boolean nativeSchema, Set<String> tags) {

	/**
	 * Copy the tags.
	 */
	public TierNeeds {
		tags = Set.copyOf(tags);
	}

	/**
	 * Find out what a request needs.
	 * @param request the request
	 * @param inputTokens the number of tokens of its messages and tools
	 * @param tags the tags that the tier must have
	 * @return the needs
	 */
	public static TierNeeds of(ChatClientRequest request, long inputTokens, Set<String> tags) {
		ChatOptions options = request.prompt().getOptions();
		Long output = OutputLimit.of(options).tokens();
		boolean tools = options instanceof ToolCallingChatOptions given && given.getToolCallbacks() != null
				&& !given.getToolCallbacks().isEmpty();
		boolean media = false;
		for (Message message : request.prompt().getInstructions()) {
			tools = tools || message instanceof ToolResponseMessage
					|| (message instanceof AssistantMessage assistant && assistant.hasToolCalls());
			media = media || (message instanceof MediaContent content && !content.getMedia().isEmpty());
		}
		return new TierNeeds(inputTokens + ((output != null) ? output : 0), tools, media, needsSchema(request, options),
				tags);
	}

	// Ollama's options return the name of a format for the schema
	private static boolean needsSchema(ChatClientRequest request, @Nullable ChatOptions options) {
		boolean attribute = request.context().containsKey(ChatClientAttributes.STRUCTURED_OUTPUT_NATIVE.getKey())
				&& request.context().get(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey()) != null;
		String schema = (options instanceof StructuredOutputChatOptions structured) ? structured.getOutputSchema()
				: null;
		return attribute || (schema != null && schema.stripLeading().startsWith("{"));
	}

	/**
	 * Return what a tier lacks to serve the request.
	 * @param limits what the tier can serve
	 * @return the needs that it does not meet, none if it can serve the request
	 */
	public Set<Need> lacking(Tier.Limits limits) {
		Set<Need> lacking = EnumSet.noneOf(Need.class);
		if (limits.contextWindow() > 0 && this.tokens > limits.contextWindow()) {
			lacking.add(Need.CONTEXT_WINDOW);
		}
		if (this.tools && !limits.tools()) {
			lacking.add(Need.TOOLS);
		}
		if (this.media && !limits.media()) {
			lacking.add(Need.MEDIA);
		}
		if (this.nativeSchema && !limits.nativeSchema()) {
			lacking.add(Need.NATIVE_SCHEMA);
		}
		if (!limits.tags().containsAll(this.tags)) {
			lacking.add(Need.TAG);
		}
		return lacking;
	}

	/**
	 * Return the tiers that can serve the request.
	 * @param tiers the tiers, in any order
	 * @return those that lack nothing, in the same order
	 */
	public List<Tier> served(List<Tier> tiers) {
		List<Tier> served = new ArrayList<>(tiers);
		served.removeIf((tier) -> !lacking(tier.limits()).isEmpty());
		return served;
	}

	/**
	 * Something that a request may need.
	 */
	public enum Need {

		/**
		 * Room for the input and the largest output.
		 */
		CONTEXT_WINDOW,

		/**
		 * Calls of tools.
		 */
		TOOLS,

		/**
		 * Images and other media.
		 */
		MEDIA,

		/**
		 * A schema that the provider enforces.
		 */
		NATIVE_SCHEMA,

		/**
		 * A tag that the plan requires.
		 */
		TAG;

		private final String code = name().toLowerCase(Locale.ROOT);

		/**
		 * Return the name for figures.
		 * @return the name in lower case, such as {@code context_window}
		 */
		public String code() {
			return this.code;
		}

	}

}
