package io.tokensaving.request;

import java.time.Duration;
import java.util.Map;

import io.tokensaving.ForeignText;
import io.tokensaving.LabelText;
import io.tokensaving.SavingsReport;
import io.tokensaving.TokenSaving;
import org.jspecify.annotations.Nullable;

/**
 * The advisor parameters of a request, checked.
 * <p>
 * Internal: not part of the API, may change at any time.
 *
 * @param planId the plan that the request names, or {@code null} if it names none
 * @param feature the feature that the request names, or {@code null} if it names none
 * @param taskId the task that the request names, or {@code null} if it names none
 * @param tier which tier may answer, as {@link TokenSaving#TIER} says, or {@code null} if
 * the request does not say
 * @param within how long the caller is ready to wait, or {@code null} if the request does
 * not say
 * @param directives what the request asks of the cache
 */
public record RequestParameters(@Nullable String planId, @Nullable String feature, @Nullable String taskId,
		@Nullable String tier, @Nullable Duration within, CacheDirectives directives) {

	private static final RequestParameters NONE = new RequestParameters(null, null, null, null, null,
			CacheDirectives.NONE);

	/**
	 * Read the parameters of a request.
	 * @param context the context of the request
	 * @return the parameters
	 * @throws IllegalArgumentException if a parameter that starts with
	 * {@value TokenSaving#PREFIX} is not known or its value is not accepted
	 */
	public static RequestParameters from(Map<String, ? extends @Nullable Object> context) {
		String planId = null;
		String feature = null;
		String taskId = null;
		String tier = null;
		Duration within = null;
		CacheDirectives directives = CacheDirectives.NONE;
		boolean any = false;
		for (Map.Entry<String, ? extends @Nullable Object> entry : context.entrySet()) {
			String key = entry.getKey();
			if (!isParameter(key)) {
				continue;
			}
			any = true;
			Object value = entry.getValue();
			switch (key) {
				case TokenSaving.PLAN_ID -> {
					planId = planId(value);
				}
				case TokenSaving.FEATURE -> {
					feature = label(key, value);
				}
				case TokenSaving.TASK_ID -> {
					taskId = label(key, value);
				}
				case TokenSaving.TIER -> {
					tier = tier(value);
				}
				case TokenSaving.WITHIN -> {
					within = CacheDirectives.durationOf(key, value);
				}
				case TokenSaving.CACHE -> {
					directives = directives(value);
				}
				default -> throw new IllegalArgumentException(
						"Unknown advisor parameter '%s', accepted are '%s', '%s', '%s', '%s', '%s' and '%s'".formatted(
								ForeignText.printable(key), TokenSaving.PLAN_ID, TokenSaving.FEATURE,
								TokenSaving.TASK_ID, TokenSaving.TIER, TokenSaving.WITHIN, TokenSaving.CACHE));
			}
		}
		return any ? new RequestParameters(planId, feature, taskId, tier, within, directives) : NONE;
	}

	/**
	 * Whether the request has no parameter.
	 * @return {@code true} if there is nothing to remove from the request
	 */
	// An empty map of directives is a parameter too
	@SuppressWarnings("ReferenceEquality")
	public boolean isEmpty() {
		return this == NONE;
	}

	/**
	 * Whether a key of a request's context is one of these parameters, known or not.
	 * @param key the key
	 * @return {@code true} if the key starts with {@value TokenSaving#PREFIX} and is not
	 * a result that an earlier call left there
	 */
	static boolean isParameter(String key) {
		return key.startsWith(TokenSaving.PREFIX) && !key.equals(SavingsReport.CONTEXT_KEY);
	}

	private static String planId(@Nullable Object value) {
		if (value instanceof CharSequence text && !text.toString().isBlank()) {
			return text.toString();
		}
		throw CacheDirectives.refused(TokenSaving.PLAN_ID, value, "the id of a plan, or 'none'");
	}

	private static String label(String key, @Nullable Object value) {
		if (value instanceof CharSequence text && LabelText.isAccepted(text.toString())) {
			return text.toString();
		}
		throw CacheDirectives.refused(key, value, LabelText.ACCEPTED);
	}

	private static String tier(@Nullable Object value) {
		String name = (value instanceof CharSequence text) ? text.toString() : "";
		if (!LabelText
			.isAccepted(name.startsWith(TokenSaving.AT_LEAST) ? name.substring(TokenSaving.AT_LEAST.length()) : name)) {
			throw CacheDirectives.refused(TokenSaving.TIER, value, "the name of a tier, '%s' and such a name, or '%s'"
				.formatted(TokenSaving.AT_LEAST, TokenSaving.NO_ROUTE));
		}
		return name;
	}

	private static CacheDirectives directives(@Nullable Object value) {
		if (value == null) {
			throw CacheDirectives.refused(TokenSaving.CACHE, value, "a Map of directives");
		}
		return CacheDirectives.parse(value);
	}

}
