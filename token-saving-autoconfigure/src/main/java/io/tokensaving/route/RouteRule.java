package io.tokensaving.route;

import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;

import io.tokensaving.ForeignText;
import io.tokensaving.LabelText;
import io.tokensaving.plan.InvalidPlanException;
import org.jspecify.annotations.Nullable;

/**
 * A rule that sends requests to a tier. A request satisfies it if it satisfies every
 * condition that is set. Rules compare by value, patterns by their text. Immutable.
 *
 * @param feature the feature of the application that asks, or {@code null} for any
 * @param matches found in the question, or {@code null} for any; its flags are in its
 * text, as in {@code (?i)}
 * @param minTokens the smallest number of input tokens, 0 for any
 * @param maxTokens the largest number of input tokens, not below the smallest, or 0 for
 * any
 * @param tier the tier
 */
public record RouteRule(@Nullable String feature, @Nullable Pattern matches, long minTokens, long maxTokens,
		String tier) {

	/**
	 * The largest number of characters of a pattern.
	 */
	public static final int MAX_PATTERN_LENGTH = 1000;

	private static final String PATTERN = "a regular expression of 1 to " + MAX_PATTERN_LENGTH + " characters";

	/**
	 * Check the rule.
	 * @throws InvalidPlanException if a value is out of its range; the field is relative
	 * to the rule
	 */
	public RouteRule {
		if (feature != null && !LabelText.isAccepted(feature)) {
			throw new InvalidPlanException("feature", feature, LabelText.ACCEPTED);
		}
		if (matches != null && matches.pattern().length() > MAX_PATTERN_LENGTH) {
			throw new InvalidPlanException("matches", matches.pattern(), PATTERN);
		}
		// What is stored of a pattern is its text
		if (matches != null && matches.flags() != 0 && pattern(matches.pattern()).flags() != matches.flags()) {
			throw new InvalidPlanException("matches", matches.pattern(),
					"a regular expression with its flags in its text, such as '(?i)'");
		}
		if (minTokens < 0) {
			throw new InvalidPlanException("min-tokens", minTokens, "a whole number of at least 0, which is for any");
		}
		if (maxTokens < 0 || (maxTokens > 0 && maxTokens < minTokens)) {
			throw new InvalidPlanException("max-tokens", maxTokens,
					"a whole number not below 'min-tokens', or 0 for any");
		}
		if (!LabelText.isAccepted(tier)) {
			throw new InvalidPlanException("tier", tier, "the name of a tier: " + LabelText.ACCEPTED);
		}
	}

	/**
	 * Compile a pattern.
	 * @param text the text of the pattern
	 * @return the pattern
	 * @throws InvalidPlanException if it is not a regular expression, or too long; the
	 * field is relative to the rule
	 */
	static Pattern pattern(String text) {
		if (text.isEmpty() || text.length() > MAX_PATTERN_LENGTH) {
			throw new InvalidPlanException("matches", text, PATTERN);
		}
		try {
			return Pattern.compile(text);
		}
		catch (IllegalArgumentException ex) {
			throw new InvalidPlanException("matches", text, PATTERN + "; this one has: " + reason(ex));
		}
	}

	// The message repeats the pattern in further lines
	private static String reason(IllegalArgumentException ex) {
		return ForeignText.printable(String.valueOf(ex.getMessage()).lines().findFirst().orElse(""));
	}

	/**
	 * Return the rule as it may be written in a plan.
	 * @return the conditions that are set, and the tier, by their names in kebab case
	 */
	Map<String, Object> values() {
		Map<String, Object> values = new TreeMap<>();
		if (this.feature != null) {
			values.put("feature", this.feature);
		}
		if (this.matches != null) {
			values.put("matches", this.matches.pattern());
		}
		values.put("min-tokens", this.minTokens);
		values.put("max-tokens", this.maxTokens);
		values.put("tier", this.tier);
		return values;
	}

	private @Nullable String text() {
		return (this.matches != null) ? this.matches.pattern() : null;
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof RouteRule rule && Objects.equals(this.feature, rule.feature)
				&& Objects.equals(text(), rule.text()) && this.minTokens == rule.minTokens
				&& this.maxTokens == rule.maxTokens && this.tier.equals(rule.tier);
	}

	@Override
	public int hashCode() {
		return Objects.hash(this.feature, text(), this.minTokens, this.maxTokens, this.tier);
	}

}
