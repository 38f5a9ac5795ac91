package io.tokensaving.route;

import java.util.List;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.text.SharedEmbeddings;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.util.ClassUtils;

/**
 * Embeds the beginning of questions. The newest embeddings are kept, because each round
 * of a tool loop asks the same question. Thread-safe if the model is.
 */
final class QuestionVectors {

	/**
	 * How much of a question is embedded. More does not order requests better, but takes
	 * longer.
	 */
	static final int MAX_TOKENS = 64;

	/**
	 * How much of a vector is used, so that a fit takes about a second.
	 */
	static final int MAX_DIMENSIONS = 512;

	private static final int MAX_CHARACTERS = 1024;

	private static final int CACHED = 512;

	private static final int LETTERS_OF_TOKEN = 7;

	private static final int DIGITS_OF_TOKEN = 3;

	private static final int OTHER_LETTERS_OF_TOKEN = 2;

	private final Supplier<? extends @Nullable EmbeddingModel> model;

	private final Cache<String, Vector> cache = Caffeine.newBuilder().maximumSize(CACHED).build();

	/**
	 * Create an embedder.
	 * @param model supplies the model, or {@code null} as long as it is not loaded
	 */
	QuestionVectors(Supplier<? extends @Nullable EmbeddingModel> model) {
		this.model = model;
	}

	/**
	 * Embed the beginning of a question.
	 * @param question the question, not empty
	 * @return the vector, or {@code null} if the model is not loaded
	 * @throws RuntimeException if the model fails or returns no vector that can be used
	 */
	@Nullable Vector of(String question) {
		String text = beginning(question);
		Vector known = this.cache.getIfPresent(text);
		if (known != null) {
			return known;
		}
		EmbeddingModel model = this.model.get();
		if (model == null) {
			return null;
		}
		// The semantic cache may have asked the same just now, or do so soon
		EmbeddingResponse shared = SharedEmbeddings.find(model, text);
		EmbeddingResponse response = (shared != null) ? shared : model.embedForResponse(List.of(text));
		if (response.getResults().isEmpty()) {
			throw new IllegalStateException("The embedding model returned no embedding");
		}
		float[] values = unit(response.getResults().get(0).getOutput());
		SharedEmbeddings.offer(model, text, response);
		String space = ClassUtils.getUserClass(model).getName() + "\n" + response.getMetadata().getModel();
		Vector vector = new Vector(values, space);
		this.cache.put(text, vector);
		return vector;
	}

	private static float[] unit(float[] output) {
		float[] values = new float[Math.min(output.length, MAX_DIMENSIONS)];
		double square = 0;
		for (int i = 0; i < values.length; i++) {
			square += (double) output[i] * output[i];
		}
		double length = Math.sqrt(square);
		// The comparison is false for NaN too
		if (!(length > 1e-6 && length < Float.MAX_VALUE)) {
			throw new IllegalStateException("The embedding has the length " + length);
		}
		for (int i = 0; i < values.length; i++) {
			values[i] = (float) (output[i] / length);
		}
		return values;
	}

	/**
	 * Cut a question after about {@value #MAX_TOKENS} tokens.
	 * @param question the question
	 * @return its beginning
	 */
	static String beginning(String question) {
		int end = Math.min(question.length(), MAX_CHARACTERS);
		double tokens = 0;
		int run = 0;
		Kind runKind = Kind.SPACE;
		for (int i = 0; i < end; i++) {
			Kind kind = Kind.of(question.charAt(i));
			if (kind != runKind) {
				runKind = kind;
				run = 0;
			}
			// The first character of a token counts for the whole of it
			if (kind.length > 0 && run++ % kind.length == 0 && ++tokens > MAX_TOKENS) {
				return question.substring(0, i);
			}
		}
		// Not between the halves of a character
		if (end < question.length() && Character.isHighSurrogate(question.charAt(end - 1))) {
			end--;
		}
		return question.substring(0, end);
	}

	/**
	 * What a character is.
	 */
	private enum Kind {

		SPACE(0), LATIN(LETTERS_OF_TOKEN), DIGIT(DIGITS_OF_TOKEN), OTHER_LETTER(OTHER_LETTERS_OF_TOKEN), SIGN(1);

		private final int length;

		Kind(int length) {
			this.length = length;
		}

		static Kind of(char character) {
			if (character <= ' ' || Character.isWhitespace(character)) {
				return SPACE;
			}
			if (character >= '0' && character <= '9') {
				return DIGIT;
			}
			if (Character.isIdeographic(character)) {
				return SIGN;
			}
			if (Character.isLetter(character)) {
				return (character < 0x250) ? LATIN : OTHER_LETTER;
			}
			return Character.isSurrogate(character) ? OTHER_LETTER : SIGN;
		}

	}

	/**
	 * The embedding of a question.
	 *
	 * @param values the vector, of length 1; not to be modified
	 * @param space identifies the model
	 */
	@SuppressWarnings("ArrayRecordComponent") // never compared
	record Vector(float[] values, String space) {

	}

}
