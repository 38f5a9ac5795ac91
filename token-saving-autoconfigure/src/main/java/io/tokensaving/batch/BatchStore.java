package io.tokensaving.batch;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

import io.tokensaving.batch.BatchQueue.Entry.State;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the requests of a {@link BatchEngine}, how far they are, and their answers. What
 * a method has written is durable when it returns, unless its description says otherwise,
 * and is seen by all instances that share the store. Thread-safe.
 * <p>
 * Any instance calls the methods without a token. Those with a token are called only by
 * the instance that leads, and fail with {@link LostLeaseException}, with nothing
 * written, once {@link #lead} has given a higher token to another one; that check and the
 * write are one atomic step. A token of which the time is over remains good until then.
 * <p>
 * Of a method for many lines only {@link #begin} needs to be atomic as a whole. The
 * others may stop anywhere when they fail, as long as each line is either changed as
 * described or not at all: they are repeated, and do nothing to what was changed before.
 * Any method throws a {@link RuntimeException} if the store cannot be reached or written.
 * <p>
 * Times of lines and submissions are kept to the millisecond. Bodies and answers are
 * sealed already.
 */
public interface BatchStore extends AutoCloseable {

	/**
	 * The number of turnarounds kept for an account.
	 */
	int TURNAROUNDS = 100;

	/**
	 * Add a line, unless there is one with its key. If there is one that is open and has
	 * a later deadline, it gets the earlier one.
	 * @param line the line: queued, of attempt 0, without submission or error, not
	 * claimed
	 * @param body its sealed body
	 * @return the line as it is kept now, new or not
	 */
	Line add(Line line, byte[] body);

	/**
	 * Return lines.
	 * @param keys the keys, up to a thousand
	 * @return the lines by key, in any order; without those that are not known
	 */
	Map<String, Line> find(Collection<String> keys);

	/**
	 * Return the sealed bodies of lines, which are kept while a line is open.
	 * @param keys the keys, of bodies of a few megabytes together unless there is only
	 * one
	 * @return the bodies by key; without those that are not known
	 */
	Map<String, byte[]> bodies(Collection<String> keys);

	/**
	 * Return the sealed answer of a line.
	 * @param key the key
	 * @return the answer, {@code null} unless the line is {@link State#DONE} or was
	 * before it was deleted
	 */
	byte @Nullable [] answer(String key);

	/**
	 * Note that somebody pays for the answer of a line that is {@link State#DONE}, or for
	 * an answer that came too late to a line that is {@link State#LIVE}.
	 * @param key the key
	 * @param until when the line may be deleted, from now on
	 * @return whether the line is in one of these states and nobody had claimed it; of
	 * all calls for a line, in all instances, one returns {@code true}
	 */
	boolean claim(String key, Instant until);

	/**
	 * Note that a line is asked live: from {@link State#EXPIRED} to {@link State#LIVE}.
	 * Does nothing in other states.
	 * @param key the key
	 * @return whether the state was changed
	 */
	boolean live(String key);

	/**
	 * Return a number that is another one whenever a line was settled, by any instance,
	 * since it was asked for last.
	 * @return the number
	 */
	long revision();

	/**
	 * Count lines by state.
	 * @return the number of lines in each state in which there are any
	 */
	Map<State, Integer> counts();

	/**
	 * Become the leader of all instances that share the store, or remain it. There is one
	 * leader for all workspaces.
	 * @param owner the name of the instance, unique
	 * @param ttl for how long the instance leads unless it calls this method again
	 * @return the token, above zero: the same one as long as the instance has remained
	 * the leader without a gap, or a higher one than was ever given; 0 if another
	 * instance leads
	 */
	long lead(String owner, Duration ttl);

	/**
	 * Cease to lead, so that another instance need not wait for the end of the lease.
	 * Does nothing if another one leads.
	 * @param token the token of the leader
	 */
	void resign(long token);

	/**
	 * Sum up what is queued.
	 * @return the queues that are not empty
	 */
	List<Queued> queues();

	/**
	 * Return lines that are queued, those with the earliest deadline first.
	 * @param target the target
	 * @param lines the most lines
	 * @param bytes the most {@linkplain Line#bytes() bytes} of all of them, unless the
	 * first one is larger
	 * @return the lines
	 */
	List<Line> queued(BatchTarget target, int lines, long bytes);

	/**
	 * Write that a batch is about to be sent. The lines that are still queued become
	 * {@link State#SUBMITTING} in the submission, and the number of their attempt grows
	 * by one; others are left alone. Atomic: if the method fails or the process ends
	 * before it returns, either all of this was written or it counts as if nothing had
	 * been; so a store may, for example, write the submission last and take lines that
	 * name a submission which does not exist as queued.
	 * @param token the token of the leader
	 * @param submission the submission, in phase {@link Submission.Phase#INTENT}
	 * @param keys the keys of its lines, each once
	 * @return the keys of the lines that were queued, in the given order
	 */
	List<String> begin(long token, Submission submission, List<String> keys);

	/**
	 * Write how far a submission is. If its phase is not {@link Submission.Phase#INTENT},
	 * those of its lines that are {@link State#SUBMITTING} are {@link State#SUBMITTED}
	 * from now on; a store may tell that by the phase whenever a line is read. If only
	 * the figures have changed it need not be durable at once. Does nothing if there is
	 * no such submission.
	 * @param token the token of the leader
	 * @param submission the submission
	 */
	void update(long token, Submission submission);

	/**
	 * Return all submissions.
	 * @return the submissions, those that were begun first first
	 */
	List<Submission> submissions();

	/**
	 * Return the lines whose last submission is the given one, whatever their state.
	 * @param submission the id of the submission
	 * @param consumer is given each line once, in any order, and does not call the store
	 */
	void lines(String submission, Consumer<Line> consumer);

	/**
	 * Forget a submission. Its lines stay what they are, and keep its id.
	 * @param token the token of the leader
	 * @param submission the id of the submission
	 */
	void remove(long token, String submission);

	/**
	 * Change lines, each one if it is in one of the states, and the submission, that the
	 * change names. A line that settles, or that gets an answer, raises the
	 * {@linkplain #revision() revision}; its body is deleted.
	 * @param token the token of the leader
	 * @param changes the changes, one a line, up to a thousand lines, of answers of a few
	 * megabytes together unless there is only one
	 * @return the keys of the lines that were changed
	 */
	Set<String> apply(long token, Collection<Change> changes);

	/**
	 * Return open lines (queued, submitting or submitted) with a deadline up to a time,
	 * the earliest first.
	 * @param until the latest deadline
	 * @param limit the most lines
	 * @return the lines
	 */
	List<Line> due(Instant until, int limit);

	/**
	 * Return settled lines that may be deleted by a time, in any order.
	 * @param now the time
	 * @param limit the most lines
	 * @return the lines
	 */
	List<Line> disposable(Instant now, int limit);

	/**
	 * Delete settled lines with their answers. Open lines are left alone.
	 * @param token the token of the leader
	 * @param keys the keys, up to a thousand
	 */
	void delete(long token, Collection<String> keys);

	/**
	 * Add the time that a batch took, from its acceptance to its end. Need not be durable
	 * at once.
	 * @param token the token of the leader
	 * @param account the name of the account
	 * @param turnaround the time that it took
	 */
	void addTurnaround(long token, String account, Duration turnaround);

	/**
	 * Return the last {@value #TURNAROUNDS} times that batches of an account took.
	 * @param account the name of the account
	 * @return the times to the millisecond, in any order
	 */
	List<Duration> turnarounds(String account);

	/**
	 * Release what the store holds. What was written stays.
	 */
	@Override
	void close();

	/**
	 * A request that is to be answered by a batch.
	 *
	 * @param key the key of the request
	 * @param workspace the workspace
	 * @param plan the id of the plan
	 * @param target where it goes
	 * @param bytes the bytes that its line takes in a batch, 0 or more
	 * @param deadline when the answer must be there
	 * @param queuedAt when it was last queued
	 * @param state how far it is
	 * @param attempt the number of its last submission, 0 before the first
	 * @param submission the id of its last submission, {@code null} before the first
	 * @param error why it was rejected, otherwise {@code null}
	 * @param claimed whether somebody pays for its answer
	 */
	record Line(String key, String workspace, String plan, BatchTarget target, int bytes, Instant deadline,
			Instant queuedAt, State state, int attempt, @Nullable String submission, @Nullable String error,
			boolean claimed) {

		/**
		 * The states in which something still happens to a line by itself.
		 */
		public static final Set<State> OPEN = Collections
			.unmodifiableSet(EnumSet.of(State.QUEUED, State.SUBMITTING, State.SUBMITTED));

		/**
		 * Whether something still happens to it by itself.
		 * @return whether it is queued, submitting or submitted
		 */
		public boolean open() {
			return OPEN.contains(this.state);
		}

	}

	/**
	 * A change of a line. The set and the array are shared.
	 *
	 * @param key the key of the line
	 * @param submission the id which must be that of the line's last submission,
	 * {@code null} for any or none
	 * @param from the states of which the line must be in one
	 * @param to its new state: {@link State#QUEUED}, {@link State#DONE},
	 * {@link State#FAILED} or {@link State#EXPIRED}
	 * @param at when it was queued, or for other states when it may be deleted
	 * @param answer the sealed answer, for {@link State#DONE} only
	 * @param error why it was rejected, for {@link State#FAILED} only
	 */
	@SuppressWarnings("ArrayRecordComponent")
	record Change(String key, @Nullable String submission, Set<State> from, State to, Instant at,
			byte @Nullable [] answer, @Nullable String error) {

	}

	/**
	 * A batch.
	 *
	 * @param id the id of the attempt to send it, unique
	 * @param target where it goes
	 * @param begunAt when that began
	 * @param lines the number of its lines, 1 or more
	 * @param deadline the earliest deadline of its lines
	 * @param phase how far it is
	 * @param batch the id that the provider gave it, {@code null} before
	 * @param sentAt when the provider had it, {@code null} before
	 * @param answered the lines that the provider has answered so far, 0 or more
	 * @param failed the lines that have failed so far, 0 or more
	 */
	record Submission(String id, BatchTarget target, Instant begunAt, int lines, Instant deadline, Phase phase,
			@Nullable String batch, @Nullable Instant sentAt, int answered, int failed) {

		/**
		 * How far a batch can be.
		 */
		public enum Phase {

			/**
			 * It is being sent; whether the provider has it is not known.
			 */
			INTENT,

			/**
			 * The provider has it.
			 */
			SENT,

			/**
			 * What became of its lines has been stored; what the provider keeps of it is
			 * to be deleted.
			 */
			READ

		}

	}

	/**
	 * The lines that are queued for a target.
	 *
	 * @param target the target
	 * @param lines their number, 1 or more
	 * @param bytes the sum of their {@linkplain Line#bytes() bytes}
	 * @param oldest when the first of them was queued
	 * @param deadline the earliest deadline
	 */
	record Queued(BatchTarget target, int lines, long bytes, Instant oldest, Instant deadline) {

	}

	/**
	 * Another instance leads meanwhile.
	 */
	final class LostLeaseException extends RuntimeException {

		/**
		 * Create the exception.
		 */
		public LostLeaseException() {
			super("Another instance has become the leader of the batches");
		}

	}

}
