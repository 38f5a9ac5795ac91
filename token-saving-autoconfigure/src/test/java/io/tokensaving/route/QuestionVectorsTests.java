package io.tokensaving.route;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.text.SharedEmbeddings;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests of {@link QuestionVectors}.
 */
class QuestionVectorsTests {

	@Test
	void embedsTheBeginningOnce() {
		CountingModel model = new CountingModel(new float[] { 3, 4 });
		QuestionVectors vectors = new QuestionVectors(() -> model);
		QuestionVectors.Vector vector = vectors.of("word ".repeat(100) + "one end");
		assertThat(vector).isNotNull();
		assertThat(vector.values()).containsExactly(new float[] { 0.6f, 0.8f }, within(1e-6f));
		assertThat(vectors.of("word ".repeat(100) + "another end")).isEqualTo(vector);
		assertThat(model.calls).hasValue(1);
		assertThat(vectors.of("another word")).isNotNull();
		assertThat(model.calls).hasValue(2);
	}

	@Test
	void sharesTheEmbeddingsOfTheSameTextAndModel() {
		CountingModel model = new CountingModel(new float[] { 3, 4 });
		EmbeddingResponse bought = new EmbeddingResponse(List.of(new Embedding(new float[] { 4, 3 }, 0)));
		String longer = "word ".repeat(100);
		SharedEmbeddings.offer(model, "question", bought);
		SharedEmbeddings.offer(model, longer, bought);
		QuestionVectors.Vector vector = new QuestionVectors(() -> model).of("question");
		assertThat(vector).isNotNull();
		assertThat(vector.values()).containsExactly(new float[] { 0.8f, 0.6f }, within(1e-6f));
		assertThat(model.calls).hasValue(0);
		// Of which only the beginning counts
		new QuestionVectors(() -> model).of(longer);
		assertThat(model.calls).hasValue(1);
		assertThat(SharedEmbeddings.find(model, QuestionVectors.beginning(longer))).isNotNull();
		CountingModel other = new CountingModel(new float[] { 3, 4 });
		new QuestionVectors(() -> other).of("question");
		assertThat(other.calls).hasValue(1);
	}

	@Test
	void hasNoVectorWhileTheModelIsNotLoaded() {
		assertThat(new QuestionVectors(() -> null).of("question")).isNull();
	}

	@Test
	void usesAPartOfLongVectors() {
		float[] output = new float[3000];
		output[0] = 5;
		QuestionVectors.Vector vector = new QuestionVectors(() -> new CountingModel(output)).of("question");
		assertThat(vector).isNotNull();
		assertThat(vector.values()).hasSize(QuestionVectors.MAX_DIMENSIONS).startsWith(1);
	}

	@Test
	void rejectsVectorsWithoutALength() {
		for (float value : new float[] { 0, Float.NaN, Float.POSITIVE_INFINITY }) {
			QuestionVectors vectors = new QuestionVectors(() -> new CountingModel(new float[] { value, 0 }));
			assertThatIllegalStateException().isThrownBy(() -> vectors.of("question"));
		}
	}

	@Test
	void cutsAfterAboutSixtyFourTokens() {
		assertThat(QuestionVectors.beginning("short words ".repeat(100)).split(" ")).hasSize(64);
		assertThat(QuestionVectors.beginning("?".repeat(100))).hasSize(64);
		assertThat(QuestionVectors.beginning("京".repeat(100))).hasSize(64);
		assertThat(QuestionVectors.beginning("What is it?")).isEqualTo("What is it?");
		assertThat(QuestionVectors.beginning(" ".repeat(5000))).hasSize(1024);
	}

	@Property
	void cutsAtABeginningOfTheText(@ForAll String text) {
		String beginning = QuestionVectors.beginning(text);
		assertThat(text).startsWith(beginning);
		assertThat(QuestionVectors.beginning(beginning)).isEqualTo(beginning);
		if (!beginning.isEmpty() && beginning.length() < text.length()) {
			assertThat(Character.isHighSurrogate(beginning.charAt(beginning.length() - 1))
					&& Character.isLowSurrogate(text.charAt(beginning.length())))
				.isFalse();
		}
	}

	/**
	 * Always returns the same vector.
	 */
	private static final class CountingModel implements EmbeddingModel {

		private final AtomicInteger calls = new AtomicInteger();

		private final float[] output;

		CountingModel(float[] output) {
			this.output = output;
		}

		@Override
		public EmbeddingResponse call(EmbeddingRequest request) {
			this.calls.incrementAndGet();
			return new EmbeddingResponse(List.of(new Embedding(this.output, 0)));
		}

		@Override
		public float[] embed(Document document) {
			return this.output;
		}

	}

}
