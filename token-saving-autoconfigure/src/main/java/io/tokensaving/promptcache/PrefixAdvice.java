package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.ForeignText;
import io.tokensaving.feature.Advice;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.VolatileTexts.Finding;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Counts what breaks the prefixes of a plan's requests, and says it: to the endpoint, and
 * once to the log. Thread-safe. Keeps at most {@value #MAX_PLANS} plans.
 */
final class PrefixAdvice {

	static final int MAX_PLANS = 1000;

	/**
	 * So many requests must have been affected before it is said.
	 */
	static final int MIN_REQUESTS = 3;

	/**
	 * The share of a plan's requests that must have been affected before it is said.
	 */
	static final double MIN_SHARE = 0.02;

	private static final Log logger = LogFactory.getLog(PrefixAdvice.class);

	private final Cache<PlanKey, Seen> plans = Caffeine.newBuilder().maximumSize(MAX_PLANS).build();

	/**
	 * Count a request.
	 * @param plan the plan and its workspace
	 * @param breaks what broke its prefix; empty if nothing did
	 * @param finding what differs in the system text, or {@code null} if nothing is known
	 * @param tokensBehind the tokens of the prompt that stand behind what differs
	 */
	void add(PlanKey plan, Set<PrefixBreak> breaks, @Nullable Finding finding, long tokensBehind) {
		PrefixBreak said = this.plans.get(plan, (key) -> new Seen()).add(breaks, finding, tokensBehind);
		if (said != null && logger.isInfoEnabled()) {
			logger.info("Prompt caching of plan '" + ForeignText.printable(plan.plan()) + "': " + said.description()
					+ ". " + said.remedy() + ".");
		}
	}

	/**
	 * Return what is advised for a plan.
	 * @param plan the plan and its workspace
	 * @return the advice, what concerns most requests first
	 */
	List<Advice> of(PlanKey plan) {
		Seen seen = this.plans.getIfPresent(plan);
		return (seen != null) ? seen.advice() : List.of();
	}

	private static final class Seen {

		private final Map<PrefixBreak, Long> counts = new EnumMap<>(PrefixBreak.class);

		private final Set<PrefixBreak> said = EnumSet.noneOf(PrefixBreak.class);

		private long requests;

		private @Nullable Finding finding;

		private long tokensBehind;

		private long withFinding;

		synchronized @Nullable PrefixBreak add(Set<PrefixBreak> breaks, @Nullable Finding finding, long tokensBehind) {
			this.requests++;
			for (PrefixBreak each : breaks) {
				this.counts.merge(each, 1L, Long::sum);
			}
			if (finding != null) {
				this.counts.merge(PrefixBreak.VOLATILE_SYSTEM_TEXT, 1L, Long::sum);
				this.finding = finding;
				this.tokensBehind += tokensBehind;
				this.withFinding++;
			}
			for (PrefixBreak each : this.counts.keySet()) {
				if (isFrequent(each) && this.said.add(each)) {
					return each;
				}
			}
			return null;
		}

		private boolean isFrequent(PrefixBreak each) {
			long count = this.counts.getOrDefault(each, 0L);
			return count >= MIN_REQUESTS && count >= MIN_SHARE * this.requests;
		}

		synchronized List<Advice> advice() {
			List<Advice> advice = new ArrayList<>();
			this.counts.forEach((each, count) -> {
				if (isFrequent(each)) {
					advice.add(new Advice(each.label(), each.description(), each.remedy(), count,
							(each == PrefixBreak.VOLATILE_SYSTEM_TEXT) ? details() : Map.of()));
				}
			});
			advice.sort(Comparator.comparingLong(Advice::requests).reversed());
			return advice;
		}

		private Map<String, Object> details() {
			Finding last = this.finding;
			if (last == null) {
				return Map.of();
			}
			return Map.of("kinds", last.kinds().stream().sorted().map(VolatileKind::label).toList(), "position",
					Math.round(100.0 * last.stableHead() / Math.max(1, last.chars())) / 100.0, "tokens_behind",
					this.tokensBehind / Math.max(1, this.withFinding));
		}

	}

}
