package io.tokensaving.cache.semantic;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.text.SharedEmbeddings;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TextEmbedder}.
 */
class TextEmbedderTests {

	private final List<TokenUsage> paid = new ArrayList<>();

	private EmbeddedText embed(WordsEmbeddingModel model, String text) {
		return new TextEmbedder(model, new TokenCounter()).embed(text, (name, usage) -> this.paid.add(usage));
	}

	@Test
	void whatRoutingHasEmbeddedIsChargedAndNotEmbeddedAgain() {
		WordsEmbeddingModel model = new WordsEmbeddingModel();
		SharedEmbeddings.offer(model, "question", model.embedForResponse(List.of("question")));
		EmbeddedText embedded = embed(model, "question");
		assertThat(model.calls()).isEqualTo(1);
		assertThat(this.paid).extracting(TokenUsage::input).containsExactly(10L);
		assertThat(embedded.vector()).isEqualTo(embed(new WordsEmbeddingModel(), "question").vector());
	}

	@Test
	void whatIsEmbeddedIsSharedUnlessItIsLong() {
		WordsEmbeddingModel model = new WordsEmbeddingModel();
		embed(model, "question");
		assertThat(SharedEmbeddings.find(model, "question")).isNotNull();
		assertThat(SharedEmbeddings.find(new WordsEmbeddingModel(), "question")).isNull();
		String longer = "x".repeat(SharedEmbeddings.MAX_LENGTH + 1);
		embed(model, longer);
		assertThat(SharedEmbeddings.find(model, longer)).isNull();
	}

}
