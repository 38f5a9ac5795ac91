package io.tokensaving.compression;

import java.util.BitSet;
import java.util.List;
import java.util.function.ToIntFunction;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.compression.text.Language;
import io.tokensaving.compression.text.LosslessRewriter;
import io.tokensaving.compression.text.SentenceSplitter;
import io.tokensaving.compression.text.TermExtractor;
import io.tokensaving.compression.text.TextSpan;
import io.tokensaving.plan.CompressionSettings;

import org.springframework.util.Assert;

/**
 * Analyses texts and remembers the results by content, up to some
 * {@value #REMEMBERED_CHARS} chars. Thread-safe.
 */
final class TextAnalyser {

	private static final long REMEMBERED_CHARS = 4 * 1024 * 1024;

	private static final int MIN_QUOTED_WORDS = 2;

	private final Cache<Key, AnalysedText> remembered = Caffeine.newBuilder()
		.maximumWeight(REMEMBERED_CHARS)
		.weigher((Key key, AnalysedText text) -> key.text().length())
		.build();

	/**
	 * Analyse a text.
	 * @param text the text
	 * @param settings the language, and whether to rewrite without loss
	 * @param tokens counts the tokens of a text
	 * @param deadline until when to
	 * @return the analysed text
	 * @throws Deadline.ExceededException if it takes longer than it may
	 */
	AnalysedText analyse(String text, CompressionSettings settings, ToIntFunction<String> tokens, Deadline deadline) {
		return analyse(new Key(text, settings.language(), settings.lossless()), tokens, deadline);
	}

	private AnalysedText analyse(Key key, ToIntFunction<String> tokens, Deadline deadline) {
		AnalysedText known = this.remembered.getIfPresent(key);
		if (known != null) {
			return known;
		}
		String text = key.lossless() ? LosslessRewriter.rewrite(key.text(), tokens) : key.text();
		deadline.check();
		List<TextSpan> spans = SentenceSplitter.split(text);
		List<List<String>> terms = extractor(key.language()).terms(text, spans, deadline::check);
		BitSet notable = new BitSet();
		for (int i = 0; i < spans.size(); i++) {
			notable.set(i, isNotable(text, spans.get(i)));
		}
		AnalysedText analysed = new AnalysedText(text, spans, terms, notable);
		this.remembered.put(key, analysed);
		return analysed;
	}

	/**
	 * Extract the terms of a text.
	 * @param text the text
	 * @param settings the language
	 * @return the terms
	 */
	List<String> terms(String text, CompressionSettings settings) {
		TextSpan whole = new TextSpan(0, text.length(), TextSpan.Kind.SENTENCE);
		return extractor(settings.language()).terms(text, List.of(whole)).get(0);
	}

	private static TermExtractor extractor(String language) {
		if (CompressionSettings.AUTO.equals(language)) {
			return new TermExtractor(null);
		}
		Language found = Language.find(language);
		Assert.state(found != null, () -> "Unknown language '%s', known are %s".formatted(language, Language.codes()));
		return new TermExtractor(found);
	}

	// A digit, a word with '_', '@' or '/' or a capital letter inside, code in backticks,
	// or some words in double quotes
	private static boolean isNotable(String text, TextSpan span) {
		boolean lower = false;
		int quotedWords = -1;
		for (int i = span.start(); i < span.end(); i++) {
			char c = text.charAt(i);
			if (Character.isDigit(c) || c == '_' || c == '@' || c == '`' || c == '/'
					|| (lower && Character.isUpperCase(c))) {
				return true;
			}
			if (c == '"' || c == '\u201C' || c == '\u201D' || c == '\u00AB' || c == '\u00BB') {
				if (quotedWords >= MIN_QUOTED_WORDS - 1) {
					return true;
				}
				quotedWords = (quotedWords < 0) ? 0 : -1;
			}
			else if (quotedWords >= 0 && c == ' ') {
				quotedWords++;
			}
			lower = Character.isLowerCase(c);
		}
		return false;
	}

	private record Key(String text, String language, boolean lossless) {

	}

}
