package io.tokensaving.cache.semantic.guard;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import org.tartarus.snowball.SnowballStemmer;
import org.tartarus.snowball.ext.EnglishStemmer;

/**
 * A language that guards can judge: its lexicon and its stemmer. Immutable.
 * <p>
 * A language is added by a file in the form of {@code english.txt} and by an entry in
 * {@link #KNOWN}.
 */
public final class Language {

	/**
	 * English.
	 */
	public static final Language ENGLISH = new Language("en", "english.txt", EnglishStemmer::new, (word) -> false);

	private static final Map<String, Language> KNOWN = Map.of(ENGLISH.tag, ENGLISH, "de",
			new Language(io.tokensaving.text.Language.DE, "german.txt"), "fr",
			new Language(io.tokensaving.text.Language.FR, "french.txt"), "es",
			new Language(io.tokensaving.text.Language.ES, "spanish.txt"), "pt",
			new Language(io.tokensaving.text.Language.PT, "portuguese.txt"), "it",
			new Language(io.tokensaving.text.Language.IT, "italian.txt"), "nl",
			new Language(io.tokensaving.text.Language.NL, "dutch.txt"));

	private final String tag;

	private final String file;

	private final Supplier<SnowballStemmer> stemmer;

	private final Predicate<String> stopWords;

	private volatile @Nullable Lexicon lexicon;

	private Language(String tag, String file, Supplier<SnowballStemmer> stemmer, Predicate<String> stopWords) {
		this.tag = tag;
		this.file = file;
		this.stemmer = stemmer;
		this.stopWords = stopWords;
	}

	// Lucene's stop words are function words besides those of the file
	private Language(io.tokensaving.text.Language language, String file) {
		this(language.code(), file, language::newStemmer, language::isStopWord);
	}

	/**
	 * Return a language.
	 * @param tag its two letters, such as {@code en}
	 * @return the language, or {@code null} if guards do not know it
	 */
	public static @Nullable Language of(String tag) {
		return KNOWN.get(tag);
	}

	/**
	 * Return the tags of the languages that guards know.
	 * @return the tags, sorted
	 */
	public static Set<String> tags() {
		return new TreeSet<>(KNOWN.keySet());
	}

	/**
	 * Return the tag.
	 * @return the two letters of ISO 639-1
	 */
	public String tag() {
		return this.tag;
	}

	// Read when it is asked for, because most applications know one language; read twice
	// by two threads at once, it is the same
	Lexicon lexicon() {
		Lexicon known = this.lexicon;
		if (known == null) {
			known = new Lexicon(this.file, this.stemmer, this.stopWords);
			this.lexicon = known;
		}
		return known;
	}

	@Override
	public String toString() {
		return this.tag;
	}

}
