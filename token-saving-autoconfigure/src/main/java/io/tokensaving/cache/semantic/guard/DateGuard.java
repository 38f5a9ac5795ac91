package io.tokensaving.cache.semantic.guard;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.cache.semantic.guard.Question.Word;

/**
 * Vetoes if two questions name other months, days, times of the day, feasts or periods
 * such as next week. Figures of dates are left to the {@link NumberGuard}. That something
 * happened yesterday, or should happen today, the other question need not say.
 */
final class DateGuard implements SemanticGuard {

	private static final Map<String, String> DATES = dates();

	private static final Map<String, String> RELATIONS = Map.of("next", "next", "coming", "next", "upcoming", "next",
			"last", "last", "previous", "last", "past", "last", "this", "this", "current", "this");

	private static final Set<String> PERIODS = Set.of("week", "weekend", "month", "quarter", "year", "season", "summer",
			"winter", "semester", "decade", "century");

	private static final Set<String> UNITS = Set.of("second", "minute", "hour", "day", "week", "month", "quarter",
			"year");

	private static final Map<String, String> FREQUENCIES = Map.of("hourly", "hour", "daily", "day", "weekly", "week",
			"monthly", "month", "quarterly", "quarter", "yearly", "year", "annual", "year", "annually", "year");

	private static final Set<String> DAYS = Set.of("today", "tomorrow", "yesterday");

	private static final Set<String> DAY_PARTS = Set.of("morning", "afternoon", "evening", "night", "noon", "midnight");

	private static final Set<String> WEAK = Set.of("today", "yesterday", "tonight", "this week", "this month",
			"this year", "last week", "last month", "last year", "morning", "night", "evening", "afternoon", "weekend",
			"last weekend");

	private static Map<String, String> dates() {
		Map<String, String> dates = new HashMap<>();
		String[] months = { "january", "february", "march", "april", "may", "june", "july", "august", "september",
				"october", "november", "december" };
		for (String month : months) {
			dates.put(month, month);
			dates.put(month.substring(0, 3), month);
		}
		dates.put("sept", "september");
		// A verb more often than a month, unless it is written as a name
		dates.remove("may");
		dates.remove("mar");
		dates.remove("march");
		String[] days = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
		for (String day : days) {
			dates.put(day, day);
			dates.put(day + "s", day);
		}
		dates.put("mon", "monday");
		dates.put("tue", "tuesday");
		dates.put("tues", "tuesday");
		dates.put("thu", "thursday");
		dates.put("thurs", "thursday");
		dates.put("fri", "friday");
		String[] others = { "today", "tomorrow", "yesterday", "tonight", "morning", "mornings", "afternoon",
				"afternoons", "evening", "evenings", "night", "nights", "noon", "midday", "midnight", "weekend",
				"weekends", "weekday", "weekdays", "christmas", "easter", "thanksgiving", "halloween", "ramadan",
				"diwali", "hanukkah", "passover" };
		for (String other : others) {
			dates.put(other, other);
		}
		dates.put("mornings", "morning");
		dates.put("afternoons", "afternoon");
		dates.put("evenings", "evening");
		dates.put("nights", "night");
		dates.put("weekends", "weekend");
		dates.put("weekdays", "weekday");
		dates.put("tonight", "night");
		dates.put("midday", "noon");
		dates.put("xmas", "christmas");
		return dates;
	}

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

	// Whether a date that only one question has makes a difference
	private static boolean isNeeded(Kind kind, Set<String> dates, Question question) {
		if (kind == Kind.RELATED_DAY || kind == Kind.FREQUENCY || WEAK.containsAll(dates)) {
			return false;
		}
		boolean telling = question.has("my") || question.has("i");
		return !telling || (kind != Kind.PERIOD && kind != Kind.DAY);
	}

	static boolean isKnown(String form) {
		return DATES.containsKey(form) || form.equals("may") || form.equals("march");
	}

	private static Map<Kind, Set<String>> dates(Question question) {
		Map<Kind, Set<String>> dates = new EnumMap<>(Kind.class);
		List<Word> words = question.words();
		for (int i = 0; i < words.size(); i++) {
			Word word = words.get(i);
			String date = DATES.get(word.form());
			if (date != null && isDate(word)) {
				add(dates, kind(date), date);
			}
			else if ((word.raw().equals("May") || word.raw().equals("March")) && !word.startsSentence()) {
				add(dates, Kind.DATE, word.form());
			}
			String relation = RELATIONS.get(word.form());
			if (relation != null && i + 1 < words.size()) {
				String next = words.get(i + 1).form();
				if (PERIODS.contains(next)) {
					add(dates, Kind.PERIOD, relation + " " + next);
				}
				else if (DATES.containsKey(next)) {
					// "On Friday" may be "next Friday", "this Friday" is not
					add(dates, Kind.RELATED_DAY, relation + " " + next);
				}
			}
			String frequency = frequency(words, i);
			if (!frequency.isEmpty()) {
				add(dates, Kind.FREQUENCY, frequency);
			}
		}
		return dates;
	}

	private static Kind kind(String date) {
		if (DAYS.contains(date)) {
			return Kind.DAY;
		}
		return DAY_PARTS.contains(date) ? Kind.DAY_PART : Kind.DATE;
	}

	private static void add(Map<Kind, Set<String>> dates, Kind kind, String date) {
		dates.computeIfAbsent(kind, (added) -> new HashSet<>()).add(date);
	}

	private static String frequency(List<Word> words, int index) {
		String form = words.get(index).form();
		boolean every = form.equals("every") || form.equals("each") || form.equals("per");
		if (every && index + 1 < words.size() && UNITS.contains(words.get(index + 1).form())) {
			return "every " + words.get(index + 1).form();
		}
		String unit = FREQUENCIES.get(form);
		return (unit != null) ? "every " + unit : "";
	}

	// Abbreviations are words of their own as well: sat, sun, jan, dec
	private static boolean isDate(Word word) {
		return word.form().length() > 3 || Character.isUpperCase(word.raw().charAt(0));
	}

	/**
	 * What can be compared with each other.
	 */
	private enum Kind {

		DATE, DAY, DAY_PART, PERIOD, RELATED_DAY, FREQUENCY

	}

}
