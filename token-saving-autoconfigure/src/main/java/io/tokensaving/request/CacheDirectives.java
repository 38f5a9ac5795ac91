package io.tokensaving.request;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

import io.tokensaving.ForeignText;
import io.tokensaving.TokenSaving;
import org.jspecify.annotations.Nullable;

import org.springframework.format.annotation.DurationFormat;
import org.springframework.format.datetime.standard.DurationFormatterUtils;

/**
 * The cache directives of a request, read from the parameter {@value TokenSaving#CACHE}.
 * Immutable.
 *
 * @param noStore whether to neither read nor write the cache
 * @param noCache whether not to read the cache, but to store the fresh answer
 * @param ttl how long the answer may be served, or {@code null} for the plan's time
 * @param maxAge the age that a served answer must be below, or {@code null} for any age
 * @param similarityThreshold the lowest similarity, 0 to 1, at which a semantic cache
 * serves, or {@code null} for the plan's threshold
 * @param scope isolates entries, or {@code null}
 * @param tags labels of the stored answer
 * @param noPromptCache whether the provider is not asked to keep the prompt, which is
 * sent as the application made it
 */
public record CacheDirectives(boolean noStore, boolean noCache, @Nullable Duration ttl, @Nullable Duration maxAge,
		@Nullable Double similarityThreshold, @Nullable String scope, Set<String> tags, boolean noPromptCache) {

	/**
	 * No directive at all.
	 */
	public static final CacheDirectives NONE = new CacheDirectives(false, false, null, null, null, null, Set.of(),
			false);

	private static final String DURATION = "a Duration, a number of seconds or a text such as '90', '1h' or 'PT1H', "
			+ "above zero";

	/**
	 * Read directives.
	 * @param value the value of the parameter
	 * @return the directives
	 * @throws IllegalArgumentException if the value is not a {@link Map}, or a key is not
	 * known, or a value is not accepted
	 */
	public static CacheDirectives parse(Object value) {
		if (!(value instanceof Map<?, ?> map)) {
			throw refused(TokenSaving.CACHE, value, "a Map of directives");
		}
		boolean noStore = false;
		boolean noCache = false;
		Duration ttl = null;
		Duration maxAge = null;
		Double similarityThreshold = null;
		String scope = null;
		Set<String> tags = Set.of();
		boolean noPromptCache = false;
		for (Map.Entry<?, ?> entry : map.entrySet()) {
			Object directive = entry.getValue();
			switch (String.valueOf(entry.getKey())) {
				case TokenSaving.NO_STORE -> {
					noStore = flag(TokenSaving.NO_STORE, directive);
				}
				case TokenSaving.NO_CACHE -> {
					noCache = flag(TokenSaving.NO_CACHE, directive);
				}
				case TokenSaving.TTL -> {
					ttl = duration(TokenSaving.TTL, directive);
				}
				case TokenSaving.MAX_AGE -> {
					maxAge = duration(TokenSaving.MAX_AGE, directive);
				}
				case TokenSaving.SIMILARITY_THRESHOLD -> {
					similarityThreshold = threshold(directive);
				}
				case TokenSaving.SCOPE -> {
					scope = scope(directive);
				}
				case TokenSaving.TAGS -> {
					tags = tags(directive);
				}
				case TokenSaving.NO_PROMPT_CACHE -> {
					noPromptCache = flag(TokenSaving.NO_PROMPT_CACHE, directive);
				}
				default -> throw new IllegalArgumentException(
						"'%s' has the unknown key '%s', accepted are %s, %s, %s, %s, %s, %s, %s and %s".formatted(
								TokenSaving.CACHE, ForeignText.printable(entry.getKey()), TokenSaving.NO_STORE,
								TokenSaving.NO_CACHE, TokenSaving.TTL, TokenSaving.MAX_AGE,
								TokenSaving.SIMILARITY_THRESHOLD, TokenSaving.SCOPE, TokenSaving.TAGS,
								TokenSaving.NO_PROMPT_CACHE));
			}
		}
		return new CacheDirectives(noStore, noCache, ttl, maxAge, similarityThreshold, scope, tags, noPromptCache);
	}

	private static boolean flag(String key, @Nullable Object value) {
		if (value instanceof Boolean flag) {
			return flag;
		}
		throw refusedDirective(key, value, "a Boolean");
	}

	private static Duration duration(String key, @Nullable Object value) {
		return durationOf(TokenSaving.CACHE + "." + key, value);
	}

	/**
	 * Read a duration.
	 * @param name the name of the parameter, for the message
	 * @param value the value
	 * @return the duration, above zero
	 * @throws IllegalArgumentException if the value is not accepted
	 */
	static Duration durationOf(String name, @Nullable Object value) {
		Duration duration = null;
		if (value instanceof Duration given) {
			duration = given;
		}
		else if (value instanceof Number seconds && seconds.doubleValue() <= Integer.MAX_VALUE) {
			duration = Duration.ofMillis(Math.round(seconds.doubleValue() * 1000));
		}
		else if (value instanceof CharSequence text) {
			try {
				duration = DurationFormatterUtils.detectAndParse(text.toString().strip(),
						DurationFormat.Unit.fromChronoUnit(ChronoUnit.SECONDS));
			}
			catch (IllegalArgumentException ex) {
				throw refused(name, value, DURATION);
			}
		}
		if (duration == null || duration.isZero() || duration.isNegative()) {
			throw refused(name, value, DURATION);
		}
		return duration;
	}

	private static Double threshold(@Nullable Object value) {
		// A tiny number would become 0, a threshold that every answer reaches
		boolean underflow = value instanceof BigDecimal exact && exact.signum() != 0 && exact.doubleValue() == 0;
		if (!underflow && value instanceof Number number && number.doubleValue() >= 0 && number.doubleValue() <= 1) {
			return number.doubleValue();
		}
		throw refusedDirective(TokenSaving.SIMILARITY_THRESHOLD, value, "a number from 0 to 1");
	}

	private static String scope(@Nullable Object value) {
		if (value instanceof CharSequence text && !text.toString().isBlank()) {
			return text.toString();
		}
		throw refusedDirective(TokenSaving.SCOPE, value, "a text that is not blank");
	}

	private static Set<String> tags(@Nullable Object value) {
		if (value instanceof Collection<?> collection) {
			Set<String> tags = new LinkedHashSet<>();
			for (Object tag : collection) {
				if (!(tag instanceof CharSequence text) || text.toString().isBlank()) {
					throw refusedDirective(TokenSaving.TAGS, value, "a Collection of texts that are not blank");
				}
				tags.add(text.toString());
			}
			return Set.copyOf(tags);
		}
		throw refusedDirective(TokenSaving.TAGS, value, "a Collection of texts that are not blank");
	}

	private static IllegalArgumentException refusedDirective(String key, @Nullable Object value, String accepted) {
		return refused(TokenSaving.CACHE + "." + key, value, accepted);
	}

	static IllegalArgumentException refused(String name, @Nullable Object value, String accepted) {
		return new IllegalArgumentException(
				"'%s' has the value '%s'%s, accepted is %s".formatted(name, ForeignText.printable(value),
						(value != null) ? " of type " + value.getClass().getName() : "", accepted));
	}

}
