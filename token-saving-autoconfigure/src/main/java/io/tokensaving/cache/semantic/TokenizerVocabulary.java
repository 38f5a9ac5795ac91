package io.tokensaving.cache.semantic;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.CharSpan;
import io.tokensaving.text.ScriptRun;
import org.jspecify.annotations.Nullable;

/**
 * Tells how much of a text the vocabulary of a tokenizer covers. Thread-safe.
 */
final class TokenizerVocabulary {

	// Of WordPiece and of SentencePiece
	private static final Set<String> UNKNOWN = Set.of("[UNK]", "<unk>");

	private final HuggingFaceTokenizer tokenizer;

	private TokenizerVocabulary(InputStream tokenizer) throws IOException {
		this.tokenizer = HuggingFaceTokenizer.newInstance(tokenizer,
				Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false"));
	}

	/**
	 * Read a tokenizer.
	 * @param file its {@code tokenizer.json}
	 * @return the vocabulary
	 * @throws UncheckedIOException if it cannot be read
	 */
	static TokenizerVocabulary ofFile(Path file) {
		try (InputStream stream = Files.newInputStream(file)) {
			return new TokenizerVocabulary(stream);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Read a tokenizer that lies beside a model in its jar.
	 * @param model the class of the model
	 * @param resource the name of the resource, from the root on
	 * @return the vocabulary, or {@code null} if there is no such resource
	 * @throws UncheckedIOException if it cannot be read
	 */
	static @Nullable TokenizerVocabulary ofResource(Class<?> model, String resource) {
		try (InputStream stream = model.getResourceAsStream("/" + resource)) {
			return (stream != null) ? new TokenizerVocabulary(stream) : null;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Return how much of a text is known.
	 * @param text the text
	 * @return the share of its words, as {@link ReadingEmbeddingModel#knownShare} has it
	 */
	double knownShare(String text) {
		List<ScriptRun> runs = ScriptRun.of(text);
		BitSet unknown = unknown(text);
		double all = 0;
		double known = 0;
		int end = 0;
		int to = 0;
		for (ScriptRun run : runs) {
			int from = to + text.codePointCount(end, run.start());
			to = from + text.codePointCount(run.start(), run.end());
			end = run.end();
			int missing = unknown.get(from, to).cardinality();
			all += run.words();
			// A word is known or not, a text without spaces is known in parts
			known += (run.words() > 1) ? run.words() * (1 - missing / (double) (to - from)) : (missing == 0) ? 1 : 0;
		}
		return (all > 0) ? known / all : 1;
	}

	// Of which code points no token is known
	private BitSet unknown(String text) {
		Encoding encoding = this.tokenizer.encode(text, false, false);
		BitSet unknown = new BitSet();
		String[] tokens = encoding.getTokens();
		CharSpan[] spans = encoding.getCharTokenSpans();
		for (int i = 0; i < tokens.length; i++) {
			if (UNKNOWN.contains(tokens[i]) && spans[i] != null) {
				unknown.set(spans[i].getStart(), spans[i].getEnd());
			}
		}
		return unknown;
	}

}
