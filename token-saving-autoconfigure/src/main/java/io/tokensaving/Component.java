package io.tokensaving;

/**
 * A part of token saving that can fail. A failure is counted and logged at most once a
 * minute, and never reaches the caller. A feature declares its components; components
 * with equal values are equal. Immutable.
 */
public final class Component extends DescribedName {

	/**
	 * Naming the workspace of a request.
	 */
	public static final Component WORKSPACE = of("workspace", "Naming the workspace of a request");

	/**
	 * Finding the plan of a request.
	 */
	public static final Component PLAN = of("plan", "Finding the plan of a request");

	/**
	 * Naming the feature and the tenant of a request.
	 */
	public static final Component LABELS = of("labels", "Naming the feature and the tenant of a request");

	/**
	 * Computing the fingerprint of a request.
	 */
	public static final Component FINGERPRINT = of("fingerprint", "Computing the fingerprint of a request");

	/**
	 * Computing what a call saved.
	 */
	public static final Component SAVINGS = of("savings", "Counting what was saved");

	/**
	 * Reading the price list.
	 */
	public static final Component PRICES = of("prices", "Reading the price list");

	/**
	 * Notifying meters and other listeners.
	 */
	public static final Component METERS = of("meters", "Telling meters, and other listeners, what was counted");

	/**
	 * Sharing statistics with other instances of the application.
	 */
	public static final Component STATISTICS = of("statistics",
			"Sharing what was counted with other instances of the application");

	/**
	 * Publishing events to the application.
	 */
	public static final Component EVENTS = of("events", "Publishing events to the application");

	/**
	 * Collecting what is advised.
	 */
	public static final Component ADVICE = of("advice", "Collecting what is advised for plans");

	private Component(String value, String description) {
		super("component", value, description);
	}

	/**
	 * Return the component with a name.
	 * @param value the name in snake case
	 * @param description what the component does, in one sentence without a full stop
	 * @return the component
	 */
	public static Component of(String value, String description) {
		return new Component(value, description);
	}

}
