package io.tokensaving.route;

import java.util.LinkedHashMap;
import java.util.Map;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.RateLimitedLog;
import io.tokensaving.plan.PlanKey;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Knows by tier how often a cascade sends requests on, and above which share it costs
 * more than the model that the requests were made for: 1 - cheap / strong, where both are
 * the mean costs of a request. Warns, at most once a minute, while the share is above it.
 * Counts since the start of this instance, for up to {@value #MAX_TIERS} tiers of all
 * plans together. Thread-safe.
 */
final class BreakEven {

	private static final Log logger = LogFactory.getLog(RouteAdvisor.class);

	private static final int MAX_TIERS = 1000;

	/**
	 * The number of requests below which nothing is said.
	 */
	static final int MIN_REQUESTS = 100;

	private final Cache<Place, Tally> tallies = Caffeine.newBuilder().maximumSize(MAX_TIERS).build();

	private final RateLimitedLog log;

	BreakEven(Ticker ticker) {
		this.log = new RateLimitedLog(logger, ticker);
	}

	/**
	 * Count a request with both prices.
	 * @param plan the plan and its workspace
	 * @param tier the name of the tier that was asked first
	 * @param cheapPicoUsd what its own answer cost
	 * @param strongPicoUsd what the same answer would have cost of the model that the
	 * request was made for
	 * @param sentOn whether another tier was asked then
	 */
	void count(PlanKey plan, String tier, long cheapPicoUsd, long strongPicoUsd, boolean sentOn) {
		Tally tally = this.tallies.get(new Place(plan, tier), (added) -> new Tally());
		Figures figures = tally.add(cheapPicoUsd, strongPicoUsd, sentOn);
		if (sentOn && figures.requests() >= MIN_REQUESTS && figures.rate() > figures.breakEven()) {
			this.log
				.warn(() -> ("The cascade of plan '%s' costs more than it saves: of the answers of tier '%s', %.1f %% "
						+ "are not accepted, and above %.1f %% it would be cheaper not to ask it")
					.formatted(plan.plan(), tier, 100 * figures.rate(), 100 * figures.breakEven()));
		}
	}

	/**
	 * Describe the cascades of a plan.
	 * @param plan the plan and its workspace
	 * @param tiers the names of its tiers
	 * @return values that JSON can hold by the names of tiers that were counted
	 */
	Map<String, Object> describe(PlanKey plan, Iterable<String> tiers) {
		Map<String, Object> described = new LinkedHashMap<>();
		for (String tier : tiers) {
			Figures figures = figures(plan, tier);
			if (figures != null) {
				Map<String, Object> each = new LinkedHashMap<>();
				each.put("requests", figures.requests());
				each.put("sent_on", figures.sentOn());
				each.put("rate", rounded(figures.rate()));
				each.put("break_even_rate", rounded(figures.breakEven()));
				described.put(tier, each);
			}
		}
		return described;
	}

	@Nullable Figures figures(PlanKey plan, String tier) {
		Tally tally = this.tallies.getIfPresent(new Place(plan, tier));
		return (tally != null) ? tally.figures() : null;
	}

	private static double rounded(double share) {
		return Math.round(share * 10_000) / 10_000.0;
	}

	/**
	 * What was counted of a tier. Immutable.
	 *
	 * @param requests the number of requests
	 * @param sentOn the number of those for which another tier was asked
	 * @param cheapPicoUsd what the answers of the tier cost
	 * @param strongPicoUsd what they would have cost of the model that was asked for
	 */
	record Figures(long requests, long sentOn, long cheapPicoUsd, long strongPicoUsd) {

		double rate() {
			return (double) this.sentOn / Math.max(1, this.requests);
		}

		double breakEven() {
			return (this.strongPicoUsd > 0) ? Math.max(0, 1 - (double) this.cheapPicoUsd / this.strongPicoUsd) : 0;
		}

	}

	private static final class Tally {

		private Figures figures = new Figures(0, 0, 0, 0);

		synchronized Figures add(long cheapPicoUsd, long strongPicoUsd, boolean sentOn) {
			Figures before = this.figures;
			this.figures = new Figures(before.requests() + 1, before.sentOn() + (sentOn ? 1 : 0),
					before.cheapPicoUsd() + cheapPicoUsd, before.strongPicoUsd() + strongPicoUsd);
			return this.figures;
		}

		synchronized Figures figures() {
			return this.figures;
		}

	}

	private record Place(PlanKey plan, String tier) {

	}

}
