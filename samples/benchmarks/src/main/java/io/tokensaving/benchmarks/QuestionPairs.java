package io.tokensaving.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.benchmarks.QuestionPairFile.Pair;
import io.tokensaving.cache.semantic.guard.AnswerScore;
import io.tokensaving.cache.semantic.guard.EnglishGuards;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.SemanticGuard;

/**
 * How many near misses of files with pairs of questions the guards stop, and how many
 * paraphrases they keep, of those pairs that are similar enough to be candidates.
 */
public final class QuestionPairs {

	private QuestionPairs() {
	}

	public static void main(String[] arguments) throws IOException {
		Arguments given = new Arguments(arguments);
		double cosine = given.number("cosine", 0);
		double overlap = given.number("overlap", 0);
		String half = given.text("half", "all");
		boolean list = given.has("list");
		try (PrintWriter features = given.has("features")
				? new PrintWriter(given.text("features", ""), StandardCharsets.UTF_8) : null;
				QuestionVectors vectors = new QuestionVectors(Path.of(given.text("vectors", "question-vectors.bin")))) {
			for (String file : given.files()) {
				Tally tally = new Tally();
				for (Pair pair : QuestionPairFile.read(Path.of(file))) {
					if ((half.equals("learn") && !pair.isToLearnFrom())
							|| (half.equals("measure") && pair.isToLearnFrom()) || pair.overlap() < overlap) {
						continue;
					}
					double similarity = vectors.cosine(pair.asked(), pair.stored());
					if (similarity >= cosine) {
						tally.add(pair, similarity, list);
						if (features != null) {
							write(features, pair, similarity);
						}
					}
				}
				System.out.println(file + ", half: " + half);
				tally.print();
			}
		}
	}

	// Whether both want the same answer, the half, the first veto, the features
	private static void write(PrintWriter out, Pair pair, double similarity) {
		Question asked = Question.of(pair.asked());
		Question stored = Question.of(pair.stored());
		StringBuilder line = new StringBuilder();
		line.append(pair.same() ? 1 : 0).append('\t').append(pair.isToLearnFrom() ? 1 : 0);
		line.append('\t').append(String.format(Locale.ROOT, "%.3f", pair.overlap())).append('\t');
		line.append(veto(asked, stored, similarity));
		for (double value : AnswerScore.features(asked, stored, similarity)) {
			line.append('\t').append((float) value);
		}
		out.println(line);
	}

	/**
	 * The guard that vetoes first, if any.
	 * @param asked one question
	 * @param stored the other
	 * @param similarity the cosine similarity
	 * @return its name, or an empty text
	 */
	static String veto(Question asked, Question stored, double similarity) {
		for (SemanticGuard guard : EnglishGuards.all()) {
			if (guard.vetoes(asked, stored, similarity)) {
				return guard.name();
			}
		}
		return "";
	}

	/**
	 * The guard that vetoes first by evidence, the score left aside.
	 * @param asked one question
	 * @param stored the other
	 * @return its name, or an empty text
	 */
	static String evidence(Question asked, Question stored) {
		for (SemanticGuard guard : EnglishGuards.all()) {
			if (guard.vetoes(asked, stored)) {
				return guard.name();
			}
		}
		return "";
	}

	private static final class Tally {

		private final Map<String, int[]> guards = new TreeMap<>();

		private int different;

		private int stopped;

		private int same;

		private int kept;

		void add(Pair pair, double similarity, boolean list) {
			Question asked = Question.of(pair.asked());
			Question stored = Question.of(pair.stored());
			String veto = veto(asked, stored, similarity);
			for (SemanticGuard guard : EnglishGuards.all()) {
				if (guard.vetoes(asked, stored, similarity)) {
					this.guards.computeIfAbsent(guard.name(), (name) -> new int[2])[pair.same() ? 1 : 0]++;
				}
			}
			if (pair.same()) {
				this.same++;
				this.kept += veto.isEmpty() ? 1 : 0;
			}
			else {
				this.different++;
				this.stopped += veto.isEmpty() ? 0 : 1;
			}
			if (list && veto.isEmpty() != pair.same()) {
				System.out.printf(Locale.ROOT, "%s %.3f %s: %s | %s%n",
						veto.isEmpty() ? "missed" : "refused by " + veto, similarity, pair.kind(), pair.asked(),
						pair.stored());
			}
		}

		void print() {
			System.out.printf(Locale.ROOT,
					"near misses stopped: %d of %d (%.1f %%), paraphrases kept: %d of %d (%.1f %%)%n", this.stopped,
					this.different, 100.0 * this.stopped / Math.max(1, this.different), this.kept, this.same,
					100.0 * this.kept / Math.max(1, this.same));
			this.guards.forEach((name, counts) -> System.out.printf(Locale.ROOT,
					"  %-14s vetoes %5d near misses, %5d paraphrases%n", name, counts[0], counts[1]));
		}

	}

	/**
	 * Options such as {@code --cosine=0.8}, and files.
	 */
	static final class Arguments {

		private final Map<String, String> options = new TreeMap<>();

		private final List<String> files = new ArrayList<>();

		Arguments(String[] arguments) {
			for (String argument : arguments) {
				if (argument.startsWith("--")) {
					String[] parts = argument.substring(2).split("=", 2);
					this.options.put(parts[0], (parts.length > 1) ? parts[1] : "");
				}
				else {
					this.files.add(argument);
				}
			}
		}

		List<String> files() {
			return this.files;
		}

		boolean has(String name) {
			return this.options.containsKey(name);
		}

		String text(String name, String otherwise) {
			return this.options.getOrDefault(name, otherwise);
		}

		double number(String name, double otherwise) {
			String value = this.options.get(name);
			return (value != null) ? Double.parseDouble(value) : otherwise;
		}

	}

}
