package io.tokensaving.samples.gateway.key;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a key; its secrets are not. Immutable.
 *
 * @param id the id
 * @param name what the key is for
 * @param prefix how its newest secret begins, for people to tell keys apart
 * @param workspace the workspace of all that it asks
 * @param defaultPlan the plan of requests that name none, or {@code null} for that of the
 * gateway if the key may use it, otherwise the only one that it may use, otherwise none
 * @param plans the plans that may be named; empty for all
 * @param models the models that may be asked, each a name or a prefix followed by
 * {@code *}; empty for all
 * @param scoped whether answers are shared with no other key
 * @param quotaPicoUsd what may be spent in a period, in pico-dollars, or {@code null} for
 * no limit
 * @param quotaPeriod the period
 * @param unpricedAllowed whether models without a price may be asked in spite of a quota,
 * at no cost
 * @param requestsPerMinute the requests in a minute, or {@code null} for no limit
 * @param tokensPerMinute the tokens in a minute, or {@code null} for no limit
 * @param maxConcurrent the requests at once, or {@code null} for no limit
 * @param expiresAt when the key ends, or {@code null} for never
 * @param revokedAt when it was revoked, or {@code null} if it was not
 * @param createdBy who created it
 * @param createdAt when it was created
 * @param lastUsedAt when it was last used, to the minute, or {@code null} for never
 * @param version counts changes, from 1
 */
record ApiKey(String id, String name, String prefix, String workspace, @Nullable String defaultPlan, Set<String> plans,
		Set<String> models, boolean scoped, @Nullable Long quotaPicoUsd, QuotaPeriod quotaPeriod,
		boolean unpricedAllowed, @Nullable Long requestsPerMinute, @Nullable Long tokensPerMinute,
		@Nullable Integer maxConcurrent, @Nullable Instant expiresAt, @Nullable Instant revokedAt, String createdBy,
		Instant createdAt, @Nullable Instant lastUsedAt, long version) {

	ApiKey {
		plans = Collections.unmodifiableSet(new LinkedHashSet<>(plans));
		models = Collections.unmodifiableSet(new LinkedHashSet<>(models));
	}

	/**
	 * Start a key without limits.
	 */
	static ApiKey unlimited(String id, String name, String prefix, String workspace, String createdBy,
			Instant createdAt) {
		return new ApiKey(id, name, prefix, workspace, null, Set.of(), Set.of(), false, null, QuotaPeriod.NONE, false,
				null, null, null, null, null, createdBy, createdAt, null, 1);
	}

	/**
	 * Create an id. Ids are in the order of their time.
	 * @param now the time
	 * @return an id that no other key has
	 */
	static String newId(Instant now) {
		return "key_%011x%s".formatted(now.toEpochMilli(),
				UUID.randomUUID().toString().replace("-", "").substring(0, 12));
	}

	Caller toCaller() {
		return new Caller(this.id, this.workspace, this.defaultPlan, this.plans, this.models, this.scoped);
	}

}
