package io.tokensaving.cache.semantic.guard;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * A question as guards see it: its words in order, with contractions expanded
 * ({@code can't} to {@code can not}), which of them are negated, and its quotations.
 * Immutable.
 */
public final class Question {

	private final String text;

	private final List<Word> words;

	private final Set<String> forms = new HashSet<>();

	private final Set<String> stems = new HashSet<>();

	private final Set<String> quotations;

	private final boolean negating;

	private final Language language;

	private @Nullable List<Quantity> quantities;

	private @Nullable Signs signs;

	private @Nullable List<NameGuard.Name> names;

	private volatile @Nullable Compared compared;

	private Question(String text, List<Word> words, Set<String> quotations, Language language) {
		this.text = text;
		this.language = language;
		this.words = List.copyOf(words);
		this.quotations = Set.copyOf(quotations);
		boolean negating = false;
		boolean afterYet = false;
		for (Word word : words) {
			// "yet to" negates, as in "I have yet to receive it"
			negating |= word.negation() || (afterYet && word.is(WordList.TO));
			afterYet = word.is(WordList.YET);
			this.forms.add(word.form());
			this.stems.add(word.stem());
		}
		this.negating = negating;
	}

	/**
	 * Analyse an English question.
	 * @param text the text
	 * @return the question
	 */
	public static Question of(String text) {
		return of(text, Language.ENGLISH);
	}

	/**
	 * Analyse a question.
	 * @param text the text
	 * @param language the language that it is in
	 * @return the question
	 */
	public static Question of(String text, Language language) {
		return new Question(text, WordScanner.scan(text, language.lexicon()), quotations(text), language);
	}

	/**
	 * Return the language.
	 * @return the language that the question was analysed in
	 */
	public Language language() {
		return this.language;
	}

	Lexicon lexicon() {
		return this.language.lexicon();
	}

	/**
	 * Return the number of content words.
	 * @return the number
	 */
	int contentWords() {
		int content = 0;
		for (Word word : this.words) {
			content += word.content() ? 1 : 0;
		}
		return content;
	}

	/**
	 * Return the number of sentences.
	 * @return the number
	 */
	int sentences() {
		return this.words.isEmpty() ? 0 : this.words.get(this.words.size() - 1).sentence() + 1;
	}

	/**
	 * Return the numbers.
	 * @return the numbers, in order
	 */
	List<Quantity> quantities() {
		List<Quantity> known = this.quantities;
		if (known == null) {
			known = List.copyOf(NumberReader.read(this));
			this.quantities = known;
		}
		return known;
	}

	/**
	 * Return the names.
	 * @return the names, in order
	 */
	List<NameGuard.Name> names() {
		List<NameGuard.Name> known = this.names;
		if (known == null) {
			known = List.copyOf(NameGuard.read(this));
			this.names = known;
		}
		return known;
	}

	/**
	 * Return the signs.
	 * @return operators, symbols, flags and paths
	 */
	Signs signs() {
		Signs known = this.signs;
		if (known == null) {
			known = SignReader.read(this);
			this.signs = known;
		}
		return known;
	}

	/**
	 * Compare the content words with those of another question. Several guards ask for
	 * the same comparison one after the other, so the last one is remembered.
	 * @param other the other question
	 * @return the comparison, this question being the first
	 */
	Comparison compare(Question other) {
		Compared known = this.compared;
		if (known == null || known.other() != other) {
			known = new Compared(other, new Comparison(this, other));
			this.compared = known;
		}
		return known.comparison();
	}

	/**
	 * Whether a word of a list occurs.
	 * @param list the list
	 * @return whether it occurs
	 */
	boolean hasAny(WordList list) {
		for (Word word : this.words) {
			if (word.is(list)) {
				return true;
			}
		}
		return false;
	}

	boolean hasAny(Set<String> forms) {
		for (String form : forms) {
			if (this.forms.contains(form)) {
				return true;
			}
		}
		return false;
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
	 * @return whether it occurs
	 */
	public boolean has(String form) {
		return this.forms.contains(form);
	}

	/**
	 * Whether a word occurs in any of its forms.
	 * @param stem the stem of the word
	 * @return whether it occurs
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
	 * Whether the letters and digits of a text occur in this question in the same order
	 * without others in between, ignoring case and all other characters.
	 * @param part the text
	 * @return whether they occur
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

	// Returns the character that closes a quotation opened at an index, or 0 if none is
	// opened
	private static char closing(String text, int index) {
		return switch (text.charAt(index)) {
			case '"', '`' -> text.charAt(index);
			case '\u201C' -> '\u201D';
			case '\u00AB' -> '\u00BB';
			case '\u2018' -> '\u2019';
			// An apostrophe, unlike an opening quote, has a letter before it
			case '\'' -> (!isLetter(text, index - 1) && index + 1 < text.length()
					&& !Character.isWhitespace(text.charAt(index + 1))) ? '\'' : 0;
			default -> 0;
		};
	}

	private static boolean isLetter(String text, int index) {
		return index >= 0 && index < text.length() && Character.isLetterOrDigit(text.charAt(index));
	}

	private record Compared(Question other, Comparison comparison) {

	}

	/**
	 * A word of a question. Immutable.
	 */
	public static final class Word {

		private static final int NOT_LOOKED_UP = -2;

		private final String raw;

		private final String form;

		private final String stem;

		private final int sentence;

		private final boolean startsSentence;

		private final boolean content;

		private final boolean negation;

		private final boolean negated;

		private final Lexicon.Entry entry;

		private final int at;

		private final boolean minus;

		private final boolean joined;

		private int number = NOT_LOOKED_UP;

		Word(String raw, String form, String stem, int sentence, boolean startsSentence, boolean content,
				boolean negation, boolean negated, Lexicon.Entry entry, int at, boolean minus, boolean joined) {
			this.raw = raw;
			this.form = form;
			this.stem = stem;
			this.sentence = sentence;
			this.startsSentence = startsSentence;
			this.content = content;
			this.negation = negation;
			this.negated = negated;
			this.entry = entry;
			this.at = at;
			this.minus = minus;
			this.joined = joined;
		}

		/**
		 * Return the word as it is written.
		 * @return the word
		 */
		public String raw() {
			return this.raw;
		}

		/**
		 * Return the word in lower case.
		 * @return the word
		 */
		public String form() {
			return this.form;
		}

		/**
		 * Return its Snowball stem.
		 * @return the stem; of an irregular verb, that of the infinitive
		 */
		public String stem() {
			return this.stem;
		}

		/**
		 * Return the index of its sentence.
		 * @return the index, from 0
		 */
		public int sentence() {
			return this.sentence;
		}

		/**
		 * Whether it is the first word of its sentence.
		 * @return whether it is
		 */
		public boolean startsSentence() {
			return this.startsSentence;
		}

		/**
		 * Whether it is a content word.
		 * @return whether it is not an article, a pronoun, an auxiliary or the like
		 */
		public boolean content() {
			return this.content;
		}

		/**
		 * Whether it negates other words.
		 * @return whether it does
		 */
		public boolean negation() {
			return this.negation;
		}

		/**
		 * Whether a negation precedes it closely.
		 * @return whether one does
		 */
		public boolean negated() {
			return this.negated;
		}

		boolean is(WordList list) {
			return this.entry.is(list);
		}

		Lexicon.Entry entry() {
			return this.entry;
		}

		/**
		 * Return the number of the word among those of its language.
		 * @param words the words
		 * @return the number, or -1 if it is not known
		 */
		int number(WordBase words) {
			int known = this.number;
			if (known == NOT_LOOKED_UP) {
				known = words.find((this.entry.infinitive() != null) ? this.entry.infinitive() : this.form);
				this.number = known;
			}
			return known;
		}

		/**
		 * Return the index in the text at which it begins.
		 * @return the index
		 */
		int at() {
			return this.at;
		}

		/**
		 * Whether a hyphen joins the word to the next one.
		 * @return whether it is the first part of a compound
		 */
		boolean joined() {
			return this.joined;
		}

		/**
		 * Whether a minus sign stands right before.
		 * @return whether it is a negative number
		 */
		boolean minus() {
			return this.minus;
		}

		@Override
		public String toString() {
			return this.raw;
		}

	}

}
