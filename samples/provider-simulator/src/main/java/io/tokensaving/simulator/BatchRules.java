package io.tokensaving.simulator;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/**
 * How batches go where no script says otherwise. All times are those of the simulator's
 * clock.
 *
 * @param validation from the creation to the first line
 * @param turnaround from the creation to the last line
 * @param finalizing from the last line to the results
 * @param cancelling from a cancellation to its end; lines that would be done meanwhile
 * still are
 * @param enqueuedTokens input tokens of OpenAI's batches of one account and model that
 * have not ended; one more batch fails while it is validated; 0 for no limit
 * @param inlineBytes of Gemini's batches that are not files
 * @param limits by provider
 */
public record BatchRules(Duration validation, Duration turnaround, Duration finalizing, Duration cancelling,
		long enqueuedTokens, long inlineBytes, Map<Provider, Limits> limits) {

	private static final long MIB = 1024 * 1024;

	private static final Limits NONE = new Limits(0, 0, Duration.ZERO);

	public BatchRules {
		if (validation.compareTo(turnaround) > 0) {
			throw new IllegalArgumentException("Validation must not take longer than the whole batch");
		}
		limits = Map.copyOf(limits);
	}

	/**
	 * Ten seconds of validation, seven minutes in all, and the limits of the providers.
	 * @return the rules
	 */
	public static BatchRules defaults() {
		return new BatchRules(Duration.ofSeconds(10), Duration.ofMinutes(7), Duration.ofSeconds(5),
				Duration.ofMinutes(1), 0, 20 * MIB,
				Map.of(Provider.OPENAI, new Limits(50_000, 200 * MIB, Duration.ofHours(24)), Provider.ANTHROPIC,
						new Limits(100_000, 256 * MIB, Duration.ofHours(24)), Provider.GEMINI,
						new Limits(Integer.MAX_VALUE, 2048 * MIB, Duration.ofHours(48))));
	}

	/**
	 * These rules with another turnaround; validation is shortened if it would be longer.
	 * @param value from the creation to the last line
	 * @return new rules
	 */
	public BatchRules withTurnaround(Duration value) {
		Duration first = (this.validation.compareTo(value) > 0) ? value : this.validation;
		return new BatchRules(first, value, this.finalizing, this.cancelling, this.enqueuedTokens, this.inlineBytes,
				this.limits);
	}

	/**
	 * These rules with a limit of what OpenAI takes at once.
	 * @param tokens of input, by account and model; 0 for no limit
	 * @return new rules
	 */
	public BatchRules withEnqueuedTokens(long tokens) {
		return new BatchRules(this.validation, this.turnaround, this.finalizing, this.cancelling, tokens,
				this.inlineBytes, this.limits);
	}

	/**
	 * These rules with other limits of a provider.
	 * @param provider the provider
	 * @param value its limits
	 * @return new rules
	 */
	public BatchRules withLimits(Provider provider, Limits value) {
		Map<Provider, Limits> changed = new EnumMap<>(this.limits);
		changed.put(provider, value);
		return new BatchRules(this.validation, this.turnaround, this.finalizing, this.cancelling, this.enqueuedTokens,
				this.inlineBytes, changed);
	}

	Limits of(Provider provider) {
		return this.limits.getOrDefault(provider, NONE);
	}

	/**
	 * What one batch may be.
	 *
	 * @param lines at most
	 * @param bytes at most
	 * @param window after which what is not done expires
	 */
	public record Limits(int lines, long bytes, Duration window) {

	}

}
