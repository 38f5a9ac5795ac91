package io.tokensaving;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import org.jspecify.annotations.Nullable;

/**
 * Finds what takes the reports of {@link TokenSaving#outcome}. There is one receiver for
 * each application in the process. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class TaskReceivers {

	// Weak, so that the statistics of an application that was closed are not kept
	private static final List<WeakReference<TaskOutcomes>> RECEIVERS = new CopyOnWriteArrayList<>();

	private TaskReceivers() {
	}

	/**
	 * Add a receiver. It is kept for as long as something else refers to it.
	 * @param receiver the receiver
	 */
	public static void add(TaskOutcomes receiver) {
		RECEIVERS.removeIf((reference) -> reference.get() == null);
		RECEIVERS.add(new WeakReference<>(receiver));
	}

	/**
	 * Report to the receiver that knows a task, or to the latest one if none does.
	 * @param taskId the id of the task
	 * @param success whether it succeeded
	 * @return whether the report counts
	 */
	static boolean report(String taskId, boolean success) {
		TaskOutcomes chosen = null;
		for (WeakReference<TaskOutcomes> reference : RECEIVERS) {
			@Nullable TaskOutcomes receiver = reference.get();
			if (receiver != null) {
				chosen = receiver;
				if (receiver.isKnown(taskId)) {
					break;
				}
			}
		}
		return chosen != null && chosen.report(taskId, success);
	}

}
