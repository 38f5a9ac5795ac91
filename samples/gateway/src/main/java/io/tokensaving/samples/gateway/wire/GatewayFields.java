package io.tokensaving.samples.gateway.wire;

import java.math.BigDecimal;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;

import io.tokensaving.TokenSaving;
import io.tokensaving.request.CacheDirectives;
import io.tokensaving.samples.gateway.wire.json.JsonNumber;
import org.jspecify.annotations.Nullable;

/**
 * Collects the fields of this gateway from the body of a request. They reach no upstream.
 * Not thread-safe.
 */
public final class GatewayFields {

	/**
	 * The directives of the cache, if they are an object. An upstream may have a field of
	 * that name which is none.
	 */
	private static final String CACHE = "cache";

	private static final String DURATION = "a number of seconds or a text such as '90', '1h' or 'PT1H', above zero";

	private static final Map<String, String> ACCEPTED = Map.of(TokenSaving.NO_STORE, "true or false",
			TokenSaving.NO_CACHE, "true or false", TokenSaving.NO_PROMPT_CACHE, "true or false", TokenSaving.TTL,
			DURATION, TokenSaving.MAX_AGE, DURATION, TokenSaving.SIMILARITY_THRESHOLD, "a number from 0 to 1",
			TokenSaving.SCOPE, "a text that is not blank", TokenSaving.TAGS, "an array of texts that are not blank");

	private final Map<String, String> texts = new LinkedHashMap<>();

	private Map<String, Object> cache = Map.of();

	/**
	 * Whether a field is one of the gateway.
	 * @param name the name
	 * @param object whether its value is an object
	 * @return whether it is
	 */
	public static boolean isOurs(String name, boolean object) {
		return name.startsWith(TokenSaving.PREFIX) || (object && name.equals(CACHE));
	}

	/**
	 * Take a field of the gateway.
	 * @param name the name
	 * @param value the value; {@code null} is the same as no field
	 * @throws WireException if the field is not known, or its value is not accepted
	 */
	public void put(String name, @Nullable Object value) {
		switch (name) {
			case TokenSaving.PLAN_ID, TokenSaving.FEATURE, TokenSaving.TIER -> {
				if (value instanceof String text && !text.isBlank()) {
					this.texts.put(name, text);
				}
				else if (value != null) {
					throw refused(name, "a text that is not blank");
				}
			}
			case CACHE, TokenSaving.CACHE -> {
				if (value instanceof Map<?, ?> map) {
					this.cache = directives(name, map);
				}
				else if (value != null) {
					throw refused(name, "an object");
				}
			}
			default -> throw new WireException("'%s' is not known, accepted are %s, %s, %s and %s".formatted(
					(name.length() <= 64) ? name : name.substring(0, 64), TokenSaving.PLAN_ID, TokenSaving.FEATURE,
					TokenSaving.TIER, CACHE), name, "unknown_parameter");
		}
	}

	private static Map<String, Object> directives(String name, Map<?, ?> map) {
		Map<String, Object> directives = new LinkedHashMap<>();
		for (Map.Entry<?, ?> entry : map.entrySet()) {
			String accepted = ACCEPTED.get(String.valueOf(entry.getKey()));
			if (accepted == null) {
				throw new WireException(
						"'%s' has a member that is not known, accepted are %s".formatted(name,
								String.join(", ", new TreeSet<>(ACCEPTED.keySet()))),
						name + "." + entry.getKey(), "unknown_parameter");
			}
			// A number that only looks like 0 must not become 0
			Object value = (entry.getValue() instanceof JsonNumber number) ? new BigDecimal(number.toString())
					: entry.getValue();
			if (!isAccepted(entry.getKey(), value)) {
				throw refused(name + "." + entry.getKey(), accepted);
			}
			directives.put(String.valueOf(entry.getKey()), Objects.requireNonNull(value));
		}
		return directives;
	}

	private static boolean isAccepted(Object name, @Nullable Object value) {
		try {
			CacheDirectives.parse(Collections.singletonMap(name, value));
			return true;
		}
		catch (IllegalArgumentException ex) {
			return false;
		}
	}

	private static WireException refused(String name, String accepted) {
		return new WireException("'%s' must be %s".formatted(name, accepted), name, "invalid_type");
	}

	/**
	 * Return the parameters.
	 * @return the parameters
	 */
	public WireRequest.Parameters parameters() {
		return new WireRequest.Parameters(this.texts.get(TokenSaving.PLAN_ID), this.texts.get(TokenSaving.FEATURE),
				this.texts.get(TokenSaving.TIER), this.cache);
	}

}
