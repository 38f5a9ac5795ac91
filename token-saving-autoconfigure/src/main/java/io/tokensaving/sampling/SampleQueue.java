package io.tokensaving.sampling;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.Deadlines;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.sampling.SampleLostException.Reason;
import org.jspecify.annotations.Nullable;

/**
 * Works on samples in the background. The number of concurrent tasks is limited, in total
 * and per plan, and each task has a deadline. Plans take turns; if the queue is full, the
 * plan with the most queued tasks loses one. A task that ignores the interrupt at its
 * deadline hangs, and another task is started in its place. While too many tasks of a
 * plan, or of all plans, hang, none is started. Every lost task is reported. Thread-safe.
 */
final class SampleQueue implements AutoCloseable {

	static final int MAX_AT_A_TIME = 8;

	static final int MAX_OF_A_PLAN = 2;

	static final int MAX_WAITING = 32;

	static final int MAX_HANGING = 16;

	private final Duration deadline;

	private final int maxOfAPlan;

	private final BiConsumer<PlanKey, RuntimeException> onLoss;

	private final ThreadPoolExecutor threads = new ThreadPoolExecutor(0, MAX_AT_A_TIME + MAX_HANGING, 30,
			TimeUnit.SECONDS, new SynchronousQueue<>(), new DaemonThreads("token-saving-verification"));

	// Plans with queued or running tasks, in the order of their turns
	private final Map<PlanKey, PlanWork> plans = new LinkedHashMap<>();

	private int running;

	private int hanging;

	private int waiting;

	/**
	 * Create a queue.
	 * @param deadline how long a task may take, above zero
	 * @param maxOfAPlan the largest number of concurrent tasks of a plan, hanging ones
	 * included
	 * @param onLoss receives the plan and the reason, a {@link SampleLostException}, for
	 * each task that is not started or not done in time
	 */
	SampleQueue(Duration deadline, int maxOfAPlan, BiConsumer<PlanKey, RuntimeException> onLoss) {
		this.deadline = deadline;
		this.maxOfAPlan = maxOfAPlan;
		this.onLoss = onLoss;
	}

	/**
	 * Run a task of a plan now or later.
	 * @param plan the plan
	 * @param work the task, which handles its own failures; its argument tells whether
	 * the deadline has passed
	 */
	void offer(PlanKey plan, Consumer<BooleanSupplier> work) {
		offer(plan, work, this.onLoss);
	}

	/**
	 * Run a task of a plan now or later.
	 * @param plan the plan
	 * @param work the task, which handles its own failures; its argument tells whether
	 * the deadline has passed
	 * @param onLoss receives the plan and the reason if this task is lost
	 */
	void offer(PlanKey plan, Consumer<BooleanSupplier> work, BiConsumer<PlanKey, RuntimeException> onLoss) {
		Losses losses = new Losses();
		synchronized (this) {
			add(new Task(plan, work, onLoss), losses);
			startWaiting(losses);
		}
		losses.report();
	}

	private void add(Task task, Losses losses) {
		PlanWork own = this.plans.computeIfAbsent(task.plan, (added) -> new PlanWork());
		if (isStuck(own)) {
			losses.add(task, tooManyHang());
			return;
		}
		if (this.waiting >= MAX_WAITING) {
			Deque<Task> longest = longest();
			boolean room = longest.size() > own.waiting.size();
			losses.add(room ? longest.removeLast() : task,
					new SampleLostException(Reason.QUEUE_FULL, "The queue of answers to verify is full"));
			if (!room) {
				return;
			}
			this.waiting--;
		}
		own.waiting.addLast(task);
		this.waiting++;
	}

	private Deque<Task> longest() {
		return this.plans.values()
			.stream()
			.map((work) -> work.waiting)
			.max(Comparator.comparingInt(Deque::size))
			.orElseThrow();
	}

	private boolean isStuck(PlanWork work) {
		return this.hanging >= MAX_HANGING || work.hanging >= this.maxOfAPlan;
	}

	private static SampleLostException tooManyHang() {
		return new SampleLostException(Reason.HANGING,
				"Too many verifying calls hang, none is begun until one of them ends");
	}

	private void startWaiting(Losses losses) {
		for (Task next = next(); next != null; next = next()) {
			this.running++;
			next.work().running++;
			try {
				this.threads.execute(next);
			}
			catch (RuntimeException | OutOfMemoryError ex) { // closed, or no thread
				this.running--;
				next.work().running--;
				losses.add(next,
						new SampleLostException(Reason.NO_THREAD, "No thread can be started to verify an answer", ex));
			}
		}
		this.plans.values().removeIf(PlanWork::isEmpty);
	}

	private @Nullable Task next() {
		for (Map.Entry<PlanKey, PlanWork> entry : new ArrayList<>(this.plans.entrySet())) {
			PlanWork work = entry.getValue();
			// Queued tasks stay, as hanging ones may be about to end
			if (!work.waiting.isEmpty() && this.running < MAX_AT_A_TIME && this.hanging < MAX_HANGING
					&& work.running + work.hanging < this.maxOfAPlan) {
				this.waiting--;
				// Moves this plan to the end of the order
				this.plans.remove(entry.getKey());
				this.plans.put(entry.getKey(), work);
				return work.waiting.removeFirst();
			}
		}
		return null;
	}

	/**
	 * Return the number of running tasks whose deadline has not passed.
	 * @return the number
	 */
	synchronized int running() {
		return this.running;
	}

	/**
	 * Return the number of running tasks whose deadline has passed.
	 * @return the number
	 */
	synchronized int hanging() {
		return this.hanging;
	}

	/**
	 * Return the number of plans with queued or running tasks.
	 * @return the number
	 */
	synchronized int plans() {
		return this.plans.size();
	}

	@Override
	public void close() {
		this.threads.shutdownNow();
	}

	/**
	 * The tasks of one plan. Guarded by the lock of the queue.
	 */
	private static final class PlanWork {

		private final Deque<Task> waiting = new ArrayDeque<>();

		private int running;

		private int hanging;

		boolean isEmpty() {
			return this.waiting.isEmpty() && this.running == 0 && this.hanging == 0;
		}

	}

	/**
	 * A task.
	 */
	private final class Task implements Runnable {

		private final PlanKey plan;

		private final Consumer<BooleanSupplier> work;

		private final BiConsumer<PlanKey, RuntimeException> onLoss;

		private volatile boolean overdue;

		Task(PlanKey plan, Consumer<BooleanSupplier> work, BiConsumer<PlanKey, RuntimeException> onLoss) {
			this.plan = plan;
			this.work = work;
			this.onLoss = onLoss;
		}

		PlanWork work() {
			return SampleQueue.this.plans.computeIfAbsent(this.plan, (added) -> new PlanWork());
		}

		@Override
		public void run() {
			try {
				Deadlines.run(SampleQueue.this.deadline, () -> this.work.accept(() -> this.overdue), this::expire);
			}
			finally {
				end();
			}
		}

		private void expire() {
			SampleQueue queue = SampleQueue.this;
			Losses losses = new Losses();
			losses.add(this, new SampleLostException(Reason.OVERDUE,
					"The verifying call took longer than %s".formatted(queue.deadline)));
			synchronized (queue) {
				this.overdue = true;
				queue.running--;
				queue.hanging++;
				work().running--;
				work().hanging++;
				queue.startWaiting(losses);
			}
			losses.report();
		}

		private void end() {
			SampleQueue queue = SampleQueue.this;
			Losses losses = new Losses();
			synchronized (queue) {
				if (this.overdue) {
					queue.hanging--;
					work().hanging--;
				}
				else {
					queue.running--;
					work().running--;
				}
				queue.startWaiting(losses);
			}
			losses.report();
		}

	}

	/**
	 * Collects lost tasks, which are reported after the lock is released.
	 */
	private static final class Losses {

		private final List<Map.Entry<Task, RuntimeException>> losses = new ArrayList<>(0);

		void add(Task task, RuntimeException reason) {
			this.losses.add(Map.entry(task, reason));
		}

		void report() {
			this.losses.forEach((loss) -> loss.getKey().onLoss.accept(loss.getKey().plan, loss.getValue()));
		}

	}

}
