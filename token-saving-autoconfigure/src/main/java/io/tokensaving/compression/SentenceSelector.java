package io.tokensaving.compression;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.PriorityQueue;

import org.springframework.util.Assert;

/**
 * Selects the sentences to keep within a number of tokens, best first, by maximal
 * marginal relevance (Carbonell and Goldstein, <i>The Use of MMR, Diversity-Based
 * Reranking for Reordering Documents and Producing Summaries</i>, SIGIR 1998), in a
 * multiplicative form that does not depend on the scale of the scores: <pre>
 * value(i) = score(i) (1 - penalty max over kept j of cos(i, j))
 * </pre> with the cosine of tf-idf vectors, for running text. A sentence brings those
 * that it is nested in, and one that does not fit with them is skipped. Keeping a
 * sentence can only lower the values of others, so a value is recomputed only when its
 * sentence is next in line. For one thread.
 */
final class SentenceSelector {

	private static final int TAKEN_PER_CHECK = 64;

	private static final double TWIN = 1 - 1e-9;

	private final RankingRequest request;

	private final TermMatrix matrix;

	private final double[] scores;

	private final double penalty;

	// The message, or the messages that stay and go together, of each sentence
	private final int[] groups;

	private final long[] overheads;

	// The tf-idf weight of each entry and of each posting; the vector of each sentence
	// has length 1
	private final double[] weights;

	private final double[] postingWeights;

	/**
	 * Create a selector.
	 * @param request the sentences
	 * @param scores the score of each sentence; negative scores and NaN count as 0
	 * @param penalty the weight of redundancy, from 0 for none to 1
	 * @param overhead the tokens of a message without content
	 */
	SentenceSelector(RankingRequest request, double[] scores, double penalty, int overhead) {
		this(request, scores, penalty, request.sentences().stream().mapToInt(Sentence::message).toArray(),
				constant(request, overhead));
	}

	/**
	 * Create a selector.
	 * @param request the sentences
	 * @param scores the score of each sentence; negative scores and NaN count as 0
	 * @param penalty the weight of redundancy, from 0 for none to 1
	 * @param groups the number of the message of each sentence, or of the messages that
	 * are kept together
	 * @param overheads the tokens of each of these without the sentences
	 */
	SentenceSelector(RankingRequest request, double[] scores, double penalty, int[] groups, long[] overheads) {
		Assert.isTrue(scores.length == request.sentences().size(),
				() -> "A score is needed for each of %d sentences, but there are %d"
					.formatted(request.sentences().size(), scores.length));
		this.request = request;
		this.matrix = request.matrix();
		this.scores = new double[scores.length];
		for (int i = 0; i < scores.length; i++) {
			this.scores[i] = (scores[i] > 0) ? scores[i] : 0;
		}
		this.penalty = penalty;
		this.groups = groups;
		this.overheads = overheads;
		this.weights = new double[this.matrix.row(scores.length)];
		this.postingWeights = new double[this.weights.length];
		if (penalty > 0) {
			weigh();
		}
	}

	private static long[] constant(RankingRequest request, int overhead) {
		long[] overheads = new long[request.sentences().stream().mapToInt(Sentence::message).max().orElse(0) + 1];
		Arrays.fill(overheads, overhead);
		return overheads;
	}

	private void weigh() {
		int n = this.matrix.sentenceCount();
		int[] taken = new int[this.matrix.termCount()];
		for (int i = 0; i < n; i++) {
			double squares = 0;
			for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
				int frequency = this.matrix.documentFrequency(this.matrix.term(entry));
				double weight = this.matrix.count(entry) * Math.log(1 + (double) n / frequency);
				this.weights[entry] = weight;
				squares += weight * weight;
			}
			double norm = Math.sqrt(squares);
			for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
				int term = this.matrix.term(entry);
				this.weights[entry] /= norm;
				this.postingWeights[this.matrix.posting(term) + taken[term]++] = this.weights[entry];
			}
		}
	}

	/**
	 * Select sentences.
	 * @param maxTokens the limit for the sentences together, with the overhead of their
	 * messages
	 * @return the indices of the kept sentences, best first
	 */
	int[] select(int maxTokens) {
		List<Sentence> sentences = this.request.sentences();
		double[] similarities = new double[this.scores.length];
		double[] products = new double[this.scores.length];
		BitSet paid = new BitSet();
		BitSet taken = new BitSet();
		PriorityQueue<Candidate> queue = new PriorityQueue<>(Math.max(1, this.scores.length));
		for (int i = 0; i < this.scores.length; i++) {
			queue.add(new Candidate(i, this.scores[i]));
		}
		int[] kept = new int[this.scores.length];
		int count = 0;
		long left = maxTokens;
		while (left > 0 && !queue.isEmpty()) {
			Candidate best = queue.remove();
			int index = best.index();
			if (taken.get(index)) {
				continue;
			}
			// Half a method or record is worth little, however much it resembles others
			double similarity = sentences.get(index).place().isRunningText() ? Math.min(1, similarities[index]) : 0;
			double value = this.scores[index] * (1 - this.penalty * similarity);
			if (value < best.value()) {
				queue.add(new Candidate(index, value));
				continue;
			}
			long cost = paid.get(this.groups[index]) ? 0 : this.overheads[this.groups[index]];
			for (int i = index; i >= 0 && !taken.get(i); i = sentences.get(i).place().parent()) {
				cost += sentences.get(i).tokens();
			}
			if (cost > left) {
				continue;
			}
			left -= cost;
			paid.set(this.groups[index]);
			for (int i = index; i >= 0 && !taken.get(i); i = sentences.get(i).place().parent()) {
				taken.set(i);
				kept[count++] = i;
				// A sentence similar to this one is just as similar to its twin, which
				// was applied
				if (this.penalty > 0 && similarities[i] < TWIN) {
					update(i, similarities, products);
				}
				if (count % TAKEN_PER_CHECK == 0) {
					this.request.checkTime();
				}
			}
		}
		return Arrays.copyOf(kept, count);
	}

	// Raises the similarity of sentences that share a term with the kept one
	private void update(int kept, double[] similarities, double[] products) {
		for (int entry = this.matrix.row(kept); entry < this.matrix.row(kept + 1); entry++) {
			int term = this.matrix.term(entry);
			for (int posting = this.matrix.posting(term); posting < this.matrix.posting(term + 1); posting++) {
				products[this.matrix.sentence(posting)] += this.weights[entry] * this.postingWeights[posting];
			}
		}
		for (int entry = this.matrix.row(kept); entry < this.matrix.row(kept + 1); entry++) {
			int term = this.matrix.term(entry);
			for (int posting = this.matrix.posting(term); posting < this.matrix.posting(term + 1); posting++) {
				int i = this.matrix.sentence(posting);
				similarities[i] = Math.max(similarities[i], products[i]);
				products[i] = 0;
			}
		}
	}

	private record Candidate(int index, double value) implements Comparable<Candidate> {

		@Override
		public int compareTo(Candidate other) {
			int byValue = Double.compare(other.value, this.value);
			return (byValue != 0) ? byValue : Integer.compare(this.index, other.index);
		}

	}

}
