package io.tokensaving.cache.semantic;

import io.tokensaving.savings.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * The embedding of a text, and what it cost. The vector is not to be changed.
 *
 * @param vector the embedding, of length 1
 * @param space names the model and its dimensions: vectors of different spaces cannot be
 * compared. Hexadecimal digits
 * @param model the model that was asked, or {@code null} if it is not known
 * @param usage the tokens that were paid for, none if the text was remembered
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record EmbeddedText(float[] vector, String space, @Nullable String model, TokenUsage usage) {

	EmbeddedText remembered() {
		return new EmbeddedText(this.vector, this.space, this.model, TokenUsage.ZERO);
	}

}
