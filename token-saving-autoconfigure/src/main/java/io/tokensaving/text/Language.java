package io.tokensaving.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

import org.apache.lucene.analysis.WordlistLoader;
import org.apache.lucene.analysis.ar.ArabicAnalyzer;
import org.apache.lucene.analysis.ca.CatalanAnalyzer;
import org.apache.lucene.analysis.el.GreekAnalyzer;
import org.apache.lucene.analysis.et.EstonianAnalyzer;
import org.apache.lucene.analysis.eu.BasqueAnalyzer;
import org.apache.lucene.analysis.ga.IrishAnalyzer;
import org.apache.lucene.analysis.hi.HindiAnalyzer;
import org.apache.lucene.analysis.hy.ArmenianAnalyzer;
import org.apache.lucene.analysis.id.IndonesianAnalyzer;
import org.apache.lucene.analysis.lt.LithuanianAnalyzer;
import org.apache.lucene.analysis.ro.RomanianAnalyzer;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.apache.lucene.analysis.sr.SerbianAnalyzer;
import org.apache.lucene.analysis.tr.TurkishAnalyzer;
import org.jspecify.annotations.Nullable;
import org.tartarus.snowball.SnowballStemmer;
import org.tartarus.snowball.ext.ArabicStemmer;
import org.tartarus.snowball.ext.ArmenianStemmer;
import org.tartarus.snowball.ext.BasqueStemmer;
import org.tartarus.snowball.ext.CatalanStemmer;
import org.tartarus.snowball.ext.DanishStemmer;
import org.tartarus.snowball.ext.DutchStemmer;
import org.tartarus.snowball.ext.EnglishStemmer;
import org.tartarus.snowball.ext.EstonianStemmer;
import org.tartarus.snowball.ext.FinnishStemmer;
import org.tartarus.snowball.ext.FrenchStemmer;
import org.tartarus.snowball.ext.GermanStemmer;
import org.tartarus.snowball.ext.GreekStemmer;
import org.tartarus.snowball.ext.HindiStemmer;
import org.tartarus.snowball.ext.HungarianStemmer;
import org.tartarus.snowball.ext.IndonesianStemmer;
import org.tartarus.snowball.ext.IrishStemmer;
import org.tartarus.snowball.ext.ItalianStemmer;
import org.tartarus.snowball.ext.LithuanianStemmer;
import org.tartarus.snowball.ext.NorwegianStemmer;
import org.tartarus.snowball.ext.PortugueseStemmer;
import org.tartarus.snowball.ext.RomanianStemmer;
import org.tartarus.snowball.ext.RussianStemmer;
import org.tartarus.snowball.ext.SerbianStemmer;
import org.tartarus.snowball.ext.SpanishStemmer;
import org.tartarus.snowball.ext.SwedishStemmer;
import org.tartarus.snowball.ext.TurkishStemmer;

/**
 * The languages with a Snowball stemmer and a list of stop words, both from Lucene.
 * Immutable; stop words are loaded at the first use.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
// The ordinals of the constants are the bits of a set
@SuppressWarnings({ "EnumOrdinal", "ImmutableEnumChecker" })
public enum Language {

	/**
	 * Arabic.
	 */
	AR(ArabicStemmer::new, ArabicAnalyzer::getDefaultStopSet),

	/**
	 * Catalan.
	 */
	CA(CatalanStemmer::new, CatalanAnalyzer::getDefaultStopSet),

	/**
	 * Danish.
	 */
	DA(DanishStemmer::new, "danish"),

	/**
	 * German.
	 */
	DE(GermanStemmer::new, "german"),

	/**
	 * Greek.
	 */
	EL(GreekStemmer::new, GreekAnalyzer::getDefaultStopSet),

	/**
	 * English.
	 */
	EN(EnglishStemmer::new, "english"),

	/**
	 * Spanish.
	 */
	ES(SpanishStemmer::new, "spanish"),

	/**
	 * Estonian.
	 */
	ET(EstonianStemmer::new, EstonianAnalyzer::getDefaultStopSet),

	/**
	 * Basque.
	 */
	EU(BasqueStemmer::new, BasqueAnalyzer::getDefaultStopSet),

	/**
	 * Finnish.
	 */
	FI(FinnishStemmer::new, "finnish"),

	/**
	 * French.
	 */
	FR(FrenchStemmer::new, "french"),

	/**
	 * Irish.
	 */
	GA(IrishStemmer::new, IrishAnalyzer::getDefaultStopSet),

	/**
	 * Hindi.
	 */
	HI(HindiStemmer::new, HindiAnalyzer::getDefaultStopSet),

	/**
	 * Hungarian.
	 */
	HU(HungarianStemmer::new, "hungarian"),

	/**
	 * Armenian.
	 */
	HY(ArmenianStemmer::new, ArmenianAnalyzer::getDefaultStopSet),

	/**
	 * Indonesian.
	 */
	ID(IndonesianStemmer::new, IndonesianAnalyzer::getDefaultStopSet),

	/**
	 * Italian.
	 */
	IT(ItalianStemmer::new, "italian"),

	/**
	 * Lithuanian.
	 */
	LT(LithuanianStemmer::new, LithuanianAnalyzer::getDefaultStopSet),

	/**
	 * Dutch.
	 */
	NL(DutchStemmer::new, "dutch"),

	/**
	 * Norwegian.
	 */
	NO(NorwegianStemmer::new, "norwegian"),

	/**
	 * Portuguese.
	 */
	PT(PortugueseStemmer::new, "portuguese"),

	/**
	 * Romanian.
	 */
	RO(RomanianStemmer::new, RomanianAnalyzer::getDefaultStopSet),

	/**
	 * Russian.
	 */
	RU(RussianStemmer::new, "russian"),

	/**
	 * Serbian.
	 */
	SR(SerbianStemmer::new, SerbianAnalyzer::getDefaultStopSet),

	/**
	 * Swedish.
	 */
	SV(SwedishStemmer::new, "swedish"),

	/**
	 * Turkish.
	 */
	TR(TurkishStemmer::new, TurkishAnalyzer::getDefaultStopSet);

	private final Supplier<SnowballStemmer> stemmer;

	private final Supplier<Set<?>> stopWords;

	Language(Supplier<SnowballStemmer> stemmer, Supplier<Set<?>> stopWords) {
		this.stemmer = stemmer;
		this.stopWords = stopWords;
	}

	Language(Supplier<SnowballStemmer> stemmer, String stopWords) {
		this(stemmer, () -> load(stopWords + "_stop.txt"));
	}

	/**
	 * Return the ISO 639-1 code.
	 * @return two letters in lower case
	 */
	public String code() {
		return name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Return the language of a code.
	 * @param code an ISO 639-1 code, in any case
	 * @return the language, or {@code null} if there is none
	 */
	public static @Nullable Language find(String code) {
		for (Language language : values()) {
			if (language.name().equalsIgnoreCase(code)) {
				return language;
			}
		}
		return null;
	}

	/**
	 * Return all codes.
	 * @return the codes, sorted
	 */
	public static Set<String> codes() {
		Set<String> codes = new TreeSet<>();
		for (Language language : values()) {
			codes.add(language.code());
		}
		return codes;
	}

	/**
	 * Guess the language of a text from its stop words.
	 * @param words the words of the text in lower case; the first few hundred do
	 * @return the language with the most stop words; English if there are none or if it
	 * has as many as another language
	 */
	public static Language guess(List<String> words) {
		int[] found = new int[values().length];
		for (String word : words) {
			Long languages = StopWords.LANGUAGES.get(word);
			for (long rest = (languages != null) ? languages : 0; rest != 0; rest &= rest - 1) {
				found[Long.numberOfTrailingZeros(rest)]++;
			}
		}
		Language best = EN;
		for (Language language : values()) {
			if (found[language.ordinal()] > found[best.ordinal()]) {
				best = language;
			}
		}
		return best;
	}

	/**
	 * Whether a word is a stop word.
	 * @param word the word in lower case
	 * @return whether it is one of this language
	 */
	public boolean isStopWord(String word) {
		Long languages = StopWords.LANGUAGES.get(word);
		return languages != null && (languages & (1L << ordinal())) != 0;
	}

	/**
	 * Create a stemmer.
	 * @return the stemmer, for one thread
	 */
	public SnowballStemmer newStemmer() {
		return this.stemmer.get();
	}

	private static Set<?> load(String resource) {
		try (InputStream stream = SnowballFilter.class.getResourceAsStream(resource)) {
			if (stream == null) {
				throw new IllegalStateException("Lucene's '%s' must be on the class path".formatted(resource));
			}
			return WordlistLoader.getSnowballWordSet(stream, StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * The stop words of all languages, each with the set of its languages as bits.
	 */
	private static final class StopWords {

		private static final Map<String, Long> LANGUAGES = loadAll();

		private static Map<String, Long> loadAll() {
			Map<String, Long> languages = new HashMap<>();
			for (Language language : values()) {
				for (Object word : new ArrayList<>(language.stopWords.get())) {
					String text = (word instanceof char[] chars) ? new String(chars) : word.toString();
					languages.merge(text, 1L << language.ordinal(), (a, b) -> a | b);
				}
			}
			return Collections.unmodifiableMap(languages);
		}

	}

}
