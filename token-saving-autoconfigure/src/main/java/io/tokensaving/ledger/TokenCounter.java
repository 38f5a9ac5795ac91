package io.tokensaving.ledger;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.knuddels.jtokkit.api.EncodingType;
import io.tokensaving.backend.HeapSize;
import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.text.GraphemeClusters;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.MediaContent;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tokenizer.JTokkitTokenCountEstimator;
import org.springframework.ai.tokenizer.TokenCountEstimator;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.Assert;
import org.springframework.util.StringUtils;

/**
 * Estimates the tokens of a model: with its own tokeniser for the models of OpenAI, and
 * with {@code o200k_base} times a factor for models of other providers, whose tokenisers
 * are not public or not included.
 * <p>
 * Each message counts {@value #MESSAGE_OVERHEAD} tokens for its role and delimiters in
 * addition to its texts; an image or other attachment counts a flat
 * {@value #MEDIA_TOKENS} tokens; a message of the assistant also counts the reasoning
 * that is sent back with it. The counts of texts are cached by content, so that the
 * history of a conversation is not tokenised again with every turn. Of a text longer than
 * {@value #SAMPLED_LENGTH} chars only a sample is tokenised. An encoding is loaded when
 * it is first needed. Thread-safe.
 */
public final class TokenCounter {

	/**
	 * The default factor for models whose provider has none.
	 */
	public static final double DEFAULT_OTHER_MODELS_FACTOR = 1.2;

	/**
	 * The tokens of a message in addition to its content (OpenAI documents 3, and one for
	 * a name).
	 */
	static final int MESSAGE_OVERHEAD = 4;

	/**
	 * The tokens of a tool definition in addition to its texts.
	 */
	static final int TOOL_OVERHEAD = 8;

	/**
	 * The tokens that are assumed for an attachment: between an image of low and one of
	 * high detail.
	 */
	static final int MEDIA_TOKENS = 1000;

	static final int SAMPLED_LENGTH = 262_144;

	private static final int SAMPLES = 16;

	private static final int MIN_CACHED_LENGTH = 48;

	static final long CACHE_BYTES = 16L * 1024 * 1024;

	private static final int NUMBER_BYTES = 16;

	private final Dialects dialects;

	private final Function<String, TokenCountEstimator> estimators;

	private final double otherModelsFactor;

	private final TokenScale defaultScale;

	private final Tokeniser usual;

	private final ConcurrentMap<String, Tokeniser> others = new ConcurrentHashMap<>();

	/**
	 * Create a counter with the encodings of OpenAI and the default factor.
	 */
	public TokenCounter() {
		this(DEFAULT_OTHER_MODELS_FACTOR);
	}

	/**
	 * Create a counter with the encodings of OpenAI.
	 * @param otherModelsFactor the factor for models whose provider has none, above 0
	 */
	public TokenCounter(double otherModelsFactor) {
		this(otherModelsFactor, Dialects.builtIn());
	}

	/**
	 * Create a counter with the encodings of OpenAI.
	 * @param otherModelsFactor the factor for models whose provider has none, above 0
	 * @param dialects the dialects that know the factors of providers and read the usage
	 * that they report
	 */
	public TokenCounter(double otherModelsFactor, Dialects dialects) {
		this(Encodings::estimator, otherModelsFactor, dialects);
	}

	/**
	 * Create a counter.
	 * @param estimator counts the tokens of a text, for every encoding
	 * @param otherModelsFactor the factor for models whose provider has none, above 0
	 */
	public TokenCounter(TokenCountEstimator estimator, double otherModelsFactor) {
		this((encoding) -> estimator, otherModelsFactor, Dialects.builtIn());
	}

	private TokenCounter(Function<String, TokenCountEstimator> estimators, double otherModelsFactor,
			Dialects dialects) {
		Assert.isTrue(otherModelsFactor > 0 && otherModelsFactor < Double.POSITIVE_INFINITY,
				() -> "'otherModelsFactor' must be above 0, but is " + otherModelsFactor);
		this.estimators = estimators;
		this.otherModelsFactor = otherModelsFactor;
		this.dialects = dialects;
		this.defaultScale = new TokenScale(TokenScale.DEFAULT_ENCODING, 1, dialects.of(null));
		this.usual = new Tokeniser(() -> estimators.apply(TokenScale.DEFAULT_ENCODING));
	}

	/**
	 * Load the usual encoding now, so that the first request does not wait for it.
	 */
	public void load() {
		this.usual.tokens("load");
	}

	/**
	 * Return the factor for a model.
	 * @param model the name of the model, or {@code null} if it is not known
	 * @return the factor of its provider, otherwise the factor for other models
	 */
	public double factor(@Nullable String model) {
		return this.dialects.tokenFactor(model).orElse(this.otherModelsFactor);
	}

	/**
	 * Return how the requests of a model are counted.
	 * @param options the options of a request, or {@code null} if it has none
	 * @return the scale of its model and provider
	 */
	public TokenScale scale(@Nullable ChatOptions options) {
		return scale((options != null) ? options.getModel() : null, options);
	}

	private TokenScale scale(@Nullable String model, @Nullable ChatOptions options) {
		String encoding = this.dialects.tokenEncoding(model);
		return new TokenScale((encoding != null) ? encoding : TokenScale.DEFAULT_ENCODING, factor(model),
				this.dialects.of(options));
	}

	private TokenScale scale(double factor) {
		return new TokenScale(TokenScale.DEFAULT_ENCODING, factor, this.defaultScale.dialect());
	}

	/**
	 * Count the tokens of a text by the usual encoding.
	 * @param text the text, or {@code null} for none
	 * @param factor the factor of the model
	 * @return the tokens, 0 or more
	 */
	public int count(@Nullable String text, double factor) {
		return (text == null || text.isEmpty()) ? 0 : (int) Math.ceil(this.usual.tokens(text) * factor);
	}

	/**
	 * Count the tokens of a text.
	 * @param text the text, or {@code null} for none
	 * @param scale how the model is counted
	 * @return the tokens, 0 or more
	 */
	public int count(@Nullable String text, TokenScale scale) {
		if (text == null || text.isEmpty()) {
			return 0;
		}
		return (int) Math.ceil(tokeniser(scale.encoding()).tokens(text) * scale.factor());
	}

	private Tokeniser tokeniser(String encoding) {
		if (encoding.equals(TokenScale.DEFAULT_ENCODING)) {
			return this.usual;
		}
		return this.others.computeIfAbsent(encoding, (name) -> new Tokeniser(() -> this.estimators.apply(name)));
	}

	/**
	 * Count the tokens of a message by the usual encoding.
	 * @param message the message
	 * @param factor the factor of the model
	 * @return the tokens with the overhead of the message
	 */
	public int count(Message message, double factor) {
		return count(message, scale(factor));
	}

	/**
	 * Count the tokens of a message.
	 * @param message the message
	 * @param scale how the model is counted
	 * @return the tokens with the overhead of the message
	 */
	public int count(Message message, TokenScale scale) {
		int tokens = MESSAGE_OVERHEAD + count(message.getText(), scale);
		if (message instanceof MediaContent content && content.getMedia() != null) {
			tokens += content.getMedia().size() * MEDIA_TOKENS;
		}
		if (message instanceof AssistantMessage assistant) {
			for (AssistantMessage.ToolCall toolCall : assistant.getToolCalls()) {
				tokens += MESSAGE_OVERHEAD + count(toolCall.name(), scale) + count(toolCall.arguments(), scale);
			}
			for (Object reasoning : scale.dialect().reasoning(assistant)) {
				tokens += (reasoning instanceof byte[] bytes) ? tokens(bytes) : count((String) reasoning, scale);
			}
		}
		if (message instanceof ToolResponseMessage tool) {
			for (ToolResponseMessage.ToolResponse response : tool.getResponses()) {
				tokens += MESSAGE_OVERHEAD + count(response.name(), scale) + count(response.responseData(), scale);
			}
		}
		return tokens;
	}

	// As if it were Base64 with four characters a token, for want of anything better
	private static int tokens(byte[] bytes) {
		return (bytes.length + 2) / 3;
	}

	/**
	 * Count the tokens of the tool definitions that go with a request.
	 * @param options the options of the request
	 * @param scale how the model is counted
	 * @return the tokens, 0 without tools
	 */
	public int countTools(@Nullable ChatOptions options, TokenScale scale) {
		if (!(options instanceof ToolCallingChatOptions toolOptions) || toolOptions.getToolCallbacks() == null) {
			return 0;
		}
		int tokens = 0;
		for (ToolCallback tool : toolOptions.getToolCallbacks()) {
			ToolDefinition definition = tool.getToolDefinition();
			tokens += TOOL_OVERHEAD + count(definition.name(), scale) + count(definition.description(), scale)
					+ count(definition.inputSchema(), scale);
		}
		return tokens;
	}

	/**
	 * Count the tokens of a request.
	 * @param prompt the request
	 * @return the tokens of messages and tool definitions
	 */
	public long count(Prompt prompt) {
		ChatOptions options = prompt.getOptions();
		TokenScale scale = scale(options);
		long tokens = countTools(options, scale);
		for (Message message : prompt.getInstructions()) {
			tokens += count(message, scale);
		}
		return tokens;
	}

	/**
	 * Whether a request certainly has at most a number of tokens, computed from lengths
	 * only: no tokeniser makes more tokens than a text has bytes.
	 * @param prompt the request
	 * @param limit the number of tokens
	 * @param scale how the model is counted
	 * @return {@code true} if the request is within the limit, {@code false} if it may be
	 * over
	 */
	public boolean isSurelyWithin(Prompt prompt, int limit, TokenScale scale) {
		// A text has at least as many bytes as chars, which are known without reading it
		return bound(prompt, scale, (text) -> (text != null) ? text.length() : 0) <= limit
				&& bound(prompt, scale, TokenCounter::bytes) <= limit;
	}

	// Adds one for each text, because its count is rounded up
	private static double bound(Prompt prompt, TokenScale scale, ToLongFunction<@Nullable String> bytes) {
		double bound = 0;
		double factor = scale.factor();
		if (prompt.getOptions() instanceof ToolCallingChatOptions toolOptions
				&& toolOptions.getToolCallbacks() != null) {
			for (ToolCallback tool : toolOptions.getToolCallbacks()) {
				ToolDefinition definition = tool.getToolDefinition();
				bound += TOOL_OVERHEAD + 3 + factor * (bytes.applyAsLong(definition.name())
						+ bytes.applyAsLong(definition.description()) + bytes.applyAsLong(definition.inputSchema()));
			}
		}
		for (Message message : prompt.getInstructions()) {
			bound += bound(message, scale, bytes);
		}
		return bound;
	}

	private static double bound(Message message, TokenScale scale, ToLongFunction<@Nullable String> bytes) {
		double factor = scale.factor();
		double bound = MESSAGE_OVERHEAD + 1 + factor * bytes.applyAsLong(message.getText());
		if (message instanceof MediaContent content && content.getMedia() != null) {
			bound += content.getMedia().size() * MEDIA_TOKENS;
		}
		if (message instanceof AssistantMessage assistant) {
			for (AssistantMessage.ToolCall toolCall : assistant.getToolCalls()) {
				bound += MESSAGE_OVERHEAD + 2
						+ factor * (bytes.applyAsLong(toolCall.name()) + bytes.applyAsLong(toolCall.arguments()));
			}
			for (Object reasoning : scale.dialect().reasoning(assistant)) {
				bound += 1 + ((reasoning instanceof byte[] signature) ? tokens(signature)
						: factor * bytes.applyAsLong((String) reasoning));
			}
		}
		if (message instanceof ToolResponseMessage tool) {
			for (ToolResponseMessage.ToolResponse response : tool.getResponses()) {
				bound += MESSAGE_OVERHEAD + 2
						+ factor * (bytes.applyAsLong(response.name()) + bytes.applyAsLong(response.responseData()));
			}
		}
		return bound;
	}

	// At most three bytes for a UTF-16 unit, and one more for each "<|" that is split
	private static long bytes(@Nullable String text) {
		if (text == null) {
			return 0;
		}
		if (text.length() > SAMPLED_LENGTH) {
			return 3L * text.length();
		}
		long bytes = 0;
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			bytes += (c < 0x80 && c != '<') ? 1 : (c < 0x800) ? 2 : 3;
		}
		return bytes;
	}

	/**
	 * Return the usage of a call: what the provider reported, or an estimate if it
	 * reported nothing.
	 * @param prompt the request
	 * @param response the response
	 * @return the usage
	 */
	public TokenUsage usage(Prompt prompt, ChatResponse response) {
		TokenUsage reported = reported(response.getMetadata().getUsage(), prompt.getOptions());
		return (reported != null) ? reported
				: new TokenUsage(count(prompt), countOutput(response, prompt.getOptions()), 0, 0, true);
	}

	/**
	 * Return what a provider reported.
	 * @param usage the usage of a response, or {@code null}
	 * @param options the options of the request, or {@code null} if they are not known
	 * @return the usage, or {@code null} if nothing was reported
	 */
	public @Nullable TokenUsage reported(@Nullable Usage usage, @Nullable ChatOptions options) {
		return this.dialects.usage(usage, options);
	}

	private long countOutput(ChatResponse response, @Nullable ChatOptions options) {
		TokenScale scale = scale(model(response, options), options);
		long tokens = 0;
		for (Generation generation : response.getResults()) {
			tokens += count(generation.getOutput(), scale) - MESSAGE_OVERHEAD;
		}
		return tokens;
	}

	/**
	 * Return the model that answered.
	 * @param response the response
	 * @param options the options of the request
	 * @return the model that the response names, otherwise the one that the request
	 * names, or {@code null}
	 */
	public static @Nullable String model(@Nullable ChatResponse response, @Nullable ChatOptions options) {
		if (response != null && StringUtils.hasText(response.getMetadata().getModel())) {
			return response.getMetadata().getModel();
		}
		return (options != null) ? options.getModel() : null;
	}

	/**
	 * Tokenises texts and caches the counts of long ones.
	 */
	private static final class Tokeniser {

		private final Supplier<TokenCountEstimator> estimator;

		// Bounded by size only: an expiry would add 8 us to a hit on a long prompt
		private final Cache<String, Integer> counts = Caffeine.newBuilder()
			.maximumWeight(CACHE_BYTES)
			.weigher((String text, Integer tokens) -> HeapSize
				.weight(HeapSize.CACHE_ENTRY + NUMBER_BYTES + HeapSize.of(text)))
			.build();

		Tokeniser(Supplier<TokenCountEstimator> estimator) {
			this.estimator = estimator;
		}

		int tokens(String text) {
			if (text.length() < MIN_CACHED_LENGTH) {
				return tokenise(text);
			}
			Integer known = this.counts.getIfPresent(text);
			if (known == null) {
				known = (text.length() > SAMPLED_LENGTH) ? sample(text) : tokenise(text);
				this.counts.put(text, known);
			}
			return known;
		}

		private int sample(String text) {
			int size = SAMPLED_LENGTH / SAMPLES;
			long stride = ((long) text.length() - size) / (SAMPLES - 1);
			long tokens = 0;
			long sampled = 0;
			for (int i = 0; i < SAMPLES; i++) {
				int start = GraphemeClusters.floor(text, (int) (i * stride));
				int end = GraphemeClusters.floor(text, start + size);
				tokens += tokenise(text.substring(start, end));
				sampled += end - start;
			}
			return (int) Math.min(Integer.MAX_VALUE / 4, tokens * text.length() / Math.max(1, sampled));
		}

		private int tokenise(String text) {
			// The tokeniser rejects special tokens such as <|endoftext|>
			return this.estimator.get().estimate(text.contains("<|") ? text.replace("<|", "< |") : text);
		}

	}

	/**
	 * Holds each encoding once for all counters, because it takes a quarter of a second
	 * to load and some 20 MB.
	 */
	private static final class Encodings {

		private static final ConcurrentMap<String, TokenCountEstimator> ESTIMATORS = new ConcurrentHashMap<>();

		static TokenCountEstimator estimator(String name) {
			TokenCountEstimator known = ESTIMATORS.get(name);
			return (known != null) ? known : ESTIMATORS.computeIfAbsent(name, Encodings::load);
		}

		// A name that a dialect has made up counts as the usual one
		private static TokenCountEstimator load(String name) {
			return new JTokkitTokenCountEstimator(EncodingType.fromName(name).orElse(EncodingType.O200K_BASE));
		}

	}

}
