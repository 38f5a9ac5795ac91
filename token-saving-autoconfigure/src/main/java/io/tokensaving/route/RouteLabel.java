package io.tokensaving.route;

import io.tokensaving.plan.PlanKey;
import io.tokensaving.sampling.GradedJudge;

/**
 * What a judge, or the application, said of the answer of a tier. Immutable.
 *
 * @param plan the plan and its workspace
 * @param tier the tier whose answer was judged
 * @param reference the tier that it was compared with, the default one of the plan
 * @param features what the classifier had read from the request
 * @param grade how good the answer was beside that of the reference tier. Never
 * {@link GradedJudge.Grade#BETTER} if it was compared with none: an answer of use, or one
 * that was judged on its own and found good, is {@link GradedJudge.Grade#SAME}
 * @param weight how many requests the label stands for: 1 divided by the probability with
 * which it was sampled, at least 1
 */
public record RouteLabel(PlanKey plan, String tier, String reference, float[] features, GradedJudge.Grade grade,
		double weight) {

	/**
	 * Return what is lost if the tier answers such a request in place of the reference
	 * tier.
	 * @return 1 if the answer was worse or of no use, 0 if it was as good, -1 if it was
	 * better
	 */
	public int loss() {
		return switch (this.grade) {
			case BETTER -> -1;
			case SAME -> 0;
			case WORSE, UNUSABLE -> 1;
		};
	}

}
