package io.tokensaving.sampling;

import java.util.List;

import io.tokensaving.provider.Dialects;
import io.tokensaving.provider.TokenUsage;

import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingResponse;

/**
 * Judges answers by the cosine similarity of their embeddings. It is cheap, but cannot
 * distinguish answers that differ only in a number or a name. Thread-safe if the model
 * is.
 */
public final class EmbeddingJudge implements Judge {

	/**
	 * The default of the lowest cosine similarity of answers that say the same.
	 */
	public static final double DEFAULT_THRESHOLD = 0.75;

	private final EmbeddingModel model;

	private final double threshold;

	/**
	 * Create a judge with the default threshold.
	 * @param model the embedding model
	 */
	public EmbeddingJudge(EmbeddingModel model) {
		this(model, DEFAULT_THRESHOLD);
	}

	/**
	 * Create a judge.
	 * @param model the embedding model
	 * @param threshold the lowest cosine similarity of answers that say the same, 0 to 1
	 */
	public EmbeddingJudge(EmbeddingModel model, double threshold) {
		this.model = model;
		this.threshold = threshold;
	}

	@Override
	public Verdict judge(String question, String given, String fresh) {
		EmbeddingResponse response = this.model.embedForResponse(List.of(given, fresh));
		String model = response.getMetadata().getModel();
		TokenUsage reported = Dialects.builtIn().usage(response.getMetadata().getUsage(), null);
		TokenUsage usage = (reported != null) ? reported : TokenUsage.ZERO;
		double cosine = cosine(response.getResults());
		if (Double.isNaN(cosine)) {
			throw new NoVerdictException("was given embeddings that cannot be compared", model, usage);
		}
		return new Verdict(cosine >= this.threshold, model, usage);
	}

	// NaN if the embeddings cannot be compared
	private static double cosine(List<Embedding> embeddings) {
		if (embeddings.size() != 2) {
			return Double.NaN;
		}
		float[] first = embeddings.get(0).getOutput();
		float[] second = embeddings.get(1).getOutput();
		return (first.length == second.length) ? cosine(first, second) : Double.NaN;
	}

	private static double cosine(float[] first, float[] second) {
		double product = 0;
		double firstSquare = 0;
		double secondSquare = 0;
		for (int i = 0; i < first.length; i++) {
			product += (double) first[i] * second[i];
			firstSquare += (double) first[i] * first[i];
			secondSquare += (double) second[i] * second[i];
		}
		return product / Math.sqrt(firstSquare * secondSquare);
	}

}
