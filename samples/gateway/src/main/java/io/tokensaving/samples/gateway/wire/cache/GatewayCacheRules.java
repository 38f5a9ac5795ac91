package io.tokensaving.samples.gateway.wire.cache;

import java.util.List;
import java.util.Set;

import io.tokensaving.promptcache.CacheRules;
import io.tokensaving.promptcache.CacheRules.MarkLayout;
import io.tokensaving.promptcache.CacheRules.TtlSharing;
import io.tokensaving.promptcache.CacheRulesTable;
import io.tokensaving.promptcache.Segment;

/**
 * The rules of providers for requests that are documents. The options of Spring AI can
 * mark the end of a prompt of OpenRouter only; a document can be marked behind each of
 * its messages, as often as the provider of the model allows.
 */
public final class GatewayCacheRules {

	private static final String OPENROUTER = "openrouter";

	private static final int ANTHROPIC_MARKS = 4;

	/**
	 * Models of Anthropic whose shortest prefix differs, and all others.
	 */
	private static final List<String> MODELS = List.of("anthropic/claude", "anthropic/claude-opus-5",
			"anthropic/claude-opus-4.7", "anthropic/claude-opus-4.6", "anthropic/claude-opus-4.5",
			"anthropic/claude-haiku-4.5");

	private GatewayCacheRules() {
	}

	/**
	 * Return the rules.
	 * @return the built-in ones but for OpenRouter
	 */
	public static CacheRulesTable table() {
		CacheRulesTable table = CacheRulesTable.builtIn();
		for (String model : MODELS) {
			CacheRules rules = CacheRulesTable.builtIn().find(OPENROUTER, model);
			table = table.with(OPENROUTER, model,
					new CacheRules(rules.minimumTokens(), rules.readMultiplier(), rules.ttls(), ANTHROPIC_MARKS,
							rules.lookbackBlocks(), Set.of(Segment.SYSTEM, Segment.HISTORY, Segment.TAIL),
							TtlSharing.ALL, MarkLayout.ANY, false));
		}
		return table;
	}

}
