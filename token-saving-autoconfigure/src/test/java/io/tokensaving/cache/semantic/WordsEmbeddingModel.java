package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;

/**
 * Embeds texts by their words, in whatever order, so that texts of mostly the same words
 * are similar. Ten tokens a text.
 */
public final class WordsEmbeddingModel implements EmbeddingModel {

	private final AtomicInteger calls = new AtomicInteger();

	private volatile UnaryOperator<float[]> fault = UnaryOperator.identity();

	public WordsEmbeddingModel fault(UnaryOperator<float[]> fault) {
		this.fault = fault;
		return this;
	}

	public int calls() {
		return this.calls.get();
	}

	@Override
	public EmbeddingResponse call(EmbeddingRequest request) {
		this.calls.incrementAndGet();
		List<Embedding> embeddings = new ArrayList<>();
		for (String text : request.getInstructions()) {
			embeddings.add(new Embedding(this.fault.apply(vector(text)), embeddings.size()));
		}
		return new EmbeddingResponse(embeddings, new EmbeddingResponseMetadata("words",
				new DefaultUsage(10 * embeddings.size(), 0, 10 * embeddings.size())));
	}

	private static float[] vector(String text) {
		float[] sum = new float[64];
		for (String word : text.toLowerCase(Locale.ROOT).split("[^\\p{L}\\p{N}]+")) {
			float[] vector = Vectors.random(new Random(word.hashCode()), sum.length);
			for (int i = 0; i < sum.length; i++) {
				sum[i] += 3 * vector[i];
			}
		}
		return sum;
	}

	@Override
	public float[] embed(Document document) {
		return embed(document.getText());
	}

}
