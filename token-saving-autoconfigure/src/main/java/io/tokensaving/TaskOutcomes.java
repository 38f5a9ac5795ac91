package io.tokensaving;

/**
 * Takes reports of whether tasks succeeded, from which the cost of a success is computed.
 * A task is one question of the application, with all rounds of its tool loop and all
 * attempts. Its id is that of {@link TokenSavingParameters#task(String)}, or the one that
 * its {@link SavingsReport#taskId() report} names. Implementations are thread-safe, do
 * not block and never throw.
 */
public interface TaskOutcomes {

	/**
	 * Whether a task is known here: it was answered, or failed, in this process, and
	 * since then not more tasks than are remembered.
	 * @param taskId the id of the task
	 * @return whether it is known, reported or not
	 */
	boolean isKnown(String taskId);

	/**
	 * Report whether a task succeeded. The first report of a task counts, and later ones
	 * do nothing. A report of a task that is not known is counted as such and otherwise
	 * does nothing.
	 * @param taskId the id of the task
	 * @param success whether it succeeded
	 * @return whether the report is the first one of a task that is known
	 */
	boolean report(String taskId, boolean success);

}
