package io.tokensaving.simulator.run;

import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.tokensaving.simulator.CacheRules;
import io.tokensaving.simulator.traffic.CacheStrategy;
import io.tokensaving.simulator.traffic.TrafficRequest;
import io.tokensaving.simulator.traffic.TrafficRun;
import io.tokensaving.simulator.traffic.TrafficShape;

/**
 * What fixed strategies cost in all shapes of traffic: hit rate, and cost of input as a
 * multiple of what it costs without a cache, over several seeds and three sizes.
 *
 * @param seeds how many
 * @param forgotten the share of reads that the provider fails to grant
 */
public record TrafficTable(int seeds, double forgotten) {

	/** What numbers of tokens are multiplied with. */
	public static final List<Integer> SIZES = List.of(1, 2, 4);

	private static final int MINIMUM = 1024;

	/**
	 * Runs all shapes with all fixed strategies.
	 * @return lines of text
	 */
	public String text() {
		return text(TrafficShape.usual()) + text(TrafficShape.adversarial());
	}

	String text(List<TrafficShape> shapes) {
		Map<String, CacheStrategy> strategies = CacheStrategy.fixed();
		StringBuilder text = new StringBuilder();
		add(text, "%-32s", "shape");
		strategies.keySet().forEach((name) -> add(text, "%11s", name));
		add(text, "%n");
		double[] sum = new double[strategies.size()];
		double[] worst = new double[strategies.size()];
		int runs = this.seeds * SIZES.size();
		for (TrafficShape shape : shapes) {
			double[] cost = new double[strategies.size()];
			double[] hits = new double[strategies.size()];
			for (int seed = 1; seed <= this.seeds; seed++) {
				for (int size : SIZES) {
					List<TrafficRequest> requests = shape.requests(seed, size);
					int column = 0;
					for (CacheStrategy strategy : strategies.values()) {
						TrafficRun run = TrafficRun.of(requests, strategy,
								CacheRules.defaults().forgotten(this.forgotten), MINIMUM, seed);
						cost[column] += run.cost() / runs;
						hits[column] += run.hitRate() / runs;
						worst[column] = Math.max(worst[column], run.cost());
						column++;
					}
				}
			}
			add(text, "%-32s", shape.name());
			for (int column = 0; column < cost.length; column++) {
				sum[column] += cost[column];
				add(text, "%5.0f%% %4.2f", 100 * hits[column], cost[column]);
			}
			add(text, "%n");
		}
		add(text, "%-32s", "mean cost");
		for (double value : sum) {
			add(text, "%11.2f", value / shapes.size());
		}
		add(text, "%n%-32s", "worst cost of a run");
		for (double value : worst) {
			add(text, "%11.2f", value);
		}
		return add(text, "%n%n").toString();
	}

	private static StringBuilder add(StringBuilder text, String format, Object... values) {
		return text.append(String.format(Locale.ROOT, format, values));
	}

}
