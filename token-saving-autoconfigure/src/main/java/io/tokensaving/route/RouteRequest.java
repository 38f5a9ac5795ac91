package io.tokensaving.route;

import java.util.List;

import io.tokensaving.plan.PlanKey;

import org.springframework.ai.chat.messages.Message;

/**
 * A request as a classifier sees it. Immutable; what it holds must not be kept.
 *
 * @param plan the plan and its workspace
 * @param feature the feature of the application that asks
 * @param messages the messages
 * @param question the text of the last user message, empty if there is none
 * @param inputTokens the tokens of the messages
 * @param tools the number of tools that the model may call
 * @param structuredOutput whether the answer must satisfy a schema
 * @param tiers the tiers that can serve the request, from the cheapest to the dearest, of
 * which there are at least two
 * @param defaultTier the tier that answers if the classifier does not decide; one of the
 * tiers
 */
public record RouteRequest(PlanKey plan, String feature, List<Message> messages, String question, long inputTokens,
		int tools, boolean structuredOutput, List<String> tiers, String defaultTier) {

}
