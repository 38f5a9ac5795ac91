package io.tokensaving.route.log;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.ledger.PicoUsd;
import org.jspecify.annotations.Nullable;

/**
 * Sums over the decisions of a plan that are in the memory of this instance. That is a
 * window: {@link #wholeSinceStart()} tells whether it has lost anything since the
 * application started, and what other instances decided is never in it. Immutable.
 *
 * @param decisions the number of decisions
 * @param capacity how many decisions of all plans fit in the window
 * @param wholeSinceStart whether no decision of any plan has been evicted yet
 * @param oldest the time of the oldest decision, or {@code null} if there is none
 * @param newest the time of the newest decision, or {@code null} if there is none
 * @param escalated the number of decisions with an escalation
 * @param spentPicoUsd what all attempts cost that have a price, in pico-dollars
 * @param unpriced the number of decisions whose cost is not known
 * @param counterfactualPicoUsd what the requests would have cost that have both prices
 * @param comparedPicoUsd what the same requests did cost
 * @param tiers the sums by tier
 */
public record RouteSummary(int decisions, int capacity, boolean wholeSinceStart, @Nullable Instant oldest,
		@Nullable Instant newest, long escalated, long spentPicoUsd, long unpriced, long counterfactualPicoUsd,
		long comparedPicoUsd, Map<String, TierSummary> tiers) {

	private static final double MEDIAN = 0.5;

	private static final double HIGH = 0.95;

	/**
	 * Create a summary.
	 */
	public RouteSummary {
		tiers = Map.copyOf(tiers);
	}

	static RouteSummary of(List<RouteDecision> newestFirst, int capacity, boolean whole) {
		Map<String, Tally> tallies = new TreeMap<>();
		Instant oldest = null;
		Instant newest = null;
		long escalated = 0;
		long spent = 0;
		long unpriced = 0;
		long counterfactual = 0;
		long compared = 0;
		for (RouteDecision decision : newestFirst) {
			oldest = (oldest == null || decision.time().isBefore(oldest)) ? decision.time() : oldest;
			newest = (newest == null || decision.time().isAfter(newest)) ? decision.time() : newest;
			escalated += decision.escalations().isEmpty() ? 0 : 1;
			Long cost = decision.answer().costPicoUsd();
			Long without = decision.answer().counterfactualPicoUsd();
			spent += (cost != null) ? cost : 0;
			unpriced += (cost != null) ? 0 : 1;
			if (cost != null && without != null) {
				compared += cost;
				counterfactual += without;
			}
			tallies.computeIfAbsent(decision.firstTier(), (tier) -> new Tally()).asked(decision);
			tallies.computeIfAbsent(decision.answer().tier(), (tier) -> new Tally()).answered(decision);
		}
		Map<String, TierSummary> tiers = new TreeMap<>();
		tallies.forEach((tier, tally) -> tiers.put(tier, tally.summary()));
		return new RouteSummary(newestFirst.size(), capacity, whole, oldest, newest, escalated, spent, unpriced,
				counterfactual, compared, tiers);
	}

	/**
	 * Return the sums as they are shown: in snake case, in a fixed order, without what is
	 * not known.
	 * @return texts, numbers, and maps of them
	 */
	public Map<String, Object> describe() {
		Map<String, Object> described = new LinkedHashMap<>();
		Map<String, Object> window = new LinkedHashMap<>();
		window.put("scope", "instance");
		window.put("decisions", this.decisions);
		window.put("capacity", this.capacity);
		window.put("whole_since_start", this.wholeSinceStart);
		if (this.oldest != null) {
			window.put("oldest", this.oldest.toString());
		}
		if (this.newest != null) {
			window.put("newest", this.newest.toString());
		}
		described.put("window", window);
		described.put("escalated", this.escalated);
		described.put("spent_usd", PicoUsd.toUsd(this.spentPicoUsd));
		described.put("unpriced", this.unpriced);
		described.put("counterfactual_usd", PicoUsd.toUsd(this.counterfactualPicoUsd));
		described.put("compared_spent_usd", PicoUsd.toUsd(this.comparedPicoUsd));
		Map<String, Object> byTier = new LinkedHashMap<>();
		new TreeMap<>(this.tiers).forEach((tier, summary) -> byTier.put(tier, summary.describe()));
		described.put("tiers", byTier);
		return described;
	}

	/**
	 * Sums over the decisions of one tier. Cost, latency and what the application
	 * reported belong to the tier that was asked first, as a cascade that begins there
	 * costs what all its attempts cost; what judges said belongs to the tier that
	 * answered. Immutable.
	 *
	 * @param requests how many requests asked the tier first
	 * @param escalated how many of them then asked another one
	 * @param answered how many requests the tier answered, whichever was asked first
	 * @param costPicoUsd what all attempts of the requests cost that have a price, in
	 * pico-dollars
	 * @param unpriced how many of the requests have a cost that is not known
	 * @param reported of how many priced requests the application said whether they were
	 * of use
	 * @param successes how many of those were
	 * @param reportedCostPicoUsd what those that were reported cost
	 * @param judged how many of the answers of the tier were judged
	 * @param worse how many of those were worse, or of no use
	 * @param latencyMillis the latencies of the requests that were answered, ascending
	 */
	public record TierSummary(long requests, long escalated, long answered, long costPicoUsd, long unpriced,
			long reported, long successes, long reportedCostPicoUsd, long judged, long worse,
			List<Long> latencyMillis) {

		/**
		 * Create a summary.
		 */
		public TierSummary {
			latencyMillis = List.copyOf(latencyMillis);
		}

		/**
		 * Return what a success cost: the cost of all requests that were reported on,
		 * failures included, for each that was of use. Requests that nobody reported on
		 * are on neither side.
		 * @return the amount in US dollars with seven digits, or {@code null} if there
		 * was no success
		 */
		public @Nullable BigDecimal costPerSuccessUsd() {
			return (this.successes > 0) ? PicoUsd.toUsd(this.reportedCostPicoUsd)
				.divide(BigDecimal.valueOf(this.successes), MathContext.DECIMAL32)
				.stripTrailingZeros() : null;
		}

		/**
		 * Return a quantile of the latency, by the nearest rank.
		 * @param quantile the quantile, above 0 and at most 1
		 * @return milliseconds, or {@code null} if nothing was answered
		 */
		public @Nullable Long latency(double quantile) {
			int count = this.latencyMillis.size();
			return (count > 0) ? this.latencyMillis.get(Math.max(0, (int) Math.ceil(quantile * count) - 1)) : null;
		}

		Map<String, Object> describe() {
			Map<String, Object> described = new LinkedHashMap<>();
			described.put("requests", this.requests);
			described.put("escalated", this.escalated);
			described.put("answered", this.answered);
			described.put("cost_usd", PicoUsd.toUsd(this.costPicoUsd));
			described.put("unpriced", this.unpriced);
			described.put("reported", this.reported);
			described.put("successes", this.successes);
			putIfKnown(described, "cost_per_success_usd", costPerSuccessUsd());
			described.put("judged", this.judged);
			described.put("worse", this.worse);
			putIfKnown(described, "p50_ms", latency(MEDIAN));
			putIfKnown(described, "p95_ms", latency(HIGH));
			return described;
		}

		private static void putIfKnown(Map<String, Object> described, String name, @Nullable Number number) {
			if (number != null) {
				described.put(name, number);
			}
		}

	}

	/**
	 * The sums of one tier while they are added up.
	 */
	private static final class Tally {

		private long requests;

		private long escalated;

		private long answered;

		private long cost;

		private long unpriced;

		private long reported;

		private long successes;

		private long reportedCost;

		private long judged;

		private long worse;

		private final List<Long> latencies = new ArrayList<>();

		void asked(RouteDecision decision) {
			RouteDecision.Answer answer = decision.answer();
			Long cost = answer.costPicoUsd();
			this.requests++;
			this.escalated += decision.escalations().isEmpty() ? 0 : 1;
			if (cost == null) {
				this.unpriced++;
			}
			else {
				this.cost += cost;
				if (decision.reported() != null) {
					this.reported++;
					this.reportedCost += cost;
					this.successes += (decision.reported() == RouteVerdict.SUCCESS) ? 1 : 0;
				}
			}
			if (hasAnswer(answer)) {
				this.latencies.add(answer.latencyMillis());
			}
		}

		void answered(RouteDecision decision) {
			RouteVerdict verdict = decision.judged();
			this.answered += hasAnswer(decision.answer()) ? 1 : 0;
			this.judged += (verdict != null) ? 1 : 0;
			this.worse += (verdict != null && verdict.isWorse()) ? 1 : 0;
		}

		private static boolean hasAnswer(RouteDecision.Answer answer) {
			return answer.outcome() == RouteOutcome.ANSWERED || answer.outcome() == RouteOutcome.FALLBACK;
		}

		TierSummary summary() {
			long[] sorted = this.latencies.stream().mapToLong(Long::longValue).sorted().toArray();
			return new TierSummary(this.requests, this.escalated, this.answered, this.cost, this.unpriced,
					this.reported, this.successes, this.reportedCost, this.judged, this.worse,
					Arrays.stream(sorted).boxed().toList());
		}

	}

}
