package io.tokensaving.autoconfigure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Reports an invalid secret without showing its value, which Spring Boot's own analysis
 * would.
 */
final class InvalidSecretFailureAnalyzer extends AbstractFailureAnalyzer<InvalidSecretException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, InvalidSecretException cause) {
		return new FailureAnalysis("The value of the configuration property '%s', which is not shown, %s."
			.formatted(cause.getProperty(), cause.getDescription()), cause.getAccepted(), cause);
	}

}
