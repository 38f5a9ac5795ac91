package io.tokensaving.compression;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * How often each term occurs in each sentence, by sentence and by term. Terms are
 * numbered in the order of their first occurrence. Sparse: its size is that of the text.
 * Immutable by convention: the arrays are not copied.
 */
final class TermMatrix {

	private final Numbers numbers;

	private final int[] lengths;

	private final int[] rows;

	private final int[] terms;

	private final double[] counts;

	private final int[] postings;

	private final int[] sentences;

	private final double[] postingCounts;

	private TermMatrix(Numbers numbers, int[] lengths, int[] rows, int[] terms, double[] counts) {
		this.numbers = numbers;
		this.lengths = lengths;
		this.rows = rows;
		this.terms = terms;
		this.counts = counts;
		int entries = rows[lengths.length];
		this.postings = new int[numbers.size() + 1];
		this.sentences = new int[entries];
		this.postingCounts = new double[entries];
		for (int i = 0; i < entries; i++) {
			this.postings[terms[i] + 1]++;
		}
		for (int t = 0; t < numbers.size(); t++) {
			this.postings[t + 1] += this.postings[t];
		}
		int[] next = Arrays.copyOf(this.postings, numbers.size());
		for (int s = 0; s < lengths.length; s++) {
			for (int i = rows[s]; i < rows[s + 1]; i++) {
				int at = next[terms[i]]++;
				this.sentences[at] = s;
				this.postingCounts[at] = counts[i];
			}
		}
	}

	/**
	 * Count the terms of sentences.
	 * @param sentences the terms of each sentence
	 * @return the matrix
	 */
	static TermMatrix of(List<List<String>> sentences) {
		int size = 0;
		for (List<String> sentence : sentences) {
			size += sentence.size();
		}
		Numbers numbers = new Numbers();
		int[] rows = new int[sentences.size() + 1];
		int[] terms = new int[size];
		double[] counts = new double[size];
		int[] lengths = new int[sentences.size()];
		int[] seenAt = new int[Math.max(16, size)];
		int end = 0;
		for (int s = 0; s < sentences.size(); s++) {
			rows[s] = end;
			lengths[s] = sentences.get(s).size();
			for (String term : sentences.get(s)) {
				int before = numbers.size();
				int number = numbers.add(term);
				int at = (number < before) ? seenAt[number] : -1;
				if (at < rows[s]) {
					at = end++;
					seenAt[number] = at;
					terms[at] = number;
				}
				counts[at]++;
			}
		}
		rows[sentences.size()] = end;
		return new TermMatrix(numbers, lengths, rows, terms, counts);
	}

	/**
	 * Return the number of sentences.
	 * @return the number, 0 or more
	 */
	int sentenceCount() {
		return this.lengths.length;
	}

	/**
	 * Return the number of different terms.
	 * @return the number, 0 or more
	 */
	int termCount() {
		return this.numbers.size();
	}

	/**
	 * Return the number of a term.
	 * @param term the term
	 * @return its number, or -1 if no sentence has it
	 */
	int number(String term) {
		return this.numbers.find(term);
	}

	/**
	 * Return the number of terms in a sentence, with repetitions.
	 * @param sentence the sentence
	 * @return its length
	 */
	int length(int sentence) {
		return this.lengths[sentence];
	}

	/**
	 * Return where the entries of a sentence start. They end where those of the next
	 * sentence start.
	 * @param sentence the sentence, or the number of sentences
	 * @return the index of an entry
	 */
	int row(int sentence) {
		return this.rows[sentence];
	}

	/**
	 * Return the term of an entry.
	 * @param entry the index of the entry
	 * @return the term
	 */
	int term(int entry) {
		return this.terms[entry];
	}

	/**
	 * Return how often the term of an entry occurs in its sentence.
	 * @param entry the index of the entry
	 * @return the count, 1 or more
	 */
	double count(int entry) {
		return this.counts[entry];
	}

	/**
	 * Return where the postings of a term start. They end where those of the next term
	 * start.
	 * @param term the term, or the number of terms
	 * @return the index of a posting
	 */
	int posting(int term) {
		return this.postings[term];
	}

	/**
	 * Return the sentence of a posting.
	 * @param posting the index of the posting
	 * @return the sentence; sentences ascend within a term
	 */
	int sentence(int posting) {
		return this.sentences[posting];
	}

	/**
	 * Return how often the term of a posting occurs in its sentence.
	 * @param posting the index of the posting
	 * @return the count, 1 or more
	 */
	double postingCount(int posting) {
		return this.postingCounts[posting];
	}

	/**
	 * Return the number of sentences that have a term.
	 * @param term the term
	 * @return the number, 1 or more
	 */
	int documentFrequency(int term) {
		return this.postings[term + 1] - this.postings[term];
	}

	/**
	 * Numbers terms in the order in which they are added. A hash table with linear
	 * probing, because each occurrence of a term in a conversation is looked up; terms
	 * that collide with too many others, as nobody writes by chance, are in a map.
	 */
	private static final class Numbers {

		private static final int MAX_PROBES = 32;

		private @Nullable String[] terms = new String[1024];

		// The hash and the number of the term in each slot
		private long[] numbers = new long[1024];

		private final Map<String, Integer> others = new HashMap<>();

		private int size;

		int size() {
			return this.size;
		}

		int find(String term) {
			int hash = hash(term);
			int slot = slot(term, hash);
			return (slot >= 0 && this.terms[slot] != null) ? (int) this.numbers[slot] : findOther(term);
		}

		private int findOther(String term) {
			return this.others.isEmpty() ? -1 : this.others.getOrDefault(term, -1);
		}

		int add(String term) {
			int hash = hash(term);
			int slot = slot(term, hash);
			int known = (slot >= 0 && this.terms[slot] != null) ? (int) this.numbers[slot] : findOther(term);
			if (known >= 0) {
				return known;
			}
			put(slot, term, ((long) hash << 32) | this.size);
			this.size++;
			if (2 * this.size > this.terms.length) {
				grow();
			}
			return this.size - 1;
		}

		// Returns where a term is or may be put, or -1 if it is in the map or has to be
		private int slot(String term, int hash) {
			int mask = this.terms.length - 1;
			for (int probe = 0; probe < MAX_PROBES; probe++) {
				int slot = (hash + probe) & mask;
				String known = this.terms[slot];
				if (known == null || ((int) (this.numbers[slot] >>> 32) == hash && known.equals(term))) {
					return slot;
				}
			}
			return -1;
		}

		private void put(int slot, String term, long number) {
			if (slot < 0) {
				this.others.put(term, (int) number);
				return;
			}
			this.terms[slot] = term;
			this.numbers[slot] = number;
		}

		private void grow() {
			@Nullable String[] terms = this.terms;
			long[] numbers = this.numbers;
			this.terms = new String[2 * terms.length];
			this.numbers = new long[2 * numbers.length];
			for (int i = 0; i < terms.length; i++) {
				String term = terms[i];
				if (term != null) {
					put(slot(term, (int) (numbers[i] >>> 32)), term, numbers[i]);
				}
			}
		}

		// The low bits are used, so they depend on all others
		private static int hash(String term) {
			int hash = term.hashCode() * 0x9E3779B9;
			return hash ^ (hash >>> 16);
		}

	}

}
