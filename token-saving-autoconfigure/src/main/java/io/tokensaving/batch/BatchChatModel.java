package io.tokensaving.batch;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

import io.tokensaving.TokenSavingAdvisors;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Asks a chat model prompts whose answers may come later, for less: the low level of
 * {@link TokenSavingBatch}, for code that has prompts in place of a chat client. The
 * default plan applies, if there is one. Thread-safe.
 */
public final class BatchChatModel {

	private final TokenSavingBatch batch;

	private final ChatClient client;

	/**
	 * Create it.
	 * @param model the chat model that would answer at once
	 * @param batch runs what waits for answers
	 * @param advisors the advisors of this library, which are a bean
	 */
	public BatchChatModel(ChatModel model, TokenSavingBatch batch, TokenSavingAdvisors advisors) {
		this.batch = batch;
		this.client = ChatClient.builder(model).defaultAdvisors(advisors).build();
	}

	/**
	 * Ask a prompt.
	 * @param prompt the prompt
	 * @return the answer, as late as the plan says, or what went wrong
	 */
	public CompletableFuture<@Nullable ChatResponse> submit(Prompt prompt) {
		return this.batch.submit("prompt-" + UUID.randomUUID(), () -> this.client.prompt(prompt).call().chatResponse());
	}

	/**
	 * Ask prompts and wait for all answers.
	 * @param prompts the prompts
	 * @return an answer for each, in the same order; {@code null} for one that failed
	 */
	public List<@Nullable ChatResponse> answer(List<Prompt> prompts) {
		List<CompletableFuture<@Nullable ChatResponse>> submitted = prompts.stream().map(this::submit).toList();
		List<@Nullable ChatResponse> answers = new ArrayList<>(prompts.size());
		for (CompletableFuture<@Nullable ChatResponse> each : submitted) {
			ChatResponse answer = null;
			try {
				answer = each.join();
			}
			catch (CompletionException ex) {
				// The caller is told by the missing answer
			}
			answers.add(answer);
		}
		return answers;
	}

}
