package io.tokensaving.compression.text;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.cjk.CJKWidthFilter;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;
import org.jspecify.annotations.Nullable;
import org.tartarus.snowball.SnowballStemmer;

/**
 * Extracts the terms of texts: words in the sense of Unicode's annex 29 (pairs of
 * characters in Chinese, Japanese and Korean) in lower case, without stop words, stemmed
 * by Snowball. Does not depend on the default locale. Thread-safe.
 */
public final class TermExtractor {

	private static final int GUESSED_WORDS = 300;

	private static final int WORDS_PER_CHECKPOINT = 10_000;

	private final @Nullable Language language;

	/**
	 * Create an extractor.
	 * @param language the language of all texts, or {@code null} to guess that of each by
	 * its stop words
	 */
	public TermExtractor(@Nullable Language language) {
		this.language = language;
	}

	/**
	 * Extract the terms of the parts of a text.
	 * @param text the text
	 * @param spans its parts, in order
	 * @return the terms of each part, with repetitions and in order; empty for parts
	 * without words
	 */
	public List<List<String>> terms(String text, List<TextSpan> spans) {
		return terms(text, spans, () -> {
		});
	}

	/**
	 * Extract the terms of the parts of a text.
	 * @param text the text
	 * @param spans its parts, in order
	 * @param checkpoint is run every {@value #WORDS_PER_CHECKPOINT} words, and may end
	 * the work by an exception
	 * @return the terms of each part, with repetitions and in order; empty for parts
	 * without words
	 */
	public List<List<String>> terms(String text, List<TextSpan> spans, Runnable checkpoint) {
		List<String> words = new ArrayList<>();
		int[] offsets = words(text, words, checkpoint);
		Language language = (this.language != null) ? this.language
				: Language.guess(words.subList(0, Math.min(words.size(), GUESSED_WORDS)));
		Stemmer stemmer = new Stemmer(language);
		List<List<String>> terms = new ArrayList<>(spans.size());
		int word = 0;
		for (TextSpan span : spans) {
			List<String> spanTerms = new ArrayList<>();
			for (; word < words.size() && offsets[word] < span.end(); word++) {
				if (!language.isStopWord(words.get(word))) {
					spanTerms.add(stemmer.stem(words.get(word)));
				}
			}
			terms.add(spanTerms.isEmpty() ? List.of() : spanTerms);
		}
		return terms;
	}

	// Adds the words to the list and returns where each starts
	private static int[] words(String text, List<String> words, Runnable checkpoint) {
		int[] offsets = new int[Math.max(16, text.length() / 4)];
		try (Tokenizer tokenizer = new StandardTokenizer()) {
			tokenizer.setReader(new StringReader(text));
			TokenStream tokens = new CJKBigramFilter(new LowerCaseFilter(new CJKWidthFilter(tokenizer)));
			CharTermAttribute term = tokens.addAttribute(CharTermAttribute.class);
			OffsetAttribute offset = tokens.addAttribute(OffsetAttribute.class);
			tokens.reset();
			while (tokens.incrementToken()) {
				if (words.size() == offsets.length) {
					offsets = Arrays.copyOf(offsets, 2 * offsets.length);
				}
				if (words.size() % WORDS_PER_CHECKPOINT == 0) {
					checkpoint.run();
				}
				offsets[words.size()] = offset.startOffset();
				words.add(term.toString());
			}
			tokens.end();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return offsets;
	}

	/**
	 * Stems words, each but once. For one thread.
	 */
	private static final class Stemmer {

		private final SnowballStemmer stemmer;

		private final Map<String, String> stems = new HashMap<>();

		Stemmer(Language language) {
			this.stemmer = language.newStemmer();
		}

		String stem(String word) {
			return this.stems.computeIfAbsent(word, (key) -> {
				this.stemmer.setCurrent(key);
				this.stemmer.stem();
				return this.stemmer.getCurrent();
			});
		}

	}

}
