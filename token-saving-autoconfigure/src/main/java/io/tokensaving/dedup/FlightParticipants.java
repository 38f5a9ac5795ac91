package io.tokensaving.dedup;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * The requests that wait for the answer of a flight: which of them pays for it, and the
 * tags that they give to it. Only {@link #wakeAll} and {@link #count} are thread-safe;
 * {@link Flight} guards everything else with its lock.
 */
final class FlightParticipants {

	private static final Participant[] NOBODY = {};

	// In order of arrival. Replaced on every change, so that all can be woken without the
	// lock and without allocating memory
	private volatile Participant[] present;

	private @Nullable Participant payer;

	private final Set<String> tags;

	private boolean tagsTaken;

	/**
	 * Create the participants of a flight.
	 * @param leader the first one, which pays
	 */
	FlightParticipants(Participant leader) {
		this.present = new Participant[] { leader };
		this.payer = leader;
		this.tags = new HashSet<>(leader.call().directives().tags());
	}

	void add(Participant participant) {
		this.tags.addAll(participant.call().directives().tags());
		Participant[] joined = Arrays.copyOf(this.present, this.present.length + 1);
		joined[joined.length - 1] = participant;
		this.present = joined;
	}

	/**
	 * Remove a participant.
	 * @param participant the participant
	 * @return {@code false} if it was not present
	 */
	boolean remove(Participant participant) {
		Participant[] before = this.present;
		int index = Arrays.asList(before).indexOf(participant);
		if (index < 0) {
			return false;
		}
		Participant[] left = (before.length > 1) ? new Participant[before.length - 1] : NOBODY;
		System.arraycopy(before, 0, left, 0, index);
		System.arraycopy(before, index + 1, left, index, left.length - index);
		this.present = left;
		return true;
	}

	int count() {
		return this.present.length;
	}

	/**
	 * Whether others would wait if a participant left.
	 * @param participant the participant
	 * @return whether anybody else is present
	 */
	boolean hasOthers(Participant participant) {
		Participant[] present = this.present;
		return present.length > (Arrays.asList(present).contains(participant) ? 1 : 0);
	}

	boolean isPayer(Participant participant) {
		return this.payer == participant;
	}

	/**
	 * Let the participant pay that has waited longest.
	 */
	void nextPays() {
		Participant[] present = this.present;
		this.payer = (present.length > 0) ? present[0] : null;
	}

	/**
	 * Return the position of the slowest reader.
	 * @return the position of its next element; {@link Long#MAX_VALUE} if there is no
	 * reader
	 */
	long slowest() {
		long slowest = Long.MAX_VALUE;
		for (Participant participant : this.present) {
			slowest = Math.min(slowest, participant.position());
		}
		return slowest;
	}

	/**
	 * Give up readers that are too far behind.
	 * @param buffer the elements
	 * @param fastest the position of the fastest reader
	 * @param maxUnread the largest number of elements that may be unread
	 * @param maxUnreadBytes the largest size in bytes of unread elements, beyond which
	 * the slowest readers are given up unless they are the fastest as well
	 */
	void giveUpSlow(AnswerBuffer buffer, long fastest, long maxUnread, long maxUnreadBytes) {
		boolean tooLarge = !buffer.isOpen() && buffer.bytes() > maxUnreadBytes;
		for (Participant participant : this.present) {
			long position = participant.position();
			if (buffer.end() - position > maxUnread || (tooLarge && position == buffer.start() && position < fastest)) {
				participant.overflow();
			}
		}
	}

	void wakeAll() {
		for (Participant participant : this.present) {
			participant.wake();
		}
	}

	/**
	 * Whether the answer has, or can still be given, the tags of a request.
	 * @param participant the request
	 * @return {@code false} if the answer is being stored without one of them
	 */
	boolean mayTag(Participant participant) {
		return !this.tagsTaken || this.tags.containsAll(participant.call().directives().tags());
	}

	/**
	 * Return the tags of the answer when it is stored. From now on requests with other
	 * tags cannot join, because an eviction by those would not find the answer.
	 * @return the tags of all requests that share the answer
	 */
	Set<String> takeTags() {
		this.tagsTaken = true;
		return Set.copyOf(this.tags);
	}

}
