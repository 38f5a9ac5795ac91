package io.tokensaving.savings;

import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.knuddels.jtokkit.api.EncodingType;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
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
 * Estimates tokens for a model: exactly as tokenised for OpenAI's current models
 * ({@code o200k_base}), times a factor for the models of others, whose tokenisers are not
 * public or not at hand.
 * <p>
 * To a message's texts come {@value #MESSAGE_OVERHEAD} tokens for its role and
 * delimiters, to an image or other attachment a flat {@value #MEDIA_TOKENS}. The counts
 * of texts are remembered by content, so that the history of a conversation is not
 * tokenised again with every turn. Of a text above {@value #SAMPLED_LENGTH} chars only a
 * sample is tokenised. The encoding is loaded when it is first needed. Thread-safe.
 */
public final class TokenCounter {

	/**
	 * The default factor for models other than OpenAI's.
	 */
	public static final double DEFAULT_OTHER_MODELS_FACTOR = 1.2;

	/**
	 * Tokens that a message costs beside its content (OpenAI's documentation has 3 and
	 * one for a name).
	 */
	static final int MESSAGE_OVERHEAD = 4;

	/**
	 * Tokens that a tool definition costs beside its texts.
	 */
	static final int TOOL_OVERHEAD = 8;

	/**
	 * Tokens that are assumed for an attachment; between those of a low and a high detail
	 * image.
	 */
	static final int MEDIA_TOKENS = 1000;

	static final int SAMPLED_LENGTH = 262_144;

	private static final int SAMPLES = 16;

	private static final int REMEMBERED_LENGTH = 48;

	private static final long REMEMBERED_CHARS = 8 * 1024 * 1024;

	private static final List<String> OPENAI_PREFIXES = List.of("gpt-", "chatgpt-", "o1", "o3", "o4");

	private final Supplier<TokenCountEstimator> estimator;

	private final double otherModelsFactor;

	// Bounded by its size alone: an expiry would cost a hit on a long prompt 8 us
	private final Cache<String, Integer> remembered = Caffeine.newBuilder()
		.maximumWeight(REMEMBERED_CHARS)
		.weigher((String text, Integer tokens) -> text.length())
		.build();

	/**
	 * Create a counter with the {@code o200k_base} encoding and the default factor.
	 */
	public TokenCounter() {
		this(DEFAULT_OTHER_MODELS_FACTOR);
	}

	/**
	 * Create a counter with the {@code o200k_base} encoding.
	 * @param otherModelsFactor the factor for all models other than OpenAI's, above 0
	 */
	public TokenCounter(double otherModelsFactor) {
		this(() -> O200k.ESTIMATOR, otherModelsFactor);
	}

	/**
	 * Create a counter.
	 * @param estimator counts the tokens of a text for OpenAI's current models
	 * @param otherModelsFactor the factor for all other models, above 0
	 */
	public TokenCounter(TokenCountEstimator estimator, double otherModelsFactor) {
		this(() -> estimator, otherModelsFactor);
	}

	private TokenCounter(Supplier<TokenCountEstimator> estimator, double otherModelsFactor) {
		Assert.isTrue(otherModelsFactor > 0 && otherModelsFactor < Double.POSITIVE_INFINITY,
				() -> "'otherModelsFactor' must be above 0, but is " + otherModelsFactor);
		this.estimator = estimator;
		this.otherModelsFactor = otherModelsFactor;
	}

	/**
	 * Load the encoding now, so that the first request need not wait for it.
	 */
	public void load() {
		tokenise("load");
	}

	/**
	 * Return the factor for a model.
	 * @param model the name of the model, or {@code null} if it is not known
	 * @return 1 for OpenAI's current models, otherwise the factor for other models
	 */
	public double factor(@Nullable String model) {
		if (model != null) {
			String name = model.substring(model.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
			for (String prefix : OPENAI_PREFIXES) {
				if (name.startsWith(prefix)) {
					return 1;
				}
			}
		}
		return this.otherModelsFactor;
	}

	/**
	 * Count the tokens of a text.
	 * @param text the text, or {@code null} for none
	 * @param factor the factor of the model
	 * @return the tokens, 0 or more
	 */
	public int count(@Nullable String text, double factor) {
		if (text == null || text.isEmpty()) {
			return 0;
		}
		return (int) Math.ceil(tokens(text) * factor);
	}

	private int tokens(String text) {
		if (text.length() < REMEMBERED_LENGTH) {
			return tokenise(text);
		}
		Integer known = this.remembered.getIfPresent(text);
		if (known == null) {
			known = (text.length() > SAMPLED_LENGTH) ? sample(text) : tokenise(text);
			this.remembered.put(text, known);
		}
		return known;
	}

	private int sample(String text) {
		int size = SAMPLED_LENGTH / SAMPLES;
		long stride = ((long) text.length() - size) / (SAMPLES - 1);
		long tokens = 0;
		for (int i = 0; i < SAMPLES; i++) {
			int start = (int) (i * stride);
			tokens += tokenise(text.substring(start, start + size));
		}
		return (int) Math.min(Integer.MAX_VALUE / 4, tokens * text.length() / SAMPLED_LENGTH);
	}

	private int tokenise(String text) {
		// The names of special tokens, such as <|endoftext|>, are refused by the
		// tokeniser but are plain text in a message
		return this.estimator.get().estimate(text.contains("<|") ? text.replace("<|", "< |") : text);
	}

	/**
	 * Count the tokens of a message.
	 * @param message the message
	 * @param factor the factor of the model
	 * @return the tokens with the overhead of the message
	 */
	public int count(Message message, double factor) {
		int tokens = MESSAGE_OVERHEAD + count(message.getText(), factor);
		if (message instanceof MediaContent content && content.getMedia() != null) {
			tokens += content.getMedia().size() * MEDIA_TOKENS;
		}
		if (message instanceof AssistantMessage assistant && assistant.hasToolCalls()) {
			for (AssistantMessage.ToolCall toolCall : assistant.getToolCalls()) {
				tokens += MESSAGE_OVERHEAD + count(toolCall.name(), factor) + count(toolCall.arguments(), factor);
			}
		}
		if (message instanceof ToolResponseMessage tool) {
			for (ToolResponseMessage.ToolResponse response : tool.getResponses()) {
				tokens += MESSAGE_OVERHEAD + count(response.name(), factor) + count(response.responseData(), factor);
			}
		}
		return tokens;
	}

	/**
	 * Count the tokens of the tool definitions that go with a request.
	 * @param options the options of the request
	 * @param factor the factor of the model
	 * @return the tokens, 0 without tools
	 */
	public int countTools(@Nullable ChatOptions options, double factor) {
		if (!(options instanceof ToolCallingChatOptions toolOptions) || toolOptions.getToolCallbacks() == null) {
			return 0;
		}
		int tokens = 0;
		for (ToolCallback tool : toolOptions.getToolCallbacks()) {
			ToolDefinition definition = tool.getToolDefinition();
			tokens += TOOL_OVERHEAD + count(definition.name(), factor) + count(definition.description(), factor)
					+ count(definition.inputSchema(), factor);
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
		double factor = factor((options != null) ? options.getModel() : null);
		long tokens = countTools(options, factor);
		for (Message message : prompt.getInstructions()) {
			tokens += count(message, factor);
		}
		return tokens;
	}

	/**
	 * Whether a request surely has no more than a number of tokens, told from lengths
	 * alone: no tokeniser makes more tokens than a text has bytes.
	 * @param prompt the request
	 * @param limit the number of tokens
	 * @param factor the factor of the model
	 * @return {@code true} if the request is within the limit, {@code false} if it may be
	 * over
	 */
	public boolean isSurelyWithin(Prompt prompt, int limit, double factor) {
		// A text has at least as many bytes as chars, which are known without reading it
		return bound(prompt, factor, (text) -> (text != null) ? text.length() : 0) <= limit
				&& bound(prompt, factor, TokenCounter::bytes) <= limit;
	}

	// One is added for each text, because its count is rounded up
	private static double bound(Prompt prompt, double factor, ToLongFunction<@Nullable String> bytes) {
		double bound = 0;
		if (prompt.getOptions() instanceof ToolCallingChatOptions toolOptions
				&& toolOptions.getToolCallbacks() != null) {
			for (ToolCallback tool : toolOptions.getToolCallbacks()) {
				ToolDefinition definition = tool.getToolDefinition();
				bound += TOOL_OVERHEAD + 3 + factor * (bytes.applyAsLong(definition.name())
						+ bytes.applyAsLong(definition.description()) + bytes.applyAsLong(definition.inputSchema()));
			}
		}
		for (Message message : prompt.getInstructions()) {
			bound += bound(message, factor, bytes);
		}
		return bound;
	}

	private static double bound(Message message, double factor, ToLongFunction<@Nullable String> bytes) {
		double bound = MESSAGE_OVERHEAD + 1 + factor * bytes.applyAsLong(message.getText());
		if (message instanceof MediaContent content && content.getMedia() != null) {
			bound += content.getMedia().size() * MEDIA_TOKENS;
		}
		if (message instanceof AssistantMessage assistant && assistant.hasToolCalls()) {
			for (AssistantMessage.ToolCall toolCall : assistant.getToolCalls()) {
				bound += MESSAGE_OVERHEAD + 2
						+ factor * (bytes.applyAsLong(toolCall.name()) + bytes.applyAsLong(toolCall.arguments()));
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
		TokenUsage reported = TokenUsage.of(response.getMetadata().getUsage());
		return (reported != null) ? reported
				: new TokenUsage(count(prompt), countOutput(response, prompt.getOptions()), 0, 0, true);
	}

	private long countOutput(ChatResponse response, @Nullable ChatOptions options) {
		double factor = factor(model(response, options));
		long tokens = 0;
		for (Generation generation : response.getResults()) {
			tokens += count(generation.getOutput(), factor) - MESSAGE_OVERHEAD;
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
	 * The encoding takes a quarter of a second to load and some 20 MB, so all share it.
	 */
	private static final class O200k {

		private static final TokenCountEstimator ESTIMATOR = new JTokkitTokenCountEstimator(EncodingType.O200K_BASE);

	}

}
