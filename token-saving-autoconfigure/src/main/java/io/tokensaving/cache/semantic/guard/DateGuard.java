package io.tokensaving.cache.semantic.guard;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;
import org.jspecify.annotations.Nullable;

/**
 * Vetoes if two questions name different months, days, times of the day, holidays or
 * periods such as next week. Dates in digits are compared by the {@link NumberGuard}. A
 * date that only tells when something happened, such as yesterday, may be missing from
 * the other question.
 */
final class DateGuard implements SemanticGuard {

	@Override
	public String name() {
		return "dates";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		Map<Kind, Set<String>> first = dates(asked);
		Map<Kind, Set<String>> second = dates(stored);
		for (Kind kind : Kind.values()) {
			Set<String> some = first.getOrDefault(kind, Set.of());
			Set<String> others = second.getOrDefault(kind, Set.of());
			if (some.equals(others)) {
				continue;
			}
			if (!some.isEmpty() && !others.isEmpty()) {
				return true;
			}
			if (isNeeded(kind, some.isEmpty() ? others : some, some.isEmpty() ? stored : asked)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Whether two questions have different dates, if only one of them has a date.
	 * @param asked one question
	 * @param stored the other
	 * @return whether they do
	 */
	static boolean differ(Question asked, Question stored) {
		return !dates(asked).equals(dates(stored));
	}

	// Whether a date that only one question has makes the questions different
	private static boolean isNeeded(Kind kind, Set<String> dates, Question question) {
		boolean telling = question.hasAny(WordList.FIRST_PERSON_SINGULAR);
		if (!telling && question.lexicon().list(WordList.PAST_OR_FUTURE_DATES).containsAll(dates)) {
			return true;
		}
		if (kind == Kind.RELATED_DAY || kind == Kind.FREQUENCY || kind == Kind.DAY
				|| question.lexicon().list(WordList.WEAK_DATES).containsAll(dates)) {
			return false;
		}
		return !telling || (kind != Kind.PERIOD && kind != Kind.DAY);
	}

	static boolean isKnown(Word word) {
		return word.entry().date() != null;
	}

	private static Map<Kind, Set<String>> dates(Question question) {
		Map<Kind, Set<String>> dates = Map.of();
		List<Word> words = question.words();
		for (int i = 0; i < words.size(); i++) {
			Lexicon.Entry entry = words.get(i).entry();
			Word next = (i + 1 < words.size()) ? words.get(i + 1) : null;
			String date = entry.date();
			if (date != null && isDate(words, i)) {
				dates = with(dates, kind(entry), date);
			}
			String relation = entry.relation();
			Word related = (relation != null) ? related(words, i, question.lexicon().relatesBehind()) : null;
			if (related != null && related.is(WordList.PERIODS)) {
				dates = with(dates, Kind.PERIOD, relation + " " + related.form());
			}
			else if (related != null) {
				// "On Friday" may mean "next Friday"; "this Friday" does not
				dates = with(dates, Kind.RELATED_DAY, relation + " " + related.form());
			}
			if (entry.frequency() != null) {
				dates = with(dates, Kind.FREQUENCY, entry.frequency());
			}
			else if (next != null && next.is(WordList.FREQUENCY_UNITS) && words.get(i).is(WordList.EVERY)) {
				dates = with(dates, Kind.FREQUENCY, next.form());
			}
		}
		return dates;
	}

	// The period or day next to a word such as "last", or null
	private static @Nullable Word related(List<Word> words, int index, boolean behind) {
		Word next = (index + 1 < words.size()) ? words.get(index + 1) : null;
		if (next != null && (next.is(WordList.PERIODS) || isKnown(next))) {
			return next;
		}
		Word before = (behind && index > 0) ? words.get(index - 1) : null;
		return (before != null && (before.is(WordList.PERIODS) || isKnown(before))) ? before : null;
	}

	private static Kind kind(Lexicon.Entry entry) {
		return switch (Objects.requireNonNull(entry.dateKind())) {
			case "day" -> Kind.DAY;
			case "part" -> Kind.DAY_PART;
			default -> Kind.DATE;
		};
	}

	// Most questions have no date
	private static Map<Kind, Set<String>> with(Map<Kind, Set<String>> dates, Kind kind, String date) {
		Map<Kind, Set<String>> all = dates.isEmpty() ? new EnumMap<>(Kind.class) : dates;
		all.computeIfAbsent(kind, (added) -> new HashSet<>()).add(date);
		return all;
	}

	// Sat, sun and march are also ordinary words
	private static boolean isDate(List<Word> words, int index) {
		Word word = words.get(index);
		boolean capital = Character.isUpperCase(word.raw().charAt(0));
		if (word.is(WordList.MONTHS_THAT_ARE_VERBS)) {
			return capital && (!word.startsSentence() || hasDigit(words, index - 1) || hasDigit(words, index + 1));
		}
		boolean behindPreposition = word.is(WordList.DATES_BEHIND_PREPOSITIONS);
		boolean ifCapitalised = word.is(WordList.DATES_IF_CAPITALISED);
		return (!behindPreposition && !ifCapitalised) || (ifCapitalised && capital)
				|| (behindPreposition && index > 0 && words.get(index - 1).is(WordList.DATE_PREPOSITIONS));
	}

	private static boolean hasDigit(List<Word> words, int index) {
		return index >= 0 && index < words.size() && Character.isDigit(words.get(index).form().charAt(0));
	}

	/**
	 * The kinds of dates; only dates of the same kind are compared.
	 */
	private enum Kind {

		DATE, DAY, DAY_PART, PERIOD, RELATED_DAY, FREQUENCY

	}

}
