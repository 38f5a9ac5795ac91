package io.tokensaving.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;

import io.tokensaving.benchmarks.QuestionPairFile.Pair;
import io.tokensaving.benchmarks.QuestionPairs.Arguments;
import io.tokensaving.cache.semantic.guard.AnswerScore;
import io.tokensaving.cache.semantic.guard.Question;

/**
 * Trains the score of pairs of questions: gradient boosting of regression trees with a
 * logistic loss and Newton steps (Friedman 2001; Chen and Guestrin 2016), then one slope
 * that makes of its sum a probability (Platt 1999), fitted to predictions for pairs that
 * were not trained on. Only pairs are used that no guard vetoes, and of each file only
 * the half to learn from. The same files and arguments give the same model.
 * <p>
 * A file may have weights of its paraphrases and of its near misses behind a star, such
 * as {@code paws.tsv*0.3:0.03}.
 */
public final class ScoreTraining {

	private static final int FOLDS = 5;

	private final List<String> names = AnswerScore.featureNames();

	private final int trees;

	private final int leaves;

	private final double rate;

	private final double regularisation;

	private final double smallest;

	private ScoreTraining(Arguments given) {
		this.trees = (int) given.number("trees", 120);
		this.leaves = (int) given.number("leaves", 8);
		this.rate = given.number("rate", 0.06);
		this.regularisation = given.number("regularisation", 5);
		this.smallest = given.number("smallest", 12);
	}

	public static void main(String[] arguments) throws IOException {
		Arguments given = new Arguments(arguments);
		ScoreTraining training = new ScoreTraining(given);
		List<Example> examples = new ArrayList<>();
		try (QuestionVectors vectors = new QuestionVectors(Path.of(given.text("vectors", "question-vectors.bin")))) {
			for (String file : given.files()) {
				String[] parts = file.split("\\*", 2);
				String[] weights = ((parts.length > 1) ? parts[1] : "1:1").split(":", 2);
				read(Path.of(parts[0]), Double.parseDouble(weights[0]), Double.parseDouble(weights[1]),
						given.number("cosine", 0.8), given.number("other", 0.5), vectors, examples);
			}
		}
		double slope = training.validate(examples);
		Model model = training.train(examples);
		model.slope = slope;
		if (given.has("out")) {
			training.write(model, Path.of(given.text("out", "")), given);
		}
	}

	private static void read(Path file, double same, double different, double cosine, double other,
			QuestionVectors vectors, List<Example> examples) throws IOException {
		int fold = 0;
		for (Pair pair : QuestionPairFile.read(file)) {
			if (!pair.isToLearnFrom()) {
				continue;
			}
			double similarity = vectors.cosine(pair.asked(), pair.stored());
			if (similarity < cosine) {
				continue;
			}
			Question asked = Question.of(pair.asked());
			Question stored = Question.of(pair.stored());
			boolean veto = !QuestionPairs.evidence(asked, stored).isEmpty();
			boolean near = pair.overlap() >= 0.6;
			double weight = pair.same() ? same : different;
			examples.add(new Example(AnswerScore.features(asked, stored, similarity), pair.same(),
					near ? weight : weight * other, veto, near, file.getFileName().toString(), fold++ % FOLDS));
		}
	}

	// Prints what each file would keep and stop at some thresholds, by cross-validation
	private double validate(List<Example> examples) {
		double[] sums = crossValidate(examples);
		double slope = fit(examples, sums);
		double[] scores = Arrays.stream(sums).map((sum) -> probability(slope * sum)).toArray();
		examples.stream().map(Example::file).distinct().forEach((file) -> {
			for (boolean near : new boolean[] { true, false }) {
				int[] all = IntStream.range(0, examples.size())
					.filter((i) -> examples.get(i).file().equals(file) && (!near || examples.get(i).near()))
					.toArray();
				StringBuilder line = new StringBuilder(file + (near ? " (near) " : " (all)  "));
				for (double threshold = 0.1; threshold < 0.75; threshold += 0.05) {
					line.append(share(examples, scores, all, threshold));
				}
				System.out.println(line);
			}
		});
		return slope;
	}

	private static String share(List<Example> examples, double[] scores, int[] all, double threshold) {
		int same = 0;
		int kept = 0;
		int different = 0;
		int stopped = 0;
		for (int i : all) {
			boolean served = !examples.get(i).veto() && scores[i] >= threshold;
			same += examples.get(i).same() ? 1 : 0;
			different += examples.get(i).same() ? 0 : 1;
			kept += (examples.get(i).same() && served) ? 1 : 0;
			stopped += (!examples.get(i).same() && !served) ? 1 : 0;
		}
		return String.format(Locale.ROOT, " %.2f:%.1f/%.1f", threshold, 100.0 * stopped / Math.max(1, different),
				100.0 * kept / Math.max(1, same));
	}

	private double[] crossValidate(List<Example> examples) {
		double[] sums = new double[examples.size()];
		for (int fold = 0; fold < FOLDS; fold++) {
			int left = fold;
			Model model = train(examples.stream().filter((example) -> example.fold() != left).toList());
			for (int i = 0; i < sums.length; i++) {
				sums[i] = (examples.get(i).fold() == fold) ? model.sum(examples.get(i).features()) : sums[i];
			}
		}
		return sums;
	}

	private static double fit(List<Example> examples, double[] sums) {
		double slope = 1;
		for (int step = 0; step < 50; step++) {
			double gradient = 0;
			double curvature = 1e-9;
			for (int i = 0; i < sums.length; i++) {
				if (!examples.get(i).veto()) {
					double probability = probability(slope * sums[i]);
					double weight = examples.get(i).weight();
					gradient += weight * ((examples.get(i).same() ? 1 : 0) - probability) * sums[i];
					curvature += weight * probability * (1 - probability) * sums[i] * sums[i];
				}
			}
			slope += gradient / curvature;
		}
		return slope;
	}

	private static double probability(double sum) {
		return 1 / (1 + Math.exp(-sum));
	}

	private Model train(List<Example> all) {
		List<Example> examples = all.stream().filter((example) -> !example.veto()).toList();
		int count = examples.size();
		double same = 0;
		double weights = 0;
		for (Example example : examples) {
			same += example.same() ? example.weight() : 0;
			weights += example.weight();
		}
		Model model = new Model(Math.log(same / (weights - same)));
		double[] sums = new double[count];
		Arrays.fill(sums, model.start);
		int[][] sorted = new int[this.names.size()][];
		for (int feature = 0; feature < sorted.length; feature++) {
			int column = feature;
			sorted[feature] = IntStream.range(0, count)
				.boxed()
				.sorted((first, second) -> Double.compare(examples.get(first).features()[column],
						examples.get(second).features()[column]))
				.mapToInt(Integer::intValue)
				.toArray();
		}
		Random random = new Random(7);
		double[] gradients = new double[count];
		double[] curvatures = new double[count];
		for (int tree = 0; tree < this.trees; tree++) {
			for (int i = 0; i < count; i++) {
				double probability = probability(sums[i]);
				double weight = (random.nextDouble() < 0.8) ? examples.get(i).weight() : 0;
				gradients[i] = weight * ((examples.get(i).same() ? 1 : 0) - probability);
				curvatures[i] = weight * probability * (1 - probability);
			}
			boolean[] used = new boolean[sorted.length];
			for (int feature = 0; feature < used.length; feature++) {
				used[feature] = feature == 0 || random.nextDouble() < 0.6;
			}
			List<Node> nodes = grow(examples, sorted, gradients, curvatures, used);
			model.trees.add(nodes);
			for (int i = 0; i < count; i++) {
				sums[i] += Model.value(nodes, examples.get(i).features());
			}
		}
		return model;
	}

	// Splits the leaf that gains most, until there are enough leaves
	private List<Node> grow(List<Example> examples, int[][] sorted, double[] gradients, double[] curvatures,
			boolean[] used) {
		List<Node> nodes = new ArrayList<>();
		int[] leaf = new int[examples.size()];
		nodes.add(new Node());
		best(nodes.get(0), 0, leaf, examples, sorted, gradients, curvatures, used);
		for (int leaves = 1; leaves < this.leaves; leaves++) {
			Node split = null;
			for (Node node : nodes) {
				split = (node.left < 0 && node.gain > 1e-6 && (split == null || node.gain > split.gain)) ? node : split;
			}
			if (split == null) {
				break;
			}
			int index = nodes.indexOf(split);
			split.left = nodes.size();
			nodes.add(new Node());
			nodes.add(new Node());
			for (int i = 0; i < leaf.length; i++) {
				if (leaf[i] == index) {
					leaf[i] = (examples.get(i).features()[split.feature] <= split.threshold) ? split.left
							: split.left + 1;
				}
			}
			best(nodes.get(split.left), split.left, leaf, examples, sorted, gradients, curvatures, used);
			best(nodes.get(split.left + 1), split.left + 1, leaf, examples, sorted, gradients, curvatures, used);
		}
		return nodes;
	}

	private void best(Node node, int index, int[] leaf, List<Example> examples, int[][] sorted, double[] gradients,
			double[] curvatures, boolean[] used) {
		double gradient = 0;
		double curvature = 0;
		for (int i = 0; i < leaf.length; i++) {
			if (leaf[i] == index) {
				gradient += gradients[i];
				curvature += curvatures[i];
			}
		}
		node.value = this.rate * gradient / (curvature + this.regularisation);
		double whole = gradient * gradient / (curvature + this.regularisation);
		for (int feature = 0; feature < sorted.length; feature++) {
			if (!used[feature]) {
				continue;
			}
			double leftGradient = 0;
			double leftCurvature = 0;
			double last = Double.NaN;
			for (int i : sorted[feature]) {
				if (leaf[i] != index) {
					continue;
				}
				double value = examples.get(i).features()[feature];
				if (value != last && leftCurvature >= this.smallest && curvature - leftCurvature >= this.smallest) {
					double rightGradient = gradient - leftGradient;
					double gain = leftGradient * leftGradient / (leftCurvature + this.regularisation)
							+ rightGradient * rightGradient / (curvature - leftCurvature + this.regularisation) - whole;
					if (gain > node.gain) {
						node.gain = gain;
						node.feature = feature;
						node.threshold = (float) ((value + last) / 2);
					}
				}
				leftGradient += gradients[i];
				leftCurvature += curvatures[i];
				last = value;
			}
		}
	}

	private void write(Model model, Path file, Arguments given) throws IOException {
		try (PrintWriter out = new PrintWriter(file.toFile(), StandardCharsets.UTF_8)) {
			out.println("# Made by ScoreTraining of the benchmarks, from public pairs of questions");
			out.println(
					"# A tree is a list of nodes: a feature, the largest value that goes left, the number of the left");
			out.println("# child, which the right one follows; or a leaf and its value");
			out.printf(Locale.ROOT, "start %.5f%nslope %.5f%n", model.start, model.slope);
			for (List<Node> nodes : model.trees) {
				out.println("tree");
				for (Node node : nodes) {
					out.println((node.left < 0) ? String.format(Locale.ROOT, "leaf %.5f", node.value)
							: this.names.get(node.feature) + " " + (float) node.threshold + " " + node.left);
				}
			}
		}
	}

	private record Example(double[] features, boolean same, double weight, boolean veto, boolean near, String file,
			int fold) {

	}

	private static final class Node {

		private int feature = -1;

		private double threshold;

		private int left = -1;

		private double value;

		private double gain;

	}

	private static final class Model {

		private final double start;

		private double slope = 1;

		private final List<List<Node>> trees = new ArrayList<>();

		Model(double start) {
			this.start = start;
		}

		double sum(double[] features) {
			double sum = this.start;
			for (List<Node> tree : this.trees) {
				sum += value(tree, features);
			}
			return sum;
		}

		static double value(List<Node> tree, double[] features) {
			Node node = tree.get(0);
			while (node.left >= 0) {
				node = tree.get(node.left + ((features[node.feature] <= node.threshold) ? 0 : 1));
			}
			return node.value;
		}

	}

}
