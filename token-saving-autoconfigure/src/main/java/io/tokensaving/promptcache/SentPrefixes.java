package io.tokensaving.promptcache;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The prefixes of a request that was answered, as another instance needs them to learn
 * from it. Immutable.
 *
 * @param scope the digest of the scope
 * @param at when the request was sent, in milliseconds since 1970
 * @param uses the prefixes, in the order of the prompt
 */
record SentPrefixes(PrefixHash.Value scope, long at, List<Use> uses) {

	/**
	 * How many prefixes of messages are told at most: the last ones.
	 */
	static final int MAX_MESSAGES = 16;

	/**
	 * How many prefixes are told at most.
	 */
	static final int MAX_USES = MAX_MESSAGES + 8;

	/**
	 * Changes whenever digests or this form do, so that instances of different versions
	 * do not understand each other wrongly.
	 */
	private static final byte VERSION = 1;

	private static final int NO_FRONT = 0xff;

	private static final PrefixKind[] KINDS = PrefixKind.values();

	/**
	 * The longest time to live that is believed, in milliseconds.
	 */
	private static final int MAX_TTL = 24 * 60 * 60 * 1000;

	byte[] encoded() {
		List<PrefixHash.Value> fronts = new ArrayList<>();
		for (Use use : this.uses) {
			if (use.front() != null && !fronts.contains(use.front())) {
				fronts.add(use.front());
			}
		}
		ByteBuffer out = ByteBuffer.allocate(1 + 16 + 8 + 1 + 16 * fronts.size() + 1 + 26 * this.uses.size());
		out.put(VERSION);
		put(out, this.scope);
		out.putLong(this.at);
		out.put((byte) fronts.size());
		fronts.forEach((front) -> put(out, front));
		out.put((byte) this.uses.size());
		for (Use use : this.uses) {
			out.put((byte) use.kind().ordinal());
			put(out, use.prefix());
			out.put((byte) ((use.front() != null) ? fronts.indexOf(use.front()) : NO_FRONT));
			out.putInt(use.kept());
			out.putInt(use.ttl());
		}
		return out.array();
	}

	private static void put(ByteBuffer out, PrefixHash.Value digest) {
		out.putLong(digest.high()).putLong(digest.low());
	}

	/**
	 * Read a message. Nothing in it is believed unless it is in range.
	 * @param message the message
	 * @return what it says, or {@code null} if it is of another version
	 * @throws IllegalArgumentException if it is not a message
	 */
	static @Nullable SentPrefixes decoded(byte[] message) {
		ByteBuffer in = ByteBuffer.wrap(message);
		try {
			if (in.get() != VERSION) {
				return null;
			}
			PrefixHash.Value scope = digest(in);
			long at = in.getLong();
			check(at >= 0, "a time before 1970");
			List<PrefixHash.Value> fronts = new ArrayList<>();
			for (int left = in.get() & 0xff; left > 0; left--) {
				fronts.add(digest(in));
			}
			int size = in.get() & 0xff;
			check(size <= MAX_USES, "too many prefixes");
			List<Use> uses = new ArrayList<>(size);
			for (int index = 0; index < size; index++) {
				int kind = in.get();
				check(kind >= 0 && kind < KINDS.length, "an unknown kind");
				PrefixHash.Value prefix = digest(in);
				int front = in.get() & 0xff;
				check(front == NO_FRONT || front < fronts.size(), "an unknown front");
				int kept = in.getInt();
				int ttl = in.getInt();
				check(kept >= Use.MISSED && kept <= MAX_TTL && ttl >= 0 && ttl <= MAX_TTL, "a time out of range");
				uses.add(new Use(KINDS[kind], prefix, (front != NO_FRONT) ? fronts.get(front) : null, kept, ttl));
			}
			check(!in.hasRemaining(), "more than a message");
			return new SentPrefixes(scope, at, uses);
		}
		catch (BufferUnderflowException ex) {
			throw new IllegalArgumentException("A message about prefixes is cut off", ex);
		}
	}

	private static PrefixHash.Value digest(ByteBuffer in) {
		return new PrefixHash.Value(in.getLong(), in.getLong());
	}

	private static void check(boolean valid, String found) {
		if (!valid) {
			throw new IllegalArgumentException("A message about prefixes contains " + found);
		}
	}

	/**
	 * A prefix that was sent.
	 *
	 * @param kind its kind
	 * @param prefix its digest
	 * @param front the digest of what stands in front of it, or {@code null} if that is
	 * not known
	 * @param kept for how long after the request the provider is believed to keep it, in
	 * milliseconds; 0 if nothing is known, {@link #MISSED} if it does not
	 * @param ttl for how long it was written, in milliseconds, or 0
	 */
	record Use(PrefixKind kind, PrefixHash.Value prefix, PrefixHash.@Nullable Value front, int kept, int ttl) {

		/**
		 * The provider neither had nor kept it.
		 */
		static final int MISSED = -1;

	}

}
