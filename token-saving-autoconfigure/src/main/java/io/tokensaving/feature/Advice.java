package io.tokensaving.feature;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import io.tokensaving.SnakeCase;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.SettingText;
import org.jspecify.annotations.Nullable;

/**
 * What was seen of a plan that costs money or serves wrong answers, and what helps. Holds
 * no text of a prompt. Immutable.
 *
 * @param code the name of what was seen, in snake case; it never changes its meaning
 * @param severity how bad it is where its cost is not known
 * @param text what was seen, a sentence without a full stop
 * @param remedy what helps, a sentence without a full stop
 * @param feature the feature of the application that it was seen of, or {@code null} if
 * it is not known or of all
 * @param model the model that it was seen of, or {@code null} if it is not known or of
 * all
 * @param figures what it was seen by, by names in snake case
 * @param costUsdPerDay what it costs in US dollars on a day on which the plan is used, an
 * estimate, or {@code null} if that is not known
 * @param setting the setting that mends it, or {@code null} if there is none
 */
public record Advice(String code, Severity severity, String text, String remedy, @Nullable String feature,
		@Nullable String model, Map<String, Figure> figures, @Nullable BigDecimal costUsdPerDay,
		@Nullable Setting setting) {

	/**
	 * Check the code and copy the figures.
	 * @throws IllegalArgumentException if the code is not in snake case
	 */
	public Advice {
		SnakeCase.check("advice", code);
		figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
	}

	/**
	 * Start an advice.
	 * @param code the name of what was seen, in snake case
	 * @param severity how bad it is where its cost is not known
	 * @param text what was seen, a sentence without a full stop
	 * @param remedy what helps, a sentence without a full stop
	 * @return a builder
	 */
	public static Builder builder(String code, Severity severity, String text, String remedy) {
		return new Builder(code, severity, text, remedy);
	}

	/**
	 * How bad something is.
	 */
	public enum Severity {

		/**
		 * It costs much, or callers get wrong answers.
		 */
		SERIOUS,

		/**
		 * It is worth a look.
		 */
		WARNING,

		/**
		 * It is good to know.
		 */
		INFO;

		/**
		 * Return the name as users see it.
		 * @return the name in lower case
		 */
		public String value() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

	/**
	 * A figure.
	 *
	 * @param value a number, a text, or a list or map of these
	 * @param unit what it is counted in, such as {@code tokens}; a {@code share} is from
	 * 0 to 1
	 */
	public record Figure(Object value, String unit) {

	}

	/**
	 * A setting that mends something.
	 *
	 * @param name the whole name of the property
	 * @param value what to set it to
	 */
	public record Setting(String name, String value) {

		/**
		 * Create the setting of a plan.
		 * @param plan the plan
		 * @param name the name of the setting in kebab case, with its section in front
		 * @param value what to set it to
		 * @return the setting
		 */
		public static Setting ofPlan(PlanKey plan, String name, Object value) {
			return new Setting(SettingText.property(plan.plan(), name), String.valueOf(value));
		}

	}

	/**
	 * Builds an {@link Advice}. Not thread-safe.
	 */
	public static final class Builder {

		private final String code;

		private final Severity severity;

		private final String text;

		private final String remedy;

		private final Map<String, Figure> figures = new LinkedHashMap<>();

		private @Nullable String feature;

		private @Nullable String model;

		private @Nullable BigDecimal costUsdPerDay;

		private @Nullable Setting setting;

		private Builder(String code, Severity severity, String text, String remedy) {
			this.code = code;
			this.severity = severity;
			this.text = text;
			this.remedy = remedy;
		}

		/**
		 * Set the feature of the application that it was seen of. Default: not known.
		 * @param feature the feature
		 * @return this builder
		 */
		public Builder feature(@Nullable String feature) {
			this.feature = feature;
			return this;
		}

		/**
		 * Set the model that it was seen of. Default: not known.
		 * @param model the model
		 * @return this builder
		 */
		public Builder model(@Nullable String model) {
			this.model = model;
			return this;
		}

		/**
		 * Add a figure.
		 * @param name the name in snake case
		 * @param value a number, a text, or a list or map of these
		 * @param unit what it is counted in
		 * @return this builder
		 */
		public Builder figure(String name, Object value, String unit) {
			this.figures.put(name, new Figure(value, unit));
			return this;
		}

		/**
		 * Add a share, rounded to four digits.
		 * @param name the name in snake case
		 * @param share the share, 0 to 1
		 * @return this builder
		 */
		public Builder share(String name, double share) {
			return figure(name, Math.round(share * 10_000) / 10_000.0, "share");
		}

		/**
		 * Set what it costs. Default: not known.
		 * @param costUsdPerDay the cost in US dollars on a day on which the plan is used
		 * @return this builder
		 */
		public Builder costUsdPerDay(@Nullable BigDecimal costUsdPerDay) {
			this.costUsdPerDay = costUsdPerDay;
			return this;
		}

		/**
		 * Set the setting that mends it. Default: none.
		 * @param setting the setting
		 * @return this builder
		 */
		public Builder setting(@Nullable Setting setting) {
			this.setting = setting;
			return this;
		}

		/**
		 * Build the advice.
		 * @return the advice
		 */
		public Advice build() {
			return new Advice(this.code, this.severity, this.text, this.remedy, this.feature, this.model, this.figures,
					this.costUsdPerDay, this.setting);
		}

	}

}
