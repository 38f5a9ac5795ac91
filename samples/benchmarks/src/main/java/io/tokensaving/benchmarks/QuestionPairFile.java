package io.tokensaving.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * Pairs of questions of a tab-separated file, with whether both want the same answer. The
 * columns are those of Quora's question pairs, as published or in the split of BiMPM, of
 * PAWS, or of the project's own pairs.
 */
final class QuestionPairFile {

	private QuestionPairFile() {
	}

	/**
	 * Read a file.
	 * @param file the file
	 * @return its pairs, in order
	 * @throws IOException if it cannot be read
	 */
	static List<Pair> read(Path file) throws IOException {
		List<Pair> pairs = new ArrayList<>();
		// What is not UTF-8 is replaced, as in a file whose texts were cut off
		String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
		for (String line : text.split("\\r?\\n", -1)) {
			Pair pair = line.startsWith("#") ? null : pair(line.split("\t", -1));
			if (pair != null) {
				pairs.add(pair);
			}
		}
		return pairs;
	}

	private static Pair pair(String[] columns) {
		return switch (columns.length) {
			// label, question, question, number; or number, sentence, sentence, label; or
			// kind, same or differ, question, question
			case 4 -> {
				if (columns[1].equals("same") || columns[1].equals("differ")) {
					yield new Pair(columns[0], columns[1].equals("same"), columns[2], columns[3]);
				}
				boolean labelFirst = columns[3].length() > 1 || !isLabel(columns[3]);
				String label = labelFirst ? columns[0] : columns[3];
				yield isLabel(label) ? new Pair("pair", label.equals("1"), unquote(columns[1]), unquote(columns[2]))
						: null;
			}
			// As published by Quora
			case 6 -> {
				if (isLabel(columns[5])) {
					yield new Pair("pair", columns[5].equals("1"), unquote(columns[3]), unquote(columns[4]));
				}
				// id, class, similarity, result today, stored, asked
				yield columns[0].equals("id") ? null
						: new Pair(columns[1], columns[1].equals("control"), columns[5], columns[4]);
			}
			default -> null;
		};
	}

	// As spreadsheets write what has quotation marks
	private static String unquote(String text) {
		return (text.length() > 1 && text.startsWith("\"") && text.endsWith("\"") && text.contains("\"\""))
				? text.substring(1, text.length() - 1).replace("\"\"", "\"") : text;
	}

	private static boolean isLabel(String text) {
		return text.equals("0") || text.equals("1");
	}

	/**
	 * Two questions.
	 *
	 * @param kind the kind of the pair, if the file tells
	 * @param same whether both want the same answer
	 * @param asked one
	 * @param stored the other
	 */
	record Pair(String kind, boolean same, String asked, String stored) {

		/**
		 * Whether the pair is in the half to learn from, not in the one to measure:
		 * decided by a hash of the normalised question, of that which comes first in the
		 * alphabet.
		 * @return whether it is to learn from
		 */
		boolean isToLearnFrom() {
			String first = normalise(this.asked);
			String second = normalise(this.stored);
			CRC32 hash = new CRC32();
			hash.update(((first.compareTo(second) < 0) ? first : second).getBytes(StandardCharsets.UTF_8));
			return (hash.getValue() & 1) == 0;
		}

		/**
		 * The similarity of the writing.
		 * @return the Jaccard index of the sets of all sequences of four characters of
		 * the normalised questions
		 */
		double overlap() {
			Set<String> first = grams(normalise(this.asked));
			Set<String> second = grams(normalise(this.stored));
			Set<String> both = new HashSet<>(first);
			both.retainAll(second);
			return (double) both.size() / Math.max(1, first.size() + second.size() - both.size());
		}

		private static Set<String> grams(String text) {
			Set<String> grams = new HashSet<>();
			for (int i = 0; i + 4 <= text.length(); i++) {
				grams.add(text.substring(i, i + 4));
			}
			return grams;
		}

		private static String normalise(String text) {
			return text.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]+", " ").strip();
		}

	}

}
