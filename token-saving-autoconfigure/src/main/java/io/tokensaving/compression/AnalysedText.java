package io.tokensaving.compression;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.backend.HeapSize;
import io.tokensaving.compression.text.TermExtractor;
import io.tokensaving.compression.text.TextSpan;
import io.tokensaving.material.parts.DividedText;
import io.tokensaving.material.parts.Part;

/**
 * A text with its parts and their terms. Immutable by convention: the arrays are not
 * copied.
 */
final class AnalysedText {

	/**
	 * The passage of parts that are read one after the other, as sentences are.
	 */
	static final int RUNNING_TEXT = 0;

	/**
	 * The passage of parts that do not explain each other, such as records.
	 */
	static final int ALONE = -1;

	private static final int PART_BYTES = 56;

	private static final int LIST_BYTES = 28;

	private static final int POINTER_BYTES = 4;

	private static final int OBJECT_BYTES = 300;

	private static final int MIN_QUOTED_WORDS = 2;

	private final DividedText divided;

	private final List<List<String>> terms;

	private final List<List<String>> labels;

	private final BitSet notable = new BitSet();

	private final int[] chars;

	private final int[] passages;

	private AnalysedText(DividedText divided, List<List<String>> terms, List<List<String>> labels) {
		this.divided = divided;
		this.terms = terms;
		this.labels = labels;
		this.chars = new int[divided.parts().size()];
		this.passages = new int[divided.parts().size()];
	}

	/**
	 * Analyse a text.
	 * @param divided the text
	 * @param extractor extracts the terms
	 * @param checkpoint is run now and then, and may throw an exception to cancel
	 * @return the analysed text
	 */
	static AnalysedText of(DividedText divided, TermExtractor extractor, Runnable checkpoint) {
		String text = divided.text();
		List<Part> parts = divided.parts();
		List<TextSpan> spans = new ArrayList<>();
		List<Integer> owners = new ArrayList<>();
		segments(text, parts, spans, owners);
		Map<String, Integer> paths = new HashMap<>();
		int[] pathOf = new int[parts.size()];
		StringBuilder more = new StringBuilder();
		for (int i = 0; i < pathOf.length; i++) {
			Part part = parts.get(i);
			if (part.label().isEmpty()) {
				pathOf[i] = (part.parent() >= 0) ? pathOf[part.parent()] : -1;
				continue;
			}
			String path = divided.path(i);
			Integer known = paths.get(path);
			if (known == null) {
				known = paths.size();
				paths.put(path, known);
				int start = text.length() + more.length();
				more.append('\n').append(path);
				spans.add(new TextSpan(start, text.length() + more.length(), TextSpan.Kind.SENTENCE));
			}
			pathOf[i] = known;
		}
		List<List<String>> extracted = extractor.terms(more.isEmpty() ? text : text + more, spans, checkpoint);
		List<List<String>> terms = new ArrayList<>(Collections.nCopies(parts.size(), List.of()));
		for (int i = 0; i < owners.size(); i++) {
			int owner = owners.get(i);
			if (owner >= 0) {
				terms.set(owner, joined(terms.get(owner), extracted.get(i)));
			}
		}
		List<List<String>> labels = new ArrayList<>(parts.size());
		for (int path : pathOf) {
			labels.add((path >= 0) ? extracted.get(owners.size() + path) : List.of());
		}
		AnalysedText analysed = new AnalysedText(divided, terms, labels);
		for (int i = 0; i < owners.size(); i++) {
			int owner = owners.get(i);
			if (owner >= 0) {
				analysed.chars[owner] += spans.get(i).end() - spans.get(i).start();
				if (!analysed.notable.get(owner)) {
					analysed.notable.set(owner, isNotable(text, spans.get(i)));
				}
			}
		}
		analysed.findPassages();
		return analysed;
	}

	// Divides the text where a part starts or ends; the owner of a segment is the
	// innermost part, or -1
	private static void segments(String text, List<Part> parts, List<TextSpan> spans, List<Integer> owners) {
		Deque<Integer> open = new ArrayDeque<>();
		int at = 0;
		for (int i = 0; i < parts.size(); i++) {
			int start = parts.get(i).start();
			at = close(parts, open, at, start, spans, owners);
			add(at, start, open.isEmpty() ? -1 : open.peek(), spans, owners);
			at = start;
			open.push(i);
		}
		at = close(parts, open, at, Integer.MAX_VALUE, spans, owners);
		add(at, text.length(), -1, spans, owners);
	}

	private static int close(List<Part> parts, Deque<Integer> open, int start, int limit, List<TextSpan> spans,
			List<Integer> owners) {
		int at = start;
		while (!open.isEmpty() && parts.get(open.peek()).end() <= limit) {
			int part = open.pop();
			add(at, parts.get(part).end(), part, spans, owners);
			at = Math.max(at, parts.get(part).end());
		}
		return at;
	}

	private static void add(int start, int end, int owner, List<TextSpan> spans, List<Integer> owners) {
		if (end > start) {
			spans.add(new TextSpan(start, end, TextSpan.Kind.SENTENCE));
			owners.add(owner);
		}
	}

	private static List<String> joined(List<String> one, List<String> other) {
		if (one.isEmpty() || other.isEmpty()) {
			return one.isEmpty() ? other : one;
		}
		String[] joined = new String[one.size() + other.size()];
		for (int i = 0; i < joined.length; i++) {
			joined[i] = (i < one.size()) ? one.get(i) : other.get(i - one.size());
		}
		return List.of(joined);
	}

	// Notable is a digit, a word with '_', '@', '/' or a capital letter inside, code in
	// backticks, or several words in double quotes
	private static boolean isNotable(String text, TextSpan span) {
		boolean lower = false;
		int quotedWords = -1;
		for (int i = span.start(); i < span.end(); i++) {
			char c = text.charAt(i);
			if (Character.isDigit(c) || c == '_' || c == '@' || c == '`' || c == '/'
					|| (lower && Character.isUpperCase(c))) {
				return true;
			}
			if (c == '"' || c == '\u201C' || c == '\u201D' || c == '\u00AB' || c == '\u00BB') {
				if (quotedWords >= MIN_QUOTED_WORDS - 1) {
					return true;
				}
				quotedWords = (quotedWords < 0) ? 0 : -1;
			}
			else if (quotedWords >= 0 && c == ' ') {
				quotedWords++;
			}
			lower = Character.isLowerCase(c);
		}
		return false;
	}

	private void findPassages() {
		List<Part> parts = this.divided.parts();
		int[] structures = new int[parts.size()];
		Arrays.fill(structures, -1);
		for (int i = 0; i < parts.size(); i++) {
			int parent = parts.get(i).parent();
			int structure = (parent < 0) ? -1 : isProse(parts.get(parent).kind()) ? structures[parent] : parent;
			structures[i] = structure;
			this.passages[i] = switch (parts.get(i).kind()) {
				case SENTENCE, SECTION, ITEM, TABLE, FENCE, BLOCK -> (structure < 0) ? RUNNING_TEXT : 1 + structure;
				case BODY, ELEMENT, LINE, FRAMES -> 1 + Math.max(0, parent);
				default -> ALONE;
			};
		}
	}

	private static boolean isProse(Part.Kind kind) {
		return switch (kind) {
			case SENTENCE, SECTION, ITEM, BLOCK -> true;
			default -> false;
		};
	}

	/**
	 * Estimate the size in memory. Looks at all of the text.
	 * @return the size in bytes
	 */
	long sizeInBytes() {
		long size = OBJECT_BYTES + HeapSize.of(text())
				+ (PART_BYTES + 2L * Integer.BYTES + 4L * POINTER_BYTES) * this.chars.length;
		// Equal stems are one object, and so are the labels of parts below one heading
		Set<Object> counted = Collections.newSetFromMap(new IdentityHashMap<>());
		for (int i = 0; i < this.chars.length; i++) {
			String label = this.divided.parts().get(i).label();
			size += (!label.isEmpty() && counted.add(label)) ? HeapSize.of(label) : 0;
			size += bytes(this.terms.get(i), counted) + bytes(this.labels.get(i), counted);
		}
		return size;
	}

	private static long bytes(List<String> terms, Set<Object> counted) {
		if (terms.isEmpty() || !counted.add(terms)) {
			return 0;
		}
		long size = LIST_BYTES + HeapSize.array((long) POINTER_BYTES * terms.size());
		for (String term : terms) {
			size += counted.add(term) ? HeapSize.of(term) : 0;
		}
		return size;
	}

	/**
	 * Return the divided text, rewritten without loss if the settings ask for it.
	 * @return the text
	 */
	DividedText divided() {
		return this.divided;
	}

	String text() {
		return this.divided.text();
	}

	/**
	 * Return the number of parts.
	 * @return the number, 0 or more
	 */
	int size() {
		return this.chars.length;
	}

	/**
	 * Return the terms of a part, without those of the parts in it.
	 * @param part the part
	 * @return the terms
	 */
	List<String> terms(int part) {
		return this.terms.get(part);
	}

	/**
	 * Return the terms of the labels of a part and of those that it is nested in.
	 * @param part the part
	 * @return the terms
	 */
	List<String> labels(int part) {
		return this.labels.get(part);
	}

	/**
	 * Remove those terms from a set that a part has.
	 * @param terms the set
	 */
	void removeTerms(Set<String> terms) {
		long bits = TermBits.of(terms);
		for (List<String> part : this.terms) {
			for (int i = 0; i < part.size(); i++) {
				if (TermBits.mayContain(bits, part.get(i)) && terms.remove(part.get(i))) {
					bits = TermBits.of(terms);
				}
			}
		}
	}

	/**
	 * Return the length of a part in chars, without the parts in it.
	 * @param part the part
	 * @return the length
	 */
	int chars(int part) {
		return this.chars[part];
	}

	/**
	 * Return what a part is read together with.
	 * @param part the part
	 * @return {@link #RUNNING_TEXT}, {@link #ALONE} or the number of a passage
	 */
	int passage(int part) {
		return this.passages[part];
	}

	/**
	 * Whether a part ends in a question mark.
	 * @param part the part
	 * @return whether it does
	 */
	boolean asks(int part) {
		char last = text().charAt(this.divided.parts().get(part).end() - 1);
		return last == '?' || last == '\uFF1F' || last == '\u061F';
	}

	/**
	 * Whether a part carries a number, an identifier or a quotation.
	 * @param part the part
	 * @return whether it does
	 */
	boolean isNotable(int part) {
		return this.notable.get(part);
	}

}
