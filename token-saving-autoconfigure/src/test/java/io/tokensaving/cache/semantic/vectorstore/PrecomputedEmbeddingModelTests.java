package io.tokensaving.cache.semantic.vectorstore;

import java.util.List;

import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import org.junit.jupiter.api.Test;

import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.TokenCountBatchingStrategy;
import org.springframework.ai.vectorstore.SimpleVectorStore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link PrecomputedEmbeddingModel}.
 */
class PrecomputedEmbeddingModelTests {

	private final WordsEmbeddingModel delegate = new WordsEmbeddingModel();

	private final PrecomputedEmbeddingModel model = new PrecomputedEmbeddingModel(this.delegate);

	@Test
	void givesTheVectorByEveryMethod() {
		float[] vector = { 0.6f, 0.8f };
		try (HandedOverVector handedOver = HandedOverVector.open(vector)) {
			assertThat(handedOver.isTaken()).isFalse();
			String text = handedOver.text();
			Document document = new Document(text);
			assertThat(this.model.embed(text)).containsExactly(vector).isNotSameAs(vector);
			assertThat(this.model.embed(document)).containsExactly(vector);
			assertThat(this.model.embed(List.of(text, text))).hasSize(2)
				.allSatisfy((output) -> assertThat(output).containsExactly(vector));
			assertThat(this.model.embed(List.of(document), EmbeddingOptions.builder().build(),
					new TokenCountBatchingStrategy()))
				.singleElement()
				.satisfies((output) -> assertThat(output).containsExactly(vector));
			assertThat(this.model.embedForResponse(List.of(text)).getResult().getOutput()).containsExactly(vector);
			assertThat(this.model.call(new EmbeddingRequest(List.of(text), EmbeddingOptions.builder().build()))
				.getResult()
				.getOutput()).containsExactly(vector);
			assertThat(this.model.getEmbeddingContent(document)).isEqualTo(text);
			assertThat(handedOver.isTaken()).isTrue();
		}
		assertThat(this.delegate.calls()).isZero();
	}

	@Test
	void textOfACallThatHasEndedIsNotEmbedded() {
		HandedOverVector handedOver = HandedOverVector.open(new float[] { 1 });
		handedOver.close();
		assertThatIllegalStateException().isThrownBy(() -> this.model.embed(handedOver.text()))
			.withMessage("The call for which the vector was made has ended");
		assertThat(this.delegate.calls()).isZero();
	}

	@Test
	void embedsOtherTextsByTheModelThatItWraps() {
		float[] expected = this.delegate.embed("a b");
		Document document = new Document("a b");
		assertThat(this.model.embed("a b")).containsExactly(expected);
		assertThat(this.model.embed(document)).containsExactly(expected);
		assertThat(this.model.embed(List.of("a b")).get(0)).containsExactly(expected);
		assertThat(this.model
			.embed(List.of(document), EmbeddingOptions.builder().build(), new TokenCountBatchingStrategy())
			.get(0)).containsExactly(expected);
		assertThat(this.model.embedForResponse(List.of("a b")).getMetadata().getModel()).isEqualTo("words");
		assertThat(this.model.getEmbeddingContent(document)).isEqualTo("a b");
	}

	@Test
	void asksOnceForTheNumberOfDimensions() {
		assertThat(this.model.dimensions()).isEqualTo(64);
		assertThat(this.model.dimensions()).isEqualTo(64);
		assertThat(this.delegate.calls()).isEqualTo(1);
	}

	@Test
	void isMissingOnlyWhereAnotherModelIsKnown() {
		assertThat(PrecomputedEmbeddingModel.isMissingIn(SimpleVectorStore.builder(this.delegate).build())).isTrue();
		assertThat(PrecomputedEmbeddingModel.isMissingIn(SimpleVectorStore.builder(this.model).build())).isFalse();
		assertThat(this.delegate.calls()).isZero();
	}

}
