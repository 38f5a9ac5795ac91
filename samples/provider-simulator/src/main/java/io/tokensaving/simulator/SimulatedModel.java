package io.tokensaving.simulator;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * What the simulator knows of a model. A request may add a date or a version to the id.
 *
 * @param provider who has it
 * @param id its name in requests
 * @param cacheMinimum tokens of the shortest prefix that is cached
 * @param context tokens of input and output that it takes at most
 * @param maxOutput tokens of output that it gives at most
 * @param breakpoints whether OpenAI caches it at breakpoints, as it does from GPT-5.6 on
 * @param retention values of {@code prompt_cache_retention} that it accepts
 * @param defaultRetention the value that holds without one, or null for in memory
 * @param reasoning whether OpenAI refuses {@code max_tokens} for it
 * @param prefill whether Anthropic lets a request end with a message of the assistant
 * @param strictTurns whether roles must take turns
 * @param prices what it costs
 * @param above from how many tokens of input on it costs more
 * @param pricesAbove what all tokens of such a request cost, or null
 * @param serviceTiers what prices are multiplied with by {@code service_tier}
 * @param batch what prices are multiplied with in a batch, or null if it takes none
 * @param neverReduced kinds of tokens that neither a tier nor a batch makes cheaper
 */
public record SimulatedModel(Provider provider, String id, int cacheMinimum, int context, int maxOutput,
		boolean breakpoints, List<String> retention, @Nullable String defaultRetention, boolean reasoning,
		boolean prefill, boolean strictTurns, TokenPrices prices, int above, @Nullable TokenPrices pricesAbove,
		Map<String, BigDecimal> serviceTiers, @Nullable BigDecimal batch, Set<TokenKind> neverReduced) {

	public SimulatedModel {
		retention = List.copyOf(retention);
		serviceTiers = Map.copyOf(serviceTiers);
		neverReduced = Set.copyOf(neverReduced);
	}

	/**
	 * The same model with other prices, at all lengths and tiers. Batches keep their
	 * share of them.
	 * @param prices the prices
	 * @return a new model
	 */
	public SimulatedModel withPrices(TokenPrices prices) {
		return new SimulatedModel(this.provider, this.id, this.cacheMinimum, this.context, this.maxOutput,
				this.breakpoints, this.retention, this.defaultRetention, this.reasoning, this.prefill, this.strictTurns,
				prices, 0, null, Map.of(), this.batch, this.neverReduced);
	}

	/**
	 * The same model with another minimum.
	 * @param tokens of the shortest prefix that is cached
	 * @return a new model
	 */
	public SimulatedModel withCacheMinimum(int tokens) {
		return new SimulatedModel(this.provider, this.id, tokens, this.context, this.maxOutput, this.breakpoints,
				this.retention, this.defaultRetention, this.reasoning, this.prefill, this.strictTurns, this.prices,
				this.above, this.pricesAbove, this.serviceTiers, this.batch, this.neverReduced);
	}

	/**
	 * The same model under another name.
	 * @param name the name
	 * @return a new model
	 */
	public SimulatedModel withId(String name) {
		return new SimulatedModel(this.provider, name, this.cacheMinimum, this.context, this.maxOutput,
				this.breakpoints, this.retention, this.defaultRetention, this.reasoning, this.prefill, this.strictTurns,
				this.prices, this.above, this.pricesAbove, this.serviceTiers, this.batch, this.neverReduced);
	}

	/**
	 * The same model with {@code flex} and batches at a share of its prices.
	 * @param factor what prices are multiplied with
	 * @param full kinds of tokens that cost the same in both
	 * @return a new model
	 */
	public SimulatedModel withReduced(String factor, Set<TokenKind> full) {
		Map<String, BigDecimal> tiers = new HashMap<>(this.serviceTiers);
		tiers.put("flex", new BigDecimal(factor));
		return new SimulatedModel(this.provider, this.id, this.cacheMinimum, this.context, this.maxOutput,
				this.breakpoints, this.retention, this.defaultRetention, this.reasoning, this.prefill, this.strictTurns,
				this.prices, this.above, this.pricesAbove, tiers, new BigDecimal(factor), full);
	}

	/**
	 * What a request of this many tokens of input pays.
	 * @param inputTokens all of them, cached or not
	 * @return the prices
	 */
	public TokenPrices pricesFor(int inputTokens) {
		return (this.pricesAbove != null && inputTokens > this.above) ? this.pricesAbove : this.prices;
	}

}
