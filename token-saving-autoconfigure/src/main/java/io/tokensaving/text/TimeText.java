package io.tokensaving.text;

import java.time.DayOfWeek;
import java.time.Month;
import java.time.format.TextStyle;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Dates and times in texts, as programs and people of some languages write them.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class TimeText {

	private static final List<Locale> LOCALES = List.of(Locale.ENGLISH, Locale.GERMAN, Locale.FRENCH, Locale.ITALIAN,
			Locale.forLanguageTag("es"), Locale.forLanguageTag("pt"), Locale.forLanguageTag("nl"));

	private static final String DAYS = names(DayOfWeek.values(),
			(day, locale) -> day.getDisplayName(TextStyle.FULL, locale)) + "|Mon|Tue|Wed|Thu|Fri|Sat|Sun";

	private static final String MONTHS = names(Month.values(),
			(month, locale) -> month.getDisplayName(TextStyle.FULL, locale))
			+ "|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\\.?";

	private static final String CLOCK = "\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?(?: ?[AaPp]\\.?[Mm]\\b)?"
			+ "(?: ?(?:Z|UTC|GMT|CES?T|[ECMP][SD]T|[+-]\\d{2}:?\\d{2})(?:\\[[\\w/+-]{1,40}+\\])?)?";

	private static final String DAY = "\\d{4}-\\d{2}-\\d{2}|\\d{1,2}[./]\\d{1,2}[./](?:\\d{4}|\\d{2})" //
			+ "|(?:(?:" + DAYS + "),? )?(?:\\d{1,2}(?:st|nd|rd|th|\\.|º)?(?: de| of)? (?:" + MONTHS
			+ "),?(?: de)? \\d{4}|(?:" + MONTHS + ") \\d{1,2}(?:st|nd|rd|th)?,? \\d{4})";

	/**
	 * The regular expression of a date with a time of day.
	 */
	public static final String DATE_TIME = "(?:" + DAY + ")(?:T|,? (?:at |um |à |alle )?)" + CLOCK + "|(?:" + DAYS
			+ ") (?:" + MONTHS + ") \\d{1,2} " + CLOCK + " \\d{4}";

	/**
	 * The regular expression of a date, or of a day of the week.
	 */
	public static final String DATE = DAY + "|(?:" + DAYS + ")(?![\\p{L}\\p{N}])";

	/**
	 * The regular expression of a time of day.
	 */
	public static final String TIME = CLOCK;

	/**
	 * The regular expression of the seconds or milliseconds since 1970.
	 */
	public static final String EPOCH = "1\\d{9}(?:\\d{3})?";

	/**
	 * The regular expression of what stands in front of any of these.
	 */
	public static final String BEGIN = "(?<![\\p{L}\\p{N}_])";

	/**
	 * The regular expression of what stands behind any of these.
	 */
	public static final String END = "(?![\\p{L}\\p{N}_])";

	private static final Pattern ANY = Pattern
		.compile(BEGIN + "(?:" + DATE_TIME + "|" + DATE + "|" + TIME + "|" + EPOCH + ")" + END);

	private static final int MAX_LOOKED_AT = 1000;

	// Farther from a digit stands no part of a date or a time
	private static final int NEAR = 40;

	private static final String PLACEHOLDER = "\uE000";

	private TimeText() {
	}

	/**
	 * Return a text with one and the same character in the place of each date and time
	 * that has a digit. To bound the time that this takes, only what stands near digits
	 * is looked at, and no more than {@value #MAX_LOOKED_AT} characters.
	 * @param text the text
	 * @return the changed text, or the same instance if there is none in it
	 */
	public static String masked(String text) {
		Matcher matcher = ANY.matcher(text).useTransparentBounds(true).useAnchoringBounds(false);
		StringBuilder masked = new StringBuilder();
		int copied = 0;
		int lookedAt = 0;
		int digit = nextDigit(text, 0);
		while (digit < text.length() && lookedAt < MAX_LOOKED_AT) {
			int start = Math.max(copied, digit - NEAR);
			int last = digit;
			for (int next = nextDigit(text, last + 1); next - last <= NEAR && last - start < MAX_LOOKED_AT
					&& next < text.length(); next = nextDigit(text, last + 1)) {
				last = next;
			}
			int end = Math.min(text.length(), last + NEAR);
			lookedAt += end - start;
			matcher.region(start, end);
			while (matcher.find()) {
				masked.append(text, copied, matcher.start()).append(PLACEHOLDER);
				copied = matcher.end();
			}
			digit = nextDigit(text, end);
		}
		return (copied > 0) ? masked.append(text, copied, text.length()).toString() : text;
	}

	private static int nextDigit(String text, int from) {
		int index = from;
		while (index < text.length() && (text.charAt(index) < '0' || text.charAt(index) > '9')) {
			index++;
		}
		return index;
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

	private interface Namer<T> {

		String name(T value, Locale locale);

	}

}
