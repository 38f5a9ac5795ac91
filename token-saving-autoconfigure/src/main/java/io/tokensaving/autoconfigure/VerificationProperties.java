package io.tokensaving.autoconfigure;

import java.time.Duration;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How answers of the semantic cache are verified.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".verification", ignoreUnknownFields = false)
public class VerificationProperties {

	/**
	 * Time after which the verification of an answer is given up, model and judge
	 * together.
	 */
	private Duration timeout = Duration.ofMinutes(2);

	public Duration getTimeout() {
		return this.timeout;
	}

	public void setTimeout(Duration timeout) {
		this.timeout = timeout;
	}

	Duration checkedTimeout() {
		if (this.timeout.isZero() || this.timeout.isNegative()) {
			throw ConfigurationErrors.invalid("verification.timeout", this.timeout, "a duration above zero");
		}
		return this.timeout;
	}

}
