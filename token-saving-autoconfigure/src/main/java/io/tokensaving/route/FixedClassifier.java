package io.tokensaving.route;

/**
 * Chooses the cheapest tier that can serve the request. Thread-safe.
 */
public final class FixedClassifier implements RouteClassifier {

	/**
	 * The name by which plans select it.
	 */
	public static final String NAME = "fixed";

	private static final String REASON = "fixed";

	@Override
	public boolean isQuick() {
		return true;
	}

	@Override
	public RouteChoice choose(RouteRequest request, RouteSettings settings) {
		return RouteChoice.of(request.tiers().get(0), REASON);
	}

}
