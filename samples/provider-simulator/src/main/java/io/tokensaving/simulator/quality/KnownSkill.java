package io.tokensaving.simulator.quality;

/**
 * How good a model is.
 *
 * @param ability the difficulty of the questions of which it answers a half, from 0 for
 * the easiest; may be above 1
 * @param slope how fast its chance falls with the difficulty, above 0: a question that is
 * harder by this much has 1/e of the odds
 */
public record KnownSkill(double ability, double slope) {

	public KnownSkill {
		if (!(slope > 0)) {
			throw new IllegalArgumentException("'slope' must be above 0, but is " + slope);
		}
	}

	/**
	 * The chance of a right answer.
	 * @param difficulty of the question
	 * @return above 0 and below 1
	 */
	public double chance(double difficulty) {
		return 1 / (1 + Math.exp((difficulty - this.ability) / this.slope));
	}

}
