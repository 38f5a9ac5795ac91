package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tokensaving.text.TimeText;

/**
 * A value in a text that is likely to differ in the next request: a date, a time, an
 * identifier, a number, an address.
 *
 * @param kind the kind; {@link VolatileKind#COUNTER} stands for any number
 * @param start where it starts, in characters
 * @param end where it ends, exclusive
 */
record VolatileValue(VolatileKind kind, int start, int end) {

	private static final Pattern PATTERN = Pattern.compile(pattern());

	private static final List<VolatileKind> GROUPS = List.of(VolatileKind.EMAIL, VolatileKind.DATE_TIME,
			VolatileKind.ID, VolatileKind.DATE, VolatileKind.TIME, VolatileKind.EPOCH, VolatileKind.COUNTER);

	/**
	 * Find the values in a text, from left to right. They do not overlap.
	 * @param text the text
	 * @return the values
	 */
	static List<VolatileValue> in(String text) {
		List<VolatileValue> values = new ArrayList<>();
		Matcher matcher = PATTERN.matcher(text);
		while (matcher.find()) {
			for (VolatileKind kind : GROUPS) {
				if (matcher.start(group(kind)) >= 0) {
					values.add(new VolatileValue(kind, matcher.start(), matcher.end()));
					break;
				}
			}
		}
		return values;
	}

	/**
	 * Return what is left of a text without its values. Texts that differ only in values
	 * have the same skeleton.
	 * @param text the text
	 * @param values the values in it
	 * @return the text with a character of its own for each kind of value
	 */
	static String skeleton(String text, List<VolatileValue> values) {
		StringBuilder skeleton = new StringBuilder(text.length());
		int end = 0;
		for (VolatileValue value : values) {
			skeleton.append(text, end, value.start).append((char) ('\uE000' + value.kind.ordinal()));
			end = value.end;
		}
		return skeleton.append(text, end, text.length()).toString();
	}

	private static String pattern() {
		return TimeText.BEGIN + "(?:" //
				+ "(?<EMAIL>[\\w.%+-]{1,64}+@[A-Za-z0-9-]{1,63}(?:\\.[A-Za-z0-9-]{1,63}){1,4})" + "|(?<DATETIME>"
				+ TimeText.DATE_TIME + ")" + "|(?<ID>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
				+ "|(?=[A-Za-z_-]{0,63}\\d)(?=[0-9_-]{0,63}[A-Za-z])[A-Za-z0-9_-]{16,64}+|\\d{14,40}+)" //
				+ "|(?<DATE>" + TimeText.DATE + ")" //
				+ "|(?<TIME>" + TimeText.TIME + ")" //
				+ "|(?<EPOCH>" + TimeText.EPOCH + ")" //
				+ "|(?<COUNTER>\\d{1,18}+(?:[.,]\\d{1,18}+){0,8})" //
				+ ")" + TimeText.END;
	}

	private static String group(VolatileKind kind) {
		return kind.name().replace("_", "");
	}

}
