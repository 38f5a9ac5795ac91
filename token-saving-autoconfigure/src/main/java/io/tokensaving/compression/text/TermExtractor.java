package io.tokensaving.compression.text;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.tokensaving.text.Language;
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
 * Extracts the terms of texts: words according to Unicode's annex 29 (for Chinese,
 * Japanese and Korean pairs of characters) in lower case, without stop words, stemmed by
 * Snowball. A name that consists of several words, such as {@code maxTokens} or
 * {@code max_tokens}, is a term, and so is each of its words. Independent of the default
 * locale. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class TermExtractor {

	private static final int GUESSED_WORDS = 300;

	private static final int WORDS_PER_CHECKPOINT = 10_000;

	private static final int MIN_WORD_OF_IDENTIFIER = 2;

	// A shorter one counts something
	private static final int MIN_NUMBER = 3;

	private final @Nullable Language language;

	/**
	 * Create an extractor.
	 * @param language the language of all texts, or {@code null} to guess the language of
	 * each text by its stop words
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
	 * Extract the terms of a question, and tell which of them are names: words that
	 * consist of words, or that contain a digit.
	 * @param question the question
	 * @return its terms in order, without the words of names
	 */
	public List<QuestionTerm> question(String question) {
		List<String> words = new ArrayList<>();
		int[] offsets = words(question, words, () -> {
		});
		Language language = (this.language != null) ? this.language : Language.guess(words);
		Stemmer stemmer = new Stemmer(language);
		List<QuestionTerm> terms = new ArrayList<>();
		int word = 0;
		while (word < words.size()) {
			String name = words.get(word);
			int end = offsets[word] + name.length();
			List<String> parts = new ArrayList<>();
			for (word++; word < words.size() && offsets[word] < end; word++) {
				if (!language.isStopWord(words.get(word))) {
					parts.add(stemmer.stem(words.get(word)));
				}
			}
			if (!language.isStopWord(name)) {
				boolean isName = !parts.isEmpty()
						|| (name.length() >= MIN_NUMBER && name.chars().anyMatch(Character::isDigit));
				terms.add(new QuestionTerm(stemmer.stem(name), isName && !isIdeographic(name), parts));
			}
		}
		return terms;
	}

	private static boolean isIdeographic(String word) {
		return word.codePoints().anyMatch(Character::isIdeographic);
	}

	/**
	 * Extract the terms of the parts of a text.
	 * @param text the text
	 * @param spans its parts, in order
	 * @param checkpoint is run every {@value #WORDS_PER_CHECKPOINT} words, and may throw
	 * an exception to cancel
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
			// A copy without the spare capacity of the list
			terms.add(List.copyOf(spanTerms));
		}
		return terms;
	}

	// Adds the words to the list and returns where each span starts
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
				offsets = addWordsOfIdentifier(text, offset.startOffset(), offset.endOffset(), words, offsets);
			}
			tokens.end();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return offsets;
	}

	// Adds the words within a name such as maxInputTokens, max_input_tokens or a.b.Type
	private static int[] addWordsOfIdentifier(String text, int start, int end, List<String> words, int[] offsets) {
		int[] result = offsets;
		int from = start;
		for (int i = start + 1; i <= end; i++) {
			if (i < end && !startsWord(text, start, i, end)) {
				continue;
			}
			int to = i;
			while (from < to && !Character.isLetterOrDigit(text.charAt(from))) {
				from++;
			}
			while (to > from && !Character.isLetterOrDigit(text.charAt(to - 1))) {
				to--;
			}
			if (to - from >= MIN_WORD_OF_IDENTIFIER && to - from < end - start) {
				if (words.size() == result.length) {
					result = Arrays.copyOf(result, 2 * result.length);
				}
				result[words.size()] = from;
				words.add(text.substring(from, to).toLowerCase(Locale.ROOT));
			}
			from = i;
		}
		return result;
	}

	private static boolean startsWord(String text, int start, int index, int end) {
		char before = text.charAt(index - 1);
		char c = text.charAt(index);
		if (before == '_' || before == '.' || before == ':') {
			return true;
		}
		if (!Character.isUpperCase(c)) {
			return false;
		}
		return Character.isLowerCase(before) || (index - start > 1 && Character.isUpperCase(before) && index + 1 < end
				&& Character.isLowerCase(text.charAt(index + 1)));
	}

	/**
	 * A term of a question.
	 *
	 * @param term the term
	 * @param isName whether it is a name, such as {@code maxTokens} or {@code A-1003}
	 * @param words the terms of the words that the name consists of
	 */
	public record QuestionTerm(String term, boolean isName, List<String> words) {

	}

	/**
	 * Stems each word only once. For one thread.
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
