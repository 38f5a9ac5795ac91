package io.tokensaving.samples.gateway.key;

import java.time.Duration;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.util.Assert;

/**
 * Properties of API keys.
 */
@ConfigurationProperties("gateway.keys")
public class KeyProperties {

	/**
	 * Whether a request needs a key. May be switched off only if 'server.address' is a
	 * loopback address.
	 */
	private boolean required = true;

	/**
	 * File to which a first key is written if there is none at all when the gateway
	 * starts. Only its owner can read it. Empty for no first key.
	 */
	private String bootstrapFile = "data/first-api-key";

	/**
	 * How long keys are accepted while the database cannot be asked whether they were
	 * revoked.
	 */
	private Duration maxStale = Duration.ofMinutes(5);

	/**
	 * How long what keys have spent is kept by day and model, at least 62 days. Older
	 * figures are added up to one sum for each key.
	 */
	private Duration spendRetention = Duration.ofDays(400);

	public boolean isRequired() {
		return this.required;
	}

	public void setRequired(boolean required) {
		this.required = required;
	}

	public String getBootstrapFile() {
		return this.bootstrapFile;
	}

	public void setBootstrapFile(String bootstrapFile) {
		this.bootstrapFile = bootstrapFile;
	}

	public Duration getMaxStale() {
		return this.maxStale;
	}

	public void setMaxStale(Duration maxStale) {
		this.maxStale = maxStale;
	}

	public Duration getSpendRetention() {
		return this.spendRetention;
	}

	public void setSpendRetention(Duration spendRetention) {
		// All that is shown by day, and the longest period of a quota, are newer
		Assert.isTrue(spendRetention.toDays() >= 62,
				() -> "'gateway.keys.spend-retention' must be at least 62d but was '%s'".formatted(spendRetention));
		this.spendRetention = spendRetention;
	}

}
