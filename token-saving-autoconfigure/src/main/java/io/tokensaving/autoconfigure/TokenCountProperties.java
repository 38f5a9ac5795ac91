package io.tokensaving.autoconfigure;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How tokens are counted.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".token-count", ignoreUnknownFields = false)
public class TokenCountProperties {

	/**
	 * Factor by which other models make more tokens of a text than those of OpenAI.
	 */
	private double otherModelsFactor = 1.2;

	public double getOtherModelsFactor() {
		return this.otherModelsFactor;
	}

	public void setOtherModelsFactor(double otherModelsFactor) {
		this.otherModelsFactor = otherModelsFactor;
	}

	double checkedOtherModelsFactor() {
		if (!(this.otherModelsFactor > 0 && this.otherModelsFactor <= 10)) {
			throw ConfigurationErrors.invalid("token-count.other-models-factor", this.otherModelsFactor,
					"a number above 0 and up to 10");
		}
		return this.otherModelsFactor;
	}

}
