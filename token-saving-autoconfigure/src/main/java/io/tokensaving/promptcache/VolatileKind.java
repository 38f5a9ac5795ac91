package io.tokensaving.promptcache;

import java.util.Locale;

/**
 * What kind of text differs between the system texts of successive requests.
 */
enum VolatileKind {

	/**
	 * A date with a time of day.
	 */
	DATE_TIME,

	/**
	 * A time of day.
	 */
	TIME,

	/**
	 * A date, or a day of the week.
	 */
	DATE,

	/**
	 * Seconds or milliseconds since 1970.
	 */
	EPOCH,

	/**
	 * An identifier that was made up, such as a UUID.
	 */
	ID,

	/**
	 * A number that only rises.
	 */
	COUNTER,

	/**
	 * An e-mail address.
	 */
	EMAIL,

	/**
	 * Text that stays the same within a conversation and differs between conversations.
	 */
	USER_DATA,

	/**
	 * Anything else.
	 */
	OTHER;

	/**
	 * Return whether a whole line that differs only in this can be moved without looking
	 * at what it says.
	 * @return whether it can
	 */
	boolean isMovable() {
		return this == DATE_TIME || this == TIME || this == DATE || this == EPOCH || this == ID;
	}

	/**
	 * Return the name as users see it.
	 * @return the name in snake case
	 */
	String label() {
		return name().toLowerCase(Locale.ROOT);
	}

}
