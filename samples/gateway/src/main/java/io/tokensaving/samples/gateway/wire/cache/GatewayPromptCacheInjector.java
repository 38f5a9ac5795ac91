package io.tokensaving.samples.gateway.wire.cache;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.promptcache.CacheTarget;
import io.tokensaving.promptcache.PromptCacheInjector;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.message.MessagePlaces;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * Hands what a provider is to be told about its prompt cache to the document, which can
 * say it at any message. What the client says itself stays, and then nothing is added.
 * Thread-safe.
 */
public final class GatewayPromptCacheInjector implements PromptCacheInjector {

	private static final String CONVERSATION_HEADER = "x-grok-conv-id";

	private final Function<WireOptions, Target> targets;

	private final Predicate<Throwable> rejections;

	/**
	 * Create an injector.
	 * @param targets tells where a request goes
	 * @param rejections tells whether a failure of the upstream says that it was asked in
	 * a way that it does not understand
	 */
	public GatewayPromptCacheInjector(Function<WireOptions, Target> targets, Predicate<Throwable> rejections) {
		this.targets = targets;
		this.rejections = rejections;
	}

	@Override
	public boolean supports(ChatOptions options) {
		return options instanceof WireOptions wire && wire.getDocument() instanceof CacheableDocument;
	}

	private static CacheableDocument document(ChatOptions options) {
		if (((WireOptions) options).getDocument() instanceof CacheableDocument document) {
			return document;
		}
		throw new IllegalArgumentException("The options must have a document that can be marked");
	}

	@Override
	public CacheTarget target(ChatOptions options, List<Message> messages) {
		Target target = this.targets.apply((WireOptions) options);
		CacheableDocument document = document(options);
		return new CacheTarget(target.provider(), target.baseUrl(), document.isCacheManaged(), document.frontOptions(),
				document.messageOptions());
	}

	// Which segments are marked at all, and how often, is a matter of the provider's
	// rules
	@Override
	public boolean isMarkable(List<Message> messages, int index) {
		return MessagePlaces.isMarkable(messages.get(index));
	}

	@Override
	public Injected inject(ChatOptions options, CacheInjection injection) {
		WireOptions given = (WireOptions) options;
		WireOptions.Builder builder = given.mutate().cacheInjection(injection);
		String provider = injection.target().provider();
		if (provider.equals("xai") && injection.settings().key()
				&& !given.getForwardedHeaders().containsKey(CONVERSATION_HEADER)) {
			Map<String, List<String>> headers = new LinkedHashMap<>(given.getForwardedHeaders());
			headers.put(CONVERSATION_HEADER, List.of(injection.keys().conversation()));
			builder.forwardedHeaders(headers);
		}
		return new Injected(builder.build(), PromptCacheMarks.takes(provider) && injection.hasMarks());
	}

	@Override
	public boolean isRejection(Throwable failure) {
		return this.rejections.test(failure);
	}

	/**
	 * Where a request goes. Immutable.
	 *
	 * @param provider the name of the provider, such as {@code openai}
	 * @param baseUrl its base URL
	 */
	public record Target(String provider, String baseUrl) {

	}

}
