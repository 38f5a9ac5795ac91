package io.tokensaving.route;

import io.tokensaving.plan.PlanKey;

/**
 * What a judge, or the application, said of the answer of a tier. Immutable.
 *
 * @param plan the plan and its workspace
 * @param tier the tier whose answer was judged
 * @param reference the tier that it was compared with, the default one of the plan
 * @param features what the classifier had read from the request
 * @param worse whether the answer was worse than that of the reference tier, or of no use
 * @param weight how many requests the label stands for: 1 divided by the probability with
 * which it was sampled, at least 1
 */
public record RouteLabel(PlanKey plan, String tier, String reference, float[] features, boolean worse, double weight) {

}
