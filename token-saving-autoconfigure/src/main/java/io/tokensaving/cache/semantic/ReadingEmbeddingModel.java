package io.tokensaving.cache.semantic;

import org.springframework.ai.embedding.EmbeddingModel;

/**
 * An embedding model that can tell how much of a text it knows. A text of which it knows
 * little is never compared, because such models embed all words that they do not know as
 * one and the same.
 */
public interface ReadingEmbeddingModel extends EmbeddingModel {

	/**
	 * Return how much of a text the model knows. Takes some hundred microseconds at most,
	 * and calls nothing outside this process.
	 * @param text the text
	 * @return the share of its words, 0 to 1: in Chinese and Japanese each character is a
	 * word, in scripts that are written without spaces every four characters are, and so
	 * is each sign such as an emoji. 1 if there are none
	 */
	double knownShare(String text);

}
