package io.tokensaving.statistics;

import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

import io.tokensaving.TaskOutcomes;
import io.tokensaving.TaskReceivers;

/**
 * The latest {@value #MAX_TASKS} tasks of this process, with what they cost, so that
 * their outcomes can be reported. A task that is older has an outcome that is not known.
 * Thread-safe, without locks that requests share.
 */
public final class OpenTasks implements TaskOutcomes {

	/**
	 * The number of tasks that are remembered.
	 */
	public static final int MAX_TASKS = 10_000;

	private final ConcurrentMap<TaskKey, OpenTask> tasks = new ConcurrentHashMap<>();

	// By id the task of the workspace that used it last, which a report means
	private final ConcurrentMap<String, OpenTask> latest = new ConcurrentHashMap<>();

	private final Queue<OpenTask> order = new ConcurrentLinkedQueue<>();

	private final AtomicInteger size = new AtomicInteger();

	private final AtomicBoolean receiving = new AtomicBoolean();

	private final LongAdder unknown = new LongAdder();

	OpenTasks() {
	}

	/**
	 * Return a task, which is remembered from now on. The oldest one is forgotten for it.
	 * Two workspaces that use one id have a task each, and a report is of the one whose
	 * request came last.
	 * @param workspace the workspace of the task
	 * @param id the id of the task
	 * @return the task, new or known
	 */
	public OpenTask open(String workspace, String id) {
		TaskKey key = new TaskKey(workspace, id);
		OpenTask known = this.tasks.get(key);
		if (known == null) {
			OpenTask added = new OpenTask(key);
			known = this.tasks.putIfAbsent(key, added);
			if (known == null) {
				remember(added);
				return added;
			}
		}
		if (!known.equals(this.latest.get(id))) {
			this.latest.put(id, known);
			if (!known.equals(this.tasks.get(key))) {
				// It was forgotten meanwhile
				this.latest.remove(id, known);
			}
		}
		return known;
	}

	private void remember(OpenTask added) {
		this.latest.put(added.key().id(), added);
		this.order.add(added);
		if (this.size.incrementAndGet() > MAX_TASKS) {
			OpenTask oldest = this.order.poll();
			if (oldest != null) {
				this.size.decrementAndGet();
				this.tasks.remove(oldest.key(), oldest);
				this.latest.remove(oldest.key().id(), oldest);
			}
		}
		if (!this.receiving.get() && this.receiving.compareAndSet(false, true)) {
			TaskReceivers.add(this);
		}
	}

	@Override
	public boolean isKnown(String taskId) {
		return this.latest.containsKey(taskId);
	}

	@Override
	public boolean report(String taskId, boolean success) {
		OpenTask task = this.latest.get(taskId);
		if (task == null) {
			this.unknown.increment();
			return false;
		}
		return task.report(success);
	}

	/**
	 * Return how many reports were of tasks that are not known.
	 * @return the number of reports
	 */
	public long unknownOutcomes() {
		return this.unknown.sum();
	}

	/**
	 * What names a task.
	 *
	 * @param workspace its workspace
	 * @param id its id
	 */
	record TaskKey(String workspace, String id) {

	}

}
