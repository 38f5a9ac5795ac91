package io.tokensaving.text;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.Character.UnicodeScript;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntConsumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

import org.jspecify.annotations.Nullable;

/**
 * Tells which languages a short text may be in. A script that few languages are written
 * in tells them at once. Languages of the Latin script are told apart by a multinomial
 * logistic regression on hashed n-grams of one to five characters and on whole words, as
 * fastText does (Joulin et al., Bag of Tricks for Efficient Text Classification, 2016),
 * with weights of 8 bits. Immutable; the weights are loaded at the first use.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class LanguageIdentifier {

	/**
	 * The code of all languages of the Latin script that are not told apart.
	 */
	public static final String OTHER = "other";

	/**
	 * The number of values that n-grams are hashed to.
	 */
	public static final int BUCKETS = 1 << 14;

	private static final int LONGEST_NGRAM = 5;

	// A longer text is known by its beginning
	private static final int MAX_CHARACTERS = 400;

	private static final double LIKELY = 0.5;

	// A few words may be names, which tell no language
	private static final double POSSIBLE = 0.05;

	private static final int FEW_WORDS = 4;

	private static final Map<UnicodeScript, Set<String>> BY_SCRIPT = byScript();

	private final List<String> codes;

	private final float scale;

	private final byte[] weights;

	/**
	 * Create an identifier.
	 * @param codes the ISO 639-1 codes of the languages, and {@link #OTHER}
	 * @param scale what the weights are multiplied with
	 * @param weights the weights of all languages for each bucket, and at the end those
	 * of each language for itself
	 */
	public LanguageIdentifier(List<String> codes, float scale, byte[] weights) {
		if (weights.length != codes.size() * (BUCKETS + 1)) {
			throw new IllegalArgumentException(
					"%d weights do not fit %d languages".formatted(weights.length, codes.size()));
		}
		this.codes = List.copyOf(codes);
		this.scale = scale;
		this.weights = weights.clone();
	}

	/**
	 * Return the identifier with the built-in weights.
	 * @return the identifier
	 */
	public static LanguageIdentifier builtIn() {
		return BuiltIn.INSTANCE;
	}

	// Only languages that an embedding model or guards are likely to know
	private static Map<UnicodeScript, Set<String>> byScript() {
		Map<UnicodeScript, Set<String>> languages = new EnumMap<>(UnicodeScript.class);
		languages.put(UnicodeScript.HAN, Set.of("zh", "ja"));
		languages.put(UnicodeScript.HANGUL, Set.of("ko"));
		languages.put(UnicodeScript.CYRILLIC, Set.of("ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg"));
		languages.put(UnicodeScript.ARABIC, Set.of("ar", "fa", "ur", "ps", "ku", "ug"));
		languages.put(UnicodeScript.DEVANAGARI, Set.of("hi", "mr", "ne", "sa"));
		languages.put(UnicodeScript.HEBREW, Set.of("he", "yi"));
		languages.put(UnicodeScript.BENGALI, Set.of("bn", "as"));
		languages.put(UnicodeScript.ETHIOPIC, Set.of("am", "ti"));
		languages.put(UnicodeScript.GREEK, Set.of("el"));
		languages.put(UnicodeScript.THAI, Set.of("th"));
		languages.put(UnicodeScript.LAO, Set.of("lo"));
		languages.put(UnicodeScript.KHMER, Set.of("km"));
		languages.put(UnicodeScript.MYANMAR, Set.of("my"));
		languages.put(UnicodeScript.TIBETAN, Set.of("bo", "dz"));
		languages.put(UnicodeScript.ARMENIAN, Set.of("hy"));
		languages.put(UnicodeScript.GEORGIAN, Set.of("ka"));
		languages.put(UnicodeScript.TAMIL, Set.of("ta"));
		languages.put(UnicodeScript.TELUGU, Set.of("te"));
		languages.put(UnicodeScript.KANNADA, Set.of("kn"));
		languages.put(UnicodeScript.MALAYALAM, Set.of("ml"));
		languages.put(UnicodeScript.GUJARATI, Set.of("gu"));
		languages.put(UnicodeScript.GURMUKHI, Set.of("pa"));
		languages.put(UnicodeScript.ORIYA, Set.of("or"));
		languages.put(UnicodeScript.SINHALA, Set.of("si"));
		return languages;
	}

	/**
	 * Return the languages that can be told from others.
	 * @return their ISO 639-1 codes, sorted; one that shares its script with others and
	 * is not Latin is told only from those of other scripts
	 */
	public Set<String> languages() {
		Set<String> languages = new TreeSet<>(this.codes);
		languages.remove(OTHER);
		BY_SCRIPT.values().forEach(languages::addAll);
		return languages;
	}

	/**
	 * Return the scripts that a language is written in, so far as they tell it.
	 * @param language the ISO 639-1 code
	 * @return the scripts other than Latin
	 */
	public static Set<UnicodeScript> scripts(String language) {
		Set<UnicodeScript> scripts = new TreeSet<>();
		BY_SCRIPT.forEach((script, languages) -> {
			if (languages.contains(language)) {
				scripts.add(script);
			}
		});
		return scripts;
	}

	/**
	 * Whether a text may be in one of some languages. A text of the Latin script is in
	 * another language if that is the likelier, one of a few words only if it is so by
	 * far: they may be names.
	 * @param text the text
	 * @param languages the ISO 639-1 codes of the languages
	 * @return whether it is not in another language
	 */
	public boolean mayBe(String text, Collection<String> languages) {
		UnicodeScript script = ScriptRun.isAscii(text) ? UnicodeScript.LATIN : ScriptRun.main(ScriptRun.of(text));
		if (script == null) {
			return true;
		}
		if (script == UnicodeScript.LATIN) {
			return share(text, languages) >= (hasFewWords(text) ? POSSIBLE : LIKELY);
		}
		Set<String> candidates = (script == UnicodeScript.HAN && hasKana(text)) ? Set.of("ja")
				: BY_SCRIPT.getOrDefault(script, Set.of());
		return languages.stream().anyMatch(candidates::contains);
	}

	private static boolean hasFewWords(String text) {
		int words = 0;
		for (int i = 0; i < text.length() && words <= FEW_WORDS; i++) {
			boolean begins = Character.isLetter(text.charAt(i)) && (i == 0 || !Character.isLetter(text.charAt(i - 1)));
			words += begins ? 1 : 0;
		}
		return words <= FEW_WORDS;
	}

	private static boolean hasKana(String text) {
		return text.codePoints().anyMatch((c) -> c >= 0x3041 && c <= 0x30FF);
	}

	/**
	 * Return how likely a text of the Latin script is in one of some languages.
	 * @param text the text
	 * @param languages the ISO 639-1 codes of the languages
	 * @return the probability, 0 to 1
	 */
	public double share(String text, Collection<String> languages) {
		double[] scores = scores(text);
		double highest = Double.NEGATIVE_INFINITY;
		for (double score : scores) {
			highest = Math.max(highest, score);
		}
		double all = 0;
		double some = 0;
		for (int i = 0; i < scores.length; i++) {
			double likelihood = Math.exp(scores[i] - highest);
			all += likelihood;
			some += languages.contains(this.codes.get(i)) ? likelihood : 0;
		}
		return some / all;
	}

	/**
	 * Return the language that a text of the Latin script is most likely in.
	 * @param text the text
	 * @return its ISO 639-1 code, or {@link #OTHER}
	 */
	public String likeliest(String text) {
		double[] scores = scores(text);
		int best = 0;
		for (int i = 1; i < scores.length; i++) {
			if (scores[i] > scores[best]) {
				best = i;
			}
		}
		return this.codes.get(best);
	}

	/**
	 * Return which of some languages a text is most likely in.
	 * @param text the text
	 * @param languages the ISO 639-1 codes of the languages
	 * @return the code of one of them, or {@code null} if it is in none of them by its
	 * script
	 */
	public @Nullable String likeliest(String text, Collection<String> languages) {
		UnicodeScript script = ScriptRun.isAscii(text) ? UnicodeScript.LATIN : ScriptRun.main(ScriptRun.of(text));
		if (script != null && script != UnicodeScript.LATIN) {
			return languages.stream().filter((language) -> mayBe(text, List.of(language))).findFirst().orElse(null);
		}
		double[] scores = scores(text);
		int best = -1;
		for (int i = 0; i < scores.length; i++) {
			if (languages.contains(this.codes.get(i)) && (best < 0 || scores[i] > scores[best])) {
				best = i;
			}
		}
		return (best >= 0) ? this.codes.get(best) : null;
	}

	private double[] scores(String text) {
		int size = this.codes.size();
		int[] sums = new int[size];
		features(text, (bucket) -> {
			int from = bucket * size;
			for (int i = 0; i < size; i++) {
				sums[i] += this.weights[from + i];
			}
		});
		double[] scores = new double[size];
		for (int i = 0; i < size; i++) {
			scores[i] = this.scale * (sums[i] + this.weights[BUCKETS * size + i]);
		}
		return scores;
	}

	/**
	 * Tell the features of a text, one by one: the n-grams of each of its words with the
	 * ends of the word, and the word itself, in lower case.
	 * @param text the text
	 * @param buckets is told the hash of each, from 0 to below {@link #BUCKETS}
	 */
	public static void features(String text, IntConsumer buckets) {
		int length = Math.min(text.length(), MAX_CHARACTERS);
		char[] word = new char[length + 2];
		int end = 1;
		word[0] = ' ';
		for (int i = 0; i < length; i++) {
			char c = text.charAt(i);
			if (Character.isLetter(c)) {
				word[end++] = Character.toLowerCase(c);
			}
			else if (end > 1) {
				word[end] = ' ';
				wordFeatures(word, end + 1, buckets);
				end = 1;
			}
		}
		if (end > 1) {
			word[end] = ' ';
			wordFeatures(word, end + 1, buckets);
		}
	}

	private static void wordFeatures(char[] word, int length, IntConsumer buckets) {
		for (int start = 0; start < length; start++) {
			int hash = 0x811C9DC5;
			for (int end = start; end < length && end < start + LONGEST_NGRAM; end++) {
				hash = (hash ^ word[end]) * 0x01000193;
				// A space alone says nothing
				if (end > start || word[end] != ' ') {
					buckets.accept(bucket(hash, 0));
				}
			}
		}
		int hash = 0x811C9DC5;
		for (int i = 1; i < length - 1; i++) {
			hash = (hash ^ word[i]) * 0x01000193;
		}
		buckets.accept(bucket(hash, 0x5BD1E995));
	}

	private static int bucket(int hash, int kind) {
		int mixed = (hash ^ kind) * 0x85EBCA6B;
		return (mixed ^ (mixed >>> 15)) & (BUCKETS - 1);
	}

	/**
	 * Write the weights.
	 * @param out where to
	 * @throws IOException if that fails
	 */
	public void write(OutputStream out) throws IOException {
		try (DataOutputStream data = new DataOutputStream(new GZIPOutputStream(out))) {
			data.writeUTF(String.join(" ", this.codes));
			data.writeFloat(this.scale);
			data.write(this.weights);
		}
	}

	/**
	 * Read what {@link #write} has written.
	 * @param in where from
	 * @return the identifier
	 * @throws IOException if that fails
	 */
	public static LanguageIdentifier read(InputStream in) throws IOException {
		try (DataInputStream data = new DataInputStream(new GZIPInputStream(in))) {
			List<String> codes = List.of(data.readUTF().split(" ", -1));
			float scale = data.readFloat();
			return new LanguageIdentifier(codes, scale, data.readNBytes(codes.size() * (BUCKETS + 1)));
		}
	}

	/**
	 * Loads the weights at the first use.
	 */
	private static final class BuiltIn {

		private static final LanguageIdentifier INSTANCE = load();

		private static LanguageIdentifier load() {
			try (InputStream in = LanguageIdentifier.class.getResourceAsStream("languages.bin")) {
				if (in == null) {
					throw new IllegalStateException("The file 'languages.bin' is missing");
				}
				return read(in);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
