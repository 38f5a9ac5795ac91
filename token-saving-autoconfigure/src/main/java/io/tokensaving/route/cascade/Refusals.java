package io.tokensaving.route.cascade;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * Recognises answers in which a model refuses, by the words with which they begin. It
 * errs on the side of the answer: a refusal is short, begins at once or after an apology,
 * is in the first person, and names no condition that the reader can meet. What else
 * speaks of refusing is none. Immutable; the words are read at the first use.
 */
final class Refusals {

	/**
	 * The number of characters above which an answer says more than that it refuses.
	 */
	static final int MAX_LENGTH = 500;

	/**
	 * The same for an answer that goes on with something else.
	 */
	static final int MAX_LENGTH_WITH_MORE = 220;

	private static final int MAX_READ = 1000;

	private static final int MAX_MENTION_READ = 20_000;

	// A sign of these scripts is worth about two and a half letters
	private static final double DENSE = 2.5;

	private static final String RESOURCE = "refusals.txt";

	private static final Pattern SPACES = Pattern.compile("[\\s\\u00A0\\u200B\\uFEFF]+");

	private static final Pattern MARKUP = Pattern.compile("^[\\s_#>\\-–—~\\p{So}\\p{Cn}\\uFE0F\\u200D]+");

	// Vowel signs of Arabic, which few write, and emphasis
	private static final Pattern LEFT_OUT = Pattern.compile("[\\u064B-\\u0652*]");

	private static final String GAP = "[\\s,.:;!،。，！、…–—-]*";

	private final List<Words> languages;

	private Refusals(List<Words> languages) {
		this.languages = List.copyOf(languages);
	}

	/**
	 * Return the words that come with the library.
	 * @return the words of all languages
	 */
	static Refusals builtIn() {
		return BuiltIn.INSTANCE;
	}

	/**
	 * Whether a text is a refusal.
	 * @param text the text of an answer
	 * @param whole whether this is all of it
	 * @return {@code false} if in doubt
	 */
	boolean isRefusal(String text, boolean whole) {
		String read = normalise(text, MAX_READ);
		double length = length(read);
		if (read.isEmpty() || (whole && length > MAX_LENGTH)) {
			return false;
		}
		for (Words words : this.languages) {
			if (words.begin(read, !whole || length > MAX_LENGTH_WITH_MORE)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Whether a text has a refusal anywhere, such as one that is to be translated.
	 * @param text the text of a request, or {@code null} if it has none
	 * @return whether it has
	 */
	boolean mentions(@Nullable String text) {
		if (text == null || text.isBlank()) {
			return false;
		}
		String read = normalise(text, MAX_MENTION_READ);
		return this.languages.stream().anyMatch((words) -> words.occur(read));
	}

	private static String normalise(String text, int max) {
		String read = (text.length() > max) ? text.substring(0, max) : text;
		read = Normalizer.normalize(read, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
		read = read.replace('\u2019', '\'').replace('\u2018', '\'').replace('\u02BC', '\'').replace('`', '\'');
		read = LEFT_OUT.matcher(SPACES.matcher(read).replaceAll(" ")).replaceAll("");
		return MARKUP.matcher(read).replaceFirst("").strip();
	}

	private static double length(String text) {
		double length = 0;
		for (int i = 0; i < text.length(); i++) {
			length += (text.charAt(i) >= 0x2E80 && !Character.isSurrogate(text.charAt(i))) ? DENSE : 1;
		}
		return length;
	}

	private static List<Words> read() {
		Map<String, Map<String, List<String>>> languages = new LinkedHashMap<>();
		try (InputStream stream = Refusals.class.getResourceAsStream(RESOURCE)) {
			if (stream == null) {
				throw new IllegalStateException("The resource " + RESOURCE + " is missing");
			}
			BufferedReader lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
			Map<String, List<String>> language = Map.of();
			for (String line = lines.readLine(); line != null; line = lines.readLine()) {
				if (line.startsWith("[")) {
					language = languages.computeIfAbsent(line, (name) -> new LinkedHashMap<>());
				}
				else if (!line.isBlank() && !line.startsWith("#")) {
					int space = line.indexOf(' ');
					language.computeIfAbsent(line.substring(0, space), (kind) -> new ArrayList<>())
						.add(line.substring(space + 1));
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException("The resource " + RESOURCE + " cannot be read", ex);
		}
		return languages.values().stream().map(Words::of).toList();
	}

	/**
	 * Read when it is first needed.
	 */
	private static final class BuiltIn {

		private static final Refusals INSTANCE = new Refusals(read());

	}

	/**
	 * The words of one language. Immutable.
	 *
	 * @param opening a refusal at the beginning of a text
	 * @param anywhere a refusal within a text
	 * @param exception what makes a sentence no refusal
	 * @param contrast what lets something useful follow
	 */
	private record Words(Pattern opening, Pattern anywhere, Pattern exception, Pattern contrast) {

		private static final Pattern SENTENCE_END = Pattern.compile("[.!?。！？।؟](?:\\s|$)|[。！？।]");

		static Words of(Map<String, List<String>> kinds) {
			String lead = any(kinds, "lead");
			String but = any(kinds, "but");
			String phrase = any(kinds, "phrase");
			String after = any(kinds, "after");
			String leads = "(?:(?:" + lead + ")" + GAP + "(?:(?:" + but
					+ "|and|und|et|y|e|en|och|og|i|a|и|و)\\b[ ,]*)?)";
			// Where no spaces stand between words, they begin and end anywhere
			String begin = "(?<![\\p{L}\\p{N}&&[^\\u2E80-\\uFFFF]])";
			return new Words(compile(leads + "{0,3}(?:" + phrase + ")|" + leads + "{1,3}(?:" + after + ")"),
					compile(begin + "(?:" + phrase + ")|" + begin + leads + "(?:" + after + ")"),
					compile(begin + "(?:" + any(kinds, "not") + ")"),
					compile(begin + "(?:" + but + ")(?![\\p{L}\\p{N}&&[^\\u2E80-\\uFFFF]])"));
		}

		private static String any(Map<String, List<String>> kinds, String kind) {
			List<String> expressions = kinds.getOrDefault(kind, List.of("(?!)"));
			return String.join("|", expressions)
				.replaceAll("[\\u064B-\\u0652]", "")
				.replace("~", "[^.!?;:,。！？、，]{0,80}?")
				.replace("%", "[^.!?。！？।]{0,80}?");
		}

		private static Pattern compile(String expression) {
			return Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS);
		}

		boolean begin(String text, boolean moreCounts) {
			Matcher opening = this.opening.matcher(text);
			if (!opening.lookingAt()) {
				return false;
			}
			Matcher end = SENTENCE_END.matcher(text);
			int sentence = (end.find(Math.max(0, opening.end() - 1))) ? end.end() : text.length();
			if (this.exception.matcher(text.substring(0, sentence)).find()) {
				return false;
			}
			return !moreCounts || !this.contrast.matcher(text).region(opening.end(), text.length()).find();
		}

		boolean occur(String text) {
			return this.anywhere.matcher(text).find();
		}

	}

}
