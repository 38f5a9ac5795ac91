package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if two questions name different people, places, products, languages or
 * currencies, or contain different identifiers. Names are recognised by a list or by
 * their capital letter, identifiers by digits, signs or capitals inside. A name that only
 * one question has is a reason if it is certainly a name.
 */
final class NameGuard implements SemanticGuard {

	private static final int LONGEST_NAME = 3;

	/**
	 * The length from which a name is also found inside a word: "vii" must not match
	 * "viii".
	 */
	private static final int SHORTEST_JOINED = 5;

	private static final int SHORTEST_PREFIX = 3;

	private static final int FEW_LETTERS = 2;

	@Override
	public String name() {
		return "names";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		return namesOther(asked, stored) || hasOwn(asked, stored, true) || hasSimilarName(asked, stored)
				|| hasVariant(asked, stored) || hasVariant(stored, asked);
	}

	// Whether each question names what the other does not name
	private static boolean namesOther(Question asked, Question stored) {
		List<Name> onlyFirst = missing(asked.names(), stored, stored.names());
		List<Name> onlySecond = missing(stored.names(), asked, asked.names());
		return !onlyFirst.isEmpty() && !onlySecond.isEmpty() && !abbreviates(onlyFirst, onlySecond)
				&& !abbreviates(onlySecond, onlyFirst);
	}

	/**
	 * Whether one question names what the other does not.
	 * @param asked one question
	 * @param stored the other
	 * @param surely whether only what tells another answer for certain counts: an
	 * identifier, a language, a longer name
	 * @return whether it does
	 */
	static boolean hasOwn(Question asked, Question stored, boolean surely) {
		List<Name> onlyFirst = missing(asked.names(), stored, stored.names());
		List<Name> onlySecond = missing(stored.names(), asked, asked.names());
		if (onlyFirst.isEmpty() == onlySecond.isEmpty()) {
			return false;
		}
		Question question = onlyFirst.isEmpty() ? stored : asked;
		List<Name> only = onlyFirst.isEmpty() ? onlySecond : onlyFirst;
		for (Name name : only) {
			if (isGeneric(name, question)) {
				continue;
			}
			if (isLonger(name, only, question) || hasPart(name, onlyFirst.isEmpty() ? asked : stored)) {
				return true;
			}
			if (name.sure() && !isPartOfShared(name, only, question) && (!surely || isTelling(name, question))) {
				return true;
			}
		}
		return false;
	}

	// As in Stanford University, the Indus River
	private static boolean isGeneric(Name name, Question question) {
		return question.words().get(name.position()).is(WordList.GENERIC_NOUNS);
	}

	// An identifier, or the language of the answer
	private static boolean isTelling(Name name, Question question) {
		List<Word> words = question.words();
		return name.identifier() || (words.get(name.position()).is(WordList.LANGUAGES) && name.position() > 0
				&& words.get(name.position() - 1).is(WordList.LANGUAGE_PREPOSITIONS));
	}

	// Whether a name makes another one of a shared name, as in New Mexico, Echo Dot and
	// John Quincy Adams, but not in Barack Obama and Hillary Clinton
	private static boolean isLonger(Name name, List<Name> only, Question question) {
		Name before = null;
		Name after = null;
		for (Name neighbour : question.names()) {
			if (!only.contains(neighbour)) {
				before = isBefore(neighbour, name, question) ? neighbour : before;
				after = isBefore(name, neighbour, question) ? neighbour : after;
			}
		}
		Lexicon lexicon = question.lexicon();
		if (before != null && after != null) {
			return !name.known();
		}
		if (before != null) {
			return !lexicon.entry(before.text()).is(WordList.GIVEN_NAMES) && !name.known()
					&& name.position() + 1 == endOfName(name, question);
		}
		if (after == null) {
			return false;
		}
		WordBase words = lexicon.words();
		return lexicon.entry(name.text()).is(WordList.DIRECTIONS)
				|| (words != null && words.contains(name.text() + " " + after.text()));
	}

	// As in New York and York
	private static boolean hasPart(Name name, Question other) {
		if (!name.known() || name.written().indexOf(' ') < 0) {
			return false;
		}
		for (Name part : other.names()) {
			if (name.written().endsWith(" " + part.text())) {
				return true;
			}
		}
		return false;
	}

	private static int endOfName(Name name, Question question) {
		int end = name.position() + 1;
		for (Name next : question.names()) {
			end = (next.position() == end) ? end + 1 : end;
		}
		return end;
	}

	// Right before, or with a number in between
	private static boolean isBefore(Name name, Name next, Question question) {
		int distance = next.position() - name.position();
		return distance == 1
				|| (distance == 2 && Character.isDigit(question.words().get(name.position() + 1).form().charAt(0)));
	}

	private static boolean isPartOfShared(Name name, List<Name> only, Question question) {
		for (Name neighbour : question.names()) {
			if (!only.contains(neighbour) && Math.abs(neighbour.position() - name.position()) == 1 && !name.known()) {
				return true;
			}
		}
		return false;
	}

	// As in iphone 15 and iphone 15 pro, in any case
	private static boolean hasVariant(Question question, Question other) {
		List<Word> words = question.words();
		for (int i = 1; i < words.size(); i++) {
			Word word = words.get(i);
			boolean operator = word.entry().operator() != null && i + 1 < words.size()
					&& Character.isDigit(words.get(i + 1).form().charAt(0));
			if (word.is(WordList.VARIANTS) && !operator && !other.has(word.form())) {
				Word before = words.get(i - 1);
				boolean named = Character.isDigit(before.form().charAt(before.form().length() - 1))
						|| Character.isUpperCase(before.raw().charAt(0)) || before.entry().startsName();
				if (named && before.content() && other.has(before.form())) {
					return true;
				}
			}
		}
		return false;
	}

	// Two words of a dictionary that are spelled alike and name things of one class, as
	// in prednisone and prednisolone
	private static boolean hasSimilarName(Question asked, Question stored) {
		Comparison comparison = asked.compare(stored);
		WordBase words = asked.lexicon().words();
		if (words == null || comparison.onlyFirst().size() != 1 || comparison.onlySecond().size() != 1) {
			return false;
		}
		Word word = comparison.onlyFirst().get(0);
		Word other = comparison.onlySecond().get(0);
		int first = word.number(words);
		int second = other.number(words);
		return first >= 0 && second >= 0 && first != second && words.file(first) == words.file(second)
				&& isThing(words.file(first))
				&& Math.min(word.form().length(), other.form().length()) >= SHORTEST_JOINED
				&& Comparison.distance(word.form(), other.form(), FEW_LETTERS) > 0;
	}

	// The numbers, plus one, of WordNet's files of animals, artifacts, bodies, food,
	// plants and substances
	private static boolean isThing(int file) {
		return file == 6 || file == 7 || file == 9 || file == 14 || file == 21 || file == 28;
	}

	private static List<Name> missing(List<Name> names, Question other, List<Name> others) {
		List<Name> missing = new ArrayList<>();
		for (Name name : names) {
			boolean found = other.has(name.text()) || other.hasStem(name.stem())
					|| (name.written().length() >= SHORTEST_JOINED && other.containsLetters(name.written()));
			for (int i = 0; i < others.size() && !found; i++) {
				found = others.get(i).text().equals(name.text()) || isPlural(name.text(), others.get(i).text())
						|| isPlural(others.get(i).text(), name.text())
						|| isMistyped(name, others.get(i), other.lexicon());
			}
			if (!found && !isSaidOtherwise(name, other)) {
				missing.add(name);
			}
		}
		return missing;
	}

	// As in PDF and PDFs
	private static boolean isPlural(String plural, String singular) {
		return plural.length() == singular.length() + 1 && plural.endsWith("s") && plural.startsWith(singular);
	}

	// As in Hillary and Hilary; places and products that the lexicon knows are not
	// mistyped
	private static boolean isMistyped(Name name, Name other, Lexicon lexicon) {
		if (name.identifier() || other.identifier() || (name.known() && other.known())) {
			return false;
		}
		int length = Math.min(name.text().length(), other.text().length());
		WordBase words = lexicon.words();
		boolean two = words == null || (words.contains(name.text()) && words.contains(other.text())
				&& !lexicon.entry(name.text()).is(WordList.GIVEN_NAMES));
		return !two && length >= SHORTEST_JOINED && name.text().charAt(0) == other.text().charAt(0)
				&& Comparison.distance(name.text(), other.text(), 1) >= 0;
	}

	private static boolean isSaidOtherwise(Name name, Question other) {
		Lexicon lexicon = other.lexicon();
		String alternative = lexicon.entry(name.text()).alternative();
		for (Word word : other.words()) {
			boolean shorter = word.content() && word.form().length() >= SHORTEST_PREFIX
					&& name.text().startsWith(word.form() + ".");
			if (shorter || (alternative != null && alternative.equals(word.entry().alternative()))) {
				return true;
			}
		}
		return false;
	}

	private static boolean abbreviates(List<Name> shorts, List<Name> longs) {
		StringBuilder initials = new StringBuilder();
		for (Name name : longs) {
			initials.append(name.text().charAt(0));
		}
		return shorts.size() == 1 && longs.size() > 1 && shorts.get(0).text().contentEquals(initials);
	}

	/**
	 * Find the names of a question.
	 * @param question the question
	 * @return its names, in order
	 */
	static List<Name> read(Question question) {
		List<Word> words = question.words();
		boolean capitalsTell = !question.lexicon().capitalisesNouns() && capitalsTell(words);
		List<Name> names = new ArrayList<>();
		int i = 0;
		while (i < words.size()) {
			int length = knownNameLength(words, i, names, question.lexicon());
			if (length > 0) {
				i += length;
				continue;
			}
			Word word = words.get(i);
			if (isIdentifier(word)) {
				names.add(new Name(word.form(), word.stem(), word.raw(), i, true, true, true));
			}
			else if (capitalsTell && isCapitalised(words, i)) {
				boolean acronym = word.raw().length() <= 5 && word.raw().equals(word.raw().toUpperCase(Locale.ROOT));
				boolean placed = i > 0 && words.get(i - 1).is(WordList.NAME_PREPOSITIONS);
				names.add(new Name(word.form(), word.stem(), word.raw(), i, false, placed && !acronym, false));
			}
			i++;
		}
		return names;
	}

	// Returns the number of words of the longest known name that starts at an index
	private static int knownNameLength(List<Word> words, int start, List<Name> names, Lexicon lexicon) {
		if (!words.get(start).entry().startsName()) {
			return 0;
		}
		StringBuilder text = new StringBuilder();
		int longest = 0;
		String found = null;
		String written = "";
		for (int length = 1; length <= LONGEST_NAME && start + length <= words.size(); length++) {
			if (length > 1) {
				text.append(' ');
			}
			text.append(words.get(start + length - 1).form());
			String name = lexicon.name(text.toString());
			if (name != null && !isPronoun(words.get(start))) {
				found = name;
				longest = length;
				written = text.toString();
			}
		}
		if (found != null) {
			names.add(new Name(found, (longest == 1) ? words.get(start).stem() : written, written, start, true, true,
					false));
		}
		return longest;
	}

	// "us" is a country only in capitals
	private static boolean isPronoun(Word word) {
		return word.is(WordList.LOWER_CASE_PRONOUNS) && word.raw().substring(1).equals(word.form().substring(1));
	}

	// Capitals mark names only if a word that could be capitalised is not, unlike in
	// titles
	private static boolean capitalsTell(List<Word> words) {
		int longest = 0;
		for (Word word : words) {
			// "Who is Anna?" is no title
			if (word.is(WordList.AUXILIARIES) && !word.startsSentence()
					&& Character.isLowerCase(word.raw().charAt(0))) {
				return true;
			}
			if (word.content() && Character.isLowerCase(word.raw().charAt(0))) {
				longest = Math.max(longest, word.raw().length());
			}
		}
		return longest >= 3;
	}

	// As in "Hi Anna" and "Thanks, Anna"
	private static boolean isSocial(List<Word> words, int index) {
		return index > 0 && words.get(index - 1).is(WordList.SOCIAL);
	}

	private static boolean isCapitalised(List<Word> words, int index) {
		Word word = words.get(index);
		if (!Character.isUpperCase(word.raw().charAt(0)) || !word.content() || word.is(WordList.NO_NAMES)
				|| DateGuard.isKnown(word) || isSocial(words, index)) {
			return false;
		}
		if (!word.startsSentence()) {
			return true;
		}
		// If the next word is capitalised too, this one belongs to a name
		return index + 1 < words.size() && words.get(index + 1).sentence() == word.sentence()
				&& words.get(index + 1).content() && !words.get(index + 1).form().equals("i")
				&& Character.isUpperCase(words.get(index + 1).raw().charAt(0)) && !isVerb(word);
	}

	// Imperatives begin sentences, and are capitalised there
	private static boolean isVerb(Word word) {
		return word.is(WordList.IMPERATIVES);
	}

	private static boolean isIdentifier(Word word) {
		String raw = word.raw();
		if (word.entry().unit() != null) {
			return false;
		}
		boolean letters = false;
		boolean digits = false;
		boolean signs = false;
		boolean capitalInside = false;
		for (int i = 0; i < raw.length(); i++) {
			char c = raw.charAt(i);
			letters |= Character.isLetter(c);
			digits |= Character.isDigit(c);
			digits |= c > 127 && Character.getType(c) == Character.OTHER_NUMBER;
			signs |= c == '_' || c == '@' || c == '#' || c == '+' || (c == '.' && i > 0);
			capitalInside |= i > 0 && Character.isUpperCase(c) && Character.isLowerCase(raw.charAt(i - 1));
		}
		if (!letters) {
			return false;
		}
		return (digits && Character.isLetter(raw.charAt(0))) || signs || capitalInside;
	}

	/**
	 * A name.
	 *
	 * @param text its canonical form in lower case
	 * @param stem the stem of its word, if it has only one
	 * @param written the name as it is written
	 * @param position the index of its first word
	 * @param known whether it is certainly a complete name, not part of a longer one
	 * @param sure whether it is certainly a name
	 * @param identifier whether it is told by its digits, signs or capitals
	 */
	record Name(String text, String stem, String written, int position, boolean known, boolean sure,
			boolean identifier) {

	}

}
