package io.tokensaving.route;

import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.LabelText;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.SettingText;
import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;

/**
 * The {@code route.judge} settings of a plan: how a sample of the answers is judged in
 * the background. Immutable.
 *
 * @param name the name of the judge
 * @param tier the tier whose model judges, or {@code null} if it is left to the judge
 * @param method what the judge compares an answer with
 * @param sampleRate the share of the answers, 0 to 1, that are judged once enough is
 * known of a tier
 * @param usdPerDay what may be spent on judging in a day, in US dollars, above 0 and at
 * most {@value #MAX_USD}, with at most 6 decimals
 * @param maxWorseRate the share of worse answers, above 0 and below 1, above which
 * something is done about it
 * @param action what is done then
 */
public record JudgeSettings(String name, @Nullable String tier, Method method, double sampleRate, BigDecimal usdPerDay,
		double maxWorseRate, Action action) {

	/**
	 * The judge that asks a chat model.
	 */
	public static final String LLM = "llm";

	/**
	 * The defaults.
	 */
	public static final JudgeSettings DEFAULTS = new JudgeSettings(LLM, null, Method.REFERENCE, 0.02,
			BigDecimal.valueOf(5), 0.05, Action.SUSPEND);

	/**
	 * The largest amount in US dollars.
	 */
	public static final long MAX_USD = 1_000_000;

	// With more digits, a number of JSON would not be read as it was written
	private static final int MAX_DECIMALS = 6;

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range
	 */
	public JudgeSettings {
		if (!StringUtils.hasText(name)) {
			throw new InvalidPlanException("route.judge.name", name, "the name of a judge");
		}
		if (tier != null && !LabelText.isAccepted(tier)) {
			throw new InvalidPlanException("route.judge.tier", tier, "the name of a tier: " + LabelText.ACCEPTED);
		}
		if (!(sampleRate >= 0 && sampleRate <= 1)) {
			throw new InvalidPlanException("route.judge.sample-rate", sampleRate, "a number from 0 to 1");
		}
		if (usdPerDay.signum() <= 0 || usdPerDay.compareTo(BigDecimal.valueOf(MAX_USD)) > 0
				|| usdPerDay.stripTrailingZeros().scale() > MAX_DECIMALS) {
			throw new InvalidPlanException("route.judge.usd-per-day", usdPerDay,
					"an amount above 0 and of at most %d, with at most %d decimals".formatted(MAX_USD, MAX_DECIMALS));
		}
		if (!(maxWorseRate > 0 && maxWorseRate < 1)) {
			throw new InvalidPlanException("route.judge.max-worse-rate", maxWorseRate, "a number above 0 and below 1");
		}
		// As equals() tells them apart: no trailing zeros, and 0.0 for -0.0
		BigDecimal stripped = usdPerDay.stripTrailingZeros();
		usdPerDay = (stripped.scale() < 0) ? stripped.setScale(0) : stripped;
		sampleRate += 0.0;
	}

	/**
	 * Return the settings as they may be written in a plan.
	 * @return the settings by their names in kebab case
	 */
	Map<String, Object> values() {
		Map<String, Object> values = new TreeMap<>();
		values.put("name", this.name);
		if (this.tier != null) {
			values.put("tier", this.tier);
		}
		values.put("method", SettingText.of(this.method));
		values.put("sample-rate", this.sampleRate);
		values.put("usd-per-day", this.usdPerDay);
		values.put("max-worse-rate", this.maxWorseRate);
		values.put("action", SettingText.of(this.action));
		return values;
	}

	/**
	 * What a judge compares an answer with.
	 */
	public enum Method {

		/**
		 * With the answer of the default tier, which is asked for it.
		 */
		REFERENCE,

		/**
		 * With nothing: the answer is judged by itself.
		 */
		POINTWISE

	}

	/**
	 * What is done if too many answers of a tier are worse.
	 */
	public enum Action {

		/**
		 * It is reported.
		 */
		ALERT,

		/**
		 * It is reported, and dearer tiers answer the feature in its place.
		 */
		RAISE_TIER,

		/**
		 * It is reported, and the default tier answers all requests of the feature.
		 */
		SUSPEND

	}

}
