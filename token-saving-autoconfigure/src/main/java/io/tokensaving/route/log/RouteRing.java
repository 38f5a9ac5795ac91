package io.tokensaving.route.log;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * The latest decisions, of which each new one takes the place of the oldest. Nobody waits
 * for anybody: a place is changed by comparing and setting. Thread-safe.
 */
final class RouteRing {

	private final AtomicReferenceArray<@Nullable Slot> slots;

	private final ConcurrentHashMap<UUID, Long> numbers;

	private final AtomicLong next = new AtomicLong();

	RouteRing(int capacity) {
		this.slots = new AtomicReferenceArray<>(capacity);
		this.numbers = new ConcurrentHashMap<>(2 * capacity);
	}

	int capacity() {
		return this.slots.length();
	}

	/**
	 * Return how many decisions were ever added.
	 * @return the number
	 */
	long added() {
		return this.next.get();
	}

	void add(RouteDecision decision) {
		long number = this.next.getAndIncrement();
		int index = index(number);
		Slot added = new Slot(number, decision);
		// Before the slot, so that who evicts the slot finds it
		this.numbers.put(decision.id(), number);
		while (true) {
			Slot old = this.slots.get(index);
			if (old != null && old.number() > number) {
				// This thread was overtaken by a whole round
				this.numbers.remove(decision.id(), number);
				return;
			}
			if (this.slots.compareAndSet(index, old, added)) {
				if (old != null) {
					this.numbers.remove(old.decision().id(), old.number());
				}
				return;
			}
		}
	}

	/**
	 * Add a verdict to a decision.
	 * @param id the decision
	 * @param verdict the verdict
	 * @return the decision with it, or {@code null} if it is no longer here
	 */
	@Nullable RouteDecision merge(UUID id, RouteVerdict verdict) {
		Slot old = slot(id);
		while (old != null) {
			Slot merged = new Slot(old.number(), old.decision().with(verdict));
			if (this.slots.compareAndSet(index(old.number()), old, merged)) {
				return merged.decision();
			}
			old = slot(id);
		}
		return null;
	}

	@Nullable RouteDecision find(UUID id) {
		Slot slot = slot(id);
		return (slot != null) ? slot.decision() : null;
	}

	private @Nullable Slot slot(UUID id) {
		Long number = this.numbers.get(id);
		Slot slot = (number != null) ? this.slots.get(index(number)) : null;
		return (slot != null && slot.decision().id().equals(id)) ? slot : null;
	}

	/**
	 * Return decisions, newest first.
	 * @param filter which ones
	 * @param limit how many at most
	 * @return the decisions
	 */
	List<RouteDecision> newest(Predicate<RouteDecision> filter, int limit) {
		List<RouteDecision> found = new ArrayList<>();
		long last = this.next.get();
		for (long number = last - 1; number >= Math.max(0, last - capacity()) && found.size() < limit; number--) {
			Slot slot = this.slots.get(index(number));
			// Another number: it is being added, or was evicted meanwhile
			if (slot != null && slot.number() == number && filter.test(slot.decision())) {
				found.add(slot.decision());
			}
		}
		return found;
	}

	/**
	 * Return how many decisions can be found by their id.
	 * @return the number, at most the capacity when nobody adds
	 */
	int indexed() {
		return this.numbers.size();
	}

	private int index(long number) {
		return (int) (number % this.slots.length());
	}

	private record Slot(long number, RouteDecision decision) {

	}

}
