package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Where a request goes and what of its options matters to the prompt cache there.
 * Immutable.
 *
 * @param provider the name of the provider, by which its rules are found
 * @param baseUrl the base URL of the provider, empty if it is the usual one
 * @param managed whether the options say themselves what is cached, so that nothing is to
 * be marked
 * @param frontOptions the values of options without which no prefix is found again;
 * values with equal texts are equal
 * @param messageOptions the values of options without which no prefix is found again that
 * ends behind a message
 */
public record CacheTarget(String provider, String baseUrl, boolean managed, List<@Nullable Object> frontOptions,
		List<@Nullable Object> messageOptions) {

	/**
	 * A provider of which nothing is known.
	 */
	public static final CacheTarget UNKNOWN = new CacheTarget("general", "", false, List.of(), List.of());

	/**
	 * Check and copy the values.
	 * @throws IllegalArgumentException if the provider has no name
	 */
	public CacheTarget {
		Assert.hasText(provider, "'provider' must not be empty");
		// These may hold null
		frontOptions = Collections.unmodifiableList(new ArrayList<>(frontOptions));
		messageOptions = Collections.unmodifiableList(new ArrayList<>(messageOptions));
	}

}
