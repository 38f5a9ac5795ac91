package io.tokensaving.autoconfigure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Reports a missing property and what it accepts.
 */
final class MissingPropertyFailureAnalyzer extends AbstractFailureAnalyzer<MissingPropertyException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, MissingPropertyException cause) {
		String property = cause.getProperty();
		return new FailureAnalysis("The configuration property '%s' is missing.".formatted(property),
				"Set '%s' to %s.".formatted(property, cause.getAccepted()), cause);
	}

}
