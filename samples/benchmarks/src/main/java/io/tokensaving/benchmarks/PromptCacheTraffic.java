package io.tokensaving.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tokensaving.simulator.CacheRules;
import io.tokensaving.simulator.traffic.CacheStrategy;
import io.tokensaving.simulator.traffic.TrafficRequest;
import io.tokensaving.simulator.traffic.TrafficRun;
import io.tokensaving.simulator.traffic.TrafficShape;

/**
 * What the library's planner of prompt caches costs in made-up traffic, beside fixed
 * strategies. Arguments: how many seeds (5), and shares of reads that the provider
 * forgets (0 0.1 0.4).
 *
 * @param seeds how many
 * @param sizes what numbers of tokens are multiplied with
 * @param forgotten the share of reads that the provider forgets
 */
record PromptCacheTraffic(int seeds, List<Integer> sizes, double forgotten) {

	static final List<Integer> SIZES = List.of(1, 2, 4);

	private static final String PLANNER = "planner";

	private static final String SHARED = "shared";

	private static final Set<String> OURS = Set.of(PLANNER, SHARED);

	private static final int MINIMUM = 1024;

	public static void main(String[] args) {
		int seeds = (args.length > 0) ? Integer.parseInt(args[0]) : 5;
		List<Double> shares = new ArrayList<>();
		for (int index = 1; index < args.length; index++) {
			shares.add(Double.valueOf(args[index]));
		}
		for (double share : shares.isEmpty() ? List.of(0d, 0.1, 0.4) : shares) {
			System.out.println(new PromptCacheTraffic(seeds, SIZES, share).text());
		}
	}

	/**
	 * Runs all shapes.
	 * @return a row for each, in the order of {@link TrafficShape#all()}
	 */
	List<Row> rows() {
		return TrafficShape.all().parallelStream().map(this::row).toList();
	}

	/**
	 * Runs one shape with all strategies.
	 * @param shape the shape
	 * @return what it costs
	 */
	Row row(TrafficShape shape) {
		Map<String, List<TrafficRun>> runs = new LinkedHashMap<>();
		for (int seed = 1; seed <= this.seeds; seed++) {
			for (int size : this.sizes) {
				List<TrafficRequest> requests = shape.requests(seed, size);
				Map<String, CacheStrategy> strategies = new LinkedHashMap<>(CacheStrategy.fixed());
				strategies.put(PLANNER, new PlannedMarks(MINIMUM, false));
				strategies.put(SHARED, new PlannedMarks(MINIMUM, true));
				for (Map.Entry<String, CacheStrategy> strategy : strategies.entrySet()) {
					runs.computeIfAbsent(strategy.getKey(), (name) -> new ArrayList<>())
						.add(TrafficRun.of(requests, strategy.getValue(),
								CacheRules.defaults().forgotten(this.forgotten), MINIMUM, seed));
				}
			}
		}
		Map<String, Outcome> outcomes = new LinkedHashMap<>();
		runs.forEach((name, each) -> outcomes.put(name, Outcome.of(each)));
		return new Row(shape.name(), outcomes);
	}

	String text() {
		List<Row> rows = rows();
		StringBuilder text = new StringBuilder();
		text.append(String.format(Locale.ROOT, "forgotten %.2f, %d seeds%n%-32s%16s%7s%9s%18s%7s%n", this.forgotten,
				this.seeds, "shape", PLANNER, "worst", SHARED, "best fixed", "hits"));
		rows.forEach(text::append);
		int usual = TrafficShape.usual().size();
		text.append(String.format("%n%-10s%12s%12s%8s%8s%n", "strategy", "usual", "all shapes", "worst", "hits"));
		for (String name : rows.get(0).outcomes().keySet()) {
			Outcome all = Outcome.sum(rows, name);
			text.append(String.format(Locale.ROOT, "%-10s%12.3f%12.3f%8.3f%7.1f%%%n", name,
					Outcome.sum(rows.subList(0, usual), name).cost(), all.cost(), all.worst(), 100 * all.hits()));
		}
		return text.toString();
	}

	/**
	 * What a strategy costs, as a multiple of the cost without a cache.
	 *
	 * @param cost the mean
	 * @param hits the mean of the share of the input that is read
	 * @param worst the cost of the worst run
	 */
	record Outcome(double cost, double hits, double worst) {

		private static Outcome of(List<TrafficRun> runs) {
			return new Outcome(runs.stream().mapToDouble(TrafficRun::cost).average().orElseThrow(),
					runs.stream().mapToDouble(TrafficRun::hitRate).average().orElseThrow(),
					runs.stream().mapToDouble(TrafficRun::cost).max().orElseThrow());
		}

		private static Outcome sum(List<Row> rows, String strategy) {
			List<Outcome> all = rows.stream().map((row) -> row.outcomes().get(strategy)).toList();
			return new Outcome(all.stream().mapToDouble(Outcome::cost).average().orElseThrow(),
					all.stream().mapToDouble(Outcome::hits).average().orElseThrow(),
					all.stream().mapToDouble(Outcome::worst).max().orElseThrow());
		}

	}

	/**
	 * One shape, over seeds and sizes.
	 *
	 * @param shape its name
	 * @param outcomes what each strategy costs, by its name
	 */
	record Row(String shape, Map<String, Outcome> outcomes) {

		Outcome planner() {
			return this.outcomes.get(PLANNER);
		}

		/**
		 * Returns what the planner costs if the instances learn from each other.
		 * @return the outcome
		 */
		Outcome shared() {
			return this.outcomes.get(SHARED);
		}

		private Map.Entry<String, Outcome> best() {
			Map.Entry<String, Outcome> best = null;
			for (Map.Entry<String, Outcome> each : this.outcomes.entrySet()) {
				if (!OURS.contains(each.getKey())
						&& (best == null || each.getValue().cost() < best.getValue().cost())) {
					best = each;
				}
			}
			return best;
		}

		/**
		 * Returns what the cheapest fixed strategy of this shape costs.
		 * @return the cost
		 */
		double bestCost() {
			return best().getValue().cost();
		}

		/**
		 * Returns the highest hit rate of a fixed strategy.
		 * @return 0 to 1
		 */
		double bestHits() {
			return this.outcomes.entrySet()
				.stream()
				.filter((each) -> !OURS.contains(each.getKey()))
				.mapToDouble((each) -> each.getValue().hits())
				.max()
				.orElseThrow();
		}

		@Override
		public String toString() {
			Outcome planner = planner();
			String flags = ((planner.cost() > bestCost() + 0.05) ? " COST" : "")
					+ ((bestHits() >= 0.95 && planner.hits() < 0.9) ? " HITS" : "")
					+ ((planner.worst() > 1.05) ? " WORST" : "");
			return String.format(Locale.ROOT, "%-32s%9.3f %5.1f%%%7.3f%9.3f%12s %5.3f %5.1f%%%s%n", this.shape,
					planner.cost(), 100 * planner.hits(), planner.worst(), shared().cost(), best().getKey(), bestCost(),
					100 * bestHits(), flags);
		}

	}

}
