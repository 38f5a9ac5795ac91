package io.tokensaving.cache.semantic.guard;

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
		Set<String> first = dates(asked);
		Set<String> second = dates(stored);
		if (first.equals(second)) {
			return false;
		}
		if (!first.isEmpty() && !second.isEmpty()) {
			return (!first.containsAll(second) && !second.containsAll(first)) || hasStrong(first, second)
					|| hasStrong(second, first);
		}
		return hasStrong(first, second) || hasStrong(second, first);
	}

	static boolean isKnown(String form) {
		return DATES.containsKey(form) || form.equals("may") || form.equals("march");
	}

	private static boolean hasStrong(Set<String> dates, Set<String> others) {
		for (String date : dates) {
			if (!others.contains(date) && !WEAK.contains(date) && !date.startsWith("every ") && !isRelatedDay(date)) {
				return true;
			}
		}
		return false;
	}

	// "on Friday" and "next Friday" may be the same, "this" and "next Friday" are not
	private static boolean isRelatedDay(String date) {
		int blank = date.indexOf(' ');
		return blank > 0 && DATES.containsKey(date.substring(blank + 1));
	}

	private static Set<String> dates(Question question) {
		Set<String> dates = new HashSet<>();
		List<Word> words = question.words();
		for (int i = 0; i < words.size(); i++) {
			Word word = words.get(i);
			String date = DATES.get(word.form());
			if (date != null && isDate(word)) {
				dates.add(date);
			}
			else if ((word.raw().equals("May") || word.raw().equals("March")) && !word.startsSentence()) {
				dates.add(word.form());
			}
			String relation = RELATIONS.get(word.form());
			if (relation != null && i + 1 < words.size()) {
				String next = words.get(i + 1).form();
				if (PERIODS.contains(next) || DATES.containsKey(next)) {
					dates.add(relation + " " + next);
				}
			}
			String frequency = frequency(words, i);
			if (!frequency.isEmpty()) {
				dates.add(frequency);
			}
		}
		return dates;
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

}
