package io.tokensaving.batch;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.Supplier;

/**
 * Runs work in the order of its time, on one thread and by a clock that is moved from one
 * piece to the next. Work of a process that has ended is left out.
 */
final class SteppedWork {

	private final PriorityQueue<Task> tasks = new PriorityQueue<>(
			Comparator.comparing(Task::at).thenComparing(Task::number));

	private final SteppedClock clock;

	private final Supplier<Duration> providerDelay;

	private long number;

	private int process;

	SteppedWork(SteppedClock clock, Supplier<Duration> providerDelay) {
		this.clock = clock;
		this.providerDelay = providerDelay;
	}

	/**
	 * Return scheduling for a new process; the one before ends.
	 * @return the scheduling
	 */
	BatchScheduling newProcess() {
		int current = ++this.process;
		return new BatchScheduling() {

			@Override
			public void later(Runnable task, Duration delay) {
				at(SteppedWork.this.clock.instant().plus(delay), task, current);
			}

			@Override
			public void provider(Runnable task) {
				later(task, SteppedWork.this.providerDelay.get());
			}

			@Override
			public void callback(Runnable task) {
				later(task, Duration.ZERO);
			}

			@Override
			public void close() {
				if (SteppedWork.this.process == current) {
					SteppedWork.this.process++;
				}
			}

		};
	}

	/**
	 * Run something outside of the process.
	 * @param at when
	 * @param task what
	 */
	void at(Instant at, Runnable task) {
		at(at, task, 0);
	}

	private void at(Instant at, Runnable task, int process) {
		this.tasks.add(new Task(at, this.number++, task, process));
	}

	/**
	 * Run all work up to a time.
	 * @param end the time
	 * @param restart starts the next process when one has crashed
	 */
	void runUntil(Instant end, Runnable restart) {
		while (!this.tasks.isEmpty() && !this.tasks.peek().at().isAfter(end)) {
			Task task = this.tasks.poll();
			if (task.process() != 0 && task.process() != this.process) {
				continue;
			}
			if (task.at().isAfter(this.clock.instant())) {
				this.clock.moveTo(task.at());
			}
			try {
				task.task().run();
			}
			catch (CrashError ex) {
				boolean crashed = true;
				while (crashed) {
					try {
						restart.run();
						crashed = false;
					}
					catch (CrashError again) {
						// Ended while it started
					}
				}
			}
		}
		this.clock.moveTo(end);
	}

	private record Task(Instant at, long number, Runnable task, int process) {

	}

}
