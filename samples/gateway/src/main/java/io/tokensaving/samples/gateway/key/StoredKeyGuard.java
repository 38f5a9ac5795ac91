package io.tokensaving.samples.gateway.key;

import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.ledger.PriceTable;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.PriceVariant;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.samples.gateway.key.KnownKeys.Known;
import org.jspecify.annotations.Nullable;

import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

/**
 * Guards by the keys of the store. Looks in this order: the key, its state and end, its
 * requests at once, its rate; its money once a request is about to be sent. Thread-safe.
 */
final class StoredKeyGuard implements KeyGuard {

	/**
	 * The id of the caller that needs no key.
	 */
	static final String OPEN = "open";

	// No request has as many, and their price fits into 64 bits
	private static final long MAX_TOKENS = 1_000_000_000;

	private static final ApiKey OPEN_KEY = ApiKey.unlimited(OPEN, "Without a key", "", "default", "", Instant.EPOCH);

	private final KnownKeys keys;

	private final KeyLimits limits;

	private final QuotaLedger ledger;

	private final SpendLog spend;

	private final PriceTable prices;

	private final Clock clock;

	private final boolean required;

	private final long defaultMaxOutputTokens;

	private final Known open = new Known(OPEN_KEY, OPEN_KEY.toCaller(), Long.MAX_VALUE, Long.MAX_VALUE);

	/**
	 * Create a guard.
	 * @param keys the keys
	 * @param limits the limits on requests at once and rates
	 * @param ledger the quotas
	 * @param spend what was spent
	 * @param prices the prices of models
	 * @param clock the clock
	 * @param required whether a request needs a key
	 * @param defaultMaxOutputTokens the tokens that are reserved for the output of a
	 * request that does not limit it
	 */
	StoredKeyGuard(KnownKeys keys, KeyLimits limits, QuotaLedger ledger, SpendLog spend, PriceTable prices, Clock clock,
			boolean required, long defaultMaxOutputTokens) {
		this.keys = keys;
		this.limits = limits;
		this.ledger = ledger;
		this.spend = spend;
		this.prices = prices;
		this.clock = clock;
		this.required = required;
		this.defaultMaxOutputTokens = defaultMaxOutputTokens;
	}

	@Override
	public Caller authenticate(@Nullable String key) {
		KeyHash hash = (key != null) ? KeySecret.hash(key) : null;
		if (hash == null) {
			if (!this.required) {
				// Most clients insist on sending something
				return this.open.caller();
			}
			throw (key == null || key.isBlank()) ? Refusals.noKey() : Refusals.wrongKey();
		}
		Known known = find(hash);
		if (known == null) {
			throw Refusals.wrongKey();
		}
		long now = this.clock.millis();
		if (known.key().revokedAt() != null) {
			throw Refusals.revokedKey();
		}
		if (now >= known.endMillis()) {
			throw Refusals.expiredKey();
		}
		this.keys.used(known.key().id(), now);
		return known.caller();
	}

	private @Nullable Known find(KeyHash hash) {
		try {
			return this.keys.find(hash);
		}
		catch (DataAccessException | TransactionException ex) {
			throw Refusals.unavailable();
		}
	}

	private ApiKey key(Caller caller) {
		if (caller.keyId().equals(OPEN)) {
			return OPEN_KEY;
		}
		Known known;
		try {
			known = this.keys.find(caller.keyId());
		}
		catch (DataAccessException | TransactionException ex) {
			throw Refusals.unavailable();
		}
		if (known == null) {
			throw Refusals.wrongKey();
		}
		return known.key();
	}

	@Override
	public Admission admit(Caller caller) {
		return this.limits.admit(key(caller));
	}

	@Override
	public Reservation reserve(Caller caller, String model, long maxInputTokens, long maxOutputTokens) {
		ApiKey key = key(caller);
		ModelPrice price = this.prices.find(model);
		QuotaLedger.Held held = null;
		if (key.quotaPicoUsd() != null) {
			if (price == null && !key.unpricedAllowed()) {
				throw Refusals.unpriced();
			}
			long output = (maxOutputTokens >= 0) ? maxOutputTokens : this.defaultMaxOutputTokens;
			held = hold(key, (price != null) ? highest(price, maxInputTokens, output) : 0);
		}
		return new Reserved(key, model, price, held);
	}

	private QuotaLedger.Held hold(ApiKey key, long picoUsd) {
		QuotaLedger.Held held;
		try {
			held = this.ledger.reserve(key, picoUsd);
		}
		catch (DataAccessException | TransactionException ex) {
			throw Refusals.unavailable();
		}
		if (held == null) {
			throw Refusals.quotaSpent(key.quotaPeriod().end(this.clock.instant()));
		}
		return held;
	}

	/**
	 * Return the most that a request can cost: in the dearest tier, whether the provider
	 * writes its input to the prompt cache or not, and whether the model thinks or not.
	 * @return the cost in pico-dollars
	 */
	static long highest(ModelPrice price, long maxInputTokens, long maxOutputTokens) {
		long input = Math.max(0, Math.min(maxInputTokens, MAX_TOKENS));
		long output = Math.max(0, Math.min(maxOutputTokens, MAX_TOKENS));
		long highest = highest(price, ServiceTier.STANDARD, input, output);
		for (PriceVariant variant : price.variants()) {
			if (variant.tier() != ServiceTier.STANDARD) {
				highest = Math.max(highest, highest(price, variant.tier(), input, output));
			}
		}
		return highest;
	}

	private static long highest(ModelPrice price, ServiceTier tier, long input, long output) {
		long highest = 0;
		for (long reasoning : new long[] { 0, output }) {
			for (long written : new long[] { 0, input }) {
				for (long forAnHour : new long[] { 0, written }) {
					highest = Math.max(highest,
							price.picoUsd(new TokenUsage(input, output, 0, written, forAnHour, reasoning, tier, true)));
				}
			}
		}
		return highest;
	}

	/**
	 * What is kept for a request.
	 */
	private final class Reserved implements Reservation {

		private final AtomicBoolean ended = new AtomicBoolean();

		private final ApiKey key;

		private final String model;

		private final @Nullable ModelPrice price;

		private final QuotaLedger.@Nullable Held held;

		Reserved(ApiKey key, String model, @Nullable ModelPrice price, QuotaLedger.@Nullable Held held) {
			this.key = key;
			this.model = model;
			this.price = price;
			this.held = held;
		}

		@Override
		public void settle(SpentTokens usage) {
			if (!this.ended.compareAndSet(false, true)) {
				return;
			}
			StoredKeyGuard guard = StoredKeyGuard.this;
			// A model that answers under a name without a price is the one that was asked
			ModelPrice answered = guard.prices.find(usage.model());
			ModelPrice billed = (answered != null) ? answered : this.price;
			long cost = (billed != null) ? billed.picoUsd(usage.usage()) : 0;
			if (this.held != null) {
				this.held.settle(cost);
			}
			LocalDate day = LocalDate.ofInstant(guard.clock.instant(), ZoneOffset.UTC);
			guard.spend.add(this.key.id(), day, (answered != null) ? usage.model() : this.model, usage.usage().input(),
					usage.usage().output(), cost);
			guard.limits.charge(this.key, usage.usage().total());
		}

		@Override
		public void release() {
			if (this.ended.compareAndSet(false, true) && this.held != null) {
				this.held.settle(0);
			}
		}

	}

}
