package io.tokensaving.cache.semantic.guard;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import io.tokensaving.cache.semantic.guard.Question.Word;
import org.jspecify.annotations.Nullable;

/**
 * Vetoes if the numbers of two questions differ, or the same number has another unit.
 * Numbers may be written in digits or, up to the thousands, in words. What a question
 * merely tells, such as that something happened two days ago, the other need not.
 */
final class NumberGuard implements SemanticGuard {

	private static final Set<String> DOUBLES = Set.of("two", "twice", "double", "duplicated");

	/**
	 * Of these there may be two.
	 */
	private static final Set<String> SEVERAL = Set.of("multiple", "several", "another", "many", "more", "both",
			"between", "few", "couple", "some");

	private static final Map<String, Integer> WORDS = words();

	private static final Map<String, String> UNITS = units();

	private static final Set<String> TIME_UNITS = Set.of("second", "minute", "hour", "day", "week", "month", "year");

	private static final Set<String> TELLING = Set.of("ago", "since", "for", "been", "past", "last", "already", "now",
			"after", "over");

	private static final Pattern CLOCK = Pattern.compile("\\d{1,2}:\\d{2}");

	private static final Set<String> PHRASES = Set.of("24/7");

	private static final Set<String> SIGNS = Set.of("$", "\u20AC", "\u00A3", "\u00A5", "\u20B9");

	private static Map<String, Integer> words() {
		Map<String, Integer> words = new HashMap<>();
		String[] units = { "zero", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
				"twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen" };
		for (int i = 0; i < units.length; i++) {
			words.put(units[i], i);
		}
		String[] tens = { "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety" };
		for (int i = 0; i < tens.length; i++) {
			words.put(tens[i], 10 * (i + 2));
		}
		String[] ordinals = { "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth" };
		for (int i = 0; i < ordinals.length; i++) {
			words.put(ordinals[i], i + 3);
		}
		words.put("dozen", 12);
		for (String two : DOUBLES) {
			words.put(two, 2);
		}
		words.remove("");
		return words;
	}

	private static Map<String, String> units() {
		Map<String, String> units = new HashMap<>();
		String[][] synonyms = { { "second", "seconds", "sec", "secs" }, { "minute", "minutes", "min", "mins" },
				{ "hour", "hours", "hr", "hrs", "h" }, { "day", "days" }, { "week", "weeks", "wk" },
				{ "month", "months" }, { "year", "years", "yr", "yrs" }, { "mm", "millimetres", "millimeters" },
				{ "cm", "centimetres", "centimeters" }, { "metre", "meter", "metres", "meters", "m" },
				{ "km", "kilometre", "kilometres", "kilometer", "kilometers", "k" }, { "mile", "miles", "mi" },
				{ "inch", "inches", "in" }, { "foot", "feet", "ft" }, { "yard", "yards" },
				{ "gram", "grams", "g", "gr" }, { "kg", "kilo", "kilos", "kilogram", "kilograms" },
				{ "mg", "milligram", "milligrams" }, { "ounce", "ounces", "oz" }, { "lb", "lbs" },
				{ "litre", "liter", "litres", "liters", "l" }, { "ml", "millilitres", "milliliters" },
				{ "gallon", "gallons" }, { "cup", "cups" }, { "kb", "kilobytes" }, { "mb", "megabytes", "meg" },
				{ "gb", "gigabytes", "gig", "gigs" }, { "tb", "terabytes" }, { "percent", "%", "pct" },
				{ "$", "dollar", "dollars", "usd", "bucks" }, { "\u20AC", "euro", "euros", "eur" },
				{ "\u00A3", "pound", "pounds", "gbp", "quid" }, { "\u00A5", "yen", "jpy" },
				{ "\u20B9", "rupee", "rupees", "inr" }, { "celsius", "c", "centigrade" }, { "fahrenheit", "f" },
				{ "am", "a.m" }, { "pm", "p.m" }, { "volt", "volts", "v" }, { "watt", "watts", "w" }, { "kw" },
				{ "amp", "amps" }, { "mph" }, { "kmh", "kph", "km/h" }, { "million", "mio" }, { "billion" } };
		for (String[] unit : synonyms) {
			for (String synonym : unit) {
				units.put(synonym, unit[0]);
			}
		}
		return units;
	}

	@Override
	public String name() {
		return "numbers";
	}

	@Override
	public boolean vetoes(Question asked, Question stored) {
		List<Quantity> first = quantities(asked);
		List<Quantity> second = quantities(stored);
		if (first.isEmpty() && second.isEmpty()) {
			return false;
		}
		boolean oneSided = first.isEmpty() || second.isEmpty();
		if (oneSided && isTwo(first.isEmpty() ? second : first) && saysSeveral(first.isEmpty() ? asked : stored)) {
			return false;
		}
		return differs(first, second, oneSided) || differs(second, first, oneSided);
	}

	private static boolean isTwo(List<Quantity> quantities) {
		return quantities.size() == 1 && quantities.get(0).value().equals("2");
	}

	private static boolean saysSeveral(Question question) {
		for (Word word : question.words()) {
			if (SEVERAL.contains(word.form())) {
				return true;
			}
		}
		return false;
	}

	private static boolean differs(List<Quantity> quantities, List<Quantity> others, boolean oneSided) {
		Set<String> values = new HashSet<>();
		for (Quantity other : others) {
			values.add(other.value());
		}
		for (Quantity quantity : quantities) {
			boolean found = values.contains(quantity.value());
			if (!found && !(quantity.value().equals("1") || (oneSided && quantity.told()))) {
				return true;
			}
			if (found && quantity.unit() != null && hasOnlyOtherUnits(quantity, others)) {
				return true;
			}
		}
		return false;
	}

	private static boolean hasOnlyOtherUnits(Quantity quantity, List<Quantity> others) {
		boolean another = false;
		for (Quantity other : others) {
			if (other.value().equals(quantity.value())) {
				if (other.unit() == null || other.unit().equals(quantity.unit())) {
					return false;
				}
				another = true;
			}
		}
		return another;
	}

	private static List<Quantity> quantities(Question question) {
		List<Quantity> quantities = new ArrayList<>();
		List<Word> words = question.words();
		int i = 0;
		while (i < words.size()) {
			String form = words.get(i).form();
			int end = i + 1;
			Quantity quantity = null;
			if (Character.isDigit(form.charAt(0)) && !PHRASES.contains(form)) {
				quantity = written(form);
			}
			else if (form.equals("one") && end < words.size() && UNITS.containsKey(words.get(end).form())) {
				quantity = new Quantity("1", null, false);
			}
			else if (WORDS.containsKey(form)) {
				end = i;
				long value = 0;
				while (end < words.size() && isNumber(words.get(end).form())) {
					value = append(value, words.get(end).form());
					end++;
				}
				quantity = new Quantity(String.valueOf(value), null, false);
			}
			if (quantity != null) {
				quantities.add(withUnit(quantity, words, i, end));
			}
			i = end;
		}
		return quantities;
	}

	private static boolean isNumber(String form) {
		return WORDS.containsKey(form) || form.equals("hundred") || form.equals("thousand");
	}

	private static long append(long value, String form) {
		if (form.equals("hundred")) {
			return value * 100;
		}
		if (form.equals("thousand")) {
			return value * 1000;
		}
		return value + WORDS.getOrDefault(form, 0);
	}

	// 1,000 and 2.50 and 3rd and 10gb, or whatever begins with a digit
	private static Quantity written(String form) {
		int end = 0;
		while (end < form.length()
				&& (Character.isDigit(form.charAt(end)) || form.charAt(end) == '.' || form.charAt(end) == ',')) {
			end++;
		}
		String digits = form.substring(0, end);
		String suffix = form.substring(end);
		if (suffix.equals("st") || suffix.equals("nd") || suffix.equals("rd") || suffix.equals("th")) {
			return new Quantity(normalise(digits), null, false);
		}
		if (CLOCK.matcher(form).matches()) {
			return new Quantity(time(Integer.parseInt(digits), Integer.parseInt(suffix.substring(1))), null, false);
		}
		if (suffix.isEmpty()) {
			return new Quantity(normalise(digits), null, false);
		}
		String unit = UNITS.get(suffix);
		return (unit != null) ? new Quantity(normalise(digits), unit, false) : new Quantity(form, null, false);
	}

	private static String normalise(String digits) {
		String plain = digits.matches("\\d{1,3}(,\\d{3})+(\\.\\d+)?") ? digits.replace(",", "")
				: digits.replace(',', '.');
		if (plain.indexOf('.') != plain.lastIndexOf('.')) {
			// A version or an address
			return plain;
		}
		try {
			// 3.10 is not 3.1 if it is a version: only whole numbers lose their zeros
			BigDecimal number = new BigDecimal(plain);
			return (number.stripTrailingZeros().scale() <= 0) ? number.toBigInteger().toString() : plain;
		}
		catch (NumberFormatException ex) {
			return plain;
		}
	}

	private static Quantity withUnit(Quantity quantity, List<Word> words, int start, int end) {
		String unit = quantity.unit();
		if (unit == null && start > 0 && SIGNS.contains(words.get(start - 1).form())) {
			unit = words.get(start - 1).form();
		}
		int after = end;
		if (unit == null && end < words.size()) {
			unit = UNITS.get(words.get(end).form());
			after = (unit != null) ? end + 1 : end;
		}
		if (unit != null && (unit.equals("am") || unit.equals("pm"))) {
			return new Quantity(halfDay(quantity.value(), unit.equals("pm")), null, false);
		}
		boolean told = (unit != null && TIME_UNITS.contains(unit)
				&& (isTelling(words, start - 1) || isTelling(words, start - 2) || isTelling(words, after)))
				|| (end < words.size() && words.get(end).form().equals("times"));
		return new Quantity(quantity.value(), unit, told);
	}

	// 3 pm and 15:00 are the same
	private static String halfDay(String value, boolean afternoon) {
		int hours = value.matches("\\d{1,2}") ? Integer.parseInt(value) : -1;
		if (value.startsWith("t")) {
			int minutes = Integer.parseInt(value.substring(1));
			return time(minutes / 60 % 12 + (afternoon ? 12 : 0), minutes % 60);
		}
		return (hours < 0) ? value : time(hours % 12 + (afternoon ? 12 : 0), 0);
	}

	private static String time(int hours, int minutes) {
		return "t" + (60 * hours + minutes);
	}

	private static boolean isTelling(List<Word> words, int index) {
		return index >= 0 && index < words.size() && TELLING.contains(words.get(index).form());
	}

	/**
	 * A number of something.
	 *
	 * @param value the number in its shortest form
	 * @param unit the unit, if it has a known one
	 * @param told whether it tells how long ago something happened
	 */
	private record Quantity(String value, @Nullable String unit, boolean told) {

	}

}
