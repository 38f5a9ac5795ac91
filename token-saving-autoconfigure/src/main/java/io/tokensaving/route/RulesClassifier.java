package io.tokensaving.route;

import org.jspecify.annotations.Nullable;

/**
 * Chooses the tier of the first rule that a request satisfies, and the default tier if it
 * satisfies none. Thread-safe.
 */
public final class RulesClassifier implements RouteClassifier {

	/**
	 * The name by which plans select it.
	 */
	public static final String NAME = "rules";

	private static final String REASON = "rule";

	private static final String NO_RULE = "no_rule";

	@Override
	public boolean isQuick() {
		return true;
	}

	@Override
	public RouteChoice choose(RouteRequest request, RouteSettings settings) {
		RouteChoice choice = match(request, settings);
		return (choice != null) ? choice : RouteChoice.of(request.defaultTier(), NO_RULE);
	}

	/**
	 * Find the first rule that a request satisfies. A rule is passed over if its tier
	 * cannot serve the request, or if its pattern takes too long. Takes a few
	 * milliseconds at most for each rule.
	 * @param request the request
	 * @param settings the settings of the plan
	 * @return the choice, or {@code null} if the request satisfies no rule
	 */
	static @Nullable RouteChoice match(RouteRequest request, RouteSettings settings) {
		for (RouteRule rule : settings.rules()) {
			if (request.tiers().contains(rule.tier()) && isSatisfied(rule, request)) {
				return RouteChoice.of(rule.tier(), REASON);
			}
		}
		return null;
	}

	private static boolean isSatisfied(RouteRule rule, RouteRequest request) {
		if (rule.feature() != null && !rule.feature().equals(request.feature())) {
			return false;
		}
		if (request.inputTokens() < rule.minTokens()
				|| (rule.maxTokens() > 0 && request.inputTokens() > rule.maxTokens())) {
			return false;
		}
		return rule.matches() == null || PatternSearch.find(rule.matches(), request.question());
	}

}
