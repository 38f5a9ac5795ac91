package io.tokensaving.cache.semantic.guard;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.cache.semantic.guard.Lexicon.NumberKind;
import io.tokensaving.cache.semantic.guard.Lexicon.NumberName;
import io.tokensaving.cache.semantic.guard.Question.Word;
import org.jspecify.annotations.Nullable;

/**
 * Reads the numbers of a question as values: 5,000 and 5 thousand and 5k are the same.
 * Digits, number words and what they are put together from, multipliers, fractions,
 * ordinals, Roman numerals behind a name, units and signs are read by what the lexicon of
 * the language says. For one question and one thread.
 */
final class NumberReader {

	private static final int LONGEST_VALUE = 15;

	private static final int FIRST_YEAR = 1000;

	private static final int LAST_YEAR = 2100;

	private static final String CURRENCIES = "$\u20AC\u00A3\u00A5\u20B9";

	private static final String RAISED = "\u2070\u00B9\u00B2\u00B3\u2074\u2075\u2076\u2077\u2078\u2079";

	private static final double[] FRACTION_SIGNS = { 0.25, 0.5, 0.75 };

	private final List<Word> words;

	private final Lexicon lexicon;

	private final List<Quantity> found = new ArrayList<>();

	private int at;

	private NumberReader(Question question) {
		this.words = question.words();
		this.lexicon = question.lexicon();
	}

	/**
	 * Read the numbers of a question.
	 * @param question the question
	 * @return its numbers, in order
	 */
	static List<Quantity> read(Question question) {
		return new NumberReader(question).read();
	}

	private List<Quantity> read() {
		while (this.at < this.words.size()) {
			Word word = this.words.get(this.at);
			int start = this.at;
			if (Character.isDigit(word.form().charAt(0))) {
				readDigits(word);
			}
			else if (!word.entry().numberNames().isEmpty()) {
				readWords();
			}
			else if (isFractionSign(word.form())) {
				this.at++;
				add(fractionSign(word.form().charAt(0)), null, null, false, start);
			}
			else {
				readRoman(word);
			}
			if (this.at == start) {
				this.at++;
			}
		}
		return this.found;
	}

	private void readDigits(Word word) {
		int start = this.at;
		if (word.is(WordList.NUMBER_PHRASES)) {
			this.at++;
			return;
		}
		String form = word.form();
		int end = 0;
		while (end < form.length()
				&& (Character.isDigit(form.charAt(end)) || form.charAt(end) == '.' || form.charAt(end) == ',')) {
			end++;
		}
		String digits = form.substring(0, end);
		String suffix = form.substring(end);
		this.at++;
		if (isClock(digits, suffix)) {
			addTime(60 * Integer.parseInt(digits) + Integer.parseInt(suffix.substring(1)), start);
			return;
		}
		double value = value(digits, start);
		if (Double.isNaN(value) || (!suffix.isEmpty() && !isSuffix(suffix))) {
			// A version, an address, a range, a date
			add(Double.NaN, form, null, false, start);
			return;
		}
		String unit = null;
		if (!suffix.isEmpty()) {
			Double multiplier = this.lexicon.numberSuffix(suffix);
			if (multiplier != null) {
				value *= multiplier;
			}
			else if (isFractionSign(suffix)) {
				value += fractionSign(suffix.charAt(0));
			}
			else {
				unit = this.lexicon.entry(suffix).unit();
			}
		}
		value = word.minus() ? -value : value;
		if (unit == null) {
			value = withFraction(withMultipliers(value));
		}
		add(value, null, unit, false, start);
	}

	private boolean isSuffix(String suffix) {
		return this.lexicon.numberSuffix(suffix) != null || this.lexicon.entry(suffix).unit() != null
				|| isOrdinalSuffix(suffix) || isFractionSign(suffix);
	}

	private boolean isOrdinalSuffix(String suffix) {
		return this.lexicon.list(WordList.ORDINAL_SUFFIXES).contains(suffix);
	}

	private static boolean isFractionSign(String text) {
		return text.length() == 1 && text.charAt(0) >= '\u00BC' && text.charAt(0) <= '\u00BE';
	}

	private static double fractionSign(char c) {
		return FRACTION_SIGNS[c - '\u00BC'];
	}

	private static boolean isClock(String digits, String suffix) {
		return suffix.length() == 3 && suffix.charAt(0) == ':' && digits.length() <= 2 && isDigits(digits)
				&& isDigits(suffix.substring(1));
	}

	private static boolean isDigits(String text) {
		for (int i = 0; i < text.length(); i++) {
			if (text.charAt(i) < '0' || text.charAt(i) > '9') {
				return false;
			}
		}
		return !text.isEmpty();
	}

	// Returns NaN if it is not one number
	private double value(String digits, int start) {
		int marks = 0;
		int last = -1;
		boolean groups = true;
		char mark = 0;
		for (int i = 0; i < digits.length(); i++) {
			char c = digits.charAt(i);
			if (c == '.' || c == ',') {
				groups &= (marks == 0) ? i > 0 && i <= 3 : i - last == 4 && c == mark;
				mark = c;
				marks++;
				last = i;
			}
		}
		if (digits.length() - marks > LONGEST_VALUE) {
			return Double.NaN;
		}
		if (marks == 0) {
			return parse(digits, -1);
		}
		boolean decimal = mark == this.lexicon.decimalMark();
		boolean threeAtEnd = digits.length() - last == 4;
		if (groups && threeAtEnd && (marks > 1 || !decimal)) {
			return parse(digits, -1);
		}
		if (marks == 1) {
			// 3.10 and 3.1 may be versions: of what has a name before it they are
			return (digits.endsWith("0") && decimal && start > 0 && isNameLike(this.words.get(start - 1))) ? Double.NaN
					: parse(digits, last);
		}
		return isGroupedDecimal(digits, last) ? parse(digits, last) : Double.NaN;
	}

	// As in 1,234.50: all marks but the last are another one, before three digits each
	private static boolean isGroupedDecimal(String digits, int last) {
		char decimal = digits.charAt(last);
		int previous = -1;
		for (int i = 0; i <= last; i++) {
			char c = digits.charAt(i);
			if (c == '.' || c == ',') {
				boolean first = previous < 0;
				if ((i < last && c == decimal) || (first ? i > 3 : i - previous != 4)) {
					return false;
				}
				previous = i;
			}
		}
		return true;
	}

	private static boolean isNameLike(Word word) {
		return Character.isUpperCase(word.raw().charAt(0)) || word.form().equals("version");
	}

	private static double parse(String digits, int decimal) {
		double value = 0;
		double scale = 1;
		for (int i = 0; i < digits.length(); i++) {
			char c = digits.charAt(i);
			int digit = Character.digit(c, 10);
			if (digit >= 0) {
				value = 10 * value + digit;
				scale *= (decimal >= 0 && i > decimal) ? 10 : 1;
			}
		}
		return value / scale;
	}

	private @Nullable NumberName name(int index) {
		return name(index, null);
	}

	private @Nullable NumberName name(int index, @Nullable NumberKind kind) {
		if (index >= this.words.size()) {
			return null;
		}
		List<NumberName> names = this.words.get(index).entry().numberNames();
		for (int i = 0; i < names.size(); i++) {
			NumberName name = names.get(i);
			if ((kind == null || name.kind() == kind) && matches(name.parts(), index)) {
				return name;
			}
		}
		return null;
	}

	private boolean matches(String[] parts, int index) {
		for (int i = 1; i < parts.length; i++) {
			if (index + i >= this.words.size() || !this.words.get(index + i).form().equals(parts[i])) {
				return false;
			}
		}
		return true;
	}

	private boolean is(int index, WordList list) {
		return index >= 0 && index < this.words.size() && this.words.get(index).is(list);
	}

	private void readWords() {
		int start = this.at;
		NumberName first = name(start);
		if (first == null) {
			return;
		}
		boolean article = is(start - 1, WordList.ARTICLES);
		switch (first.kind()) {
			case CARDINAL -> readCardinal(start);
			case MULTIPLIER -> {
				// As in a million, hundreds of
				this.at += first.parts().length;
				add(withFraction(withMultipliers(first.value())), null, null, false, start);
			}
			case COUNT -> {
				this.at += first.parts().length;
				add(first.value(), null, null, first.value() == 1, start);
			}
			case FRACTION, ORDINAL -> {
				NumberName fraction = name(start, NumberKind.FRACTION);
				NumberName ordinal = name(start, NumberKind.ORDINAL);
				// "A third of" is a part, "the third" is one after the second
				if (fraction != null && (ordinal == null || (article && is(start + 1, WordList.PART_OF)))) {
					readFraction(start, fraction);
				}
				else if (ordinal != null && !isUnitOnly(start)) {
					this.at += ordinal.parts().length;
					add(ordinal.value(), null, null, ordinal.value() == 1, start);
				}
			}
		}
	}

	// "A second" is a time, "the second" is one after the first
	private boolean isUnitOnly(int index) {
		Word word = this.words.get(index);
		return word.entry().unit() != null && (is(index - 1, WordList.INDEFINITE_ARTICLES)
				|| is(index - 1, WordList.EVERY) || (index > 0 && Character.isDigit(word(index - 1).charAt(0))));
	}

	private String word(int index) {
		return this.words.get(index).form();
	}

	// As in half an hour, a quarter of a million, but not in the first quarter
	private void readFraction(int start, NumberName fraction) {
		boolean ordered = start > 0 && name(start - 1, NumberKind.ORDINAL) != null;
		boolean related = start > 0 && this.words.get(start - 1).entry().relation() != null;
		if (ordered || related || is(start - 1, WordList.EVERY) || this.words.get(start).joined()) {
			return;
		}
		this.at += fraction.parts().length;
		int next = this.at;
		while (is(next, WordList.ARTICLES) || is(next, WordList.PART_OF)) {
			next++;
		}
		NumberName multiplier = name(next, NumberKind.MULTIPLIER);
		if (multiplier != null) {
			this.at = next;
			add(withMultipliers(fraction.value()), null, null, false, start);
			return;
		}
		String unit = (next < this.words.size()) ? this.words.get(next).entry().unit() : null;
		add(fraction.value(), null, unit, false, start);
	}

	private void readCardinal(int start) {
		double total = 0;
		double current = 0;
		boolean any = false;
		boolean ordinal = false;
		int lowest = 0;
		while (true) {
			int index = this.at;
			boolean joined = false;
			if (any && (is(index, WordList.NUMBER_JOINS) || is(index, WordList.UNIT_JOINS))) {
				NumberName next = name(index + 1);
				boolean adds = next != null && isCardinal(next)
						&& ((is(index, WordList.NUMBER_JOINS) && lowest >= 100 && next.value() < lowest)
								|| (is(index, WordList.UNIT_JOINS) && current < 10 && next.value() >= 20
										&& next.value() < 100));
				if (!adds) {
					break;
				}
				joined = true;
				index++;
			}
			NumberName name = name(index);
			if (name == null || ordinal) {
				break;
			}
			if (name.kind() == NumberKind.MULTIPLIER && any) {
				if (name.value() >= 1000) {
					total = (current == 0 && total > 0) ? total * name.value() : total + current * name.value();
					current = 0;
				}
				else {
					current *= name.value();
				}
				lowest = (int) Math.min(Integer.MAX_VALUE, name.value());
			}
			else if (isCardinal(name) || (any && name.kind() == NumberKind.ORDINAL)) {
				boolean fits = !any || joined || (lowest > name.value() && lowest >= 20 && lowest != 12);
				if (!fits || (name.kind() == NumberKind.ORDINAL && isUnitAfter(index))) {
					break;
				}
				current += name.value();
				lowest = lowest(name.value());
				ordinal = name.kind() == NumberKind.ORDINAL;
			}
			else {
				break;
			}
			any = true;
			this.at = index + name.parts().length;
		}
		double value = total + current;
		NumberName fraction = name(this.at, NumberKind.FRACTION);
		if (fraction != null && fraction.value() < 0.4 && value < 10 && !this.words.get(this.at).startsSentence()) {
			// As in two thirds
			this.at += fraction.parts().length;
			add(value * fraction.value(), null, null, false, start);
			return;
		}
		value = withFraction(value);
		if (value == 1 && !(this.at < this.words.size() && this.words.get(this.at).entry().unit() != null)) {
			// "One" is a pronoun as well
			return;
		}
		add(value, null, null, false, start);
	}

	private boolean isUnitAfter(int index) {
		return this.words.get(index).entry().unit() != null && name(index, NumberKind.ORDINAL) != null
				&& this.words.get(index).form().endsWith("s");
	}

	private static boolean isCardinal(NumberName name) {
		return name.kind() == NumberKind.CARDINAL;
	}

	// The value of the lowest digit that is not zero: 20 takes another below, 21 does not
	private static int lowest(double value) {
		long whole = (long) value;
		if (whole == 0) {
			return 0;
		}
		if (whole < 20) {
			return 1;
		}
		int lowest = 1;
		while (whole % 10 == 0) {
			whole /= 10;
			lowest *= 10;
		}
		return (lowest == 10) ? 20 : lowest;
	}

	private double withMultipliers(double value) {
		double product = value;
		for (NumberName next = name(this.at, NumberKind.MULTIPLIER); next != null; next = name(this.at,
				NumberKind.MULTIPLIER)) {
			product *= next.value();
			this.at += next.parts().length;
		}
		return product;
	}

	// As in two and a half
	private double withFraction(double value) {
		int next = this.at;
		if (!is(next, WordList.NUMBER_JOINS)) {
			return value;
		}
		next++;
		if (is(next, WordList.ARTICLES)) {
			next++;
		}
		NumberName fraction = name(next, NumberKind.FRACTION);
		if (fraction == null || next == this.at + 1 && fraction.value() != 0.5) {
			return value;
		}
		this.at = next + fraction.parts().length;
		return value + fraction.value();
	}

	// As in World War II, Rocky IV, Type I
	private void readRoman(Word word) {
		int value = roman(word.raw());
		if (value == 0 || this.at == 0) {
			return;
		}
		Word before = this.words.get(this.at - 1);
		boolean named = before.content() && before.sentence() == word.sentence()
				&& (Character.isUpperCase(before.raw().charAt(0)) || before.is(WordList.NUMBERED));
		boolean last = this.at + 1 == this.words.size() || this.words.get(this.at + 1).sentence() != word.sentence()
				|| (!this.words.get(this.at + 1).content() && !this.words.get(this.at + 1).is(WordList.AUXILIARIES));
		boolean lowerCase = Character.isLowerCase(word.raw().charAt(0));
		boolean single = word.raw().length() == 1;
		if ((lowerCase && (single || !before.content())) || (!lowerCase && !named) || (single && !last)
				|| (single && before.startsSentence() && !before.is(WordList.NUMBERED))) {
			return;
		}
		int start = this.at;
		this.at++;
		add(value, null, null, false, start);
	}

	// Returns 0 if it is no numeral below 90 of more than one kind of case
	private static int roman(String text) {
		if (text.length() > 6) {
			return 0;
		}
		boolean lowerCase = Character.isLowerCase(text.charAt(0));
		int value = 0;
		int last = 0;
		for (int i = text.length() - 1; i >= 0; i--) {
			int digit = switch (text.charAt(i)) {
				case 'I' -> lowerCase ? 0 : 1;
				case 'V' -> lowerCase ? 0 : 5;
				case 'X' -> lowerCase ? 0 : 10;
				case 'i' -> lowerCase ? 1 : 0;
				default -> 0;
			};
			if (digit == 0) {
				return 0;
			}
			value += (digit < last) ? -digit : digit;
			last = Math.max(last, digit);
		}
		return value;
	}

	private boolean isRoman(int index) {
		return roman(this.words.get(index).raw()) > 0;
	}

	private void addTime(int minutes, int start) {
		Boolean afternoon = afternoon(this.at);
		int time = minutes;
		if (afternoon != null) {
			this.at++;
			time = minutes % 720 + (afternoon ? 720 : 0);
		}
		add(Double.NaN, "t" + time, null, false, start);
	}

	private @Nullable Boolean afternoon(int index) {
		String unit = (index < this.words.size()) ? this.words.get(index).entry().unit() : null;
		return ("am".equals(unit) || "pm".equals(unit)) ? Boolean.valueOf("pm".equals(unit)) : null;
	}

	private void add(double value, @Nullable String text, @Nullable String knownUnit, boolean weak, int start) {
		String unit = knownUnit;
		int end = this.at;
		if (unit == null && start > 0 && word(start - 1).length() == 1 && CURRENCIES.contains(word(start - 1))) {
			unit = word(start - 1);
		}
		int after = end;
		if (unit == null) {
			int power = power(end);
			after = (power > 0) ? end + 1 : end;
			unit = (after < this.words.size()) ? this.words.get(after).entry().unit() : null;
			if (unit != null && power > 0) {
				unit = unit + RAISED.charAt(power);
			}
			after = (unit != null) ? after + 1 : end;
		}
		if (text == null && ("am".equals(unit) || "pm".equals(unit)) && value >= 0 && value <= 24) {
			add24(value, "pm".equals(unit), start, after);
			return;
		}
		boolean past = (unit != null && this.lexicon.list(WordList.TIME_UNITS).contains(unit)
				&& (isTelling(start - 1) || isTelling(start - 2) || isTelling(after)))
				|| is(end, WordList.NUMBER_OF_TIMES);
		// "A month" and "one month" are the same
		boolean one = value == 1 && !isRoman(start);
		// A year often only says when: the score weighs it
		boolean year = text == null && unit == null && value >= FIRST_YEAR && value <= LAST_YEAR
				&& word(start).length() == 4;
		this.found.add(new Quantity(value, text, unit, weak || past || one || year, start, Math.max(end, after)));
	}

	// As in "I have waited for two days", unlike "can I stay for two days"
	private boolean isTelling(int index) {
		if (is(index, WordList.TELLING)) {
			return true;
		}
		if (is(index, WordList.TELLING_IF_PERFECT)) {
			for (Word word : this.words) {
				if (word.is(WordList.PERFECT) && !word.startsSentence()
						&& !word.is(WordList.AUXILIARIES_OF_QUESTIONS)) {
					return true;
				}
			}
		}
		return false;
	}

	// 3 pm and 15:00 are the same
	private void add24(double hours, boolean afternoon, int start, int end) {
		int minutes = (int) Math.round(60 * hours) % 720 + (afternoon ? 720 : 0);
		this.found.add(new Quantity(Double.NaN, "t" + minutes, null, false, start, end));
	}

	// As in square metres
	private int power(int index) {
		if (is(index, WordList.SQUARE)) {
			return 2;
		}
		return is(index, WordList.CUBIC) ? 3 : 0;
	}

}
