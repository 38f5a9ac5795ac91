package io.tokensaving.promptcache;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Setting;
import io.tokensaving.feature.Advice.Severity;
import io.tokensaving.feature.PlanUsage;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.SettingText;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.jspecify.annotations.Nullable;

/**
 * What is advised by what providers' prompt caches did with the input of a plan.
 */
final class ProviderCacheAdvice {

	/**
	 * The share of the input that is to be read from the provider's prompt cache.
	 */
	static final double GOOD_HIT_RATE = 0.6;

	/**
	 * So many requests must have gone to the model.
	 */
	static final int MIN_REQUESTS = 50;

	/**
	 * So many tokens must a request have on average: what most providers keep at least.
	 */
	static final int MIN_TOKENS = 1024;

	/**
	 * So many tokens must have been written to be kept for an hour.
	 */
	static final int MIN_WRITTEN = 10_000;

	/**
	 * Writes count as never read if less than this share of them was read.
	 */
	static final double READ_SHARE = 0.1;

	private static final TokenUsage PLAIN = new TokenUsage(1, 0, 0, 0, false);

	private static final TokenUsage READ = new TokenUsage(1, 0, 1, 0, false);

	private static final TokenUsage ONE_HOUR = new TokenUsage(1, 0, 0, 1, 1, 0, ServiceTier.STANDARD, false);

	private ProviderCacheAdvice() {
	}

	static List<Advice> of(PlanUsage usage) {
		List<Advice> advice = new ArrayList<>();
		addHitRate(advice, usage);
		addOneHourWrites(advice, usage);
		return advice;
	}

	private static void addHitRate(List<Advice> advice, PlanUsage usage) {
		PromptCacheSettings settings = usage.plan().settings(PromptCacheSettings.class);
		Map<String, StatisticsSnapshot> models = usage.by(Labels.MODEL);
		long input = 0;
		long read = 0;
		for (StatisticsSnapshot figures : models.values()) {
			input += tokens(figures, "input");
			read += tokens(figures, "cache_read");
		}
		long requests = usage.bought();
		if (requests < MIN_REQUESTS || input < requests * MIN_TOKENS || read >= GOOD_HIT_RATE * input) {
			return;
		}
		Long missing = missingPicoUsd(usage, models);
		if (settings == null && (missing == null || missing <= 0)) {
			// Nothing is known that reading would make cheaper
			return;
		}
		Map<String, Long> misses = usage.recent().counts(PromptCacheFeature.MISSES);
		MissCause cause = (settings != null) ? mostFrequent(misses) : null;
		Advice.Builder builder = Advice
			.builder("provider_cache_hit_rate", Severity.WARNING,
					"The provider's prompt cache has less than %d %% of the input, %s"
						.formatted(Math.round(100 * GOOD_HIT_RATE), reason(settings, cause)),
					remedy(settings, cause))
			.share("hit_rate", (double) read / Math.max(1, input))
			.figure("input_tokens", input, "tokens")
			.figure("requests", requests, "requests")
			.costUsdPerDay((missing != null) ? usage.perDay(missing) : null)
			.setting(setting(usage, settings, cause));
		if (settings != null) {
			builder.figure("misses", misses, "requests by cause");
		}
		advice.add(builder.build());
	}

	// What would have been paid less if the good share had been read; null without prices
	private static @Nullable Long missingPicoUsd(PlanUsage usage, Map<String, StatisticsSnapshot> models) {
		Long sum = null;
		for (Map.Entry<String, StatisticsSnapshot> model : models.entrySet()) {
			ModelPrice price = usage.price(model.getKey());
			if (price != null) {
				long missing = Math.round(GOOD_HIT_RATE * tokens(model.getValue(), "input"))
						- tokens(model.getValue(), "cache_read");
				sum = ((sum != null) ? sum : 0) + Math.max(0, missing) * savedByReading(price);
			}
		}
		return sum;
	}

	/**
	 * Return what a token costs less if it is read from the prompt cache.
	 * @param price the price of the model
	 * @return the difference in pico-dollars, 0 or more
	 */
	static long savedByReading(ModelPrice price) {
		return Math.max(0, price.picoUsd(PLAIN) - price.picoUsd(READ));
	}

	/**
	 * Return what a token costs less if it is read from the prompt cache, on average over
	 * the input of a plan.
	 * @param usage the usage of the plan
	 * @return the difference in pico-dollars, or {@code null} if no model has a price
	 */
	static @Nullable BigDecimal savedByReading(PlanUsage usage) {
		long tokens = 0;
		BigDecimal sum = BigDecimal.ZERO;
		for (Map.Entry<String, StatisticsSnapshot> model : usage.by(Labels.MODEL).entrySet()) {
			ModelPrice price = usage.price(model.getKey());
			long input = tokens(model.getValue(), "input");
			if (price != null && input > 0) {
				tokens += input;
				sum = sum.add(BigDecimal.valueOf(input).multiply(BigDecimal.valueOf(savedByReading(price))));
			}
		}
		return (tokens > 0) ? sum.divide(BigDecimal.valueOf(tokens), MathContext.DECIMAL64) : null;
	}

	private static long tokens(StatisticsSnapshot figures, String kind) {
		return figures.tokensByKind().getOrDefault(kind, 0L);
	}

	private static @Nullable MissCause mostFrequent(Map<String, Long> misses) {
		MissCause found = null;
		long most = 0;
		for (MissCause cause : MissCause.values()) {
			long count = misses.getOrDefault(SettingText.of(cause), 0L);
			if (count > most) {
				most = count;
				found = cause;
			}
		}
		return found;
	}

	private static String reason(@Nullable PromptCacheSettings settings, @Nullable MissCause cause) {
		if (settings == null) {
			return "and the plan does not arrange prompts for it";
		}
		if (cause == null) {
			return "because few prompts begin as an earlier one did";
		}
		return "mostly because " + switch (cause) {
			case TOOLS -> "tools differ from those before";
			case SYSTEM -> "the system text differs from the one before";
			case HISTORY -> "earlier messages differ from what was sent before";
			case EXPIRED -> "the same beginning was sent too long ago";
			case MODEL -> "the same beginning was sent to another model";
			case IN_FLIGHT -> "another request was just writing the same beginning";
			case BELOW_MINIMUM -> "prompts are shorter than what the provider keeps";
			case PROVIDER -> "the provider did not have what it should have had";
		};
	}

	private static String remedy(@Nullable PromptCacheSettings settings, @Nullable MissCause cause) {
		if (settings == null) {
			return "Switch prompt caching on for the plan";
		}
		if (cause == null) {
			return "Put what is the same in all prompts in front of what differs";
		}
		return switch (cause) {
			case TOOLS -> "Declare the same tools in each request";
			case SYSTEM -> "Move what differs to the end of the system text or into the question";
			case HISTORY ->
				"Send earlier messages as they were sent before, and drop many at once instead of one each time";
			case EXPIRED ->
				"Have prefixes kept longer where the model can, or send requests with the same beginning closer together";
			case MODEL -> "Send requests with the same beginning to the same model";
			case IN_FLIGHT ->
				"Let the first of several requests with the same beginning be answered before the others are sent";
			case BELOW_MINIMUM -> "Nothing: they are too short to pay";
			case PROVIDER ->
				"Send a key by which the provider finds the machine that has the prefix, where it takes one";
		};
	}

	private static @Nullable Setting setting(PlanUsage usage, @Nullable PromptCacheSettings settings,
			@Nullable MissCause cause) {
		if (settings == null) {
			return Setting.ofPlan(usage.key(), "prompt-cache.enabled", true);
		}
		if (cause == MissCause.TOOLS && !settings.sortTools()) {
			return Setting.ofPlan(usage.key(), "prompt-cache.sort-tools", true);
		}
		if (cause == MissCause.SYSTEM && settings.volatileText() == PromptCacheSettings.VolatileText.REPORT) {
			return Setting.ofPlan(usage.key(), "prompt-cache.volatile", "split");
		}
		if (cause == MissCause.EXPIRED && !settings.extendedRetention()) {
			return Setting.ofPlan(usage.key(), "prompt-cache.extended-retention", true);
		}
		return (cause == MissCause.PROVIDER && !settings.key()) ? Setting.ofPlan(usage.key(), "prompt-cache.key", true)
				: null;
	}

	private static void addOneHourWrites(List<Advice> advice, PlanUsage usage) {
		Map<Part, StatisticsSnapshot> parts = new HashMap<>();
		usage.parts()
			.forEach(
					(labels, figures) -> parts.merge(new Part(labels.value(Labels.FEATURE), labels.value(Labels.MODEL)),
							figures, StatisticsSnapshot::plus));
		parts.forEach((part, figures) -> {
			long written = tokens(figures, "cache_write_1h");
			long read = tokens(figures, "cache_read");
			if (written < MIN_WRITTEN || figures.totalRequests() < MIN_REQUESTS || read >= READ_SHARE * written) {
				return;
			}
			ModelPrice price = usage.price(part.model());
			boolean arranged = usage.plan().settings(PromptCacheSettings.class) != null;
			advice.add(Advice.builder("one_hour_writes_unread", Severity.WARNING,
					"Prefixes are written to be kept for an hour, at a higher price, and are hardly ever read",
					arranged ? "Remove marks for an hour from the options that the application sets"
							: "Remove marks for an hour from the options, and let the plan decide what is worth a mark")
				.feature(part.feature())
				.model(part.model())
				.figure("written_tokens", written, "tokens")
				.figure("read_tokens", read, "tokens")
				.figure("requests", figures.totalRequests(), "requests")
				.costUsdPerDay((price != null)
						? usage.perDay(Math.max(0, written * premium(price) - read * savedByReading(price))) : null)
				.setting(arranged ? null : Setting.ofPlan(usage.key(), "prompt-cache.enabled", true))
				.build());
		});
	}

	private static long premium(ModelPrice price) {
		return Math.max(0, price.picoUsd(ONE_HOUR) - price.picoUsd(PLAIN));
	}

	private record Part(@Nullable String feature, @Nullable String model) {

	}

}
