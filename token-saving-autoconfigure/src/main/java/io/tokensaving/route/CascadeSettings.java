package io.tokensaving.route;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.SettingText;
import io.tokensaving.route.cascade.StreamMode;

import org.springframework.util.StringUtils;

/**
 * The {@code route.cascade} settings of a plan: a cheaper tier is asked first, and a
 * dearer one if a check does not accept the answer. Immutable.
 *
 * @param checks the names of the checks, in the order in which they are made, each once;
 * without any there is no cascade
 * @param maxEscalations how often a request may be asked again, from 1 to
 * {@value #MAX_ESCALATIONS}
 * @param minLength the number of characters, from 1 to {@value #MAX_MIN_LENGTH}, that an
 * answer needs to be accepted by the check {@value #MIN_LENGTH}
 * @param stream how much of a stream is held back for the checks
 */
public record CascadeSettings(List<String> checks, int maxEscalations, int minLength, StreamMode stream) {

	/**
	 * The check that refuses answers that are cut off or filtered.
	 */
	public static final String FINISH = "finish";

	/**
	 * The check that refuses answers in which the model refuses to answer.
	 */
	public static final String REFUSAL = "refusal";

	/**
	 * The check that refuses answers that do not satisfy the requested schema.
	 */
	public static final String SCHEMA = "schema";

	/**
	 * The check that refuses calls of tools whose arguments do not satisfy their schema.
	 */
	public static final String TOOL_ARGUMENTS = "tool_arguments";

	/**
	 * The check that refuses answers that are too short.
	 */
	public static final String MIN_LENGTH = "min_length";

	/**
	 * The check that asks the judge.
	 */
	public static final String JUDGE = "judge";

	/**
	 * The names of the checks that come with the library.
	 */
	public static final List<String> CHECKS = List.of(FINISH, REFUSAL, SCHEMA, TOOL_ARGUMENTS, MIN_LENGTH, JUDGE);

	/**
	 * No cascade, and the other defaults.
	 */
	public static final CascadeSettings NONE = new CascadeSettings(List.of(), 1, 1, StreamMode.PREFIX);

	/**
	 * The largest number of escalations.
	 */
	public static final int MAX_ESCALATIONS = 10;

	/**
	 * The largest number of characters that can be asked for.
	 */
	public static final int MAX_MIN_LENGTH = 100_000;

	/**
	 * Check the settings.
	 * @throws InvalidPlanException if a value is out of its range
	 */
	public CascadeSettings {
		checks = List.copyOf(checks);
		for (int i = 0; i < checks.size(); i++) {
			if (!StringUtils.hasText(checks.get(i))) {
				throw new InvalidPlanException("route.cascade.checks[" + i + "]", checks.get(i), "the name of a check");
			}
		}
		if (new HashSet<>(checks).size() < checks.size()) {
			throw new InvalidPlanException("route.cascade.checks", String.join(", ", checks), "each check once");
		}
		if (maxEscalations < 1 || maxEscalations > MAX_ESCALATIONS) {
			throw new InvalidPlanException("route.cascade.max-escalations", maxEscalations,
					"a whole number from 1 to %d; without 'checks' there is no cascade".formatted(MAX_ESCALATIONS));
		}
		if (minLength < 1 || minLength > MAX_MIN_LENGTH) {
			throw new InvalidPlanException("route.cascade.min-length", minLength,
					"a number of characters from 1 to " + MAX_MIN_LENGTH);
		}
	}

	/**
	 * Whether there is a cascade.
	 * @return whether there is a check
	 */
	public boolean isOn() {
		return !this.checks.isEmpty();
	}

	/**
	 * Return the settings as they may be written in a plan.
	 * @return the settings by their names in kebab case
	 */
	Map<String, Object> values() {
		Map<String, Object> values = new TreeMap<>();
		values.put("checks", this.checks);
		values.put("max-escalations", this.maxEscalations);
		values.put("min-length", this.minLength);
		values.put("stream", SettingText.of(this.stream));
		return values;
	}

}
