package io.tokensaving.autoconfigure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Reports that local models would answer where they never must, and what to change.
 */
final class LocalProfilesFailureAnalyzer extends AbstractFailureAnalyzer<LocalProfilesException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, LocalProfilesException cause) {
		return new FailureAnalysis(cause.getDescription(), cause.getAction(), cause);
	}

}
