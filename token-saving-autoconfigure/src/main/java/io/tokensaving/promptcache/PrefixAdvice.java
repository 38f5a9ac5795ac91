package io.tokensaving.promptcache;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Setting;
import io.tokensaving.feature.PlanUsage;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.VolatileTexts.Finding;
import org.jspecify.annotations.Nullable;

/**
 * Counts what breaks the prefixes of a plan's requests, to advise what helps.
 * Thread-safe. Keeps at most {@value #MAX_PLANS} plans.
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

	private final Cache<PlanKey, Seen> plans = Caffeine.newBuilder().maximumSize(MAX_PLANS).build();

	/**
	 * Count a request.
	 * @param plan the plan and its workspace
	 * @param breaks what broke its prefix; empty if nothing did
	 * @param finding what differs in the system text, or {@code null} if nothing is known
	 * @param tokensBehind the tokens of the prompt that stand behind what differs
	 */
	void add(PlanKey plan, Set<PrefixBreak> breaks, @Nullable Finding finding, long tokensBehind) {
		this.plans.get(plan, (key) -> new Seen()).add(breaks, finding, tokensBehind);
	}

	/**
	 * Return what is advised for a plan.
	 * @param usage the usage of the plan
	 * @return the advice, what concerns most requests first
	 */
	List<Advice> of(PlanUsage usage) {
		Seen seen = this.plans.getIfPresent(usage.key());
		return (seen != null) ? seen.advice(usage) : List.of();
	}

	private static final class Seen {

		private final Map<PrefixBreak, Long> counts = new EnumMap<>(PrefixBreak.class);

		private long requests;

		private @Nullable Finding finding;

		private long tokensBehind;

		private long withFinding;

		synchronized void add(Set<PrefixBreak> breaks, @Nullable Finding finding, long tokensBehind) {
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
		}

		private boolean isFrequent(PrefixBreak each) {
			long count = this.counts.getOrDefault(each, 0L);
			return count >= MIN_REQUESTS && count >= MIN_SHARE * this.requests;
		}

		synchronized List<Advice> advice(PlanUsage usage) {
			List<PrefixBreak> frequent = new ArrayList<>(this.counts.keySet());
			frequent.removeIf((each) -> !isFrequent(each));
			frequent.sort(Comparator.comparingLong(this.counts::get).reversed());
			return frequent.stream().map((each) -> advice(each, usage)).toList();
		}

		private Advice advice(PrefixBreak each, PlanUsage usage) {
			long count = this.counts.getOrDefault(each, 0L);
			Advice.Builder builder = Advice.builder(each.label(), each.severity(), each.description(), each.remedy())
				.figure("requests", count, "requests of this instance")
				.setting(setting(each, usage));
			Finding last = this.finding;
			if (each == PrefixBreak.VOLATILE_SYSTEM_TEXT && last != null) {
				long behind = this.tokensBehind / Math.max(1, this.withFinding);
				builder.figure("kinds", last.kinds().stream().sorted().map(VolatileKind::label).toList(), "names")
					.share("position", (double) last.stableHead() / Math.max(1, last.chars()))
					.figure("tokens_behind", behind, "tokens of a request")
					.costUsdPerDay(cost(usage, behind, (double) count / Math.max(1, this.requests)));
			}
			return builder.build();
		}

		// What would be paid less if all that stands behind the difference were read
		private static @Nullable BigDecimal cost(PlanUsage usage, long tokensBehind, double share) {
			BigDecimal saved = ProviderCacheAdvice.savedByReading(usage);
			return (saved != null) ? usage.perDay(saved.multiply(BigDecimal.valueOf(tokensBehind))
				.multiply(BigDecimal.valueOf(share * usage.bought()))
				.longValue()) : null;
		}

		private @Nullable Setting setting(PrefixBreak each, PlanUsage usage) {
			PromptCacheSettings settings = usage.plan().settings(PromptCacheSettings.class);
			if (settings == null) {
				return null;
			}
			boolean reports = settings.volatileText() == PromptCacheSettings.VolatileText.REPORT;
			return switch (each) {
				case VOLATILE_SYSTEM_TEXT -> reports
						? Setting.ofPlan(usage.key(), "prompt-cache.volatile", isMovable() ? "move" : "split") : null;
				case MEMORY_IN_SYSTEM_TEXT ->
					reports ? Setting.ofPlan(usage.key(), "prompt-cache.volatile", "split") : null;
				case TOOLS_IN_OTHER_ORDER ->
					settings.sortTools() ? null : Setting.ofPlan(usage.key(), "prompt-cache.sort-tools", true);
				default -> null;
			};
		}

		private boolean isMovable() {
			Finding last = this.finding;
			return last != null && last.kinds().stream().allMatch(VolatileKind::isMovable);
		}

	}

}
