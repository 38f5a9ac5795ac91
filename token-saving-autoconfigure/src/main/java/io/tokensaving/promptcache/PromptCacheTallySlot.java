package io.tokensaving.promptcache;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.promptcache.PromptCacheTally.Figures;
import io.tokensaving.promptcache.PromptCacheTally.Sum;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * The slot of {@link PromptCacheTally} in the statistics of a plan. Immutable.
 */
final class PromptCacheTallySlot implements StateSlot<PromptCacheTally, Figures> {

	@Override
	public String name() {
		return "prompt_cache";
	}

	@Override
	public Class<PromptCacheTally> type() {
		return PromptCacheTally.class;
	}

	@Override
	public PromptCacheTally create() {
		return new PromptCacheTally();
	}

	@Override
	public void tellSums(PromptCacheTally state, BiConsumer<String, Long> sums) {
		for (Sum sum : Sum.values()) {
			sums.accept(sum.key(), state.value(sum));
		}
	}

	@Override
	public Figures figures(StatisticsCounters sums, boolean suspended) {
		return new Figures(sums.value(Sum.READ_TOKENS.key()), sums.value(Sum.WRITTEN_TOKENS.key()),
				sums.value(Sum.UNCACHED_TOKENS.key()), PicoUsd.toUsd(sums.value(Sum.WRITE_PREMIUM.key())),
				PicoUsd.toUsd(sums.value(Sum.PROVIDER_DISCOUNT.key())));
	}

	@Override
	public Map<String, Object> describe(Figures figures) {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("hit_rate", Math.round(figures.hitRate() * 10_000) / 10_000.0);
		described.put("read_tokens", figures.read());
		described.put("written_tokens", figures.written());
		described.put("uncached_tokens", figures.uncached());
		described.put("write_premium_usd", figures.writePremium());
		described.put("provider_discount_usd", figures.providerDiscount());
		return described;
	}

	@Override
	public List<StateMeter<PromptCacheTally>> meters() {
		return List.of(
				meter("prompt.cache.read.tokens", "Tokens that the provider's prompt cache was read", Sum.READ_TOKENS),
				meter("prompt.cache.written.tokens", "Tokens that were written to the provider's prompt cache",
						Sum.WRITTEN_TOKENS),
				meter("prompt.cache.uncached.tokens",
						"Tokens of input that were neither read from nor written to the provider's prompt cache",
						Sum.UNCACHED_TOKENS));
	}

	private static StateMeter<PromptCacheTally> meter(String name, String description, Sum sum) {
		return new StateMeter<>(name, description, false, (tally) -> tally.value(sum));
	}

}
