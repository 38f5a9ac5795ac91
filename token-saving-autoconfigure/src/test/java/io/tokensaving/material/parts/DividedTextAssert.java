package io.tokensaving.material.parts;

import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is true for every divided text, whatever its kind.
 */
final class DividedTextAssert {

	private DividedTextAssert() {
	}

	/**
	 * Check a divided text with some random choices of its parts.
	 * @param divided the divided text
	 * @param wellFormed what has to be true of each rendered text
	 * @param random makes the choices
	 */
	static void check(DividedText divided, Predicate<String> wellFormed, Random random) {
		List<Part> parts = divided.parts();
		checkParts(divided);
		BitSet all = new BitSet();
		all.set(0, parts.size());
		assertThat(divided.render(all)).isEqualTo(divided.text());
		checkRendered(divided, new BitSet(), wellFormed);
		for (int round = 0; round < 12; round++) {
			BitSet kept = new BitSet();
			double share = random.nextDouble();
			for (int i = 0; i < parts.size(); i++) {
				kept.set(i, random.nextDouble() < share);
			}
			checkRendered(divided, kept, wellFormed);
			BitSet withParents = withParents(parts, kept);
			assertThat(divided.render(withParents)).isEqualTo(divided.render(kept));
		}
	}

	private static void checkRendered(DividedText divided, BitSet kept, Predicate<String> wellFormed) {
		String rendered = divided.render(kept);
		assertThat(rendered.length()).isLessThanOrEqualTo(divided.text().length());
		assertThat(wellFormed.test(rendered)).as(() -> "well-formed: " + rendered).isTrue();
		BitSet withParents = withParents(divided.parts(), kept);
		int from = 0;
		for (int i = withParents.nextSetBit(0); i >= 0; i = withParents.nextSetBit(i + 1)) {
			// What is kept is there, in order, byte for byte
			int part = i;
			String piece = firstPiece(divided, i);
			int found = rendered.indexOf(piece, from);
			// Lazily, because there is one for each part of long texts
			assertThat(found).as(() -> "kept part " + part + ": " + piece + "\nin " + rendered)
				.isGreaterThanOrEqualTo(from);
			from = found + piece.length();
		}
	}

	// The text of a part up to the first part that is nested in it
	private static String firstPiece(DividedText divided, int part) {
		List<Part> parts = divided.parts();
		Part own = parts.get(part);
		if (part + 1 < parts.size() && parts.get(part + 1).parent() == part) {
			int end = Math.max(own.start(), parts.get(part + 1).start());
			return divided.text().substring(own.start(), end).strip();
		}
		return divided.text().substring(own.start(), own.end());
	}

	private static void checkParts(DividedText divided) {
		List<Part> parts = divided.parts();
		int[] ends = new int[parts.size() + 1];
		int characters = 0;
		for (int i = 0; i < parts.size(); i++) {
			Part part = parts.get(i);
			assertThat(part.parent()).isLessThan(i);
			assertThat(part.weight()).isPositive();
			assertThat(part.label().length()).isLessThanOrEqualTo(Part.MAX_LABEL);
			assertThat(divided.path(i).length()).isLessThan(500);
			checkBoundary(divided.text(), part.start());
			checkBoundary(divided.text(), part.end());
			assertThat(part.start()).as("part %s of %s", i, parts).isGreaterThanOrEqualTo(ends[part.parent() + 1]);
			if (part.parent() >= 0) {
				assertThat(part.end()).as("part %s of %s", i, parts)
					.isLessThanOrEqualTo(parts.get(part.parent()).end());
			}
			ends[part.parent() + 1] = part.end();
			ends[i + 1] = part.start();
			characters += divided.content(i).length();
		}
		assertThat(characters).isLessThanOrEqualTo(divided.text().length());
		// A rule is no part
		if (divided.text().chars().anyMatch((c) -> c != '-' && !Character.isWhitespace(c))) {
			assertThat(parts).isNotEmpty();
		}
	}

	// What has a meaning for a parser ends a part whatever mark is on it
	private static void checkBoundary(String text, int at) {
		boolean syntax = at > 0 && text.charAt(at - 1) < 0x80 && !Character.isLetterOrDigit(text.charAt(at - 1));
		assertThat(syntax || Graphemes.isBoundary(text, at)).as("a cut at %s", at).isTrue();
	}

	private static BitSet withParents(List<Part> parts, BitSet kept) {
		BitSet all = (BitSet) kept.clone();
		for (int i = parts.size() - 1; i >= 0; i--) {
			if (all.get(i) && parts.get(i).parent() >= 0) {
				all.set(parts.get(i).parent());
			}
		}
		return all;
	}

}
