package io.tokensaving.cache.semantic;

import io.tokensaving.savings.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * Judges whether an answer that the semantic cache served says the same as the one the
 * model gave to the very question. Called in the background. An application's own judge
 * is a bean of this type, selected by the name of the bean. Thread-safe.
 */
public interface AnswerJudge {

	/**
	 * Judge a served answer.
	 * @param question the question that was asked
	 * @param served the answer that was served
	 * @param fresh the answer of the model
	 * @return the verdict
	 */
	Verdict judge(String question, String served, String fresh);

	/**
	 * What a judge has found. Immutable.
	 *
	 * @param right whether the served answer was right
	 * @param model the model that was paid for the verdict, or {@code null} if none was
	 * or it is not known
	 * @param usage what it was paid for
	 */
	record Verdict(boolean right, @Nullable String model, TokenUsage usage) {

	}

}
