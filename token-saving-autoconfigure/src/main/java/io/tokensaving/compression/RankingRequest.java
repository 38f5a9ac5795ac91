package io.tokensaving.compression;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The sentences to rank. Sentences and question are immutable; for one thread at a time.
 */
public final class RankingRequest {

	private final List<Sentence> sentences;

	private final List<String> question;

	private final int maxTokens;

	private final Deadline deadline;

	private @Nullable TermMatrix matrix;

	private boolean askedForTokens;

	/**
	 * Create a request.
	 * @param sentences the sentences in the order of the conversation
	 * @param question the terms of the question to focus on; empty for no focus
	 * @param maxTokens about how many tokens may be kept, 0 or more
	 * @param deadline the deadline of the ranking
	 */
	public RankingRequest(List<Sentence> sentences, List<String> question, int maxTokens, Deadline deadline) {
		this.sentences = List.copyOf(sentences);
		this.question = List.copyOf(question);
		this.maxTokens = maxTokens;
		this.deadline = deadline;
	}

	/**
	 * Return the sentences to rank.
	 * @return the sentences in the order of the conversation
	 */
	public List<Sentence> sentences() {
		return this.sentences;
	}

	/**
	 * Return the terms of the question to focus on.
	 * @return the terms with repetitions; empty for no focus
	 */
	public List<String> question() {
		return this.question;
	}

	/**
	 * Return about how many tokens may be kept, for engines that use this number.
	 * @return the tokens, 0 or more
	 */
	public int maxTokens() {
		this.askedForTokens = true;
		return this.maxTokens;
	}

	/**
	 * Throw an exception if the time for compression is over. An engine calls this every
	 * few milliseconds and lets the exception pass; the request is then trimmed instead.
	 * @throws Deadline.ExceededException if the time is over
	 */
	public void checkTime() {
		this.deadline.check();
	}

	/**
	 * Whether an engine looked at {@link #maxTokens()}. If not, its scores hold for any
	 * number.
	 * @return whether it did
	 */
	boolean askedForTokens() {
		return this.askedForTokens;
	}

	/**
	 * Return the same request for another number of tokens.
	 * @param maxTokens about how many tokens may be kept
	 * @return the request
	 */
	RankingRequest within(int maxTokens) {
		RankingRequest request = new RankingRequest(this.sentences, this.question, maxTokens, this.deadline);
		request.matrix = this.matrix;
		return request;
	}

	TermMatrix matrix() {
		if (this.matrix == null) {
			this.matrix = TermMatrix.of(this.sentences.stream().map(Sentence::terms).toList());
		}
		return this.matrix;
	}

}
