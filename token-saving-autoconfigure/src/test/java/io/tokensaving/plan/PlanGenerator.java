package io.tokensaving.plan;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Random;

import io.tokensaving.budget.BudgetSettings;
import io.tokensaving.cache.CacheHistory;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.compression.CompressionSettings.Focus;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.promptcache.PromptCacheSettings;
import io.tokensaving.shadow.ModeSettings;
import io.tokensaving.shadow.PlanMode;

/**
 * Makes random plans of the whole range of all settings that an application with nothing
 * of its own accepts.
 */
public final class PlanGenerator {

	private static final long MAX_DAYS = 3650;

	private final Random random;

	public PlanGenerator(long seed) {
		this.random = new Random(seed);
	}

	/**
	 * Make a plan.
	 * @param id its id
	 * @return the plan
	 */
	public Plan plan(String id) {
		Plan.Builder plan = Plan.builder(id);
		if (flag()) {
			plan.with(compression());
		}
		if (flag()) {
			plan.with(cache());
		}
		if (flag()) {
			plan.with(dedup());
		}
		if (flag()) {
			plan.with(new PromptCacheSettings(flag(), flag(), flag(), flag(),
					pick(PromptCacheSettings.VolatileText.values())));
		}
		if (flag()) {
			plan.with(new ModeSettings(pick(PlanMode.SHADOW, PlanMode.OFF)));
		}
		if (flag()) {
			plan.with(budget());
		}
		return plan.build();
	}

	private BudgetSettings budget() {
		BigDecimal usd = BigDecimal.valueOf(1 + this.random.nextLong(1_000_000_000_000L), 6);
		Long tokens = 1 + this.random.nextLong(BudgetSettings.MAX_TOKENS);
		boolean both = flag();
		return new BudgetSettings(pick(BudgetSettings.Period.values()), both ? usd : null, tokens,
				Math.max(share(), Double.MIN_VALUE), pick(BudgetSettings.Action.values()),
				pick(BudgetSettings.UnknownPrice.values()), pick(BudgetSettings.OnFailure.values()),
				1 + this.random.nextInt(BudgetSettings.MAX_OUTPUT_TOKENS),
				ZoneId.of(pick("UTC", "Europe/Berlin", "America/New_York")));
	}

	private CompressionSettings compression() {
		return new CompressionSettings(pick("trim", "text_rank", "lex_rank", "lsa"), 1 + whole() % Integer.MAX_VALUE,
				Math.max(share(), Double.MIN_VALUE), whole(), pick(Focus.values()), share(), flag(), flag(),
				pick(CompressionSettings.StablePrefix.values()), pick("auto", "en", "de"),
				flag() ? Duration.ZERO : duration(MAX_DAYS), flag() ? null : "cheap",
				Duration.ofSeconds(1 + this.random.nextInt(3600)));
	}

	private CacheSettings cache() {
		return new CacheSettings(pick("in_memory", "in_memory_semantic"), duration(MAX_DAYS), share(), size(),
				pick(CacheHistory.PARTITION, CacheHistory.STANDALONE,
						CacheHistory.window(1 + this.random.nextInt(100))),
				Math.max(1, whole()), duration(MAX_DAYS),
				pick(List.<String>of(), List.of("all"), List.of("numbers", "names")), share(), share(), "embedding",
				duration(MAX_DAYS), pick(List.of("en"), List.of("de", "en"), List.of("any")),
				pick(CacheSettings.Confirm.values()), share(), flag() ? null : "cheap", duration(MAX_DAYS),
				pick(0, 1, 40, 10_000));
	}

	private DedupSettings dedup() {
		return new DedupSettings(duration(1), pick(DedupSettings.OnError.values()),
				flag() ? null : pick(0.0, share(), 2.0, Double.MAX_VALUE), DedupSettings.Scope.INSTANCE);
	}

	private boolean flag() {
		return this.random.nextBoolean();
	}

	private int whole() {
		return pick(0, 1, this.random.nextInt(10_000), Integer.MAX_VALUE);
	}

	private double share() {
		return pick(0.0, -0.0, 1.0, 0.1, 0.85, Double.MIN_VALUE, Math.nextDown(1.0), this.random.nextDouble(),
				this.random.nextDouble() * 1e-10);
	}

	private long size() {
		return pick(1L, 1000L, 1024L, 3L << 20, 5L << 30, 7L << 40, 1L << 60, Long.MAX_VALUE,
				1 + this.random.nextLong(1L << 40));
	}

	private Duration duration(long maxDays) {
		Duration max = Duration.ofDays(maxDays);
		Duration unit = pick(Duration.ofNanos(1), Duration.ofNanos(1000), Duration.ofMillis(1), Duration.ofSeconds(1),
				Duration.ofMinutes(1), Duration.ofHours(1), Duration.ofDays(1));
		Duration duration = unit.multipliedBy(1 + this.random.nextInt(1000));
		return pick(max, (duration.compareTo(max) > 0) ? max : duration,
				Duration.ofNanos(1 + this.random.nextLong(max.toNanos())));
	}

	@SafeVarargs
	private <T> T pick(T... values) {
		return values[this.random.nextInt(values.length)];
	}

}
