package io.tokensaving.budget;

import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.ledger.TokenScale;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.OutputLimit;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * What a request may cost. Immutable.
 *
 * @param input the input tokens
 * @param output the largest number of output tokens
 * @param picoUsd the cost in pico-dollars if the provider's prompt cache has nothing of
 * the request and is given all of it; 0 without a price
 * @param priced whether the model has a price
 */
record BudgetEstimate(long input, long output, long picoUsd, boolean priced) {

	/**
	 * Estimate a request.
	 * @param request the request
	 * @param maxOutputTokens the output tokens of a request that does not limit them
	 * @param counter counts tokens
	 * @param prices the prices
	 * @return the estimate
	 */
	static BudgetEstimate of(ChatClientRequest request, int maxOutputTokens, TokenCounter counter, PriceTable prices) {
		ChatOptions options = request.prompt().getOptions();
		TokenScale scale = counter.scale(options);
		long input = counter.count(request.prompt());
		// Spring AI adds them behind the last advisor
		input += counter.count(text(request, ChatClientAttributes.OUTPUT_FORMAT), scale);
		input += counter.count(text(request, ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA), scale);
		OutputLimit limit = OutputLimit.of(options);
		long output = (limit.tokens() != null) ? limit.tokens() : maxOutputTokens;
		ModelPrice price = prices.find((options != null) ? options.getModel() : null);
		return new BudgetEstimate(input, output, (price != null) ? highest(price, input, output, limit) : 0,
				price != null);
	}

	private static @Nullable String text(ChatClientRequest request, ChatClientAttributes attribute) {
		return (request.context().get(attribute.getKey()) instanceof String text) ? text : null;
	}

	private static long highest(ModelPrice price, long input, long output, OutputLimit limit) {
		long highest = 0;
		for (long reasoning : new long[] { 0, output }) {
			highest = Math.max(highest, price.picoUsd(usage(input, output, 0, 0, reasoning, limit)));
			highest = Math.max(highest, price.picoUsd(usage(input, output, input, 0, reasoning, limit)));
			highest = Math.max(highest, price.picoUsd(usage(input, output, input, input, reasoning, limit)));
		}
		return highest;
	}

	private static TokenUsage usage(long input, long output, long written, long writtenForAnHour, long reasoning,
			OutputLimit limit) {
		return new TokenUsage(input, output, 0, written, writtenForAnHour, reasoning, limit.tier(), true);
	}

	BudgetAmount amount() {
		return new BudgetAmount(this.picoUsd, this.input + this.output);
	}

}
