package io.tokensaving;

/**
 * The technique that saved tokens. A feature that saves tokens declares its own
 * technique; techniques with equal values are equal. Immutable.
 */
public final class SavingTechnique extends DescribedName {

	private SavingTechnique(String value, String description) {
		super("technique", value, description);
	}

	/**
	 * Return the technique with a name.
	 * @param value the name in snake case
	 * @param description what the technique does, in one sentence without a full stop
	 * @return the technique
	 */
	public static SavingTechnique of(String value, String description) {
		return new SavingTechnique(value, description);
	}

}
