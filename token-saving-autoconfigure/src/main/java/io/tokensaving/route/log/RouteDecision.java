package io.tokensaving.route.log;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import io.tokensaving.LabelText;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.plan.PlanKey;
import org.jspecify.annotations.Nullable;

/**
 * One decision of routing and what came of it. It holds numbers, hashes and names, and no
 * text: a name that could be a text, such as the reason that a classifier of the
 * application gives, becomes {@value #OTHER}. The constructors do not fail on what a
 * provider or a classifier may return. Immutable.
 *
 * @param id tells decisions apart; see {@link RouteLog#newId()}
 * @param time when it was made
 * @param plan the plan and its workspace
 * @param feature the feature of the application that asked
 * @param mode what the plan does with choices: {@code shadow} or {@code active}
 * @param settings a digest of the settings that the decision was made with
 * @param choice what was chosen
 * @param prompt the size and the hash of the request
 * @param answer what came of it
 * @param escalations the tiers that were asked in vain before the one that answered, in
 * order
 * @param judged what a judge said, or {@code null} if none has said anything yet
 * @param reported what the application said, or {@code null} if it has said nothing yet
 */
public record RouteDecision(UUID id, Instant time, PlanKey plan, String feature, String mode, String settings,
		Choice choice, Prompt prompt, Answer answer, List<Escalation> escalations, @Nullable RouteVerdict judged,
		@Nullable RouteVerdict reported) {

	/**
	 * Stands for a name that is not 1 to 100 letters A to Z, digits and
	 * <code>._/{}:@+*-</code>.
	 */
	public static final String OTHER = "other";

	/**
	 * Create a decision.
	 */
	public RouteDecision {
		feature = label(feature);
		mode = label(mode);
		settings = label(settings);
		escalations = List.copyOf(escalations);
		judged = (judged != null && judged.isJudged()) ? judged : null;
		reported = (reported != null && !reported.isJudged()) ? reported : null;
	}

	private static String label(String text) {
		return LabelText.isAccepted(text) ? text : OTHER;
	}

	private static double from0To1(double number) {
		return (number >= 0 && number <= 1) ? number : Double.NaN;
	}

	/**
	 * Return the tier that was asked first.
	 * @return its name
	 */
	public String firstTier() {
		return this.escalations.isEmpty() ? this.answer.tier() : this.escalations.get(0).tier();
	}

	/**
	 * Return the decision with a verdict, which replaces an earlier one of its kind.
	 * @param verdict the verdict
	 * @return the decision
	 */
	public RouteDecision with(RouteVerdict verdict) {
		return new RouteDecision(this.id, this.time, this.plan, this.feature, this.mode, this.settings, this.choice,
				this.prompt, this.answer, this.escalations, verdict.isJudged() ? verdict : this.judged,
				verdict.isJudged() ? this.reported : verdict);
	}

	/**
	 * Return the decision as it is shown and written: in snake case, in a fixed order,
	 * without what is not known.
	 * @return texts, numbers, and lists and maps of them
	 */
	public Map<String, Object> describe() {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("id", this.id.toString());
		described.put("time", this.time.toString());
		described.put("workspace", this.plan.workspace());
		described.put("plan", this.plan.plan());
		described.put("feature", this.feature);
		described.put("mode", this.mode);
		described.put("settings", this.settings);
		described.put("chosen_tier", this.choice.tier());
		described.put("reason", this.choice.reason());
		putNumber(described, "score", this.choice.score());
		putNumber(described, "propensity", this.choice.propensity());
		described.put("prompt_hash", this.prompt.hash());
		described.put("messages", this.prompt.messages());
		described.put("characters", this.prompt.characters());
		described.put("input_tokens", this.prompt.inputTokens());
		described.put("tier", this.answer.tier());
		described.put("model", this.answer.model());
		described.put("outcome", this.answer.outcome().value());
		described.put("output_tokens", this.answer.outputTokens());
		putUsd(described, "cost_usd", this.answer.costPicoUsd());
		putUsd(described, "counterfactual_usd", this.answer.counterfactualPicoUsd());
		described.put("latency_ms", this.answer.latencyMillis());
		List<Map<String, Object>> given = new ArrayList<>();
		for (Escalation escalation : this.escalations) {
			Map<String, Object> each = new LinkedHashMap<>();
			each.put("tier", escalation.tier());
			each.put("reason", escalation.reason());
			given.add(each);
		}
		described.put("escalations", given);
		if (this.judged != null) {
			described.put("verdict", this.judged.value());
		}
		if (this.reported != null) {
			described.put("reported", this.reported.value());
		}
		return described;
	}

	private static void putNumber(Map<String, Object> described, String name, double number) {
		if (!Double.isNaN(number)) {
			described.put(name, number);
		}
	}

	private static void putUsd(Map<String, Object> described, String name, @Nullable Long picoUsd) {
		if (picoUsd != null) {
			described.put(name, PicoUsd.toUsd(picoUsd));
		}
	}

	/**
	 * Read what {@link #describe()} returns.
	 * @param described the description
	 * @return the decision
	 * @throws RuntimeException if it is none
	 */
	static RouteDecision of(Map<String, Object> described) {
		List<Escalation> escalations = new ArrayList<>();
		if (described.get("escalations") instanceof List<?> list) {
			for (Object each : list) {
				Map<?, ?> escalation = (Map<?, ?>) each;
				escalations.add(new Escalation(text(escalation, "tier"), text(escalation, "reason")));
			}
		}
		return new RouteDecision(UUID.fromString(text(described, "id")), Instant.parse(text(described, "time")),
				new PlanKey(text(described, "workspace"), text(described, "plan")), text(described, "feature"),
				text(described, "mode"), text(described, "settings"),
				new Choice(text(described, "chosen_tier"), text(described, "reason"), number(described, "score"),
						number(described, "propensity")),
				new Prompt(text(described, "prompt_hash"), (int) whole(described, "messages"),
						whole(described, "characters"), whole(described, "input_tokens")),
				new Answer(text(described, "tier"), text(described, "model"), RouteOutcome.of(described.get("outcome")),
						whole(described, "output_tokens"), picoUsd(described, "cost_usd"),
						picoUsd(described, "counterfactual_usd"), whole(described, "latency_ms")),
				escalations, RouteVerdict.of(described.get("verdict")), RouteVerdict.of(described.get("reported")));
	}

	private static String text(Map<?, ?> described, String name) {
		if (described.get(name) instanceof String text) {
			return text;
		}
		throw new IllegalArgumentException("No text '%s'".formatted(name));
	}

	private static long whole(Map<?, ?> described, String name) {
		if (described.get(name) instanceof Number number) {
			return number.longValue();
		}
		throw new IllegalArgumentException("No number '%s'".formatted(name));
	}

	private static double number(Map<?, ?> described, String name) {
		return (described.get(name) instanceof Number number) ? number.doubleValue() : Double.NaN;
	}

	private static @Nullable Long picoUsd(Map<?, ?> described, String name) {
		return (described.get(name) instanceof Number number) ? PicoUsd.of(new BigDecimal(number.toString())) : null;
	}

	/**
	 * What was chosen. Immutable.
	 *
	 * @param tier the tier
	 * @param reason why, in snake case
	 * @param score how hard the request seems, from 0 to 1, or {@link Double#NaN} if it
	 * was not measured
	 * @param propensity the probability, above 0 and at most 1, with which a judge was to
	 * see the answer, or {@link Double#NaN} if none samples
	 */
	public record Choice(String tier, String reason, double score, double propensity) {

		/**
		 * Create a choice.
		 */
		public Choice {
			tier = label(tier);
			reason = label(reason);
			score = from0To1(score);
			propensity = (propensity > 0) ? from0To1(propensity) : Double.NaN;
		}

	}

	/**
	 * The size and the hash of a request. Immutable.
	 *
	 * @param hashed a keyed hash, see {@link PromptHash}
	 * @param messages the number of messages
	 * @param characters the UTF-16 units of their texts
	 * @param inputTokens their tokens
	 */
	public record Prompt(HashedPrompt hashed, int messages, long characters, long inputTokens) {

		/**
		 * Create a size.
		 */
		public Prompt {
			messages = Math.max(0, messages);
			characters = Math.max(0, characters);
			inputTokens = Math.max(0, inputTokens);
		}

		/**
		 * Create a size with a hash that is known.
		 * @param hash the hash
		 * @param messages the number of messages
		 * @param characters the UTF-16 units of their texts
		 * @param inputTokens their tokens
		 */
		public Prompt(String hash, int messages, long characters, long inputTokens) {
			this(new HashedPrompt(hash), messages, characters, inputTokens);
		}

		/**
		 * Return the hash.
		 * @return the hash, which is made now if it was not made yet
		 */
		public String hash() {
			return this.hashed.value();
		}

	}

	/**
	 * What came of a decision. Immutable.
	 *
	 * @param tier the tier that answered, or was asked last
	 * @param model the model that answered, or was asked last
	 * @param outcome how the request ended
	 * @param outputTokens the tokens of the answer
	 * @param costPicoUsd what all attempts cost together in pico-dollars, or {@code null}
	 * if the price of a model is not known
	 * @param counterfactualPicoUsd what the answer of the model that the caller asked for
	 * would have cost, or {@code null} if its price is not known
	 * @param latencyMillis how long the caller waited for the whole answer, in
	 * milliseconds
	 */
	public record Answer(String tier, String model, RouteOutcome outcome, long outputTokens, @Nullable Long costPicoUsd,
			@Nullable Long counterfactualPicoUsd, long latencyMillis) {

		/**
		 * Create an answer.
		 */
		public Answer {
			tier = label(tier);
			model = label(model);
			outputTokens = Math.max(0, outputTokens);
			latencyMillis = Math.max(0, latencyMillis);
		}

	}

	/**
	 * An attempt whose answer was not good enough, or failed. Immutable.
	 *
	 * @param tier the tier that was asked
	 * @param reason why another one was asked, in snake case
	 */
	public record Escalation(String tier, String reason) {

		/**
		 * Create an escalation.
		 */
		public Escalation {
			tier = label(tier);
			reason = label(reason);
		}

	}

}
