package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;
import org.tartarus.snowball.ext.EnglishStemmer;

/**
 * Finds the words of a text. For one text and one thread.
 */
final class WordScanner {

	/**
	 * A negation reaches the words of content among so many behind it. It is no more
	 * exact because a subject may stand between: why won't my new card work.
	 */
	private static final int NEGATION_REACH = 5;

	private static final Lexicon LEXICON = Lexicon.english();

	private static final String SIGNS = "$\u20AC\u00A3\u00A5\u20B9%";

	private static final Map<Character, String> SENTENCE_ENDS = Map.of('.', "", '!', "", '?', "", '\n', "", ';', "");

	private static final Set<String> WITHOUT_APOSTROPHE = Set.of("dont", "doesnt", "didnt", "isnt", "arent", "wasnt",
			"werent", "havent", "hasnt", "hadnt", "wouldnt", "shouldnt", "couldnt", "mustnt");

	private static final Set<String> NEGATIONS = Set.of("not", "never", "no", "neither", "nor", "unable", "without",
			"non", "none", "nothing", "nobody");

	/**
	 * Verbs that negate what they govern.
	 */
	private static final Set<String> NEGATING_VERBS = Set.of("fail", "refus", "stop", "avoid", "lack", "prevent");

	private final String text;

	private final EnglishStemmer stemmer = new EnglishStemmer();

	private final List<Word> words = new ArrayList<>();

	private int sentence;

	private boolean sentenceStart = true;

	private int negationReach;

	private WordScanner(String text) {
		this.text = (text.indexOf('\u2019') >= 0) ? text.replace('\u2019', '\'') : text;
	}

	static List<Word> scan(String text) {
		return new WordScanner(text).scan();
	}

	private List<Word> scan() {
		int at = 0;
		while (at < this.text.length()) {
			char c = this.text.charAt(at);
			if (Character.isLetterOrDigit(c)) {
				int end = wordEnd(at);
				addWord(this.text.substring(at, end));
				at = end;
			}
			else {
				if (SIGNS.indexOf(c) >= 0) {
					add(String.valueOf(c));
				}
				if (SENTENCE_ENDS.containsKey(c) && !this.sentenceStart) {
					this.sentence++;
					this.sentenceStart = true;
					this.negationReach = 0;
				}
				at++;
			}
		}
		return this.words;
	}

	private int wordEnd(int start) {
		int end = start + 1;
		while (end < this.text.length()) {
			char c = this.text.charAt(end);
			if (!Character.isLetterOrDigit(c) && c != '_' && !connects(end)) {
				break;
			}
			end++;
		}
		// C++ and C#
		while (end < this.text.length() && (this.text.charAt(end) == '+' || this.text.charAt(end) == '#')) {
			end++;
		}
		return end;
	}

	// A mark belongs to a word if letters or digits are on both sides of it
	private boolean connects(int at) {
		char c = this.text.charAt(at);
		if (at + 1 >= this.text.length() || !Character.isLetterOrDigit(this.text.charAt(at + 1))) {
			return false;
		}
		boolean digits = Character.isDigit(this.text.charAt(at - 1)) && Character.isDigit(this.text.charAt(at + 1));
		return switch (c) {
			// "bad.This" is the end of a sentence
			case '.' ->
				!Character.isUpperCase(this.text.charAt(at + 1)) || !Character.isLowerCase(this.text.charAt(at - 1));
			case '\'', '@' -> true;
			case ',', ':', '/', '-' -> digits;
			default -> false;
		};
	}

	private void addWord(String raw) {
		String form = raw.toLowerCase(Locale.ROOT);
		if (form.equals("cannot") || form.equals("can't") || form.equals("cant")) {
			add("can");
			add("not");
		}
		else if (form.equals("won't") || form.equals("wont")) {
			add("will");
			add("not");
		}
		else if (form.endsWith("n't") && form.length() > 3) {
			add(raw.substring(0, raw.length() - 3));
			add("not");
		}
		else if (WITHOUT_APOSTROPHE.contains(form)) {
			add(raw.substring(0, raw.length() - 2));
			add("not");
		}
		else {
			int apostrophe = form.indexOf('\'');
			add((apostrophe > 0) ? raw.substring(0, apostrophe) : raw);
		}
	}

	private void add(String raw) {
		String form = raw.toLowerCase(Locale.ROOT);
		String stem = stem(form);
		boolean particle = NEGATIONS.contains(form);
		boolean negation = particle || NEGATING_VERBS.contains(stem);
		boolean content = Character.isLetterOrDigit(form.charAt(0)) && !LEXICON.isFunctionWord(form) && !particle;
		boolean negated = content && !negation && this.negationReach > 0;
		this.negationReach = negation ? NEGATION_REACH : Math.max(0, this.negationReach - 1);
		this.words.add(new Word(raw, form, stem, this.sentence, this.sentenceStart, content, negation, negated));
		this.sentenceStart = false;
	}

	private String stem(String form) {
		String lemma = LEXICON.infinitive(form);
		this.stemmer.setCurrent(lemma);
		this.stemmer.stem();
		return this.stemmer.getCurrent();
	}

}
