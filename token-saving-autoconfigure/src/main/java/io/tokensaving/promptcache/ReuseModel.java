package io.tokensaving.promptcache;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import org.jspecify.annotations.Nullable;

/**
 * How soon prefixes of a scope are used again: of a kind, of a kind behind the same
 * front, and of a single prefix or the conversation that it is a part of. Each is drawn
 * towards the one before. Guarded by the lock of its scope.
 */
final class ReuseModel {

	/**
	 * Uses that wait for another one, of all scopes.
	 */
	static final int MAX_SIGHTINGS = 50_000;

	/**
	 * Fronts whose kinds are told apart.
	 */
	static final int MAX_FRONTS = 64;

	private static final double KIND = 2;

	private static final double FRONT = 2;

	private static final double PREFIX = 1;

	private static final double CONVERSATION = 8;

	private final AtomicInteger sightings;

	private final Map<PrefixKind, ReuseStats> kinds = new EnumMap<>(PrefixKind.class);

	private final Map<Front, ReuseStats> fronts = new LinkedHashMap<>(16, 0.75f, true) {

		@Override
		protected boolean removeEldestEntry(Map.Entry<Front, ReuseStats> eldest) {
			return size() > MAX_FRONTS;
		}

	};

	// By the span whose end they wait for; the first has waited longest
	private final List<Deque<Sighting>> waiting = new ArrayList<>();

	private long advanced = Long.MIN_VALUE / 2;

	private boolean closed;

	ReuseModel(AtomicInteger sightings) {
		this.sightings = sightings;
		for (int span = 0; span < ReuseStats.SPANS; span++) {
			this.waiting.add(new ArrayDeque<>());
		}
	}

	/**
	 * Count the spans that have passed until now.
	 * @param now the time
	 */
	void advance(long now) {
		this.advanced = Math.max(this.advanced, now);
		for (int span = 0; span < ReuseStats.SPANS; span++) {
			Deque<Sighting> queue = this.waiting.get(span);
			Sighting first = queue.peekFirst();
			while (first != null && (first.closed || now - first.at >= ReuseStats.ENDS[span])) {
				queue.removeFirst();
				if (!first.closed) {
					first.passed(span + 1);
				}
				if (!first.closed && span + 1 < ReuseStats.SPANS) {
					this.waiting.get(span + 1).addLast(first);
				}
				else {
					this.sightings.decrementAndGet();
				}
				first = queue.peekFirst();
			}
		}
	}

	/**
	 * Return the latest time up to which spans were counted.
	 * @return the time, far in the past at the beginning
	 */
	long advanced() {
		return this.advanced;
	}

	/**
	 * Forget everything that waits, and note nothing more: nobody would take back what it
	 * counts.
	 */
	void close() {
		this.closed = true;
		for (Deque<Sighting> queue : this.waiting) {
			this.sightings.addAndGet(-queue.size());
			queue.clear();
		}
	}

	/**
	 * Estimate how probable it is that a prefix is used again.
	 * <p>
	 * A conversation never shows its own end, so it says when it is continued, but little
	 * of whether it is.
	 * @param kind its kind
	 * @param front what stands in front of it, or {@code null} if that is not known
	 * @param own what was seen of the prefix or its conversation, or {@code null}
	 * @param ttls the times within which
	 * @return a probability for each time
	 */
	double[] within(PrefixKind kind, @Nullable PrefixKey front, @Nullable ReuseStats own, List<CacheTtl> ttls) {
		double[] hazards = ReuseStats.hazards(this.kinds.get(kind), null, KIND);
		if (front != null) {
			hazards = ReuseStats.hazards(this.fronts.get(new Front(kind, front)), hazards, FRONT);
		}
		double[] ownHazards = ReuseStats.hazards(own, hazards, PREFIX);
		double share = 1;
		if (own != null && kind.isTail()) {
			long all = ReuseStats.ENDS[ReuseStats.SPANS - 1];
			share = own.again(ReuseStats.within(hazards, all), CONVERSATION) / ReuseStats.within(ownHazards, all);
		}
		double[] within = new double[ttls.size()];
		for (int ttl = 0; ttl < within.length; ttl++) {
			within[ttl] = Math.min(1, share * ReuseStats.within(ownHazards, ttls.get(ttl).duration().toMillis()));
		}
		return within;
	}

	/**
	 * Return who learns from uses of a prefix.
	 * @param kind its kind
	 * @param front what stands in front of it, or {@code null} if that is not known
	 * @param own what was seen of the prefix or its conversation, or {@code null}
	 * @return one to three
	 */
	List<ReuseStats> learners(PrefixKind kind, @Nullable PrefixKey front, @Nullable ReuseStats own) {
		List<ReuseStats> learners = new ArrayList<>(3);
		learners.add(this.kinds.computeIfAbsent(kind, (key) -> new ReuseStats()));
		if (front != null) {
			learners.add(this.fronts.computeIfAbsent(new Front(kind, front), (key) -> new ReuseStats()));
		}
		if (own != null) {
			learners.add(own);
		}
		return learners;
	}

	/**
	 * Note that a prefix is used.
	 * @param now the time
	 * @param kind the kind of the prefix
	 * @param learners who learns how soon it is used again
	 * @return the use, or {@code null} if too many wait already, or this is closed
	 */
	@Nullable Sighting open(long now, PrefixKind kind, List<ReuseStats> learners) {
		if (this.closed || this.sightings.get() >= MAX_SIGHTINGS) {
			return null;
		}
		this.sightings.incrementAndGet();
		Sighting sighting = new Sighting(now, kind, learners);
		this.waiting.get(0).addLast(sighting);
		return sighting;
	}

	private record Front(PrefixKind kind, PrefixKey key) {

	}

}
