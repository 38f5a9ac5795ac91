package io.tokensaving.plan;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;

import io.tokensaving.batch.BatchSettings;
import io.tokensaving.budget.BudgetSettings;
import io.tokensaving.cache.CacheHistory;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.compression.CompressionSettings.Focus;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.promptcache.PromptCacheSettings;
import io.tokensaving.route.CascadeSettings;
import io.tokensaving.route.JudgeSettings;
import io.tokensaving.route.RouteMode;
import io.tokensaving.route.RouteRule;
import io.tokensaving.route.RouteSettings;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.shadow.ModeSettings;
import io.tokensaving.shadow.PlanMode;
import io.tokensaving.structured.NativeMode;
import io.tokensaving.structured.RetryMode;
import io.tokensaving.structured.StructuredSettings;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.Tiers;

/**
 * Makes random plans of the whole range of all settings that an application with the
 * tiers of {@link #tiers()}, the chat model {@code cheap}, and nothing else of its own
 * accepts.
 */
public final class PlanGenerator {

	private static final long MAX_DAYS = 3650;

	private final Random random;

	public PlanGenerator(long seed) {
		this.random = new Random(seed);
	}

	/**
	 * Return the tiers that plans may name.
	 * @return the tiers
	 */
	public static Tiers tiers() {
		return new Tiers(List.of(new Tier("nano", null, "a", Tier.Limits.NONE, "a"),
				new Tier("mid", null, "b", Tier.Limits.NONE, "b")));
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
		if (flag()) {
			plan.with(route());
		}
		if (flag()) {
			plan.with(structured());
		}
		if (flag()) {
			plan.with(new BatchSettings(BatchSettings.MIN_WITHIN.plus(duration(BatchSettings.MAX_WITHIN.toDays() - 1)),
					pick(BatchSettings.Tools.values()), flag()));
		}
		return plan.build();
	}

	private RouteSettings route() {
		List<String> tiers = pick(List.of("nano", "own"), List.of("own", "nano"), List.of("nano", "mid", "own"));
		RouteMode mode = pick(RouteMode.values());
		if (mode == RouteMode.OFF && flag()) {
			return RouteSettings.builder().mode(mode).build();
		}
		double middle = Math.max(share(), Double.MIN_VALUE);
		List<Double> thresholds = (tiers.size() == 2) ? List.of(share()) : List.of(share() / 2, 0.5 + middle / 2);
		boolean judged = mode == RouteMode.ACTIVE || flag();
		return new RouteSettings(mode, tiers, pick("nano", "own"),
				pick(RouteSettings.CLASSIFIERS.toArray(String[]::new)), flag() ? List.of() : thresholds, inside(),
				duration(MAX_DAYS), rules(), pick(Set.of(), Set.of("eu"), Set.of("us", "on-premises", "a:b")),
				pick(RouteSettings.Sticky.values()), 1 + this.random.nextInt(RouteSettings.MAX_EXPECTED_TURNS),
				new CascadeSettings(
						pick(List.of(), CascadeSettings.CHECKS,
								List.of(CascadeSettings.SCHEMA, CascadeSettings.FINISH)),
						1 + this.random.nextInt(CascadeSettings.MAX_ESCALATIONS),
						1 + this.random.nextInt(CascadeSettings.MAX_MIN_LENGTH), pick(StreamMode.values())),
				new JudgeSettings(JudgeSettings.LLM, pick(null, "mid", "own"), pick(JudgeSettings.Method.values()),
						judged ? inside() : 0, BigDecimal.valueOf(1 + this.random.nextLong(1_000_000_000_000L), 6),
						inside(), pick(JudgeSettings.Action.values())));
	}

	private StructuredSettings structured() {
		RetryMode retry = pick(RetryMode.values());
		return new StructuredSettings(pick(NativeMode.values()), flag(), retry,
				(retry == RetryMode.PATCH) ? pick("nano", "mid") : pick(null, "nano"), share());
	}

	private List<RouteRule> rules() {
		List<RouteRule> rules = new ArrayList<>();
		for (int i = pick(0, 1, 3, 100); i > 0; i--) {
			long min = pick(0L, 1L, this.random.nextLong(1_000_000), Long.MAX_VALUE);
			rules.add(new RouteRule(pick(null, "triage", "a/{b}"),
					pick(null, Pattern.compile("(?i)^classify|extract"), Pattern.compile("\\d{3},\\s*'\u20ac#: \"")),
					min, pick(0L, min, Long.MAX_VALUE), pick("nano", "own")));
		}
		return rules;
	}

	private double inside() {
		return Math.min(Math.max(share(), Double.MIN_VALUE), Math.nextDown(1.0));
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
