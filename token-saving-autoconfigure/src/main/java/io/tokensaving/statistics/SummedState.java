package io.tokensaving.statistics;

import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * What a feature keeps of a plan, as sums by name. The feature never suspends itself for
 * them. Thread-safe.
 *
 * @param <S> the type itself
 */
public abstract class SummedState<S extends SummedState<S>> implements FeatureState<S> {

	private final Map<String, Long> sums = new HashMap<>();

	private @Nullable S foldedInto;

	/**
	 * Add to a sum.
	 * @param name the name of the sum
	 * @param value what is added
	 */
	protected final void add(String name, long value) {
		S target;
		synchronized (this) {
			target = this.foldedInto;
			if (target == null && value != 0) {
				this.sums.merge(name, value, Long::sum);
			}
		}
		if (target != null) {
			target.add(name, value);
		}
	}

	/**
	 * Return a sum.
	 * @param name the name of the sum
	 * @return the sum, 0 if nothing was added
	 */
	protected final synchronized long value(String name) {
		return this.sums.getOrDefault(name, 0L);
	}

	/**
	 * Return all sums.
	 * @return a copy, without those to which nothing was added
	 */
	public final synchronized Map<String, Long> sums() {
		return new HashMap<>(this.sums);
	}

	@Override
	public final boolean isSuspended() {
		return false;
	}

	@Override
	public final boolean resume() {
		return false;
	}

	@Override
	public final void foldInto(S target) {
		Map<String, Long> taken;
		synchronized (this) {
			taken = new HashMap<>(this.sums);
			this.sums.clear();
			this.foldedInto = target;
		}
		taken.forEach(target::add);
	}

}
