package io.tokensaving.samples.gateway.key;

import java.time.LocalDate;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import io.tokensaving.samples.gateway.key.QuotaAccounts.Spend;
import io.tokensaving.samples.gateway.key.QuotaAccounts.SpendKey;

/**
 * What keys have spent, for people to see; quotas do not depend on it. Is written once a
 * second, so an instance that is killed loses what it has not written yet. Thread-safe.
 */
final class SpendLog {

	private static final String OTHER = "other";

	private static final int MAX_UNWRITTEN = 10_000;

	private static final int MAX_MODEL_LENGTH = 200;

	private final QuotaAccounts accounts;

	private final ConcurrentMap<SpendKey, Spend> unwritten = new ConcurrentHashMap<>();

	SpendLog(QuotaAccounts accounts) {
		this.accounts = accounts;
	}

	void add(String keyId, LocalDate day, String model, long inputTokens, long outputTokens, long picoUsd) {
		String name = (model.length() <= MAX_MODEL_LENGTH) ? model : model.substring(0, MAX_MODEL_LENGTH);
		SpendKey key = new SpendKey(keyId, day, name);
		if (this.unwritten.size() >= MAX_UNWRITTEN && !this.unwritten.containsKey(key)) {
			key = new SpendKey(keyId, day, OTHER);
		}
		this.unwritten.merge(key, new Spend(1, inputTokens, outputTokens, picoUsd), Spend::plus);
	}

	/**
	 * Write what was added since the last time.
	 * @throws RuntimeException if it could not be written; it is written the next time
	 */
	void flush() {
		Map<SpendKey, Spend> taken = new HashMap<>();
		for (SpendKey key : this.unwritten.keySet()) {
			Spend spend = this.unwritten.remove(key);
			if (spend != null) {
				taken.put(key, spend);
			}
		}
		if (taken.isEmpty()) {
			return;
		}
		try {
			this.accounts.addSpend(taken);
		}
		catch (RuntimeException ex) {
			taken.forEach((key, spend) -> this.unwritten.merge(key, spend, Spend::plus));
			throw ex;
		}
	}

}
