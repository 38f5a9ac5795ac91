package io.tokensaving.material.parts;

import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that markers tell how much is left out: what is there and what they count is all
 * there was.
 */
class MarkerCountTests {

	private static final Pattern COUNT = Pattern
		.compile("(\\d+) (record|row|line|sentence|entry|entrie|section|item|frame|item element)s? left out");

	private static final List<Kind> KINDS = List.of(
			new Kind(ContentKind.JSON, "{\"list\":[",
					(i) -> ((i > 0) ? "," : "") + "{\"unit\":" + i
							+ ",\"text\":\"some words of a record, with a number\"}",
					"]}"),
			new Kind(ContentKind.JSON, "{\"other\":0", (i) -> ",\"unit" + i + "\":\"some words of an entry of a map\"",
					"}"),
			new Kind(ContentKind.JSON_LINES, "", (i) -> "{\"unit\":" + i + ",\"text\":\"some words of a line\"}\n", ""),
			new Kind(ContentKind.TABLE, "a;b;c\n", (i) -> i + ";unit;some words of a row\n", ""),
			new Kind(ContentKind.LOG, "",
					(i) -> "12:00:00 INFO unit " + i + " of a log that logs " + (char) ('a' + i) + "\n", ""),
			new Kind(ContentKind.PROSE, "", (i) -> "This is the unit of prose that has the number " + i + ".\n\n", ""),
			new Kind(ContentKind.MARKDOWN, "# H\n\n",
					(i) -> "- this is the unit of a list that has the number " + i + "\n", ""),
			new Kind(ContentKind.MARKDOWN, "# A\n\n|a|b|\n|-|-|\n",
					(i) -> "| unit | row of a table with the number " + i + "|\n", ""),
			new Kind(ContentKind.XML, "<list>",
					(i) -> "\n<item id='" + i + "'>an element unit with some text in it</item>", "</list>"),
			new Kind(ContentKind.CODE, "package a;\n\nclass A {\n\n\tvoid a() {\n\t\tother();\n",
					(i) -> "\t\tunit(" + i + "); // a line in a long body\n", "\t}\n\n}\n"));

	@Property(tries = 400)
	void whatIsThereAndWhatIsCountedIsAll(@ForAll long seed) {
		Random random = new Random(seed);
		Kind kind = KINDS.get(random.nextInt(KINDS.size()));
		int units = 14 + random.nextInt(100);
		StringBuilder text = new StringBuilder(kind.start());
		for (int i = 0; i < units; i++) {
			text.append(kind.unit().apply(i));
		}
		DividedText divided = Dividers.divide(text.append(kind.end()).toString());
		assertThat(divided.kind()).isEqualTo(kind.kind());
		BitSet kept = new BitSet();
		double share = random.nextDouble();
		for (int i = 0; i < divided.parts().size(); i++) {
			// Parts in which others are nested are kept: of what is left out whole, chars
			// or lines are counted
			kept.set(i, random.nextDouble() < share || isParent(divided.parts(), i));
		}
		if (kept.isEmpty()) {
			// Of a text that is left out whole, chars are counted
			kept.set(random.nextInt(divided.parts().size()));
		}
		String rendered = divided.render(kept);
		int there = count(rendered.replaceAll("left out[^\"\n]*", ""), "unit");
		int told = 0;
		Matcher counts = COUNT.matcher(rendered);
		while (counts.find()) {
			told += Integer.parseInt(counts.group(1));
		}
		assertThat(there + told).as(rendered).isEqualTo(units + kind.others() - kind.othersThere(rendered));
	}

	private static boolean isParent(List<Part> parts, int index) {
		return index + 1 < parts.size() && parts.get(index + 1).parent() == index;
	}

	private static int count(String text, String wanted) {
		int count = 0;
		for (int at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
			count++;
		}
		return count;
	}

	/**
	 * A text of many units.
	 *
	 * @param kind what it is
	 * @param start what stands before the units; a part that is none is {@code other}
	 * @param unit makes a unit, in which the word stands once
	 * @param end what stands after the units
	 */
	private record Kind(ContentKind kind, String start, IntFunction<String> unit, String end) {

		int others() {
			return count(this.start, "other");
		}

		int othersThere(String rendered) {
			return Math.min(others(), count(rendered.replaceAll("left out[^\"\n]*", ""), "other"));
		}

	}

}
