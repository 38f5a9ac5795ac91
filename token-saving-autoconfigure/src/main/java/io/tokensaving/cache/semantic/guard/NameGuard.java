package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if two questions name other people, places, products, languages or currencies,
 * or hold other identifiers. Names are known from a list or told by their capital letter,
 * identifiers by their digits, signs or capitals inside. A name that only one question
 * has is a reason if it is surely one.
 */
final class NameGuard implements SemanticGuard {

	private static final int LONGEST_NAME = 3;

	/**
	 * Shorter names are found only as words: vii is not in viii.
	 */
	private static final int SHORTEST_JOINED = 5;

	private static final int SHORTEST_PREFIX = 3;

	private static final Lexicon LEXICON = Lexicon.english();

	private static final Set<String> NO_NAMES = Set.of("i", "ok", "faq", "asap", "fyi", "hi", "hello", "thanks", "id",
			"pin", "atm", "app", "sim", "tv", "pc", "earth", "internet", "bluetooth", "wifi", "celsius", "fahrenheit",
			"dear", "regards");

	private static final Set<String> DIRECTIONS = Set.of("north", "south", "east", "west", "central", "northern",
			"southern", "eastern", "western");

	private static final Set<String> PREPOSITIONS = Set.of("in", "at", "from", "to", "by", "with", "for", "of", "near",
			"on");

	private static final Set<String> SOCIAL = Set.of("hi", "hello", "hey", "dear", "thanks", "regards", "cheers",
			"sincerely", "thank");

	private static final Set<String> IMPERATIVES = Set.of("compare", "translate", "summarize", "summarise", "describe",
			"list", "write", "convert", "calculate", "find", "give", "cancel", "update", "create", "delete", "open",
			"define", "name", "recommend", "suggest", "book", "order", "send", "transfer", "exchange", "install",
			"configure", "fix", "add", "remove", "change", "reset", "plan");

	@Override
	public String name() {
		return "names";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		List<Name> first = names(asked);
		List<Name> second = names(stored);
		List<Name> onlyFirst = missing(first, stored, second);
		List<Name> onlySecond = missing(second, asked, first);
		if (onlyFirst.isEmpty() && onlySecond.isEmpty()) {
			return false;
		}
		if (!onlyFirst.isEmpty() && !onlySecond.isEmpty()) {
			return !abbreviates(onlyFirst, onlySecond) && !abbreviates(onlySecond, onlyFirst);
		}
		List<Name> only = onlyFirst.isEmpty() ? onlySecond : onlyFirst;
		List<Name> all = onlyFirst.isEmpty() ? second : first;
		for (Name name : only) {
			if (name.sure() && !isPartOfSharedName(name, all, only)) {
				return true;
			}
		}
		return false;
	}

	private static List<Name> missing(List<Name> names, Question other, List<Name> others) {
		List<Name> missing = new ArrayList<>();
		for (Name name : names) {
			boolean found = other.has(name.text()) || other.hasStem(name.stem())
					|| (name.written().length() >= SHORTEST_JOINED && other.containsLetters(name.written()));
			for (int i = 0; i < others.size() && !found; i++) {
				found = others.get(i).text().equals(name.text());
			}
			if (!found && !isSaidOtherwise(name, other)) {
				missing.add(name);
			}
		}
		return missing;
	}

	// Node and Node.js, iOS and iPhone
	private static boolean isSaidOtherwise(Name name, Question other) {
		boolean alternative = !LEXICON.classes(name.text()).isEmpty();
		for (Word word : other.words()) {
			boolean shorter = word.content() && word.form().length() >= SHORTEST_PREFIX
					&& name.text().startsWith(word.form() + ".");
			if (shorter || (alternative && LEXICON.alternative(word.form()).equals(LEXICON.alternative(name.text())))) {
				return true;
			}
		}
		return false;
	}

	// Barack Obama and Obama
	private static boolean isPartOfSharedName(Name name, List<Name> all, List<Name> only) {
		for (Name neighbour : all) {
			if (!only.contains(neighbour) && Math.abs(neighbour.position() - name.position()) == 1 && !name.known()
					&& !DIRECTIONS.contains(name.text())) {
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

	private static List<Name> names(Question question) {
		List<Word> words = question.words();
		boolean capitalsTell = capitalsTell(words);
		List<Name> names = new ArrayList<>();
		int i = 0;
		while (i < words.size()) {
			int length = known(words, i, names);
			if (length > 0) {
				i += length;
				continue;
			}
			Word word = words.get(i);
			if (isIdentifier(word)) {
				names.add(new Name(word.form(), word.stem(), word.raw(), i, true, true));
			}
			else if (capitalsTell && isCapitalised(words, i)) {
				boolean acronym = word.raw().length() <= 5 && word.raw().equals(word.raw().toUpperCase(Locale.ROOT));
				boolean placed = i > 0 && PREPOSITIONS.contains(words.get(i - 1).form());
				names.add(new Name(word.form(), word.stem(), word.raw(), i, false, placed && !acronym));
			}
			i++;
		}
		return names;
	}

	// The number of words of the longest known name that begins here
	private static int known(List<Word> words, int start, List<Name> names) {
		StringBuilder text = new StringBuilder();
		int longest = 0;
		String found = null;
		String written = "";
		for (int length = 1; length <= LONGEST_NAME && start + length <= words.size(); length++) {
			if (length > 1) {
				text.append(' ');
			}
			text.append(words.get(start + length - 1).form());
			String name = LEXICON.name(text.toString());
			if (name != null && !isPronoun(words.get(start))) {
				found = name;
				longest = length;
				written = text.toString();
			}
		}
		if (found != null) {
			names.add(new Name(found, (longest == 1) ? words.get(start).stem() : written, written, start, true, true));
		}
		return longest;
	}

	// "us" is the country only in capitals
	private static boolean isPronoun(Word word) {
		return word.raw().equals("us") || word.raw().equals("Us") || word.raw().equals("polish");
	}

	// Not in a title, nor where all is in capitals: there is a word that could have one
	private static boolean capitalsTell(List<Word> words) {
		int longest = 0;
		for (Word word : words) {
			if (word.content() && Character.isLowerCase(word.raw().charAt(0))) {
				longest = Math.max(longest, word.raw().length());
			}
		}
		return longest >= 3;
	}

	// "Hi Anna" and "Thanks, Anna"
	private static boolean isSocial(List<Word> words, int index) {
		return index > 0 && SOCIAL.contains(words.get(index - 1).form());
	}

	private static boolean isCapitalised(List<Word> words, int index) {
		Word word = words.get(index);
		if (!Character.isUpperCase(word.raw().charAt(0)) || !word.content() || NO_NAMES.contains(word.form())
				|| isDate(word) || isSocial(words, index)) {
			return false;
		}
		if (!word.startsSentence()) {
			return true;
		}
		// Only a name goes on with a capital
		return index + 1 < words.size() && words.get(index + 1).sentence() == word.sentence()
				&& words.get(index + 1).content() && !words.get(index + 1).form().equals("i")
				&& Character.isUpperCase(words.get(index + 1).raw().charAt(0)) && !isVerb(word);
	}

	private static boolean isDate(Word word) {
		return DateGuard.isKnown(word.form());
	}

	// Imperatives begin sentences
	private static boolean isVerb(Word word) {
		return IMPERATIVES.contains(word.form());
	}

	private static boolean isIdentifier(Word word) {
		String raw = word.raw();
		boolean letters = false;
		boolean digits = false;
		boolean signs = false;
		boolean capitalInside = false;
		for (int i = 0; i < raw.length(); i++) {
			char c = raw.charAt(i);
			letters |= Character.isLetter(c);
			digits |= Character.isDigit(c);
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
	 * @param text its usual form in lower case
	 * @param stem the stem of its first word, if it is but one
	 * @param written as it is written
	 * @param position the number of its first word
	 * @param known whether it is surely a name of its own, not part of a longer one
	 * @param sure whether it is surely a name
	 */
	private record Name(String text, String stem, String written, int position, boolean known, boolean sure) {

	}

}
