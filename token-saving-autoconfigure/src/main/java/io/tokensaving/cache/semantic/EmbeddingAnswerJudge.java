package io.tokensaving.cache.semantic;

import java.util.List;

import io.tokensaving.savings.TokenUsage;

import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingResponse;

/**
 * Judges answers by the cosine similarity of their embeddings. Cheap, but it cannot tell
 * answers apart that differ in a number or a name. Thread-safe.
 */
public final class EmbeddingAnswerJudge implements AnswerJudge {

	/**
	 * The default of the lowest similarity of answers that say the same.
	 */
	public static final double DEFAULT_THRESHOLD = 0.75;

	private final EmbeddingModel model;

	private final double threshold;

	/**
	 * Create a judge with the default threshold.
	 * @param model the embedding model
	 */
	public EmbeddingAnswerJudge(EmbeddingModel model) {
		this(model, DEFAULT_THRESHOLD);
	}

	/**
	 * Create a judge.
	 * @param model the embedding model
	 * @param threshold the lowest cosine similarity of answers that say the same, 0 to 1
	 */
	public EmbeddingAnswerJudge(EmbeddingModel model, double threshold) {
		this.model = model;
		this.threshold = threshold;
	}

	@Override
	public Verdict judge(String question, String served, String fresh) {
		EmbeddingResponse response = this.model.embedForResponse(List.of(served, fresh));
		float[] first = response.getResults().get(0).getOutput();
		float[] second = response.getResults().get(1).getOutput();
		TokenUsage usage = TokenUsage.of(response.getMetadata().getUsage());
		return new Verdict(cosine(first, second) >= this.threshold, response.getMetadata().getModel(),
				(usage != null) ? usage : TokenUsage.ZERO);
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
