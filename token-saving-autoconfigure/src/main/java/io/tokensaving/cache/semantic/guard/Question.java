package io.tokensaving.cache.semantic.guard;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * A question as guards see it: its words in order, with contractions of English spelt out
 * ({@code can't} as {@code can not}), which of them are negated, and what stands in
 * quotes. Immutable.
 */
public final class Question {

	private final String text;

	private final List<Word> words;

	private final Set<String> forms = new HashSet<>();

	private final Set<String> stems = new HashSet<>();

	private final Set<String> quotations;

	private final boolean negating;

	private Question(String text, List<Word> words, Set<String> quotations) {
		this.text = text;
		this.words = List.copyOf(words);
		this.quotations = Set.copyOf(quotations);
		boolean negating = false;
		String last = "";
		for (Word word : words) {
			// "I have yet to receive it"
			negating |= word.negation() || (word.form().equals("to") && last.equals("yet"));
			last = word.form();
			this.forms.add(word.form());
			this.stems.add(word.stem());
		}
		this.negating = negating;
	}

	/**
	 * Analyse a question.
	 * @param text the text
	 * @return the question
	 */
	public static Question of(String text) {
		return new Question(text, WordScanner.scan(text), quotations(text));
	}

	/**
	 * Return the text.
	 * @return the text
	 */
	public String text() {
		return this.text;
	}

	/**
	 * Return the words.
	 * @return the words in order; currency signs and {@code %} are words too
	 */
	public List<Word> words() {
		return this.words;
	}

	/**
	 * Whether a word occurs.
	 * @param form the word in lower case
	 * @return whether it does
	 */
	public boolean has(String form) {
		return this.forms.contains(form);
	}

	/**
	 * Whether a word occurs in any of its forms.
	 * @param stem the stem of the word
	 * @return whether it does
	 */
	public boolean hasStem(String stem) {
		return this.stems.contains(stem);
	}

	/**
	 * Whether anything is negated.
	 * @return whether a word such as not, never, without or a verb such as fail occurs
	 */
	public boolean isNegating() {
		return this.negating;
	}

	/**
	 * Return what stands in quotation marks or backticks.
	 * @return the texts in lower case
	 */
	public Set<String> quotations() {
		return this.quotations;
	}

	/**
	 * Whether the letters and digits of a text occur in this question one after the
	 * other, whatever stands between them and in whatever case.
	 * @param part the text
	 * @return whether they do
	 */
	boolean containsLetters(String part) {
		String letters = letters(part);
		return !letters.isEmpty() && letters(this.text).contains(letters);
	}

	private static String letters(String text) {
		StringBuilder letters = new StringBuilder(text.length());
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (Character.isLetterOrDigit(c)) {
				letters.append(Character.toLowerCase(c));
			}
		}
		return letters.toString();
	}

	private static Set<String> quotations(String text) {
		Set<String> found = new HashSet<>();
		int open = -1;
		char close = 0;
		for (int i = 0; i < text.length(); i++) {
			char c = text.charAt(i);
			if (open >= 0) {
				if (c == close && (c != '\'' || !isLetter(text, i + 1))) {
					String quoted = text.substring(open, i).strip();
					if (!quoted.isEmpty()) {
						found.add(quoted.toLowerCase(Locale.ROOT));
					}
					open = -1;
				}
			}
			else {
				close = closing(text, i);
				open = (close != 0) ? i + 1 : -1;
			}
		}
		return found;
	}

	// The mark that closes a quotation opened at an index, or 0 if none is
	private static char closing(String text, int index) {
		return switch (text.charAt(index)) {
			case '"', '`' -> text.charAt(index);
			case '\u201C' -> '\u201D';
			case '\u00AB' -> '\u00BB';
			case '\u2018' -> '\u2019';
			// An apostrophe has a letter before it
			case '\'' -> (!isLetter(text, index - 1) && index + 1 < text.length()
					&& !Character.isWhitespace(text.charAt(index + 1))) ? '\'' : 0;
			default -> 0;
		};
	}

	private static boolean isLetter(String text, int index) {
		return index >= 0 && index < text.length() && Character.isLetterOrDigit(text.charAt(index));
	}

	/**
	 * A word of a question.
	 *
	 * @param raw the word as it is written
	 * @param form the word in lower case
	 * @param stem its stem by the Snowball stemmer, of irregular verbs that of the
	 * infinitive
	 * @param sentence the number of its sentence
	 * @param startsSentence whether it is the first of its sentence
	 * @param content whether the word says something of its own: not an article, a
	 * pronoun, an auxiliary or the like
	 * @param negation whether it negates others
	 * @param negated whether a negation stands shortly before it
	 */
	public record Word(String raw, String form, String stem, int sentence, boolean startsSentence, boolean content,
			boolean negation, boolean negated) {

	}

}
