package io.tokensaving.plan.redis;

import java.util.function.Consumer;
import java.util.function.Function;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.StoredPlan;
import org.jspecify.annotations.Nullable;

/**
 * A plan that was found in Redis. It is parsed at the first use of {@link #plan()}, and
 * {@link #load} loads what it needs. Thread-safe.
 */
final class FoundPlan {

	private final String text;

	private final Function<StoredPlanFormat.Content, StoredPlan> reader;

	private @Nullable StoredPlan read;

	private boolean loaded;

	private @Nullable String problem;

	/**
	 * Create a plan.
	 * @param text the JSON in Redis
	 * @param reader reads the plan; throws {@link InvalidPlanException}
	 */
	FoundPlan(String text, Function<StoredPlanFormat.Content, StoredPlan> reader) {
		this.text = text;
		this.reader = reader;
	}

	String text() {
		return this.text;
	}

	/**
	 * Return the plan; the first call parses it.
	 * @return the plan, or {@code null} if it cannot be used
	 */
	synchronized @Nullable StoredPlan plan() {
		if (this.read == null) {
			try {
				this.read = this.reader.apply(StoredPlanFormat.read(this.text));
				this.problem = null;
			}
			catch (StoredPlanFormat.UnreadableException | InvalidPlanException ex) {
				this.problem = String.valueOf(ex.getMessage());
			}
		}
		return (this.problem == null) ? this.read : null;
	}

	/**
	 * Return why the plan cannot be used.
	 * @return the reason, or {@code null} if it can be used or has not been parsed yet
	 */
	synchronized @Nullable String problem() {
		return this.problem;
	}

	/**
	 * Whether the plan was parsed and still has to be loaded, because loading has not
	 * been tried or has failed.
	 * @return whether it has to be loaded
	 */
	synchronized boolean needsLoading() {
		return this.read != null && !this.loaded;
	}

	/**
	 * Load what the plan needs. If that fails, the plan cannot be used.
	 * @param loader loads it
	 * @return whether this call changed whether the plan can be used
	 */
	boolean load(Consumer<Plan> loader) {
		StoredPlan plan;
		synchronized (this) {
			plan = this.read;
		}
		if (plan == null) {
			return false;
		}
		String failure = null;
		try {
			loader.accept(plan.plan());
		}
		catch (InvalidPlanException ex) {
			failure = String.valueOf(ex.getMessage());
		}
		synchronized (this) {
			boolean changed = (failure == null) != (this.problem == null);
			this.loaded = failure == null;
			this.problem = failure;
			return changed;
		}
	}

}
