package io.tokensaving.cache.semantic;

import java.util.Collection;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.text.LanguageIdentifier;
import io.tokensaving.text.ScriptRun;

import org.springframework.ai.embedding.EmbeddingModel;

/**
 * Tells which questions can be compared: those that the embedding model can read, in
 * languages in which the guards can judge. Thread-safe.
 */
final class ReadableQuestions {

	/**
	 * The share of its words that the embedding model has to know of a question.
	 */
	static final double LEAST_KNOWN = 0.7;

	private final LanguageIdentifier languages = LanguageIdentifier.builtIn();

	private final ScriptProbe probe;

	private final Runnable beginToProbe;

	/**
	 * Create a reader of questions.
	 * @param probe knows which scripts the model can read
	 * @param beginToProbe has it find out, in the background
	 */
	ReadableQuestions(ScriptProbe probe, Runnable beginToProbe) {
		this.probe = probe;
		this.beginToProbe = beginToProbe;
	}

	/**
	 * Look at a question. Takes some microseconds, some hundred if it is not in ASCII.
	 * @param question the question
	 * @param settings how the plan caches
	 * @param model the embedding model, which is loaded
	 * @return what can be done with it
	 */
	Reading read(String question, CacheSettings settings, EmbeddingModel model) {
		boolean ascii = ScriptRun.isAscii(question);
		if (!ascii && model instanceof ReadingEmbeddingModel reader && reader.knownShare(question) < LEAST_KNOWN) {
			return Reading.UNREADABLE;
		}
		boolean guarded = isIn(question, settings.languages());
		boolean confirmed = settings.confirm() != CacheSettings.Confirm.NONE;
		if (!guarded && !confirmed) {
			return Reading.OTHER_LANGUAGE;
		}
		if (!ascii) {
			ScriptProbe.Result result = this.probe.result(ScriptRun.of(question));
			if (result == ScriptProbe.Result.UNKNOWN) {
				this.beginToProbe.run();
			}
			if (result == ScriptProbe.Result.COLLAPSES || (result == ScriptProbe.Result.UNKNOWN && !confirmed)) {
				return Reading.UNREADABLE;
			}
		}
		return guarded ? Reading.GUARDED : Reading.UNGUARDED;
	}

	private boolean isIn(String question, Collection<String> languages) {
		return languages.contains(CacheSettings.ANY_LANGUAGE) || this.languages.mayBe(question, languages);
	}

	/**
	 * Whether a plan names languages that are not written in Latin script.
	 * @param settings how the plan caches
	 * @return whether the model is probed before such a question comes
	 */
	static boolean needsProbe(CacheSettings settings) {
		return settings.languages().contains(CacheSettings.ANY_LANGUAGE) || settings.languages()
			.stream()
			.anyMatch((language) -> !LanguageIdentifier.scripts(language).isEmpty());
	}

	/**
	 * What can be done with a question.
	 */
	enum Reading {

		/**
		 * It can be compared, and the guards can judge.
		 */
		GUARDED,

		/**
		 * It can be compared, but what is found has to be confirmed.
		 */
		UNGUARDED,

		/**
		 * The embedding model cannot read it.
		 */
		UNREADABLE,

		/**
		 * It is in a language in which nothing can judge.
		 */
		OTHER_LANGUAGE;

		boolean isPast() {
			return this == UNREADABLE || this == OTHER_LANGUAGE;
		}

		String reason() {
			return (this == UNREADABLE) ? "unreadable" : "language";
		}

	}

}
