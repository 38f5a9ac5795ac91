package io.tokensaving.plan.redis;

import java.util.function.Consumer;
import java.util.function.Function;

import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.StoredPlan;
import org.jspecify.annotations.Nullable;

/**
 * A plan as it was found in Redis, which is read when somebody asks for it, and for which
 * is loaded what it needs when somebody says so. Thread-safe.
 */
final class FoundPlan {

	private final String text;

	private final Function<StoredPlanFormat.Content, StoredPlan> reader;

	private @Nullable StoredPlan read;

	private boolean loaded;

	private @Nullable String problem;

	/**
	 * Create a plan.
	 * @param text what stands in Redis
	 * @param reader reads it; fails with {@link InvalidPlanException}
	 */
	FoundPlan(String text, Function<StoredPlanFormat.Content, StoredPlan> reader) {
		this.text = text;
		this.reader = reader;
	}

	String text() {
		return this.text;
	}

	/**
	 * Return the plan, and read it if it is not read yet.
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
	 * @return the reason, or {@code null} if it can be or has not been read
	 */
	synchronized @Nullable String problem() {
		return this.problem;
	}

	/**
	 * Whether the plan can be read and has not been loaded, or not successfully.
	 * @return whether to load it
	 */
	synchronized boolean isToBeLoaded() {
		return this.read != null && !this.loaded;
	}

	/**
	 * Load what the plan needs. A plan for which that fails cannot be used.
	 * @param loader loads it
	 * @return whether the plan can be used now and could not before, or the other way
	 * round
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
