package io.tokensaving.sampling;

import io.tokensaving.LabelText;

/**
 * Whose quality is watched apart within a plan. Immutable.
 *
 * @param tier the tier that answers
 * @param feature the feature of the application that asks; {@value #OTHER} takes the
 * place of one whose name is not accepted
 */
public record QualityKey(String tier, String feature) {

	/**
	 * Stands for what is not watched apart.
	 */
	public static final String OTHER = "other";

	/**
	 * Check the names.
	 * @throws IllegalArgumentException if the name of the tier is not accepted
	 */
	public QualityKey {
		LabelText.check("'tier'", tier);
		feature = LabelText.isAccepted(feature) ? feature : OTHER;
	}

}
