package io.tokensaving.route.evaluate;

import java.math.BigDecimal;
import java.util.Locale;

import io.tokensaving.sampling.QualityCounts;

/**
 * What came of an evaluation. {@link #toString()} is a table to print. Immutable.
 *
 * @param counts the judged answers by their grades; a case without an answer counts as
 * one of no use
 * @param unanswered the cases without an answer
 * @param unjudged the cases of which the judge came to no verdict, or failed
 * @param minQuality the quality that is asked for, 0 to 1
 * @param costUsd what answers and judge cost in US dollars, as far as prices are known
 * @param unpriced the calls of models without a price
 */
public record EvaluationResult(QualityCounts counts, long unanswered, long unjudged, double minQuality,
		BigDecimal costUsd, long unpriced) {

	/**
	 * Return the share of good answers among the judged ones.
	 * @return 0 to 1; 0 if nothing was judged
	 */
	public double quality() {
		return (this.counts.judged() > 0) ? 1 - this.counts.estimate() : 0;
	}

	/**
	 * Return the lower end of the interval of {@link #quality()} at 95 %.
	 * @return the lower end by Wilson; 0 if nothing was judged
	 */
	public double lower() {
		return 1 - this.counts.estimateUpper();
	}

	/**
	 * Return the upper end of the interval of {@link #quality()} at 95 %.
	 * @return the upper end by Wilson; 1 if nothing was judged
	 */
	public double upper() {
		return 1 - this.counts.estimateLower();
	}

	/**
	 * Whether the quality that is asked for is reached beyond doubt: by the lower end of
	 * the interval. Of good answers only, 0.9 takes 35 cases and 0.95 takes 73.
	 * @return whether it is; never if nothing was judged or verdicts are missing for more
	 * than a tenth of the cases
	 */
	public boolean isPassed() {
		long cases = this.counts.judged() + this.unjudged;
		return this.counts.judged() > 0 && this.unjudged * 10 <= cases && lower() >= this.minQuality;
	}

	/**
	 * Return the exit status of a program that is a gate.
	 * @return 0 if the evaluation is {@linkplain #isPassed() passed}, otherwise 1
	 */
	public int exitStatus() {
		return isPassed() ? 0 : 1;
	}

	@Override
	public String toString() {
		return String.format(Locale.ROOT, """
				quality     %.4f (95 %% interval %.4f to %.4f)
				asked for   %.4f: %s
				judged      %d: %d better, %d same, %d worse, %d of no use (%d without an answer)
				not judged  %d
				cost        %s USD (%d calls without a price)""", quality(), lower(), upper(), this.minQuality,
				isPassed() ? "passed" : "not passed", this.counts.judged(), this.counts.better(), this.counts.same(),
				this.counts.worse(), this.counts.unusable(), this.unanswered, this.unjudged,
				this.costUsd.stripTrailingZeros().toPlainString(), this.unpriced);
	}

}
