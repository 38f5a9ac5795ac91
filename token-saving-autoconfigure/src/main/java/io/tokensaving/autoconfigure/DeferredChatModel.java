package io.tokensaving.autoconfigure;

import java.util.function.Supplier;

import io.tokensaving.tier.FixedChatModel;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.util.function.SingletonSupplier;

/**
 * The model of a tier, looked up or created when it is first asked: the bean may depend
 * on what uses the tiers, and a tier that no plan uses costs nothing. Thread-safe.
 */
class DeferredChatModel implements ChatModel {

	private final SingletonSupplier<ChatModel> model;

	DeferredChatModel(Supplier<ChatModel> model) {
		this.model = SingletonSupplier.of(model);
	}

	/**
	 * Return the model itself.
	 * @param model a model
	 * @return the model that is looked up or created, or the given one
	 */
	static ChatModel unwrap(ChatModel model) {
		return (model instanceof DeferredChatModel deferred) ? deferred.model.obtain() : model;
	}

	@Override
	public ChatResponse call(Prompt prompt) {
		return this.model.obtain().call(prompt);
	}

	@Override
	public Flux<ChatResponse> stream(Prompt prompt) {
		return this.model.obtain().stream(prompt);
	}

	@Override
	public ChatOptions getOptions() {
		return this.model.obtain().getOptions();
	}

	/**
	 * The model of an endpoint, which the library makes by its definition.
	 */
	static final class OfEndpoint extends DeferredChatModel implements FixedChatModel {

		OfEndpoint(Supplier<ChatModel> model) {
			super(model);
		}

	}

}
