package io.tokensaving.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.tokensaving.benchmarks.QuestionPairFile.Pair;
import io.tokensaving.benchmarks.QuestionPairs.Arguments;
import io.tokensaving.cache.semantic.guard.Question;

/**
 * A stream of questions with known intents, each asked once, nothing stored at the start:
 * how many are answered with the answer to a question of the same intent, and how many
 * with that of another, with guards and without. As the semantic cache does, the five
 * nearest questions above the threshold are tried in order, and a question that finds no
 * answer is stored.
 */
public final class IntentStream {

	private static final int CANDIDATES = 5;

	private IntentStream() {
	}

	public static void main(String[] arguments) throws IOException {
		Arguments given = new Arguments(arguments);
		for (String file : given.files()) {
			List<Asked> stream = read(Path.of(file), (int) given.number("questions", Integer.MAX_VALUE),
					given.text("half", "all"));
			try (QuestionVectors vectors = new QuestionVectors(
					Path.of(given.text("vectors", "question-vectors.bin")))) {
				float[][] embedded = new float[stream.size()][];
				for (int i = 0; i < embedded.length; i++) {
					embedded[i] = vectors.vector(stream.get(i).question());
				}
				if (given.has("pairs")) {
					writePairs(stream, embedded, given.number("threshold", 0.8), Path.of(given.text("pairs", "")));
					continue;
				}
				System.out.println(file + ", " + stream.size() + " questions, half: " + given.text("half", "all"));
				for (double threshold : new double[] { 0.80, 0.85, 0.90 }) {
					Counts without = new Counts();
					Counts with = new Counts();
					replay(stream, embedded, threshold, false, without, given.has("list"));
					replay(stream, embedded, threshold, true, with, given.has("list"));
					System.out.printf(Locale.ROOT,
							"%.2f: right %d, of another intent %d (%.2f %%); with guards: right %d (%.1f %% kept), "
									+ "of another intent %d (%.2f %%)%n",
							threshold, without.right, without.other, without.share(), with.right,
							100.0 * with.right / without.right, with.other, with.share());
				}
			}
		}
	}

	private static List<Asked> read(Path file, int limit, String half) throws IOException {
		List<Asked> stream = new ArrayList<>();
		for (String line : Files.readAllLines(file)) {
			String[] columns = line.split("\t", -1);
			boolean learn = new Pair("", true, columns[0], columns[0]).isToLearnFrom();
			if (!columns[1].equals("intent") && stream.size() < limit
					&& (half.equals("all") || half.equals("learn") == learn)) {
				stream.add(new Asked(columns[0].strip(), columns[1].strip()));
			}
		}
		return stream;
	}

	private static void replay(List<Asked> stream, float[][] vectors, double threshold, boolean guards, Counts counts,
			boolean list) {
		List<Integer> stored = new ArrayList<>();
		for (int i = 0; i < vectors.length; i++) {
			int found = -1;
			Question asked = guards ? Question.of(stream.get(i).question()) : null;
			for (int candidate : nearest(vectors, stored, i, threshold)) {
				if (asked == null || QuestionPairs
					.veto(asked, Question.of(stream.get(candidate).question()),
							QuestionVectors.cosine(vectors[i], vectors[candidate]))
					.isEmpty()) {
					found = candidate;
					break;
				}
				if (list && stream.get(candidate).intent().equals(stream.get(i).intent())) {
					System.out.println(QuestionPairs.veto(asked, Question.of(stream.get(candidate).question()),
							QuestionVectors.cosine(vectors[i], vectors[candidate])) + ": " + stream.get(i).question()
							+ " | " + stream.get(candidate).question());
				}
			}
			if (found < 0) {
				stored.add(i);
			}
			else if (stream.get(found).intent().equals(stream.get(i).intent())) {
				counts.right++;
			}
			else {
				counts.other++;
			}
		}
	}

	private static List<Integer> nearest(float[][] vectors, List<Integer> stored, int asked, double threshold) {
		List<Integer> nearest = new ArrayList<>(CANDIDATES + 1);
		List<Double> similarities = new ArrayList<>(CANDIDATES + 1);
		for (int other : stored) {
			double similarity = QuestionVectors.cosine(vectors[asked], vectors[other]);
			if (similarity < threshold
					|| (nearest.size() == CANDIDATES && similarity <= similarities.get(CANDIDATES - 1))) {
				continue;
			}
			int at = nearest.size();
			while (at > 0 && similarities.get(at - 1) < similarity) {
				at--;
			}
			nearest.add(at, other);
			similarities.add(at, similarity);
			if (nearest.size() > CANDIDATES) {
				nearest.remove(CANDIDATES);
				similarities.remove(CANDIDATES);
			}
		}
		return nearest;
	}

	// The pairs that a cache without guards would serve
	private static void writePairs(List<Asked> stream, float[][] vectors, double threshold, Path file)
			throws IOException {
		List<Integer> stored = new ArrayList<>();
		try (PrintWriter out = new PrintWriter(file.toFile(), StandardCharsets.UTF_8)) {
			for (int i = 0; i < vectors.length; i++) {
				for (int candidate : nearest(vectors, stored, i, threshold)) {
					boolean same = stream.get(candidate).intent().equals(stream.get(i).intent());
					out.println((same ? "1" : "0") + "\t" + stream.get(i).question() + "\t"
							+ stream.get(candidate).question() + "\t" + i + ".");
				}
				stored.add(i);
			}
		}
	}

	private record Asked(String question, String intent) {

	}

	private static final class Counts {

		private int right;

		private int other;

		double share() {
			return 100.0 * this.other / Math.max(1, this.right + this.other);
		}

	}

}
