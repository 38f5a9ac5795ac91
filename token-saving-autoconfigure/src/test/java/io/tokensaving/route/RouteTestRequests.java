package io.tokensaving.route;

import java.util.List;

import io.tokensaving.plan.PlanKey;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;

/**
 * Requests and settings for tests of classifiers.
 */
final class RouteTestRequests {

	static final PlanKey PLAN = new PlanKey("acme", "support-bot");

	static final List<String> TIERS = List.of("nano", "mid", "frontier");

	private RouteTestRequests() {
	}

	static RouteRequest ask(String question) {
		return ask(question, TIERS);
	}

	static RouteRequest ask(String question, List<String> tiers) {
		List<Message> messages = List.of(new UserMessage(question));
		return new RouteRequest(PLAN, "triage", messages, question, question.length() / 4, 0, false, tiers, "frontier");
	}

	static RouteSettings settings(String classifier, List<String> tiers, double minQuality, RouteRule... rules) {
		return RouteSettings.builder(tiers.toArray(String[]::new))
			.mode(RouteMode.ACTIVE)
			.classifier(classifier)
			.defaultTier("frontier")
			.minQuality(minQuality)
			.rules(List.of(rules))
			.build();
	}

	static RouteSettings settings(RouteRule... rules) {
		return settings(RulesClassifier.NAME, TIERS, 0.95, rules);
	}

}
