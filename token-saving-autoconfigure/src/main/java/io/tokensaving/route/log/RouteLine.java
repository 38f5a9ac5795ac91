package io.tokensaving.route.log;

import io.tokensaving.plan.PlanKey;

/**
 * One record as a sink writes it. Immutable.
 *
 * @param plan the plan and its workspace
 * @param json a JSON object on one line, without the line break; holds no text of a
 * request or an answer that is not encrypted
 */
public record RouteLine(PlanKey plan, String json) {

}
