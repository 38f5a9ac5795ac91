package io.tokensaving.cache.semantic.guard;

import java.util.List;
import java.util.Locale;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link NumberReader}.
 */
class NumberReaderTests {

	private static final String[] UNITS = { "", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
			"ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
			"nineteen" };

	private static final String[] TENS = { "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty",
			"ninety" };

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			5 thousand euros            | 5000
			5,000 euros                 | 5000
			5k                          | 5000
			100k                        | 100000
			5 lakh rupees               | 500000
			2 crore                     | 20000000
			a million dollars           | 1000000
			2.5 million                 | 2500000
			half a million              | 500000
			half an hour                | 0.5
			two and a half hours        | 2.5
			two thirds of it            | 0.6666666666666666
			a quarter of an hour        | 0.25
			1/2                         | text
			2 dozen eggs                | 24
			twenty-one days             | 21
			one hundred and five people | 105
			two thousand three hundred  | 2300
			the twenty-first century    | 21
			the 21st century            | 21
			the second world war        | 2
			the third option            | 3
			at -10 degrees              | -10
			World War II                | 2
			Type I diabetes             | none
			Is it Type I                | 1
			and I think                 | none
			1,234.50                    | 1234.5
			0.5                         | 0.5
			version 3.10                | text
			at 3:30 pm                  | text
			a second later              | none
			""")
	void readsValue(String text, String value) {
		List<Quantity> quantities = NumberReader.read(Question.of(text));
		if (value.equals("none")) {
			assertThat(quantities).isEmpty();
		}
		else {
			assertThat(quantities).hasSize(1);
			Quantity quantity = quantities.get(0);
			assertThat((quantity.text() != null) ? "text" : shortest(quantity.value())).isEqualTo(value);
		}
	}

	@Property(tries = 500)
	void readsEveryNumberInWordsAsInDigits(@ForAll @IntRange(min = 2, max = 999_999) int number) {
		List<Quantity> words = NumberReader.read(Question.of("Can I order " + words(number) + " parts?"));
		List<Quantity> digits = NumberReader.read(Question.of("Can I order " + number + " parts?"));
		List<Quantity> grouped = NumberReader
			.read(Question.of(String.format(Locale.ROOT, "Can I order %,d parts?", number)));
		assertThat(words).singleElement().extracting(Quantity::value).isEqualTo((double) number);
		assertThat(digits).singleElement().extracting(Quantity::value).isEqualTo((double) number);
		assertThat(grouped).singleElement().extracting(Quantity::value).isEqualTo((double) number);
	}

	@Property(tries = 500)
	void thousandsAreWrittenInManyWays(@ForAll @IntRange(min = 2, max = 999) int number) {
		for (String text : List.of(number + "k", number + " thousand", number + ",000", number + "000",
				words(number) + " thousand")) {
			assertThat(NumberReader.read(Question.of("Can I send " + text + " dollars?"))).as(text)
				.singleElement()
				.extracting(Quantity::value, Quantity::unit)
				.containsExactly(1000.0 * number, "$");
		}
	}

	private static String shortest(double value) {
		return (value == Math.rint(value)) ? Long.toString((long) value) : Double.toString(value);
	}

	private static String words(int number) {
		if (number >= 1000) {
			return (words(number / 1000) + " thousand " + words(number % 1000)).strip();
		}
		if (number >= 100) {
			String rest = words(number % 100);
			return UNITS[number / 100] + " hundred" + (rest.isEmpty() ? "" : " and " + rest);
		}
		if (number < 20) {
			return UNITS[number];
		}
		return TENS[number / 10] + ((number % 10 == 0) ? "" : "-" + UNITS[number % 10]);
	}

}
