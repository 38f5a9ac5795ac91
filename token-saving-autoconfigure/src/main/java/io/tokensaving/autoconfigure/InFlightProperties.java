package io.tokensaving.autoconfigure;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Limits of requests in flight that share an answer.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".dedup", ignoreUnknownFields = false)
public class InFlightProperties {

	/**
	 * Number of calls of the model that can be shared at a time; further requests are not
	 * shared.
	 */
	private int maxInFlight = 512;

	public int getMaxInFlight() {
		return this.maxInFlight;
	}

	public void setMaxInFlight(int maxInFlight) {
		this.maxInFlight = maxInFlight;
	}

	int checkedMaxInFlight() {
		if (this.maxInFlight < 1) {
			throw ConfigurationErrors.invalid("dedup.max-in-flight", this.maxInFlight, "a number of at least 1");
		}
		return this.maxInFlight;
	}

}
