package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How much of a question is in some texts: half by the terms that occur anywhere, half by
 * the terms that stand together, which is the best coverage of a part. The coverage of a
 * part is the share of the question's terms, weighted by their inverse frequency, that
 * occur in it, in the labels above it or in the parts beside it, and the share of it that
 * is left. Terms that do not occur in the texts count half, and parts that ask do not
 * count, because a question is no evidence. Immutable.
 */
final class Evidence {

	private static final int MAX_TERMS = Long.SIZE;

	// The weight of a term that the texts do not have: it may be another word for one
	private static final double UNKNOWN = 0.5;

	private final Map<String, Integer> numbers = new LinkedHashMap<>();

	private final long bits;

	private final List<AnalysedText> texts;

	private final List<long[]> masks = new ArrayList<>();

	private final double[] weights;

	private final double total;

	private final double best;

	/**
	 * Look for evidence.
	 * @param question the terms of the question
	 * @param texts all texts
	 * @param deadline the deadline
	 */
	Evidence(List<String> question, List<AnalysedText> texts, Deadline deadline) {
		for (String term : question) {
			if (this.numbers.size() < MAX_TERMS) {
				this.numbers.putIfAbsent(term, this.numbers.size());
			}
		}
		this.bits = TermBits.of(this.numbers.keySet());
		this.texts = texts;
		int[] frequencies = new int[this.numbers.size()];
		long parts = 0;
		for (AnalysedText text : texts) {
			deadline.check();
			long[] found = masks(text);
			this.masks.add(found);
			parts += found.length;
			for (long mask : found) {
				for (long rest = mask; rest != 0; rest &= rest - 1) {
					frequencies[Long.numberOfTrailingZeros(rest)]++;
				}
			}
		}
		this.weights = new double[frequencies.length];
		for (int i = 0; i < frequencies.length; i++) {
			double idf = Math.log(1 + (parts - frequencies[i] + 0.5) / (frequencies[i] + 0.5));
			this.weights[i] = (frequencies[i] > 0) ? idf : UNKNOWN * idf;
		}
		this.numbers.forEach((term,
				number) -> this.weights[number] *= Relevance.weightInQuestion(Collections.frequency(question, term)));
		this.total = Arrays.stream(this.weights).sum();
		List<BitSet> whole = new ArrayList<>(texts.size());
		texts.forEach((text) -> whole.add(all(text)));
		this.best = best(whole, List.of());
	}

	/**
	 * Return how much of the question is in all texts.
	 * @return the evidence, 0 to 1
	 */
	double best() {
		return this.best;
	}

	/**
	 * Return how much of the question is in what is left of the texts, or in others.
	 * @param kept the parts that are left of each text
	 * @param others the other texts
	 * @return the evidence, 0 to 1
	 */
	double best(List<BitSet> kept, List<AnalysedText> others) {
		double best = 0;
		long anywhere = 0;
		for (int i = 0; i < kept.size(); i++) {
			best = Math.max(best, best(this.texts.get(i), this.masks.get(i), kept.get(i)));
			anywhere |= union(this.masks.get(i), kept.get(i));
		}
		for (AnalysedText text : others) {
			long[] masks = masks(text);
			best = Math.max(best, best(text, masks, all(text)));
			anywhere |= union(masks, all(text));
		}
		return (best + coverage(anywhere)) / 2;
	}

	private static long union(long[] masks, BitSet kept) {
		long union = 0;
		for (int i = kept.nextSetBit(0); i >= 0 && i < masks.length; i = kept.nextSetBit(i + 1)) {
			union |= masks[i];
		}
		return union;
	}

	private double coverage(long mask) {
		double coverage = 0;
		for (long rest = mask; rest != 0; rest &= rest - 1) {
			coverage += this.weights[Long.numberOfTrailingZeros(rest)];
		}
		return (this.total > 0) ? coverage / this.total : 0;
	}

	private static BitSet all(AnalysedText text) {
		BitSet all = new BitSet();
		all.set(0, text.size());
		return all;
	}

	// The terms of the question in each part, as bits
	private long[] masks(AnalysedText text) {
		long[] masks = new long[text.size()];
		List<String> labels = List.of();
		long ofLabels = 0;
		for (int i = 0; i < masks.length; i++) {
			List<String> own = text.labels(i);
			if (!own.equals(labels)) {
				labels = own;
				ofLabels = mask(own);
			}
			masks[i] = text.asks(i) ? 0 : mask(text.terms(i)) | ofLabels;
		}
		return masks;
	}

	private long mask(List<String> terms) {
		long mask = 0;
		for (int i = 0; i < terms.size(); i++) {
			String term = terms.get(i);
			if (TermBits.mayContain(this.bits, term)) {
				Integer number = this.numbers.get(term);
				mask |= (number != null) ? 1L << number : 0;
			}
		}
		return mask;
	}

	private double best(AnalysedText text, long[] masks, BitSet kept) {
		double best = 0;
		double[] complete = null;
		for (int i = kept.nextSetBit(0); i >= 0 && i < masks.length; i = kept.nextSetBit(i + 1)) {
			if (masks[i] == 0) {
				continue;
			}
			complete = (complete != null) ? complete : complete(text, kept);
			long together = masks[i];
			if (text.passage(i) != AnalysedText.ALONE) {
				together |= (i > 0 && kept.get(i - 1)) ? masks[i - 1] : 0;
				together |= (i + 1 < masks.length && kept.get(i + 1)) ? masks[i + 1] : 0;
			}
			best = Math.max(best, complete[i] * coverage(together));
		}
		return best;
	}

	// The share of each part that is left with what is nested in it: a signature without
	// its body is no evidence of what the body does
	private static double[] complete(AnalysedText text, BitSet kept) {
		int n = text.size();
		double[] left = new double[n];
		double[] all = new double[n];
		for (int i = n - 1; i >= 0; i--) {
			all[i] += text.chars(i);
			left[i] += kept.get(i) ? text.chars(i) : 0;
			int parent = text.divided().parts().get(i).parent();
			if (parent >= 0) {
				all[parent] += all[i];
				left[parent] += left[i];
			}
			left[i] /= Math.max(1, all[i]);
		}
		return left;
	}

}
