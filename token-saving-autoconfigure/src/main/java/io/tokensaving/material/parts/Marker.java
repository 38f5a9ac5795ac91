package io.tokensaving.material.parts;

/**
 * Says in place of parts what was left out there. Implementations are immutable.
 */
interface Marker {

	/**
	 * Return what stands in place of parts that follow each other.
	 * @param gap the parts that are left out
	 * @return the marker
	 */
	String mark(Gap gap);

	/**
	 * Where the markers of a group of parts stand.
	 * @return the style
	 */
	default Style style() {
		return Style.EACH;
	}

	/**
	 * Where markers stand.
	 */
	enum Style {

		/**
		 * In each gap, for the parts of this gap.
		 */
		EACH,

		/**
		 * In the first gap, for the parts of all gaps of the group; the others leave
		 * nothing, not even a separator.
		 */
		FIRST,

		/**
		 * In the last gap, for the parts of all gaps of the group;
		 * {@link Marker#ELLIPSIS} in the others.
		 */
		LAST

	}

	/**
	 * Stands in the gaps of {@link Style#LAST} that do not tell a count.
	 */
	String ELLIPSIS = "\u2026";

}
