package io.tokensaving.sampling;

import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.DescribedException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown by a {@link Judge} that paid a model but reached no verdict.
 */
public class NoVerdictException extends DescribedException {

	private final @Nullable String model;

	private final transient TokenUsage usage;

	/**
	 * Create an exception.
	 * @param reason the reason as a predicate whose subject is the judge, such as
	 * "replied nothing". It is logged, so it must quote neither the question nor an
	 * answer nor the reply
	 * @param model the model that was paid, or {@code null} if it is not known
	 * @param usage the tokens that were bought
	 */
	public NoVerdictException(String reason, @Nullable String model, TokenUsage usage) {
		super(reason);
		this.model = model;
		this.usage = usage;
	}

	/**
	 * Return the model that was paid.
	 * @return its name, or {@code null} if it is not known
	 */
	public @Nullable String model() {
		return this.model;
	}

	/**
	 * Return the tokens that were bought.
	 * @return the usage
	 */
	public TokenUsage usage() {
		return this.usage;
	}

}
