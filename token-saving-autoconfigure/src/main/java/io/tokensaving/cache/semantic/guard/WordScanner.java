package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.tokensaving.cache.semantic.guard.Question.Word;
import org.tartarus.snowball.SnowballStemmer;

/**
 * Finds the words of a text. For one text and one thread.
 */
final class WordScanner {

	/**
	 * The number of content words after a negation that it may negate. It is imprecise
	 * because a subject may come between: why won't my new card work.
	 */
	private static final int NEGATION_REACH = 5;

	private static final String SIGNS = "$\u20AC\u00A3\u00A5\u20B9%";

	private static final String SENTENCE_ENDS = ".!?\n;";

	private static final String MINUS = "-\u2212\u2013";

	private final String text;

	private final Lexicon lexicon;

	private final SnowballStemmer stemmer;

	private final List<Word> words = new ArrayList<>();

	private int sentence;

	private boolean sentenceStart = true;

	private int negationReach;

	private WordScanner(String text, Lexicon lexicon) {
		this.text = (text.indexOf('\u2019') >= 0) ? text.replace('\u2019', '\'') : text;
		this.lexicon = lexicon;
		this.stemmer = lexicon.newStemmer();
	}

	static List<Word> scan(String text, Lexicon lexicon) {
		return new WordScanner(text, lexicon).scan();
	}

	private List<Word> scan() {
		int at = 0;
		while (at < this.text.length()) {
			char c = this.text.charAt(at);
			if (isWordPart(c)) {
				int end = wordEnd(at);
				addWord(this.text.substring(at, end), at);
				at = end;
			}
			else {
				if (SIGNS.indexOf(c) >= 0) {
					add(String.valueOf(c), at);
				}
				if (SENTENCE_ENDS.indexOf(c) >= 0 && !this.sentenceStart) {
					this.sentence++;
					this.sentenceStart = true;
					this.negationReach = 0;
				}
				at++;
			}
		}
		return this.words;
	}

	// Letters, digits, and raised and fraction digits, which are neither
	private static boolean isWordPart(char c) {
		return Character.isLetterOrDigit(c) || (c > 127 && Character.getType(c) == Character.OTHER_NUMBER);
	}

	private int wordEnd(int start) {
		int end = start + 1;
		while (end < this.text.length()) {
			char c = this.text.charAt(end);
			if (!isWordPart(c) && c != '_' && !connects(end)) {
				break;
			}
			end++;
		}
		// As in C++ and C#
		while (end < this.text.length() && (this.text.charAt(end) == '+' || this.text.charAt(end) == '#')) {
			end++;
		}
		return end;
	}

	// A mark belongs to a word if it stands between letters or digits
	private boolean connects(int at) {
		char c = this.text.charAt(at);
		if (at + 1 >= this.text.length() || !Character.isLetterOrDigit(this.text.charAt(at + 1))) {
			return false;
		}
		boolean digits = Character.isDigit(this.text.charAt(at - 1)) && Character.isDigit(this.text.charAt(at + 1));
		return switch (c) {
			// "bad.This" contains the end of a sentence, "Rs.500" an abbreviation
			case '.' -> (!Character.isUpperCase(this.text.charAt(at + 1))
					|| !Character.isLowerCase(this.text.charAt(at - 1)))
					&& !(Character.isLetter(this.text.charAt(at - 1)) && Character.isDigit(this.text.charAt(at + 1)));
			case '\'', '@' -> true;
			case ',', ':', '/', '-' -> digits;
			default -> false;
		};
	}

	private void addWord(String raw, int at) {
		String form = raw.toLowerCase(Locale.ROOT);
		Lexicon.Entry entry = this.lexicon.entry(form);
		if (!entry.expansion().isEmpty()) {
			entry.expansion().forEach((part) -> add(part, at));
		}
		else if (form.endsWith("n't") && form.length() > 3) {
			add(raw.substring(0, raw.length() - 3), at);
			add("not", at);
		}
		else if (entry.is(WordList.CONTRACTIONS_WITHOUT_APOSTROPHE)) {
			add(raw.substring(0, raw.length() - 2), at);
			add("not", at);
		}
		else {
			int apostrophe = form.indexOf('\'');
			add((apostrophe > 0) ? raw.substring(0, apostrophe) : raw, at);
			if (apostrophe > 0 && this.lexicon.elides() && apostrophe + 1 < raw.length()) {
				add(raw.substring(apostrophe + 1), at + apostrophe + 1);
			}
		}
	}

	private void add(String raw, int at) {
		String form = raw.toLowerCase(Locale.ROOT);
		Lexicon.Entry entry = this.lexicon.entry(form);
		String stem = stem(form, entry);
		boolean particle = entry.is(WordList.NEGATIONS);
		boolean negation = particle || this.lexicon.entry(stem).is(WordList.NEGATING_VERBS);
		boolean content = isWordPart(form.charAt(0)) && !entry.is(WordList.FUNCTION_WORDS) && !particle
				&& !this.lexicon.isStopWord(form);
		boolean negated = content && !negation && this.negationReach > 0;
		this.negationReach = negation ? NEGATION_REACH : Math.max(0, this.negationReach - 1);
		this.words.add(new Word(raw, form, stem, this.sentence, this.sentenceStart, content, negation, negated, entry,
				at, hasMinus(at), isJoined(at + raw.length())));
		this.sentenceStart = false;
	}

	private boolean isJoined(int end) {
		return end + 1 < this.text.length() && this.text.charAt(end) == '-'
				&& Character.isLetter(this.text.charAt(end + 1));
	}

	// Whether a minus sign, not the mark of a difference or a range, stands right before
	private boolean hasMinus(int at) {
		if (at == 0 || MINUS.indexOf(this.text.charAt(at - 1)) < 0 || !Character.isDigit(this.text.charAt(at))) {
			return false;
		}
		if (at == 1) {
			return true;
		}
		int before = at - 2;
		if (!Character.isWhitespace(this.text.charAt(before))) {
			return "(=<>*/,[".indexOf(this.text.charAt(before)) >= 0;
		}
		while (before >= 0 && Character.isWhitespace(this.text.charAt(before))) {
			before--;
		}
		return before < 0 || !Character.isDigit(this.text.charAt(before));
	}

	private String stem(String form, Lexicon.Entry entry) {
		String infinitive = entry.infinitive();
		this.stemmer.setCurrent((infinitive != null) ? infinitive : form);
		this.stemmer.stem();
		return this.stemmer.getCurrent();
	}

}
