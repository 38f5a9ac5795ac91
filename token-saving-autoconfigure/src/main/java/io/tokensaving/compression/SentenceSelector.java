package io.tokensaving.compression;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;

import org.jspecify.annotations.Nullable;

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
 * sentence is next in line. What is selected within another number of tokens begins
 * alike, and is continued from there. For one thread.
 */
final class SentenceSelector {

	private static final int TAKEN_PER_CHECK = 64;

	private static final double TWIN = 1 - 1e-9;

	private static final int MAX_CHECKPOINTS = 8;

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

	private final double[] products;

	private final int[] touched;

	// By score, the best first
	private final Candidate[] order;

	// States that later selections can start from, the latest last
	private final Deque<State> checkpoints = new ArrayDeque<>();

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
		this.products = new double[scores.length];
		this.touched = new int[scores.length];
		this.order = new Candidate[scores.length];
		for (int i = 0; i < scores.length; i++) {
			this.order[i] = new Candidate(i, this.scores[i]);
		}
		Arrays.sort(this.order);
	}

	private static long[] constant(RankingRequest request, int overhead) {
		long[] overheads = new long[request.sentences().stream().mapToInt(Sentence::message).max().orElse(0) + 1];
		Arrays.fill(overheads, overhead);
		return overheads;
	}

	private void weigh() {
		int n = this.matrix.sentenceCount();
		int[] taken = new int[this.matrix.termCount()];
		double[] inverseFrequencies = new double[taken.length];
		for (int term = 0; term < taken.length; term++) {
			inverseFrequencies[term] = Math.log(1 + (double) n / this.matrix.documentFrequency(term));
		}
		for (int i = 0; i < n; i++) {
			double squares = 0;
			for (int entry = this.matrix.row(i); entry < this.matrix.row(i + 1); entry++) {
				double weight = this.matrix.count(entry) * inverseFrequencies[this.matrix.term(entry)];
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
		State state = start(maxTokens);
		long nextCheckpoint = (maxTokens - state.spent) / 2;
		while (state.spent < maxTokens) {
			Candidate best = state.next(this.order);
			if (best == null) {
				break;
			}
			int index = best.index();
			if (state.taken.get(index)) {
				continue;
			}
			long left = maxTokens - state.spent;
			if (sentences.get(index).tokens() > left) {
				state.skip(sentences.get(index).tokens());
				continue;
			}
			// Half a method or record is worth little, however much it resembles others
			double similarity = sentences.get(index).place().isRunningText() ? Math.min(1, state.similarities[index])
					: 0;
			double value = this.scores[index] * (1 - this.penalty * similarity);
			if (value < best.value()) {
				state.later.add(new Candidate(index, value));
				continue;
			}
			long cost = state.paid.get(this.groups[index]) ? 0 : this.overheads[this.groups[index]];
			for (int i = index; i >= 0 && !state.taken.get(i); i = sentences.get(i).place().parent()) {
				cost += sentences.get(i).tokens();
			}
			if (cost > left) {
				state.skip(cost);
				continue;
			}
			state.spent += cost;
			state.paid.set(this.groups[index]);
			for (int i = index; i >= 0 && !state.taken.get(i); i = sentences.get(i).place().parent()) {
				take(i, state);
			}
			if (maxTokens - state.spent < nextCheckpoint) {
				nextCheckpoint = (maxTokens - state.spent) / 2;
				remember(state);
			}
		}
		return Arrays.copyOf(state.kept, state.count);
	}

	private void take(int index, State state) {
		state.taken.set(index);
		state.kept[state.count++] = index;
		// A sentence similar to this one is just as similar to its twin, which was
		// applied
		if (this.penalty > 0 && state.similarities[index] < TWIN) {
			update(index, state.similarities);
		}
		if (state.count % TAKEN_PER_CHECK == 0) {
			this.request.checkTime();
		}
	}

	private State start(int maxTokens) {
		State latest = null;
		for (State state : this.checkpoints) {
			if (state.spent < maxTokens && maxTokens < state.leastSkipped
					&& (latest == null || state.spent > latest.spent)) {
				latest = state;
			}
		}
		return (latest != null) ? new State(latest) : new State(this.scores.length);
	}

	private void remember(State state) {
		if (this.checkpoints.size() == MAX_CHECKPOINTS) {
			this.checkpoints.removeFirst();
		}
		this.checkpoints.addLast(new State(state));
	}

	// Raises the similarity of sentences that share a term with the kept one
	private void update(int kept, double[] similarities) {
		int count = 0;
		for (int entry = this.matrix.row(kept); entry < this.matrix.row(kept + 1); entry++) {
			int term = this.matrix.term(entry);
			double weight = this.weights[entry];
			for (int posting = this.matrix.posting(term); posting < this.matrix.posting(term + 1); posting++) {
				int i = this.matrix.sentence(posting);
				if (this.products[i] == 0) {
					this.touched[count++] = i;
				}
				this.products[i] += weight * this.postingWeights[posting];
			}
		}
		for (int k = 0; k < count; k++) {
			int i = this.touched[k];
			similarities[i] = Math.max(similarities[i], this.products[i]);
			this.products[i] = 0;
		}
	}

	private record Candidate(int index, double value) implements Comparable<Candidate> {

		@Override
		public int compareTo(Candidate other) {
			int byValue = Double.compare(other.value, this.value);
			return (byValue != 0) ? byValue : Integer.compare(this.index, other.index);
		}

	}

	/**
	 * How far a selection has come.
	 */
	private static final class State {

		private final double[] similarities;

		private final BitSet paid;

		private final BitSet taken;

		private final int[] kept;

		// Candidates whose value has fallen
		private final PriorityQueue<Candidate> later;

		private int count;

		private int position;

		private long spent;

		// The least limit within which something would not have been skipped
		private long leastSkipped;

		State(int size) {
			this.similarities = new double[size];
			this.paid = new BitSet();
			this.taken = new BitSet();
			this.kept = new int[size];
			this.later = new PriorityQueue<>();
			this.leastSkipped = Long.MAX_VALUE;
		}

		State(State other) {
			this.similarities = other.similarities.clone();
			this.paid = (BitSet) other.paid.clone();
			this.taken = (BitSet) other.taken.clone();
			this.kept = other.kept.clone();
			this.later = new PriorityQueue<>(other.later);
			this.count = other.count;
			this.position = other.position;
			this.spent = other.spent;
			this.leastSkipped = other.leastSkipped;
		}

		@Nullable Candidate next(Candidate[] order) {
			Candidate first = (this.position < order.length) ? order[this.position] : null;
			Candidate fallen = this.later.peek();
			if (first == null || (fallen != null && fallen.compareTo(first) < 0)) {
				return this.later.poll();
			}
			this.position++;
			return first;
		}

		void skip(long cost) {
			this.leastSkipped = Math.min(this.leastSkipped, this.spent + cost);
		}

	}

}
