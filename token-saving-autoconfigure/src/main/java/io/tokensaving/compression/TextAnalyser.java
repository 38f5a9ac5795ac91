package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.function.ToIntFunction;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.backend.HeapSize;
import io.tokensaving.compression.text.ContentRewriter;
import io.tokensaving.compression.text.TermExtractor;
import io.tokensaving.compression.text.TextSpan;
import io.tokensaving.material.parts.Dividers;
import io.tokensaving.text.Language;

import org.springframework.util.Assert;

/**
 * Analyses texts and caches the results by content, up to 32 MiB. Thread-safe.
 */
final class TextAnalyser {

	static final long REMEMBERED_BYTES = 32L * 1024 * 1024;

	private static final int KEY_BYTES = 24;

	private static final int NAME_WEIGHT = 4;

	private final Cache<Key, AnalysedText> remembered = Caffeine.newBuilder()
		.maximumWeight(REMEMBERED_BYTES)
		.weigher((Key key, AnalysedText text) -> HeapSize.weight(bytes(key, text)))
		.build();

	private static long bytes(Key key, AnalysedText text) {
		// The analysed text is the same object unless it was rewritten
		@SuppressWarnings("ReferenceEquality")
		boolean rewritten = key.text() != text.text();
		return HeapSize.CACHE_ENTRY + KEY_BYTES + (rewritten ? HeapSize.of(key.text()) : 0) + text.sizeInBytes();
	}

	/**
	 * Return the size of the cache, for tests.
	 * @return the bytes
	 */
	long rememberedBytes() {
		this.remembered.cleanUp();
		return this.remembered.policy().eviction().map((eviction) -> eviction.weightedSize().orElse(0)).orElse(0L);
	}

	/**
	 * Analyse a text.
	 * @param text the text
	 * @param settings the language, and how to rewrite
	 * @param tokens counts the tokens of a text
	 * @param deadline the deadline
	 * @return the analysed text
	 * @throws Deadline.ExceededException if the deadline has passed
	 */
	AnalysedText analyse(String text, CompressionSettings settings, ToIntFunction<String> tokens, Deadline deadline) {
		return analyse(new Key(text, settings.language(), settings.rewriter()), tokens, deadline);
	}

	private AnalysedText analyse(Key key, ToIntFunction<String> tokens, Deadline deadline) {
		AnalysedText known = this.remembered.getIfPresent(key);
		if (known != null) {
			return known;
		}
		String text = key.rewriter().rewrite(key.text(), tokens);
		deadline.check();
		AnalysedText analysed = AnalysedText.of(Dividers.divide(text), extractor(key.language()), deadline::check);
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

	/**
	 * Extract the terms of a question about texts. A name counts {@value #NAME_WEIGHT}
	 * times, as it says what the question is about. The words of a name count only if the
	 * texts do not have the name itself.
	 * @param question the question
	 * @param settings the language
	 * @param texts the texts
	 * @return the terms with repetitions
	 */
	List<String> question(String question, CompressionSettings settings, Collection<AnalysedText> texts) {
		List<String> terms = new ArrayList<>();
		for (TermExtractor.QuestionTerm term : extractor(settings.language()).question(question)) {
			terms.add(term.term());
			if (!term.isName()) {
				continue;
			}
			if (texts.stream().anyMatch((text) -> text.contains(term.term()))) {
				terms.addAll(Collections.nCopies(NAME_WEIGHT - 1, term.term()));
			}
			else {
				terms.addAll(term.words());
			}
		}
		return terms;
	}

	private static TermExtractor extractor(String language) {
		if (CompressionSettings.AUTO.equals(language)) {
			return new TermExtractor(null);
		}
		Language found = Language.find(language);
		Assert.state(found != null, () -> "Unknown language '%s', known are %s".formatted(language, Language.codes()));
		return new TermExtractor(found);
	}

	private record Key(String text, String language, ContentRewriter rewriter) {

	}

}
