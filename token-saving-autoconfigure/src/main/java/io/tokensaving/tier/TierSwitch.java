package io.tokensaving.tier;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import io.tokensaving.provider.Dialects;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Makes of a request for one model a request for the model of a tier: its options, its
 * conversation, and the choice that {@link TierModelAdvisor} carries out. Thread-safe.
 */
public final class TierSwitch {

	private final OptionsTranslator translator;

	private final ForeignReasoning reasoning;

	/**
	 * Create a switch.
	 * @param dialects know the options and the reasoning of providers
	 */
	public TierSwitch(Dialects dialects) {
		this.translator = new OptionsTranslator(dialects);
		this.reasoning = new ForeignReasoning(dialects);
	}

	/**
	 * Switch a request to a tier.
	 * @param request the request, which is not changed
	 * @param tier the tier
	 * @param source the model that the request was made for, as {@link SourceModels}
	 * finds it, or {@code null} if it is not known
	 * @param own whether the tier has written a message of the conversation, such as the
	 * call in a tool loop: then its reasoning stays
	 * @return the request for the tier, or {@code null} if the options of one of the
	 * models cannot be copied: then only the model it was made for can serve it
	 */
	public @Nullable Switched apply(ChatClientRequest request, Tier tier, @Nullable ChatModel source,
			Predicate<AssistantMessage> own) {
		Prompt prompt = request.prompt();
		ChatOptions given = prompt.getOptions();
		ChatModel target = tier.chatModel();
		ChatOptions options = given;
		List<String> dropped = List.of();
		if (target != null) {
			OptionsTranslator.Translation translation = this.translator.translate(given,
					(source != null) ? source.getOptions() : null, target.getOptions(), tier.model());
			options = (translation != null) ? translation.options() : null;
			dropped = (translation != null) ? translation.dropped() : dropped;
		}
		else if (tier.model() != null) {
			ChatOptions base = (given == null && source != null) ? source.getOptions() : given;
			options = (base != null) ? this.translator.withModel(base, tier.model()) : null;
		}
		else {
			return new Switched(ownModel(request, own), dropped);
		}
		if (options == null) {
			return null;
		}
		List<Message> messages = this.reasoning.strip(prompt.getInstructions(), own);
		Map<String, Object> context = new HashMap<>(request.context());
		TierModelAdvisor.select(context, tier);
		// The prompt's own copy would lose the media of answers
		return new Switched(new ChatClientRequest(new Prompt(messages, options), context), dropped);
	}

	// Other tiers may have written a part of the conversation
	@SuppressWarnings("ReferenceEquality")
	private ChatClientRequest ownModel(ChatClientRequest request, Predicate<AssistantMessage> own) {
		List<Message> given = request.prompt().getInstructions();
		List<Message> messages = this.reasoning.strip(given, own);
		return (messages != given)
				? new ChatClientRequest(new Prompt(messages, request.prompt().getOptions()), request.context())
				: request;
	}

	/**
	 * A request for a tier. Immutable.
	 *
	 * @param request the request
	 * @param dropped the names of the options that the caller has set and the tier's
	 * model does not have
	 */
	public record Switched(ChatClientRequest request, List<String> dropped) {

		/**
		 * Copy the names.
		 */
		public Switched {
			dropped = List.copyOf(dropped);
		}

	}

}
