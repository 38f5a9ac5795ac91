package io.tokensaving.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.tokensaving.simulator.CacheRules;
import io.tokensaving.simulator.traffic.CacheStrategy;
import io.tokensaving.simulator.traffic.TrafficRequest;
import io.tokensaving.simulator.traffic.TrafficRun;
import io.tokensaving.simulator.traffic.TrafficShape;

/**
 * What the library's planner of prompt caches costs in made-up traffic, beside the best
 * fixed strategy of each shape. Arguments: how many seeds (5), and shares of reads that
 * the provider forgets (0 0.1 0.4).
 *
 * @param seeds how many
 * @param forgotten the share of reads that the provider forgets
 */
record PromptCacheTraffic(int seeds, double forgotten) {

	static final List<Integer> SIZES = List.of(1, 2, 4);

	private static final int MINIMUM = 1024;

	public static void main(String[] args) {
		int seeds = (args.length > 0) ? Integer.parseInt(args[0]) : 5;
		List<Double> shares = new ArrayList<>();
		for (int index = 1; index < args.length; index++) {
			shares.add(Double.valueOf(args[index]));
		}
		for (double share : shares.isEmpty() ? List.of(0d, 0.1, 0.4) : shares) {
			System.out.println(new PromptCacheTraffic(seeds, share).text());
		}
	}

	/**
	 * Runs one shape.
	 * @param shape the shape
	 * @return what it costs
	 */
	Row row(TrafficShape shape) {
		Map<String, double[]> fixed = new LinkedHashMap<>();
		double[] planned = new double[3];
		double worstExcess = Double.NEGATIVE_INFINITY;
		int runs = this.seeds * SIZES.size();
		for (int seed = 1; seed <= this.seeds; seed++) {
			for (int size : SIZES) {
				List<TrafficRequest> requests = shape.requests(seed, size);
				double best = Double.POSITIVE_INFINITY;
				for (Map.Entry<String, CacheStrategy> strategy : CacheStrategy.fixed().entrySet()) {
					TrafficRun run = run(requests, strategy.getValue(), seed);
					double[] sums = fixed.computeIfAbsent(strategy.getKey(), (key) -> new double[2]);
					sums[0] += run.cost() / runs;
					sums[1] += run.hitRate() / runs;
					best = Math.min(best, run.cost());
				}
				TrafficRun run = run(requests, new PlannedMarks(MINIMUM), seed);
				planned[0] += run.cost() / runs;
				planned[1] += run.hitRate() / runs;
				planned[2] = Math.max(planned[2], run.cost());
				worstExcess = Math.max(worstExcess, run.cost() - best);
			}
		}
		String bestName = "";
		double bestCost = Double.POSITIVE_INFINITY;
		double bestHits = 0;
		for (Map.Entry<String, double[]> entry : fixed.entrySet()) {
			if (entry.getValue()[0] < bestCost) {
				bestCost = entry.getValue()[0];
				bestName = entry.getKey();
			}
			bestHits = Math.max(bestHits, entry.getValue()[1]);
		}
		return new Row(shape.name(), planned[0], planned[1], planned[2], bestName, bestCost, bestHits, worstExcess);
	}

	private TrafficRun run(List<TrafficRequest> requests, CacheStrategy strategy, long seed) {
		return TrafficRun.of(requests, strategy, CacheRules.defaults().forgotten(this.forgotten), MINIMUM, seed);
	}

	String text() {
		StringBuilder text = new StringBuilder();
		text.append(String.format(Locale.ROOT, "forgotten %.2f, %d seeds%n%-32s%16s%7s%18s%7s%7s%n", this.forgotten,
				this.seeds, "shape", "planner", "worst", "best fixed", "hits", "excess"));
		double sum = 0;
		double worst = 0;
		List<TrafficShape> shapes = TrafficShape.all();
		for (TrafficShape shape : shapes) {
			Row row = row(shape);
			sum += row.cost();
			worst = Math.max(worst, row.worst());
			text.append(row);
		}
		text.append(String.format(Locale.ROOT, "mean %.3f, worst run %.3f%n", sum / shapes.size(), worst));
		return text.toString();
	}

	/**
	 * One shape, in the mean over seeds and sizes.
	 *
	 * @param shape its name
	 * @param cost of the planner, as a multiple of the cost without a cache
	 * @param hits its hit rate
	 * @param worst the cost of its worst run
	 * @param best the name of the best fixed strategy
	 * @param bestCost the cost of that
	 * @param bestHits the highest hit rate of a fixed strategy
	 * @param excess the most by which a run of the planner cost more than the best fixed
	 * strategy in the same run
	 */
	record Row(String shape, double cost, double hits, double worst, String best, double bestCost, double bestHits,
			double excess) {

		@Override
		public String toString() {
			String flags = ((this.cost > this.bestCost + 0.05) ? " COST" : "")
					+ ((this.bestHits >= 0.95 && this.hits < 0.9) ? " HITS" : "")
					+ ((this.worst > 1.05) ? " WORST" : "");
			return String.format(Locale.ROOT, "%-32s%9.3f %5.1f%%%7.3f%12s %5.3f %5.1f%% %+6.3f%s%n", this.shape,
					this.cost, 100 * this.hits, this.worst, this.best, this.bestCost, 100 * this.bestHits, this.excess,
					flags);
		}

	}

}
