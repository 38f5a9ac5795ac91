package io.tokensaving.samples.gateway.key;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;

import javax.sql.DataSource;

import io.tokensaving.ledger.PriceTable;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;

/**
 * What one instance of the gateway has for keys. A test lets its time tick.
 */
class Instance {

	/**
	 * A model at a cent for a thousand tokens, in and out.
	 */
	static final String MODEL = "test-model";

	static final long CENT = 10_000_000_000L;

	static final long DOLLAR = 100 * CENT;

	static final PriceTable PRICES = new PriceTable(
			List.of(new ModelPrice(MODEL, BigDecimal.TEN, BigDecimal.TEN, BigDecimal.ONE, null)));

	final ApiKeyStore store;

	final KnownKeys keys;

	final LocalKeyLimits limits;

	final QuotaAccounts accounts;

	final QuotaLedger ledger;

	final SpendLog spend;

	final StoredKeyGuard guard;

	final KeyMaintenance maintenance;

	final Clock clock;

	Instance(DataSource dataSource, Clock clock) {
		this(dataSource, clock, WhenUnavailable.REFUSE);
	}

	Instance(DataSource dataSource, Clock clock, WhenUnavailable whenUnavailable) {
		this.clock = clock;
		this.store = new ApiKeyStore(dataSource);
		this.keys = new KnownKeys(this.store, clock, Duration.ofMinutes(5));
		this.limits = new LocalKeyLimits(clock);
		this.accounts = new QuotaAccounts(dataSource);
		this.ledger = new QuotaLedger(this.accounts, clock, 5 * CENT, Duration.ofMinutes(30), whenUnavailable);
		this.spend = new SpendLog(this.accounts);
		this.guard = new StoredKeyGuard(this.keys, this.limits, this.ledger, this.spend, PRICES, clock, true, 1000);
		this.maintenance = new KeyMaintenance(this.keys, this.ledger, this.spend, this.accounts,
				this.limits::setInstances, Duration.ofDays(100), clock);
	}

	/**
	 * Create a key.
	 */
	Created create(UnaryChange change) {
		KeySecret secret = KeySecret.create();
		Instant now = Instant.ofEpochMilli(this.clock.millis());
		ApiKey key = change
			.apply(ApiKey.unlimited(ApiKey.newId(now), "test", secret.prefix(), "default", "tests", now));
		this.store.insert(key, secret.hash());
		return new Created(key, secret.reveal());
	}

	static UnaryChange quota(long picoUsd, QuotaPeriod period) {
		return (key) -> new ApiKey(key.id(), key.name(), key.prefix(), key.workspace(), null, Set.of(), Set.of(), false,
				picoUsd, period, false, null, null, null, null, null, key.createdBy(), key.createdAt(), null,
				key.version());
	}

	static UnaryChange limits(Long requestsPerMinute, Long tokensPerMinute, Integer maxConcurrent) {
		return (key) -> new ApiKey(key.id(), key.name(), key.prefix(), key.workspace(), null, Set.of(), Set.of(), false,
				null, QuotaPeriod.NONE, false, requestsPerMinute, tokensPerMinute, maxConcurrent, null, null,
				key.createdBy(), key.createdAt(), null, key.version());
	}

	static UnaryChange expiresAt(Instant time) {
		return (key) -> new ApiKey(key.id(), key.name(), key.prefix(), key.workspace(), null, Set.of(), Set.of(), false,
				null, QuotaPeriod.NONE, false, null, null, null, time, null, key.createdBy(), key.createdAt(), null,
				key.version());
	}

	static SpentTokens spent(long input, long output) {
		return new SpentTokens(MODEL, new TokenUsage(input, output, 0, 0, false));
	}

	/**
	 * A change of a key.
	 */
	interface UnaryChange {

		ApiKey apply(ApiKey key);

	}

	record Created(ApiKey key, String secret) {

	}

}
