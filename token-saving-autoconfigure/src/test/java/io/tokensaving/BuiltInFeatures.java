package io.tokensaving;

import java.time.Clock;
import java.util.List;
import java.util.Map;

import io.tokensaving.batch.BatchFeature;
import io.tokensaving.budget.BudgetFeature;
import io.tokensaving.budget.Budgets;
import io.tokensaving.budget.InMemoryBudgetAccounts;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.compression.CompressionFeature;
import io.tokensaving.dedup.DedupFeature;
import io.tokensaving.feature.Feature;
import io.tokensaving.promptcache.PromptCacheFeature;
import io.tokensaving.route.RouteFeature;
import io.tokensaving.shadow.ShadowFeature;
import io.tokensaving.structured.StructuredFeature;
import io.tokensaving.tier.Tiers;

/**
 * The features that come with the library, for tests that ask only what they count.
 */
public final class BuiltInFeatures {

	private BuiltInFeatures() {
	}

	public static List<Feature> all() {
		return List.of(new CompressionFeature(() -> {
			throw new IllegalStateException("There is no advisor");
		}, List::of), new ExactCacheFeature(), new SemanticCacheFeature(() -> {
			throw new IllegalStateException("There is no advisor");
		}, (judge) -> false), new DedupFeature((plan) -> false), new PromptCacheFeature(),
				new BudgetFeature(
						new Budgets(List.of(), new InMemoryBudgetAccounts(Clock.systemUTC()), Clock.systemUTC()),
						(workspace) -> List.of()),
				new RouteFeature(() -> Tiers.NONE, List::of, List::of, List::of, () -> {
					throw new IllegalStateException("There is no advisor");
				}), new BatchFeature(Map::of), new ShadowFeature(() -> {
					throw new IllegalStateException("There is no aggregator");
				}, () -> {
					throw new IllegalStateException("There are no plans");
				}, () -> {
					throw new IllegalStateException("There are no other features");
				}), new StructuredFeature(() -> Tiers.NONE, () -> {
					throw new IllegalStateException("There is no aggregator");
				}));
	}

}
