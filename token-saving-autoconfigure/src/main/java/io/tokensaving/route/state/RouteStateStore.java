package io.tokensaving.route.state;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.tokensaving.plan.PlanKey;

/**
 * Keeps what routing has learned of plans, for all instances of an application and beyond
 * their end. All content is opaque; it may be lost, and is checked when it is read. Calls
 * may block and fail; they are made by one thread in the background, never by a request.
 * An application brings another store as a bean of this type.
 */
public interface RouteStateStore {

	/**
	 * The largest number of entries that {@link #exchange} returns.
	 */
	int PAGE = 500;

	/**
	 * The largest number of bytes of an entry; a value has at most half as many. What is
	 * larger is returned empty.
	 */
	int MAX_BYTES = 16 * 1024;

	/**
	 * Add entries to a log, all or none, and then read those after a position, which all
	 * instances read in the same order.
	 * @param plan the plan and its workspace
	 * @param journal the log
	 * @param added the entries, the oldest first; may be empty
	 * @param after the position of the last entry that was read, or
	 * {@link Position#START}
	 * @return the entries after it, the oldest first, at most {@value #PAGE}
	 * @throws RuntimeException if that fails; the entries may have been added
	 */
	List<Entry> exchange(PlanKey plan, Journal journal, List<byte[]> added, Position after);

	/**
	 * Read the values of a group.
	 * @param plan the plan and its workspace
	 * @param group the group
	 * @return the values by name; none if there is no such group
	 * @throws RuntimeException if that fails
	 */
	Map<String, byte[]> values(PlanKey plan, Group group);

	/**
	 * Set values of a group, whatever they were.
	 * @param plan the plan and its workspace
	 * @param group the group
	 * @param values the values by name, at least one
	 * @throws RuntimeException if that fails
	 */
	void put(PlanKey plan, Group group, Map<String, byte[]> values);

	/**
	 * Ask to be called before the store cannot be used any more, to write what waits. By
	 * default nobody is called.
	 * @param lastWrite is called once, and takes a moment
	 */
	default void beforeStop(Runnable lastWrite) {
	}

	/**
	 * A log. Immutable.
	 *
	 * @param name letters, digits and hyphens
	 * @param maxEntries about how many entries are kept, the latest ones
	 * @param kept how long the log is kept after the last entry was added
	 */
	record Journal(String name, int maxEntries, Duration kept) {

	}

	/**
	 * A group of values. Immutable.
	 *
	 * @param name letters, digits and hyphens
	 * @param kept how long the group is kept after the last value was set
	 */
	record Group(String name, Duration kept) {

	}

	/**
	 * An entry of a log.
	 *
	 * @param position its position
	 * @param content what was added, or nothing if it is too large
	 */
	@SuppressWarnings("ArrayRecordComponent") // never compared
	record Entry(Position position, byte[] content) {

	}

	/**
	 * A position in a log. Later entries have greater ones. Immutable.
	 *
	 * @param time the first part, 0 or more
	 * @param sequence the second part, 0 or more
	 */
	record Position(long time, long sequence) implements Comparable<Position> {

		/**
		 * In front of all entries.
		 */
		public static final Position START = new Position(0, 0);

		@Override
		public int compareTo(Position other) {
			int byTime = Long.compare(this.time, other.time);
			return (byTime != 0) ? byTime : Long.compare(this.sequence, other.sequence);
		}

	}

}
