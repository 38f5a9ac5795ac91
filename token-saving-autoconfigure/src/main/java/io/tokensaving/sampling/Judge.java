package io.tokensaving.sampling;

import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * Judges whether an answer that was obtained more cheaply, such as from the semantic
 * cache, says the same as the answer of the model to the same question. Called in the
 * background. An application adds a judge as a bean of this type; plans select it by the
 * name of the bean. Implementations must be thread-safe.
 */
public interface Judge {

	/**
	 * Judge an answer.
	 * @param question the question that was asked
	 * @param given the answer that was given
	 * @param fresh the answer of the model
	 * @return the verdict
	 * @throws NoVerdictException if a model was paid but no verdict was reached; its
	 * tokens are charged, which is impossible for any other exception
	 */
	Verdict judge(String question, String given, String fresh);

	/**
	 * The verdict of a judge. Immutable.
	 *
	 * @param right whether the given answer was right
	 * @param model the model that was paid for the verdict, or {@code null} if none was
	 * or it is not known
	 * @param usage the tokens that were bought
	 */
	record Verdict(boolean right, @Nullable String model, TokenUsage usage) {

	}

}
