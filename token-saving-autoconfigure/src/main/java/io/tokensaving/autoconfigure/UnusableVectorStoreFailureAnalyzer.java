package io.tokensaving.autoconfigure;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Reports that the vector store of a plan cannot be used, and what to change.
 */
final class UnusableVectorStoreFailureAnalyzer extends AbstractFailureAnalyzer<UnusableVectorStoreException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, UnusableVectorStoreException cause) {
		return new FailureAnalysis(cause.getDescription(), cause.getAction(), cause);
	}

}
