package io.tokensaving.route.evaluate;

import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Answers all prompts of an evaluation: one after the other, several at a time or in a
 * batch of the provider.
 */
@FunctionalInterface
public interface Answering {

	/**
	 * Answer prompts. Blocks.
	 * @param prompts the prompts
	 * @return an answer for each, in the same order; {@code null} for one that failed
	 */
	List<@Nullable ChatResponse> answer(List<Prompt> prompts);

	/**
	 * Ask a model one prompt after the other.
	 * @param model the model
	 * @return what asks it; a failure of a prompt is no failure of the others
	 */
	static Answering oneByOne(ChatModel model) {
		return (prompts) -> {
			List<@Nullable ChatResponse> answers = new ArrayList<>();
			for (Prompt prompt : prompts) {
				ChatResponse answer = null;
				try {
					answer = model.call(prompt);
				}
				catch (RuntimeException ex) {
					// Counted as no answer
				}
				answers.add(answer);
			}
			return answers;
		};
	}

}
