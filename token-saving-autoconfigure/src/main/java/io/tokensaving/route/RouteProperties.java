package io.tokensaving.route;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.route.cascade.StreamMode;
import org.jspecify.annotations.Nullable;

/**
 * The {@code route} section of a plan.
 */
public class RouteProperties {

	/**
	 * What is done with the choice: 'off', 'shadow' to log it only, or 'active'.
	 */
	private RouteMode mode = RouteMode.SHADOW;

	/**
	 * Names of the tiers, from the cheapest to the dearest, of which 'own' is the model
	 * that the request was made for. At least two, unless the mode is 'off'.
	 */
	private List<String> tiers = new ArrayList<>();

	/**
	 * Tier whose answers are the measure of quality, and that answers when nothing else
	 * is chosen. By default the last one.
	 */
	private @Nullable String defaultTier;

	/**
	 * Classifier that chooses a tier: 'fixed', 'rules', 'heuristic', 'learned', or the
	 * name of a RouteClassifier bean.
	 */
	private String classifier = "learned";

	/**
	 * Scores, from 0 to 1 and ascending, from which the next dearer tier is chosen; one
	 * fewer than tiers. By default those of the classifier.
	 */
	private List<Double> thresholds = new ArrayList<>();

	/**
	 * Smallest mean quality as a share of that of the default tier, net of better
	 * answers, above 0 and below 1.
	 */
	private double minQuality = 0.95;

	/**
	 * How long the classifier may take; after that the default tier answers. A plain
	 * number is milliseconds.
	 */
	private Duration maxTime = Duration.ofMillis(50);

	/**
	 * What is tried in front of the classifier, in order.
	 */
	private List<Rule> rules = new ArrayList<>();

	/**
	 * Tags that a tier must have, such as where data are kept.
	 */
	private Set<String> require = new LinkedHashSet<>();

	/**
	 * What keeps the tier that was chosen for it: a 'conversation', a 'turn' of it, or
	 * 'none'.
	 */
	private RouteSettings.Sticky sticky = RouteSettings.Sticky.CONVERSATION;

	/**
	 * Number of turns that a conversation is expected to go on when it is weighed what a
	 * change of the model costs.
	 */
	private int expectedTurns = 5;

	/**
	 * Checks that send a request on to a dearer tier.
	 */
	private Cascade cascade = new Cascade();

	/**
	 * How a sample of the answers is judged.
	 */
	private Judge judge = new Judge();

	public RouteMode getMode() {
		return this.mode;
	}

	public void setMode(RouteMode mode) {
		this.mode = mode;
	}

	public List<String> getTiers() {
		return this.tiers;
	}

	public void setTiers(List<String> tiers) {
		this.tiers = tiers;
	}

	public @Nullable String getDefaultTier() {
		return this.defaultTier;
	}

	public void setDefaultTier(@Nullable String defaultTier) {
		this.defaultTier = defaultTier;
	}

	public String getClassifier() {
		return this.classifier;
	}

	public void setClassifier(String classifier) {
		this.classifier = classifier;
	}

	public List<Double> getThresholds() {
		return this.thresholds;
	}

	public void setThresholds(List<Double> thresholds) {
		this.thresholds = thresholds;
	}

	public double getMinQuality() {
		return this.minQuality;
	}

	public void setMinQuality(double minQuality) {
		this.minQuality = minQuality;
	}

	public Duration getMaxTime() {
		return this.maxTime;
	}

	public void setMaxTime(Duration maxTime) {
		this.maxTime = maxTime;
	}

	public List<Rule> getRules() {
		return this.rules;
	}

	public void setRules(List<Rule> rules) {
		this.rules = rules;
	}

	public Set<String> getRequire() {
		return this.require;
	}

	public void setRequire(Set<String> require) {
		this.require = require;
	}

	public RouteSettings.Sticky getSticky() {
		return this.sticky;
	}

	public void setSticky(RouteSettings.Sticky sticky) {
		this.sticky = sticky;
	}

	public int getExpectedTurns() {
		return this.expectedTurns;
	}

	public void setExpectedTurns(int expectedTurns) {
		this.expectedTurns = expectedTurns;
	}

	public Cascade getCascade() {
		return this.cascade;
	}

	public void setCascade(Cascade cascade) {
		this.cascade = cascade;
	}

	public Judge getJudge() {
		return this.judge;
	}

	public void setJudge(Judge judge) {
		this.judge = judge;
	}

	/**
	 * Check the settings.
	 * @return the settings
	 * @throws InvalidPlanException if a value is not accepted
	 */
	RouteSettings toSettings() {
		List<RouteRule> checkedRules = new ArrayList<>();
		for (Rule rule : this.rules) {
			checkedRules.add(rule.toRule(RouteSettings.SECTION + ".rules[" + checkedRules.size() + "]."));
		}
		return RouteSettings.builder(this.tiers.toArray(String[]::new))
			.mode(this.mode)
			.defaultTier(this.defaultTier)
			.classifier(this.classifier)
			.thresholds(this.thresholds)
			.minQuality(this.minQuality)
			.maxTime(this.maxTime)
			.rules(checkedRules)
			.require(this.require)
			.sticky(this.sticky)
			.expectedTurns(this.expectedTurns)
			.cascade(this.cascade.toSettings())
			.judge(this.judge.toSettings())
			.build();
	}

	/**
	 * A rule that sends requests to a tier.
	 */
	public static class Rule {

		/**
		 * Feature of the application that asks. Without it any.
		 */
		private @Nullable String feature;

		/**
		 * Regular expression that is found in the question. Without it any.
		 */
		private @Nullable String matches;

		/**
		 * Smallest number of input tokens, 0 for any.
		 */
		private long minTokens = 0;

		/**
		 * Largest number of input tokens, 0 for any.
		 */
		private long maxTokens = 0;

		/**
		 * Tier that the requests are sent to.
		 */
		private @Nullable String tier;

		public @Nullable String getFeature() {
			return this.feature;
		}

		public void setFeature(@Nullable String feature) {
			this.feature = feature;
		}

		public @Nullable String getMatches() {
			return this.matches;
		}

		public void setMatches(@Nullable String matches) {
			this.matches = matches;
		}

		public long getMinTokens() {
			return this.minTokens;
		}

		public void setMinTokens(long minTokens) {
			this.minTokens = minTokens;
		}

		public long getMaxTokens() {
			return this.maxTokens;
		}

		public void setMaxTokens(long maxTokens) {
			this.maxTokens = maxTokens;
		}

		public @Nullable String getTier() {
			return this.tier;
		}

		public void setTier(@Nullable String tier) {
			this.tier = tier;
		}

		RouteRule toRule(String path) {
			if (this.tier == null) {
				throw InvalidPlanException.missing(path + "tier", "the tier that the requests are sent to");
			}
			try {
				return new RouteRule(this.feature, (this.matches != null) ? RouteRule.pattern(this.matches) : null,
						this.minTokens, this.maxTokens, this.tier);
			}
			catch (InvalidPlanException ex) {
				throw new InvalidPlanException(path + ex.getField(), ex.getValue(), ex.getAccepted());
			}
		}

	}

	/**
	 * Checks that send a request on to a dearer tier.
	 */
	public static class Cascade {

		/**
		 * Checks in the order in which they are made: 'finish', 'refusal', 'schema',
		 * 'tool_arguments', 'min_length', 'judge', or the name of a bean. Without any
		 * there is no cascade.
		 */
		private List<String> checks = new ArrayList<>();

		/**
		 * How often a request may be sent on.
		 */
		private int maxEscalations = 1;

		/**
		 * Number of characters that an answer needs for the check 'min_length'.
		 */
		private int minLength = 1;

		/**
		 * How much of a stream is held back for the checks: its 'prefix', all of it in a
		 * 'buffer', or 'none', so that streams have no cascade.
		 */
		private StreamMode stream = StreamMode.PREFIX;

		public List<String> getChecks() {
			return this.checks;
		}

		public void setChecks(List<String> checks) {
			this.checks = checks;
		}

		public int getMaxEscalations() {
			return this.maxEscalations;
		}

		public void setMaxEscalations(int maxEscalations) {
			this.maxEscalations = maxEscalations;
		}

		public int getMinLength() {
			return this.minLength;
		}

		public void setMinLength(int minLength) {
			this.minLength = minLength;
		}

		public StreamMode getStream() {
			return this.stream;
		}

		public void setStream(StreamMode stream) {
			this.stream = stream;
		}

		CascadeSettings toSettings() {
			return new CascadeSettings(this.checks, this.maxEscalations, this.minLength, this.stream);
		}

	}

	/**
	 * How a sample of the answers is judged.
	 */
	public static class Judge {

		/**
		 * Judge: 'llm', or the name of a bean.
		 */
		private String name = "llm";

		/**
		 * Tier whose model judges. Without it, it is left to the judge.
		 */
		private @Nullable String tier;

		/**
		 * What an answer is compared with: 'reference' is the answer of the default tier,
		 * 'pointwise' is nothing.
		 */
		private JudgeSettings.Method method = JudgeSettings.Method.REFERENCE;

		/**
		 * Share of the answers, 0 to 1, that are judged once enough is known of a tier.
		 */
		private double sampleRate = 0.02;

		/**
		 * What may be spent on judging in a day, in US dollars.
		 */
		private BigDecimal usdPerDay = new BigDecimal("5");

		/**
		 * Share of worse answers, above 0 and below 1, above which something is done.
		 */
		private double maxWorseRate = 0.05;

		/**
		 * What is done then: 'alert' reports it, 'raise_tier' has the next dearer tier
		 * answer instead, 'suspend' leaves all requests to the default tier.
		 */
		private JudgeSettings.Action action = JudgeSettings.Action.SUSPEND;

		public String getName() {
			return this.name;
		}

		public void setName(String name) {
			this.name = name;
		}

		public @Nullable String getTier() {
			return this.tier;
		}

		public void setTier(@Nullable String tier) {
			this.tier = tier;
		}

		public JudgeSettings.Method getMethod() {
			return this.method;
		}

		public void setMethod(JudgeSettings.Method method) {
			this.method = method;
		}

		public double getSampleRate() {
			return this.sampleRate;
		}

		public void setSampleRate(double sampleRate) {
			this.sampleRate = sampleRate;
		}

		public BigDecimal getUsdPerDay() {
			return this.usdPerDay;
		}

		public void setUsdPerDay(BigDecimal usdPerDay) {
			this.usdPerDay = usdPerDay;
		}

		public double getMaxWorseRate() {
			return this.maxWorseRate;
		}

		public void setMaxWorseRate(double maxWorseRate) {
			this.maxWorseRate = maxWorseRate;
		}

		public JudgeSettings.Action getAction() {
			return this.action;
		}

		public void setAction(JudgeSettings.Action action) {
			this.action = action;
		}

		JudgeSettings toSettings() {
			return new JudgeSettings(this.name, this.tier, this.method, this.sampleRate, this.usdPerDay,
					this.maxWorseRate, this.action);
		}

	}

}
