package io.tokensaving.cache.semantic.guard;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How likely it is that two questions want the same answer, by their similarity, the
 * words that only one of them has, and evidence that is too weak for a veto. The model is
 * a sum of small decision trees (gradient boosting, Friedman 2001), which was trained on
 * public pairs of questions; it is read from a file beside this class. Deterministic and
 * thread-safe.
 */
public final class AnswerScore {

	private static final AnswerScore ENGLISH = new AnswerScore("english-score.txt");

	private final double start;

	private final double slope;

	// Of each inner node the feature, the largest value that goes left, and the children;
	// of
	// each leaf the feature -1 and its value
	private final short[] features;

	private final double[] values;

	private final short[] left;

	private final short[] roots;

	private AnswerScore(String file) {
		List<String[]> nodes = new ArrayList<>();
		List<Integer> roots = new ArrayList<>();
		Map<String, Double> numbers = new HashMap<>();
		try (InputStream in = AnswerScore.class.getResourceAsStream(file)) {
			if (in == null) {
				throw new IllegalStateException("The file '" + file + "' is missing beside the guards");
			}
			BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
			for (String line = reader.readLine(); line != null; line = reader.readLine()) {
				String[] columns = line.split(" ", -1);
				switch (columns[0]) {
					case "start", "slope" -> numbers.put(columns[0], Double.valueOf(columns[1]));
					case "tree" -> roots.add(nodes.size());
					case "#" -> {
					}
					default -> nodes.add(columns);
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.start = numbers.getOrDefault("start", 0.0);
		this.slope = numbers.getOrDefault("slope", 1.0);
		this.features = new short[nodes.size()];
		this.values = new double[nodes.size()];
		this.left = new short[nodes.size()];
		this.roots = new short[roots.size()];
		List<String> names = featureNames();
		for (int i = 0; i < this.roots.length; i++) {
			this.roots[i] = roots.get(i).shortValue();
		}
		int root = 0;
		for (int i = 0; i < nodes.size(); i++) {
			root = (roots.contains(i)) ? i : root;
			String[] node = nodes.get(i);
			this.features[i] = (short) (node[0].equals("leaf") ? -1 : names.indexOf(node[0]));
			this.values[i] = Double.parseDouble(node[1]);
			this.left[i] = (short) ((node.length > 2) ? root + Integer.parseInt(node[2]) : 0);
		}
	}

	/**
	 * Return the score for English.
	 * @return the score
	 */
	public static AnswerScore english() {
		return ENGLISH;
	}

	/**
	 * Return the names of the features.
	 * @return the names, in the order of the values
	 */
	public static List<String> featureNames() {
		return Arrays.stream(PairFeatures.values()).map(PairFeatures::label).toList();
	}

	/**
	 * Compute the features of a pair of questions. They are the same in either order.
	 * @param asked one question
	 * @param stored the other
	 * @param similarity the cosine similarity of their embeddings
	 * @return the values of the features
	 */
	public static double[] features(Question asked, Question stored, double similarity) {
		return PairFeatures.of(asked, stored, similarity);
	}

	/**
	 * Compute the score of a pair of questions.
	 * @param asked one question
	 * @param stored the other
	 * @param similarity the cosine similarity of their embeddings
	 * @return the probability, 0 to 1, that both want the same answer
	 */
	public double score(Question asked, Question stored, double similarity) {
		return score(features(asked, stored, similarity));
	}

	/**
	 * Compute the score of features.
	 * @param features the values of the features
	 * @return the probability, 0 to 1
	 */
	public double score(double[] features) {
		double sum = this.start;
		for (short root : this.roots) {
			int node = root;
			while (this.features[node] >= 0) {
				node = this.left[node] + ((features[this.features[node]] <= this.values[node]) ? 0 : 1);
			}
			sum += this.values[node];
		}
		return 1 / (1 + Math.exp(-this.slope * sum));
	}

}
