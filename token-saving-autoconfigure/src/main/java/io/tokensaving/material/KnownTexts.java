package io.tokensaving.material;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Finds known texts in a longer text, in one pass: by a rolling hash of their beginnings
 * (Karp and Rabin, "Efficient randomized pattern-matching algorithms", 1987), compared
 * char by char where it matches. The base of the hash is random, and comparing is given
 * up when it takes more than a multiple of the length, so that the time is linear
 * whatever the texts are. White space around a known text and carriage returns do not
 * matter, as templates do not keep them.
 */
final class KnownTexts {

	// Shorter ones may stand anywhere by chance
	private static final int MIN_LENGTH = 8;

	private static final int MAX_WINDOW = 32;

	private static final int COMPARISONS_PER_CHAR = 4;

	private static final long BASE = ThreadLocalRandom.current().nextLong() | 1;

	private final String text;

	private final List<String> known;

	// The hashes of the beginnings, sorted, and the known texts in the same order
	private final long[] hashes;

	private final int window;

	private long comparisonsLeft;

	private long mask;

	private KnownTexts(String text, List<String> known, int window) {
		this.text = text;
		this.known = known;
		this.window = window;
		this.hashes = new long[known.size()];
		for (int i = 0; i < this.hashes.length; i++) {
			long hash = 0;
			int position = 0;
			for (int j = 0; j < window; j++) {
				position = skip(known.get(i), position);
				hash = hash * BASE + known.get(i).charAt(position++);
			}
			this.hashes[i] = hash;
			this.mask |= 1L << (hash & 63);
		}
		this.comparisonsLeft = (long) COMPARISONS_PER_CHAR * text.length();
	}

	/**
	 * Find texts.
	 * @param text the text to search
	 * @param known the texts to find
	 * @return where they stand, in order, without overlaps; a text that stands there
	 * twice is found twice
	 */
	static List<Span> find(String text, Collection<String> known) {
		List<String> texts = new ArrayList<>();
		int window = MAX_WINDOW;
		for (String candidate : known) {
			String stripped = candidate.strip();
			int length = stripped.length() - (int) stripped.chars().filter((c) -> c == '\r').count();
			if (length >= MIN_LENGTH && length <= text.length()) {
				texts.add(stripped);
				window = Math.min(window, length);
			}
		}
		return texts.isEmpty() ? List.of() : new KnownTexts(text, sorted(texts, window), window).find();
	}

	// By hash, and the longest first, in case one begins with another
	private static List<String> sorted(List<String> texts, int window) {
		KnownTexts unsorted = new KnownTexts("", texts, window);
		Integer[] order = new Integer[texts.size()];
		Arrays.setAll(order, (i) -> i);
		Arrays.sort(order, Comparator.<Integer>comparingLong((i) -> unsorted.hashes[i])
			.thenComparing((i) -> -texts.get(i).length()));
		return Arrays.stream(order).map(texts::get).toList();
	}

	private List<Span> find() {
		List<Span> found = new ArrayList<>();
		long highest = 1;
		for (int i = 1; i < this.window; i++) {
			highest *= BASE;
		}
		int length = this.text.length();
		int start = skip(this.text, 0);
		int next = start;
		int filled = 0;
		long hash = 0;
		while (true) {
			while (filled < this.window && next < length) {
				hash = hash * BASE + this.text.charAt(next);
				next = skip(this.text, next + 1);
				filled++;
			}
			if (filled < this.window) {
				return found;
			}
			int end = (((this.mask >>> (hash & 63)) & 1) != 0) ? end(hash, start) : -1;
			if (end >= 0) {
				found.add(new Span(start, end, Span.Kind.MATERIAL, Span.Source.DOCUMENT));
				start = skip(this.text, end);
				next = start;
				filled = 0;
				hash = 0;
			}
			else if (this.comparisonsLeft < 0) {
				return found;
			}
			else {
				hash -= this.text.charAt(start) * highest;
				start = skip(this.text, start + 1);
				filled--;
			}
		}
	}

	private int end(long hash, int start) {
		int index = Arrays.binarySearch(this.hashes, hash);
		if (index < 0) {
			return -1;
		}
		while (index > 0 && this.hashes[index - 1] == hash) {
			index--;
		}
		for (; index < this.hashes.length && this.hashes[index] == hash && this.comparisonsLeft >= 0; index++) {
			int end = end(this.known.get(index), start);
			if (end >= 0) {
				return end;
			}
		}
		return -1;
	}

	private int end(String known, int start) {
		int position = start;
		for (int i = skip(known, 0); i < known.length(); i = skip(known, i + 1)) {
			position = skip(this.text, position);
			if (--this.comparisonsLeft < 0 || position >= this.text.length()
					|| this.text.charAt(position++) != known.charAt(i)) {
				return -1;
			}
		}
		return position;
	}

	private static int skip(String text, int position) {
		int skipped = position;
		while (skipped < text.length() && text.charAt(skipped) == '\r') {
			skipped++;
		}
		return skipped;
	}

}
