package io.tokensaving.promptcache;

import java.time.DayOfWeek;
import java.time.Month;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A value in a text that is likely to differ in the next request: a date, a time, an
 * identifier, a number, an address.
 *
 * @param kind the kind; {@link VolatileKind#COUNTER} stands for any number
 * @param start where it starts, in characters
 * @param end where it ends, exclusive
 */
record VolatileValue(VolatileKind kind, int start, int end) {

	private static final List<Locale> LOCALES = List.of(Locale.ENGLISH, Locale.GERMAN, Locale.FRENCH, Locale.ITALIAN,
			Locale.forLanguageTag("es"), Locale.forLanguageTag("pt"), Locale.forLanguageTag("nl"));

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
		String months = names(Month.values(), (month, locale) -> month.getDisplayName(TextStyle.FULL, locale))
				+ "|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\\.?";
		String days = names(DayOfWeek.values(), (day, locale) -> day.getDisplayName(TextStyle.FULL, locale))
				+ "|Mon|Tue|Wed|Thu|Fri|Sat|Sun";
		String time = "\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?(?: ?[AaPp]\\.?[Mm]\\b)?";
		String zone = "(?: ?(?:Z|UTC|GMT|CES?T|[ECMP][SD]T|[+-]\\d{2}:?\\d{2})(?:\\[[\\w/+-]{1,40}+\\])?)?";
		String iso = "\\d{4}-\\d{2}-\\d{2}";
		String date = iso + "|\\d{1,2}[./]\\d{1,2}[./](?:\\d{4}|\\d{2})" //
				+ "|(?:(?:" + days + "),? )?(?:\\d{1,2}(?:st|nd|rd|th|\\.|º)?(?: de| of)? (?:" + months
				+ "),?(?: de)? \\d{4}|(?:" + months + ") \\d{1,2}(?:st|nd|rd|th)?,? \\d{4})";
		String named = "(?:" + days + ") (?:" + months + ") \\d{1,2} " + time + zone + " \\d{4}";
		return "(?<![\\p{L}\\p{N}_])(?:" //
				+ "(?<EMAIL>[\\w.%+-]{1,64}+@[A-Za-z0-9-]{1,63}(?:\\.[A-Za-z0-9-]{1,63}){1,4})" + "|(?<DATETIME>(?:"
				+ date + ")(?:T|,? (?:at |um |à |alle )?)" + time + zone + "|" + named + ")"
				+ "|(?<ID>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
				+ "|(?=[A-Za-z_-]{0,63}\\d)(?=[0-9_-]{0,63}[A-Za-z])[A-Za-z0-9_-]{16,64}+|\\d{14,40}+)" //
				+ "|(?<DATE>" + date + "|(?:" + days + ")(?![\\p{L}\\p{N}]))" //
				+ "|(?<TIME>" + time + zone + ")" //
				+ "|(?<EPOCH>1\\d{9}(?:\\d{3})?)" //
				+ "|(?<COUNTER>\\d{1,18}+(?:[.,]\\d{1,18}+){0,8})" //
				+ ")(?![\\p{L}\\p{N}_])";
	}

	private static <T> String names(T[] values, Namer<T> namer) {
		Set<String> names = new TreeSet<>();
		for (Locale locale : LOCALES) {
			for (T value : values) {
				String name = namer.name(value, locale);
				names.add(name);
				names.add(name.substring(0, 1).toUpperCase(locale) + name.substring(1));
			}
		}
		return names.stream().map(Pattern::quote).collect(Collectors.joining("|", "(?:", ")"));
	}

	private static String group(VolatileKind kind) {
		return kind.name().replace("_", "");
	}

	private interface Namer<T> {

		String name(T value, Locale locale);

	}

}
