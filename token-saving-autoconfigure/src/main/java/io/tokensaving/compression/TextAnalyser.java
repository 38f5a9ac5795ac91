package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
	 * Start to analyse the texts of a request.
	 * @param settings the language, and how to rewrite
	 * @param tokens counts the tokens of a text
	 * @param deadline the deadline
	 * @return the session
	 */
	Session session(CompressionSettings settings, ToIntFunction<String> tokens, Deadline deadline) {
		return new Session(settings, tokens, deadline);
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

	private static TermExtractor extractor(String language) {
		if (CompressionSettings.AUTO.equals(language)) {
			return new TermExtractor(null);
		}
		Language found = Language.find(language);
		Assert.state(found != null, () -> "Unknown language '%s', known are %s".formatted(language, Language.codes()));
		return new TermExtractor(found);
	}

	/**
	 * Analyses the texts of a request. It looks at most of them several times, so it
	 * knows them by instance, too. For one thread.
	 */
	final class Session {

		private final CompressionSettings settings;

		private final ToIntFunction<String> tokens;

		private final Deadline deadline;

		private final ContentRewriter rewriter;

		private final TermExtractor extractor;

		private final Map<String, AnalysedText> known = new IdentityHashMap<>();

		private Session(CompressionSettings settings, ToIntFunction<String> tokens, Deadline deadline) {
			this.settings = settings;
			this.tokens = tokens;
			this.deadline = deadline;
			this.rewriter = settings.rewriter();
			this.extractor = extractor(settings.language());
		}

		/**
		 * Analyse a text.
		 * @param text the text
		 * @return the analysed text
		 * @throws Deadline.ExceededException if the deadline has passed
		 */
		AnalysedText analyse(String text) {
			AnalysedText analysed = this.known.get(text);
			if (analysed == null) {
				Key key = new Key(text, this.settings.language(), this.rewriter);
				analysed = TextAnalyser.this.analyse(key, this.tokens, this.deadline);
				this.known.put(text, analysed);
			}
			return analysed;
		}

		/**
		 * Extract the terms of a text.
		 * @param text the text
		 * @return the terms
		 */
		List<String> terms(String text) {
			TextSpan whole = new TextSpan(0, text.length(), TextSpan.Kind.SENTENCE);
			return this.extractor.terms(text, List.of(whole)).get(0);
		}

		/**
		 * Extract the terms of a question about texts. A name counts
		 * {@value #NAME_WEIGHT} times, as it says what the question is about. The words
		 * of a name count only if the texts do not have the name itself.
		 * @param question the question
		 * @param texts the texts
		 * @return the terms with repetitions
		 */
		List<String> question(String question, Collection<AnalysedText> texts) {
			List<TermExtractor.QuestionTerm> asked = this.extractor.question(question);
			Set<String> missing = missingNames(asked, texts);
			List<String> terms = new ArrayList<>();
			for (TermExtractor.QuestionTerm term : asked) {
				terms.add(term.term());
				if (!term.isName()) {
					continue;
				}
				if (!missing.contains(term.term())) {
					terms.addAll(Collections.nCopies(NAME_WEIGHT - 1, term.term()));
				}
				else {
					terms.addAll(term.words());
				}
			}
			return terms;
		}

		private static Set<String> missingNames(List<TermExtractor.QuestionTerm> terms,
				Collection<AnalysedText> texts) {
			Set<String> missing = new HashSet<>();
			for (TermExtractor.QuestionTerm term : terms) {
				if (term.isName()) {
					missing.add(term.term());
				}
			}
			for (AnalysedText text : texts) {
				if (missing.isEmpty()) {
					break;
				}
				text.removeTerms(missing);
			}
			return missing;
		}

	}

	private record Key(String text, String language, ContentRewriter rewriter) {

	}

}
