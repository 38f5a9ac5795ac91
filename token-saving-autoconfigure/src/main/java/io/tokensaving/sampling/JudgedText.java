package io.tokensaving.sampling;

import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.tokensaving.ledger.TokenCounter;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * The text of an answer that is judged, or that one is compared with: there already, or
 * to be bought.
 */
@FunctionalInterface
public interface JudgedText {

	/**
	 * Return the text. Blocks until it is there.
	 * @param overdue whether the deadline has passed, after which the text is of no use
	 * @param payment receives the tokens that are bought, also if they are of no use
	 * @return the text, or {@code null} if there is none that can be judged
	 */
	@Nullable String get(BooleanSupplier overdue, Comparison.Payment payment);

	/**
	 * Return the text of an answer that is there.
	 * @param answer the answer
	 * @return its text
	 */
	static JudgedText of(ChatResponse answer) {
		String text = Comparison.text(answer);
		return (overdue, payment) -> text;
	}

	/**
	 * Return the text of an answer that is bought when it is asked for.
	 * @param prompt the request
	 * @param model calls the model with it
	 * @param judgeable whether an answer is finished, so that it can be judged
	 * @param tokenCounter reads or estimates the tokens that are bought
	 * @param name supplies the name of the model that is called, for an answer that does
	 * not hold it, or {@code null} if it is not known
	 * @return the text to come
	 */
	static JudgedText bought(Prompt prompt, FreshAnswer model, Predicate<ChatResponse> judgeable,
			TokenCounter tokenCounter, Supplier<@Nullable String> name) {
		return (overdue, payment) -> {
			ChatResponse answer = model.get((cutOff) -> {
				// Providers bill a stream that is cancelled, but not one that has failed
				if (overdue.getAsBoolean()) {
					payment.paid(name(cutOff, name), tokenCounter.usage(prompt, cutOff));
				}
			});
			if (answer == null) {
				return null;
			}
			payment.paid(name(answer, name), tokenCounter.usage(prompt, answer));
			return judgeable.test(answer) ? Comparison.text(answer) : null;
		};
	}

	private static @Nullable String name(ChatResponse answer, Supplier<@Nullable String> name) {
		String given = TokenCounter.model(answer, null);
		return (given != null) ? given : name.get();
	}

}
