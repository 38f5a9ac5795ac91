package io.tokensaving.benchmarks;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

import io.tokensaving.benchmarks.QuestionPairs.Arguments;
import io.tokensaving.benchmarks.RoutingCurve.Area;
import io.tokensaving.benchmarks.RoutingCurve.Routed;
import io.tokensaving.benchmarks.RoutingCurve.Threshold;
import io.tokensaving.benchmarks.RoutingProtocol.Part;
import io.tokensaving.benchmarks.RoutingRows.Row;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.LearnedClassifier;
import io.tokensaving.route.RouteRequest;
import io.tokensaving.route.learning.RidgeHead;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.messages.UserMessage;

/**
 * Measures what the classifier {@code learned} saves at which quality on public data,
 * beside LiteLLM's heuristics, chance and an oracle, by the protocol in
 * docs/benchmarks.md. Not a JMH benchmark:
 * {@code java -cp benchmarks.jar io.tokensaving.benchmarks.RoutingQuality --litellm=FILE DIRECTORY}.
 * <ul>
 * <li>{@code --rows=FILE} only writes the prompts, for {@code litellm-scores.py};
 * <li>{@code --part=validation} measures on the validation parts, to choose something by,
 * with thresholds of the rows to learn from;
 * <li>{@code --vectors=FILE} is where embeddings are kept.
 * </ul>
 */
public final class RoutingQuality {

	private static final PlanKey PLAN = new PlanKey("default", "benchmark");

	private static final TokenCounter TOKENS = new TokenCounter();

	private static final String LEARNED = "`learned`";

	private static final String WORSE_ONLY = "`learned`, if better answers did not count";

	private static final List<String> BASELINES = List.of("LiteLLM, score", "LiteLLM, tier and score", "LiteLLM, v2");

	private static final List<Integer> LABELS = List.of(100, 200, 500, 1000, 2000, 4000);

	// Above the range of the score within a tier
	private static final double TIER = 1000;

	private final Map<Row, float[]> features;

	private final Map<String, double[]> baselines;

	private final Part part;

	private RoutingQuality(Map<Row, float[]> features, Map<String, double[]> baselines, Part part) {
		this.features = features;
		this.baselines = baselines;
		this.part = part;
	}

	/**
	 * Print the tables of docs/benchmarks.md.
	 * @param arguments options, and the directory that {@code fetch-data} has filled
	 * @throws IOException if a file cannot be read or written
	 */
	public static void main(String[] arguments) throws IOException {
		Arguments given = new Arguments(arguments);
		if (given.files().size() != 1) {
			System.err.println("Expected is one argument beside options: the directory with the data");
			System.exit(2);
		}
		List<RoutingRows> data = RoutingRows.read(Path.of(given.files().get(0)));
		if (given.has("rows")) {
			write(data, Path.of(given.text("rows", "")));
			return;
		}
		RoutingQuality quality = of(data, Path.of(given.text("vectors", "routing-vectors.bin")),
				given.has("litellm") ? scores(Path.of(given.text("litellm", ""))) : Map.of(),
				given.text("part", "").equals("validation") ? Part.VALIDATION : Part.TEST);
		data.forEach((rows) -> System.out.printf(
				"%s: %,d rows in %d groups; left out: %d listed as contaminated, %d repeated%n", rows.name(),
				rows.rows().size(), rows.rows().stream().map(Row::group).distinct().count(), rows.listed(),
				rows.repeated()));
		for (RoutingRows rows : data) {
			quality.measure(rows, rows, false).print(rows.name(), rows.costRatio());
		}
		for (RoutingRows rows : data) {
			if (rows.rows().stream().map(Row::group).distinct().count() > 1) {
				quality.measure(rows, rows, true).print(rows.name() + ", unseen groups", rows.costRatio());
			}
		}
		quality.measure(data.get(0), data.get(1), false)
			.print(data.get(1).name() + ", learned from " + data.get(0).name(), data.get(1).costRatio());
		System.out.printf("%nAPGR by the number of labels%n%n| data |%s%n|---|%s%n", columns(" %,d |"),
				columns("---|"));
		for (RoutingRows rows : data) {
			quality.printLabels(rows);
		}
	}

	private static String columns(String format) {
		return LABELS.stream()
			.map((labels) -> String.format(Locale.ROOT, format, labels))
			.collect(Collectors.joining());
	}

	/**
	 * Prepare a measurement.
	 * @param data the data
	 * @param vectors where embeddings are kept
	 * @param baselines the scores of the baselines by id, or an empty map
	 * @param part the part to measure on
	 * @return the measurement
	 */
	static RoutingQuality of(List<RoutingRows> data, Path vectors, Map<String, double[]> baselines, Part part) {
		Map<Row, float[]> features = new HashMap<>();
		try (RememberedEmbeddings embeddings = new RememberedEmbeddings(vectors);
				LearnedClassifier classifier = new LearnedClassifier(() -> embeddings)) {
			for (RoutingRows rows : data) {
				for (Row row : rows.rows()) {
					features.put(row, Objects.requireNonNull(classifier.features(request(row))));
				}
			}
		}
		return new RoutingQuality(features, baselines, part);
	}

	private static RouteRequest request(Row row) {
		UserMessage message = new UserMessage(row.prompt());
		return new RouteRequest(PLAN, "benchmark", List.of(message), row.prompt(), TOKENS.count(message, 1), 0, false,
				List.of("weak", "strong"), "strong");
	}

	private static void write(List<RoutingRows> data, Path file) throws IOException {
		JsonMapper mapper = new JsonMapper();
		try (PrintWriter out = new PrintWriter(file.toFile(), StandardCharsets.UTF_8)) {
			for (RoutingRows rows : data) {
				for (Row row : rows.rows()) {
					out.println(mapper.writeValueAsString(Map.of("id", row.id(), "prompt", row.prompt())));
				}
			}
		}
	}

	private static Map<String, double[]> scores(Path file) {
		Map<String, double[]> scores = new HashMap<>();
		try {
			for (String line : Files.readAllLines(file)) {
				if (!line.startsWith("#")) {
					String[] columns = line.split("\t");
					double score = Double.parseDouble(columns[1]);
					scores.put(columns[0], new double[] { score, TIER * Integer.parseInt(columns[2]) + score,
							Double.parseDouble(columns[3]) });
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return scores;
	}

	/**
	 * Measure.
	 * @param from what is learned from
	 * @param on what is measured on
	 * @param unseenGroups whether groups are split as a whole
	 * @return the result
	 */
	Result measure(RoutingRows from, RoutingRows on, boolean unseenGroups) {
		return measure(from, on, unseenGroups, RoutingProtocol.SEEDS);
	}

	/**
	 * Measure with other seeds.
	 * @param from what is learned from
	 * @param on what is measured on
	 * @param unseenGroups whether groups are split as a whole
	 * @param seeds the seeds of the runs
	 * @return the result
	 */
	Result measure(RoutingRows from, RoutingRows on, boolean unseenGroups, List<Integer> seeds) {
		List<Run> runs = new ArrayList<>();
		for (int seed : seeds) {
			Map<Part, int[]> source = split(from, seed, unseenGroups);
			Map<Part, int[]> parts = (from == on) ? source : split(on, seed, unseenGroups);
			runs.add(run(seed, rows(from, source.get(Part.LEARN)), on, parts, unseenGroups));
		}
		return new Result(on.rows().size(), runs);
	}

	private static Map<Part, int[]> split(RoutingRows data, int seed, boolean unseenGroups) {
		Map<String, Part> groups = RoutingProtocol.parts(seed, data.rows().stream().map(Row::group).toList());
		Map<Part, int[]> split = new HashMap<>();
		for (Part part : Part.values()) {
			split.put(part, IntStream.range(0, data.rows().size()).filter((i) -> {
				Row row = data.rows().get(i);
				return part == (unseenGroups ? groups.get(row.group()) : RoutingProtocol.part(seed, row.prompt()));
			}).toArray());
		}
		return split;
	}

	private static List<Row> rows(RoutingRows data, int[] numbers) {
		return Arrays.stream(numbers).mapToObj(data.rows()::get).toList();
	}

	private Run run(int seed, List<Row> learn, RoutingRows on, Map<Part, int[]> parts, boolean unseenGroups) {
		int[] tested = parts.get(this.part);
		List<Row> test = rows(on, tested);
		List<Row> fixing = new ArrayList<>();
		// Rows of groups that were learned from say nothing of groups that were not
		if (!unseenGroups) {
			fixing.addAll(rows(on, parts.get(Part.LEARN)));
		}
		if (unseenGroups || this.part == Part.TEST) {
			fixing.addAll(rows(on, parts.get(Part.VALIDATION)));
		}
		Map<String, RoutingCurve> curves = new LinkedHashMap<>();
		Map<String, Threshold> thresholds = new LinkedHashMap<>();
		routers(seed, learn).forEach((name, router) -> {
			curves.put(name, curve(router, test));
			thresholds.put(name, curve(router, fixing).threshold(RoutingProtocol.QUALITY));
		});
		return new Run(seed, tested, curves, thresholds);
	}

	private static RoutingCurve curve(ToDoubleFunction<Row> router, List<Row> rows) {
		return new RoutingCurve(rows.stream().mapToDouble(router).toArray(),
				rows.stream().mapToDouble(Row::weak).toArray(), rows.stream().mapToDouble(Row::strong).toArray());
	}

	private Map<String, ToDoubleFunction<Row>> routers(int seed, List<Row> learn) {
		Map<String, ToDoubleFunction<Row>> routers = new LinkedHashMap<>();
		routers.put(LEARNED, learn(learn, RoutingQuality::verdict));
		routers.put(WORSE_ONLY, learn(learn, (row) -> Math.max(0, verdict(row))));
		if (!this.baselines.isEmpty()) {
			for (int i = 0; i < BASELINES.size(); i++) {
				int column = i;
				routers.put(BASELINES.get(i), (row) -> this.baselines.get(row.id())[column]);
			}
		}
		routers.put("random", (row) -> new SplittableRandom(seed + 31L * row.id().hashCode()).nextDouble());
		routers.put("oracle", Row::gain);
		return routers;
	}

	private ToDoubleFunction<Row> learn(List<Row> rows, ToDoubleFunction<Row> label) {
		double[] labels = rows.stream().mapToDouble(label).toArray();
		double[] weights = new double[labels.length];
		Arrays.fill(weights, 1);
		float[][] given = rows.stream().map(this.features::get).toArray(float[][]::new);
		RidgeHead.Fit fit = RidgeHead.fitGroups(given, labels, weights, LearnedClassifier.SURFACE_FEATURES);
		// A row to learn from has the score of a function that was not told its label
		Map<String, Double> leaveOneOut = new HashMap<>();
		for (int i = 0; i < labels.length; i++) {
			leaveOneOut.put(rows.get(i).id(), fit.leaveOneOut()[i]);
		}
		return (row) -> {
			Double score = leaveOneOut.get(row.id());
			return (score != null) ? score : fit.head().predict(this.features.get(row));
		};
	}

	// Whether the weak model's answer is worse than the strong one's, as the same, or
	// better
	private static double verdict(Row row) {
		return Math.signum(row.gain());
	}

	// How good it is after some labels
	private void printLabels(RoutingRows data) {
		StringBuilder line = new StringBuilder("| " + data.name() + " |");
		for (int labels : LABELS) {
			double recovered = 0;
			double gap = 0;
			boolean enough = true;
			for (int seed : RoutingProtocol.SEEDS) {
				Map<Part, int[]> parts = split(data, seed, false);
				int[] learn = parts.get(Part.LEARN);
				enough &= learn.length >= labels;
				List<Row> rows = new ArrayList<>(rows(data, learn));
				Collections.shuffle(rows, new Random(seed));
				RoutingCurve curve = curve(
						learn(rows.subList(0, Math.min(labels, rows.size())), RoutingQuality::verdict),
						rows(data, parts.get(this.part)));
				Area area = curve.area(curve.ones());
				recovered += area.recovered();
				gap += area.gap();
			}
			line.append(enough ? String.format(Locale.ROOT, " %.3f |", recovered / gap) : " |");
		}
		System.out.println(line);
	}

	/**
	 * One run.
	 *
	 * @param seed its seed
	 * @param tested the numbers of the rows that are measured on
	 * @param curves by router, on these rows
	 * @param thresholds by router, of the parts that are not measured on
	 */
	record Run(int seed, int[] tested, Map<String, RoutingCurve> curves, Map<String, Threshold> thresholds) {

	}

	/**
	 * The runs on some data.
	 *
	 * @param rows the number of all rows
	 * @param runs the runs
	 */
	record Result(int rows, List<Run> runs) {

		double mean(ToDoubleFunction<Run> figure) {
			return this.runs.stream().mapToDouble(figure).average().orElseThrow();
		}

		double apgr(String router) {
			return figures(router, ones()).apgr();
		}

		double share(String router) {
			return figures(router, ones()).share();
		}

		double quality(String router) {
			return figures(router, ones()).quality();
		}

		private double[][] ones() {
			return this.runs.stream()
				.map((run) -> DoubleStream.generate(() -> 1).limit(run.tested().length).toArray())
				.toArray(double[][]::new);
		}

		private Figures figures(String router, double[][] weights) {
			double recovered = 0;
			double gap = 0;
			double share = 0;
			double quality = 0;
			for (int i = 0; i < this.runs.size(); i++) {
				RoutingCurve curve = this.runs.get(i).curves().get(router);
				Area area = curve.area(weights[i]);
				Routed routed = curve.routed(this.runs.get(i).thresholds().get(router), weights[i]);
				recovered += area.recovered();
				gap += area.gap();
				share += routed.share() / this.runs.size();
				quality += routed.relative() / this.runs.size();
			}
			// The gap of a single run may be next to nothing
			return new Figures(recovered / gap, share, quality);
		}

		/**
		 * Draw rows anew, the same for all runs and routers.
		 * @return the figures of each draw, by router
		 */
		Map<String, List<Figures>> resample() {
			SplittableRandom random = new SplittableRandom(7);
			Map<String, List<Figures>> figures = new LinkedHashMap<>();
			for (int draw = 0; draw < RoutingProtocol.RESAMPLES; draw++) {
				double[] counts = new double[this.rows];
				for (int i = 0; i < this.rows; i++) {
					counts[random.nextInt(this.rows)]++;
				}
				double[][] weights = this.runs.stream()
					.map((run) -> Arrays.stream(run.tested()).mapToDouble((row) -> counts[row]).toArray())
					.toArray(double[][]::new);
				for (String router : this.runs.get(0).curves().keySet()) {
					figures.computeIfAbsent(router, (name) -> new ArrayList<>()).add(figures(router, weights));
				}
			}
			return figures;
		}

		/**
		 * Give as many strong calls to requests by chance.
		 * @param router the router
		 * @return the relative quality of each shuffle, sorted
		 */
		double[] shuffled(String router) {
			double[] qualities = new double[RoutingProtocol.SHUFFLES];
			for (int shuffle = 0; shuffle < qualities.length; shuffle++) {
				SplittableRandom random = new SplittableRandom(shuffle);
				qualities[shuffle] = mean(
						(run) -> run.curves().get(router).shuffled(run.thresholds().get(router), random).relative());
			}
			Arrays.sort(qualities);
			return qualities;
		}

		void print(String name, double costRatio) {
			Map<String, List<Figures>> draws = resample();
			System.out.printf("%n%s%n%n| router | APGR | strong calls | of the strong model's quality "
					+ "| the same calls by chance | cost | CPT(50 %%) | CPT(80 %%) | just 95 %% |%n|---|---|---|---|---|---|---|---|---|%n",
					name);
			for (String router : draws.keySet()) {
				List<Figures> drawn = draws.get(router);
				double[] shuffled = shuffled(router);
				System.out.printf(Locale.ROOT,
						"| %s | %.3f %s | %.1f %% %s | %.3f %s | %.3f %s | %.3f | %.1f %% | %.1f %% | %.1f %% |%n",
						router, apgr(router), interval(drawn, Figures::apgr, "%.3f"), 100 * share(router),
						interval(drawn, (figures) -> 100 * figures.share(), "%.1f"), quality(router),
						interval(drawn, Figures::quality, "%.3f"), Arrays.stream(shuffled).average().orElseThrow(),
						interval(shuffled, "%.3f"), share(router) + (1 - share(router)) * costRatio,
						100 * mean((run) -> run.curves().get(router).cpt(0.5)),
						100 * mean((run) -> run.curves().get(router).cpt(0.8)),
						100 * mean((run) -> run.curves().get(router).justEnough(RoutingProtocol.QUALITY)));
			}
			System.out.println();
			for (String learned : List.of(LEARNED, WORSE_ONLY)) {
				for (String baseline : BASELINES) {
					if (draws.containsKey(baseline)) {
						System.out.printf(Locale.ROOT, "| %s less %s | %+.3f %s | %+.1f points %s |%n", learned,
								baseline, apgr(learned) - apgr(baseline),
								difference(draws, learned, baseline, Figures::apgr, "%+.3f"),
								100 * (share(learned) - share(baseline)),
								difference(draws, learned, baseline, (figures) -> 100 * figures.share(), "%+.1f"));
					}
				}
			}
		}

		private static String difference(Map<String, List<Figures>> draws, String first, String second,
				ToDoubleFunction<Figures> figure, String format) {
			List<Figures> left = draws.get(first);
			List<Figures> right = draws.get(second);
			return interval(IntStream.range(0, left.size())
				.mapToDouble((i) -> figure.applyAsDouble(left.get(i)) - figure.applyAsDouble(right.get(i)))
				.toArray(), format);
		}

		private static String interval(List<Figures> draws, ToDoubleFunction<Figures> figure, String format) {
			return interval(draws.stream().mapToDouble(figure).toArray(), format);
		}

		// The middle 95 %
		private static String interval(double[] draws, String format) {
			double[] sorted = draws.clone();
			Arrays.sort(sorted);
			return String.format(Locale.ROOT, "[" + format + ", " + format + "]", sorted[(int) (0.025 * sorted.length)],
					sorted[(int) (0.975 * sorted.length)]);
		}

	}

	/**
	 * What a router does.
	 *
	 * @param apgr the average performance gap recovered
	 * @param share the share of strong calls
	 * @param quality the quality as a share of the strong model's
	 */
	record Figures(double apgr, double share, double quality) {

	}

}
