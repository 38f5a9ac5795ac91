package io.tokensaving.statistics;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * A task whose outcome may be reported. It keeps what its requests cost, by plan, feature
 * and model, until its outcome is known; from then on their cost is counted at once.
 * Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class OpenTask {

	// More plans, features and models than a task has; what others cost is counted where
	// the task began
	private static final int MAX_PARTS = 50;

	private final OpenTasks.TaskKey key;

	private @Nullable Part first;

	private @Nullable List<Part> others;

	private @Nullable TaskOutcome outcome;

	private @Nullable TaskOutcome early;

	private List<Consumer<Boolean>> listeners = List.of();

	private boolean begun;

	private boolean reported;

	OpenTask(OpenTasks.TaskKey key) {
		this.key = key;
	}

	OpenTasks.TaskKey key() {
		return this.key;
	}

	/**
	 * Whether the task begins. The question is asked once for each request that may be
	 * the first one of a task.
	 * @return {@code false} if an earlier request of the task has begun it
	 */
	public synchronized boolean begin() {
		boolean begins = !this.begun;
		this.begun = true;
		return begins;
	}

	/**
	 * Add what a request of the task cost.
	 * @param place where the request is counted
	 * @param picoUsd what was spent, with overhead
	 */
	void add(TaskPlace place, long picoUsd) {
		synchronized (this) {
			if (this.outcome == null) {
				keep(place, picoUsd);
				if (this.early != null) {
					settle(this.early);
				}
				return;
			}
		}
		place.recordKnownCost(picoUsd);
	}

	// Places are compared as the objects that they are: those of a plan that was created
	// again are others
	@SuppressWarnings("ReferenceEquality")
	private void keep(TaskPlace place, long picoUsd) {
		Part kept = this.first;
		if (kept == null) {
			this.first = new Part(place, picoUsd);
			return;
		}
		if (kept.place == place) {
			kept.picoUsd += picoUsd;
			return;
		}
		if (this.others == null) {
			this.others = new ArrayList<>(2);
		}
		for (Part other : this.others) {
			if (other.place == place) {
				other.picoUsd += picoUsd;
				return;
			}
		}
		if (this.others.size() < MAX_PARTS) {
			this.others.add(new Part(place, picoUsd));
		}
		else {
			kept.picoUsd += picoUsd;
		}
	}

	/**
	 * Count the task as successful because its answer is what was asked for, unless its
	 * outcome is known. A report may say otherwise later.
	 */
	public synchronized void accept() {
		if (this.outcome == null) {
			settle(TaskOutcome.VALID);
		}
	}

	/**
	 * Add a listener of the report. Of a task with many requests, the first
	 * {@value #MAX_PARTS} listeners are told.
	 * @param listener is told whether the task succeeded, at most once, on the thread
	 * that reports; must return quickly and not throw
	 */
	public synchronized void whenReported(Consumer<Boolean> listener) {
		if (!this.reported && this.listeners.size() < MAX_PARTS) {
			List<Consumer<Boolean>> more = new ArrayList<>(this.listeners);
			more.add(listener);
			this.listeners = more;
		}
	}

	/**
	 * Report the outcome.
	 * @param success whether the task succeeded
	 * @return {@code false} if it was reported before
	 */
	boolean report(boolean success) {
		List<Consumer<Boolean>> told;
		synchronized (this) {
			if (!note(success)) {
				return false;
			}
			told = this.listeners;
			this.listeners = List.of();
		}
		told.forEach((listener) -> listener.accept(success));
		return true;
	}

	private boolean note(boolean success) {
		if (this.reported) {
			return false;
		}
		this.reported = true;
		if (this.outcome == null) {
			settle(success ? TaskOutcome.SUCCESS : TaskOutcome.FAILURE);
		}
		else if (!success && this.first != null) {
			this.first.place.recordOutcome(TaskOutcome.VALID_FAILURE);
		}
		return true;
	}

	// The outcome is counted where the task began, and the cost where it was spent
	private void settle(TaskOutcome outcome) {
		Part begin = this.first;
		if (begin == null) {
			// The first request of the task is just being counted
			this.early = outcome;
			return;
		}
		this.outcome = outcome;
		begin.place.recordOutcome(outcome);
		begin.place.recordKnownCost(begin.picoUsd);
		if (this.others != null) {
			this.others.forEach((part) -> part.place.recordKnownCost(part.picoUsd));
			this.others = null;
		}
	}

	private static final class Part {

		private final TaskPlace place;

		private long picoUsd;

		Part(TaskPlace place, long picoUsd) {
			this.place = place;
			this.picoUsd = picoUsd;
		}

	}

}
