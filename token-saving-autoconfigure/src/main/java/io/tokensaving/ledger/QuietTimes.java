package io.tokensaving.ledger;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Times of the week at which a provider charges less. Immutable.
 */
final class QuietTimes {

	private static final Pattern HOURS = Pattern.compile("([01]\\d|2[0-3]):([0-5]\\d)-([01]\\d|2[0-3]):([0-5]\\d)");

	private static final int DAY = 24 * 60;

	private final List<Window> windows = new ArrayList<>();

	/**
	 * Add hours of some days.
	 * @param hours the hours in UTC, such as {@code 10:00-00:00}, where 00:00 at the end
	 * is that of the next day
	 * @param days the days, 1 for Monday to 7
	 * @return whether the hours can be read
	 */
	boolean add(String hours, List<Integer> days) {
		Matcher matcher = HOURS.matcher(hours);
		if (!matcher.matches()) {
			return false;
		}
		int from = Integer.parseInt(matcher.group(1)) * 60 + Integer.parseInt(matcher.group(2));
		int to = Integer.parseInt(matcher.group(3)) * 60 + Integer.parseInt(matcher.group(4));
		to = (to == 0) ? DAY : to;
		if (from >= to) {
			return false;
		}
		this.windows.add(new Window(from, to, List.copyOf(days)));
		return true;
	}

	/**
	 * Whether it is a quiet time.
	 * @param time the time
	 * @return whether one of the windows contains it
	 */
	boolean contains(Instant time) {
		ZonedDateTime utc = time.atZone(ZoneOffset.UTC);
		int minute = utc.getHour() * 60 + utc.getMinute();
		for (Window window : this.windows) {
			if (minute >= window.from() && minute < window.to()
					&& window.days().contains(utc.getDayOfWeek().getValue())) {
				return true;
			}
		}
		return false;
	}

	private record Window(int from, int to, List<Integer> days) {

	}

}
