package io.tokensaving.batch;

import java.time.Instant;
import java.util.Set;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Sends batches to a provider and brings back their answers. Each method blocks, may be
 * repeated after a failure, and throws a {@link BatchTransportException}. Implementations
 * are thread-safe and keep nothing that must outlive the process.
 */
public interface BatchTransport {

	/**
	 * Whether this transport reaches a target: provider, address and account.
	 * @param target the target
	 * @return whether it does
	 */
	boolean serves(BatchTarget target);

	/**
	 * Return what a batch may hold.
	 * @param target where it goes
	 * @return the limits of the provider
	 */
	Limits limits(BatchTarget target);

	/**
	 * Send a batch. If the method fails with anything but a refusal, the batch may exist
	 * all the same: see {@link #find}.
	 * @param target where it goes
	 * @param submission the id of this attempt, unique, 1 to 64 letters, digits,
	 * {@code _} and {@code -}; kept with the batch where the provider can do so
	 * @param lines the lines, read once and in order, so that no batch need be in memory
	 * as a whole
	 * @return the id that the provider gave the batch
	 * @throws BatchTransportException if it could not be sent
	 */
	String create(BatchTarget target, String submission, Iterable<BatchLine> lines);

	/**
	 * Look for a batch of which it is not known whether it was created.
	 * @param target where it was sent
	 * @param submission the id of the attempt
	 * @param since when the attempt began; clocks may differ by minutes
	 * @param customIds the ids of its lines
	 * @return what is known of it
	 */
	Match find(BatchTarget target, String submission, Instant since, Set<String> customIds);

	/**
	 * Ask how far a batch is.
	 * @param target where it was sent
	 * @param id the id that the provider gave it
	 * @return how far it is
	 */
	BatchStatus status(BatchTarget target, String id);

	/**
	 * Read what became of the lines of a batch that has ended. Lines come in any order,
	 * may come twice, and may be missing; a result that is cut off is a failure, after
	 * which it is read once more from its beginning.
	 * @param target where it was sent
	 * @param id the id that the provider gave it
	 * @param answers is given each line
	 */
	void results(BatchTarget target, String id, Consumer<BatchAnswer> answers);

	/**
	 * Ask the provider to end a batch. It ends some time later; does nothing if it has
	 * ended.
	 * @param target where it was sent
	 * @param id the id that the provider gave it
	 */
	void cancel(BatchTarget target, String id);

	/**
	 * Delete what the provider keeps of a batch whose answers have been read, as far as
	 * the provider lets us.
	 * @param target where it was sent
	 * @param id the id that the provider gave it
	 */
	void delete(BatchTarget target, String id);

	/**
	 * What a batch may hold.
	 *
	 * @param lines the most lines, 1 or more
	 * @param bytes the most bytes of all lines as the provider counts them, 1 or more
	 */
	record Limits(int lines, long bytes) {

	}

	/**
	 * Whether a batch was created.
	 *
	 * @param kind what is known
	 * @param id the id that the provider gave it, {@code null} unless it was found
	 */
	record Match(Kind kind, @Nullable String id) {

		/**
		 * What can be known.
		 */
		public enum Kind {

			/**
			 * The batch exists.
			 */
			FOUND,

			/**
			 * No batch of this attempt exists.
			 */
			ABSENT,

			/**
			 * It cannot be told yet: a batch that may be it has not ended.
			 */
			UNDECIDED

		}

	}

}
