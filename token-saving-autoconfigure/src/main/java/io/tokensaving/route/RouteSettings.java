package io.tokensaving.route;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import io.tokensaving.LabelText;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.PlanSettings;
import io.tokensaving.plan.SettingText;
import io.tokensaving.tier.Tier;
import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;

/**
 * The {@code route} settings of a plan. Immutable.
 *
 * @param mode what is done with the choice
 * @param tiers the names of the tiers, from the cheapest to the dearest, each once, at
 * least two unless the mode is off; {@code own} stands for the model that the request was
 * made for
 * @param defaultTier the tier whose answers are the measure of quality, and that answers
 * when nothing else is chosen; one of the tiers, or {@code own} if there are none
 * @param classifier the name of the classifier
 * @param thresholds the scores, from 0 to 1 and ascending, from which the next dearer
 * tier is chosen; one fewer than tiers, or empty for the defaults of the classifier
 * @param minQuality the smallest mean quality as a share of that of the default tier, net
 * of better answers: 1 less the share of requests with a worse answer than that of the
 * default tier, plus the share of those with a better one; above 0 and below 1
 * @param maxTime how long the classifier may take, above zero and at most 3650 days
 * @param rules what is tried in front of the classifier, in order
 * @param require the tags that a tier must have
 * @param sticky what keeps its tier
 * @param expectedTurns how many more turns a conversation is expected to have when it is
 * weighed what a change of the model costs, from 1 to {@value #MAX_EXPECTED_TURNS}
 * @param cascade the checks that send a request on to a dearer tier
 * @param judge how a sample of the answers is judged; in the mode {@code active} the
 * share of the sample is above 0
 */
public record RouteSettings(RouteMode mode, List<String> tiers, String defaultTier, String classifier,
		List<Double> thresholds, double minQuality, Duration maxTime, List<RouteRule> rules, Set<String> require,
		Sticky sticky, int expectedTurns, CascadeSettings cascade, JudgeSettings judge) implements PlanSettings {

	/**
	 * The name of the section.
	 */
	public static final String SECTION = "route";

	/**
	 * The classifier that chooses the cheapest tier that can serve the request.
	 */
	public static final String FIXED = "fixed";

	/**
	 * The classifier that knows the rules of the plan only.
	 */
	public static final String RULES = "rules";

	/**
	 * The classifier that weighs what a request looks like.
	 */
	public static final String HEURISTIC = "heuristic";

	/**
	 * The classifier that learns from judged answers of the plan. The default.
	 */
	public static final String LEARNED = "learned";

	/**
	 * The names of the classifiers that come with the library.
	 */
	public static final List<String> CLASSIFIERS = List.of(FIXED, RULES, HEURISTIC, LEARNED);

	/**
	 * The default of {@link #minQuality()}.
	 */
	public static final double DEFAULT_MIN_QUALITY = 0.95;

	/**
	 * The default of {@link #maxTime()}: 50 milliseconds.
	 */
	public static final Duration DEFAULT_MAX_TIME = Duration.ofMillis(50);

	/**
	 * The default of {@link #expectedTurns()}.
	 */
	public static final int DEFAULT_EXPECTED_TURNS = 5;

	/**
	 * The largest number of turns that can be expected.
	 */
	public static final int MAX_EXPECTED_TURNS = 1000;

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range, or does not go with
	 * another one
	 */
	public RouteSettings {
		tiers = checkedTiers(tiers, mode);
		checkTier("default-tier", defaultTier, tiers.isEmpty() ? List.of(Tier.OWN) : tiers);
		check(StringUtils.hasText(classifier), "classifier", classifier, "the name of a classifier");
		thresholds = checkedThresholds(thresholds, Math.max(0, tiers.size() - 1));
		check(minQuality > 0 && minQuality < 1, "min-quality", minQuality, "a number above 0 and below 1");
		check(!maxTime.isZero() && !maxTime.isNegative() && maxTime.compareTo(SettingText.MAX_DURATION) <= 0,
				"max-time", SettingText.of(maxTime), "a duration above zero and of at most 3650 days");
		rules = List.copyOf(rules);
		for (int i = 0; i < rules.size(); i++) {
			checkTier("rules[" + i + "].tier", rules.get(i).tier(), tiers);
		}
		require = Set.copyOf(require);
		for (String tag : require) {
			check(LabelText.isAccepted(tag), "require", tag, "tags of " + LabelText.ACCEPTED);
		}
		check(expectedTurns >= 1 && expectedTurns <= MAX_EXPECTED_TURNS, "expected-turns", expectedTurns,
				"a whole number from 1 to " + MAX_EXPECTED_TURNS);
		check(mode != RouteMode.ACTIVE || judge.sampleRate() > 0, "judge.sample-rate", judge.sampleRate(),
				"a number above 0 and of at most 1 while 'route.mode' is 'active', because nothing is routed without judged "
						+ "samples");
	}

	private static List<String> checkedTiers(List<String> tiers, RouteMode mode) {
		String accepted = "at least two names of tiers, from the cheapest to the dearest, where '%s' stands for the "
			.formatted(Tier.OWN) + "model that the request was made for";
		if (mode != RouteMode.OFF && tiers.isEmpty()) {
			throw InvalidPlanException.missing(SECTION + ".tiers", accepted);
		}
		check(mode == RouteMode.OFF || tiers.size() > 1, "tiers", String.join(", ", tiers), accepted);
		for (int i = 0; i < tiers.size(); i++) {
			check(LabelText.isAccepted(tiers.get(i)), "tiers[" + i + "]", tiers.get(i),
					"the name of a tier: " + LabelText.ACCEPTED);
		}
		check(new HashSet<>(tiers).size() == tiers.size(), "tiers", String.join(", ", tiers), "each tier once");
		return List.copyOf(tiers);
	}

	private static void checkTier(String field, String tier, List<String> tiers) {
		check(tiers.contains(tier), field, tier, tiers.isEmpty() ? "a tier of 'route.tiers', which names none"
				: "a tier of 'route.tiers', " + SettingText.oneOf(tiers));
	}

	private static List<Double> checkedThresholds(List<Double> thresholds, int count) {
		check(thresholds.isEmpty() || thresholds.size() == count, "thresholds", thresholds,
				"one number fewer than 'route.tiers' has, which is %d, or none for the defaults".formatted(count));
		List<Double> checked = new ArrayList<>();
		double before = Math.nextDown(0.0);
		for (double threshold : thresholds) {
			// Turns -0.0 into 0.0, as equals() tells them apart
			double positive = threshold + 0.0;
			check(positive > before && positive <= 1, "thresholds[" + checked.size() + "]", threshold,
					"a number from 0 to 1, above the one before");
			checked.add(positive);
			before = positive;
		}
		return List.copyOf(checked);
	}

	private static void check(boolean valid, String field, Object value, String accepted) {
		if (!valid) {
			throw new InvalidPlanException(SECTION + "." + field, value, accepted);
		}
	}

	@Override
	public String section() {
		return SECTION;
	}

	@Override
	public Map<String, Object> values() {
		Map<String, Object> values = new TreeMap<>();
		values.put("mode", SettingText.of(this.mode));
		values.put("tiers", this.tiers);
		values.put("default-tier", this.defaultTier);
		values.put("classifier", this.classifier);
		values.put("thresholds", this.thresholds);
		values.put("min-quality", this.minQuality);
		values.put("max-time", SettingText.of(this.maxTime));
		values.put("rules", this.rules.stream().map(RouteRule::values).toList());
		values.put("require", List.copyOf(new TreeSet<>(this.require)));
		values.put("sticky", SettingText.of(this.sticky));
		values.put("expected-turns", this.expectedTurns);
		values.put("cascade", this.cascade.values());
		values.put("judge", this.judge.values());
		return values;
	}

	/**
	 * Return a builder that starts with the defaults.
	 * @param tiers the names of the tiers, from the cheapest to the dearest, of which the
	 * last one is the default tier
	 * @return a builder
	 */
	public static Builder builder(String... tiers) {
		return new Builder(List.of(tiers));
	}

	/**
	 * What keeps the tier that was chosen for it.
	 */
	public enum Sticky {

		/**
		 * A conversation, unless a change pays, or is to a dearer tier.
		 */
		CONVERSATION,

		/**
		 * A turn of a conversation: a question and what the model does with tools to
		 * answer it.
		 */
		TURN,

		/**
		 * Nothing.
		 */
		NONE

	}

	/**
	 * Builds {@link RouteSettings}. Not thread-safe.
	 */
	public static final class Builder {

		private final List<String> tiers;

		private RouteMode mode = RouteMode.SHADOW;

		private @Nullable String defaultTier;

		private String classifier = LEARNED;

		private List<Double> thresholds = List.of();

		private double minQuality = DEFAULT_MIN_QUALITY;

		private Duration maxTime = DEFAULT_MAX_TIME;

		private List<RouteRule> rules = List.of();

		private Set<String> require = Set.of();

		private Sticky sticky = Sticky.CONVERSATION;

		private int expectedTurns = DEFAULT_EXPECTED_TURNS;

		private CascadeSettings cascade = CascadeSettings.NONE;

		private JudgeSettings judge = JudgeSettings.DEFAULTS;

		private Builder(List<String> tiers) {
			this.tiers = tiers;
		}

		/**
		 * Set what is done with the choice. Default {@link RouteMode#SHADOW}.
		 * @param mode the mode
		 * @return this builder
		 */
		public Builder mode(RouteMode mode) {
			this.mode = mode;
			return this;
		}

		/**
		 * Set the tier whose answers are the measure of quality. Default: the last one.
		 * @param defaultTier one of the tiers, or {@code null} for the last one
		 * @return this builder
		 */
		public Builder defaultTier(@Nullable String defaultTier) {
			this.defaultTier = defaultTier;
			return this;
		}

		/**
		 * Set the classifier. Default {@value #LEARNED}.
		 * @param classifier the name of the classifier
		 * @return this builder
		 */
		public Builder classifier(String classifier) {
			this.classifier = classifier;
			return this;
		}

		/**
		 * Set the scores from which the next dearer tier is chosen. Default: those of the
		 * classifier.
		 * @param thresholds ascending numbers from 0 to 1, one fewer than tiers, or none
		 * @return this builder
		 */
		public Builder thresholds(List<Double> thresholds) {
			this.thresholds = thresholds;
			return this;
		}

		/**
		 * Set the smallest mean quality as a share of that of the default tier. Default
		 * {@value #DEFAULT_MIN_QUALITY}.
		 * @param minQuality the share, above 0 and below 1
		 * @return this builder
		 */
		public Builder minQuality(double minQuality) {
			this.minQuality = minQuality;
			return this;
		}

		/**
		 * Set how long the classifier may take. Default 50 milliseconds.
		 * @param maxTime the time, above zero
		 * @return this builder
		 */
		public Builder maxTime(Duration maxTime) {
			this.maxTime = maxTime;
			return this;
		}

		/**
		 * Set what is tried in front of the classifier. Default: nothing.
		 * @param rules the rules, in order
		 * @return this builder
		 */
		public Builder rules(List<RouteRule> rules) {
			this.rules = rules;
			return this;
		}

		/**
		 * Set the tags that a tier must have. Default: none.
		 * @param require the tags
		 * @return this builder
		 */
		public Builder require(Set<String> require) {
			this.require = require;
			return this;
		}

		/**
		 * Set what keeps its tier. Default {@link Sticky#CONVERSATION}.
		 * @param sticky what keeps it
		 * @return this builder
		 */
		public Builder sticky(Sticky sticky) {
			this.sticky = sticky;
			return this;
		}

		/**
		 * Set how many more turns a conversation is expected to have. Default
		 * {@value #DEFAULT_EXPECTED_TURNS}.
		 * @param expectedTurns the number, from 1 to {@value #MAX_EXPECTED_TURNS}
		 * @return this builder
		 */
		public Builder expectedTurns(int expectedTurns) {
			this.expectedTurns = expectedTurns;
			return this;
		}

		/**
		 * Set the checks that send a request on to a dearer tier. Default
		 * {@link CascadeSettings#NONE}.
		 * @param cascade the checks
		 * @return this builder
		 */
		public Builder cascade(CascadeSettings cascade) {
			this.cascade = cascade;
			return this;
		}

		/**
		 * Set how a sample of the answers is judged. Default
		 * {@link JudgeSettings#DEFAULTS}.
		 * @param judge the settings
		 * @return this builder
		 */
		public Builder judge(JudgeSettings judge) {
			this.judge = judge;
			return this;
		}

		/**
		 * Build the settings.
		 * @return the settings
		 * @throws InvalidPlanException if a value is out of its range, or does not go
		 * with another one
		 */
		public RouteSettings build() {
			String last = this.tiers.isEmpty() ? Tier.OWN : this.tiers.get(this.tiers.size() - 1);
			return new RouteSettings(this.mode, this.tiers, (this.defaultTier != null) ? this.defaultTier : last,
					this.classifier, this.thresholds, this.minQuality, this.maxTime, this.rules, this.require,
					this.sticky, this.expectedTurns, this.cascade, this.judge);
		}

	}

}
