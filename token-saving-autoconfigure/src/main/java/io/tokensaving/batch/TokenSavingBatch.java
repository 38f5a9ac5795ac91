package io.tokensaving.batch;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

import io.tokensaving.request.CallerContext;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Runs work whose answers may come later, for half the price. The work asks models as it
 * always does, on its thread:
 *
 * <pre>{@code
 * CompletableFuture<Ticket> ticket = batch.submit("ticket-17", Duration.ofHours(24),
 *         () -> chatClient.prompt().user(text).call().entity(Ticket.class));
 * }</pre>
 *
 * A request that no cache can answer is queued and ends the run. Once its answer has come
 * with a batch, the work is run again from its beginning and gets it. So the work must
 * make the same requests in the same order each time it is run, and what it does besides
 * is done again; work that is not the same fails with a {@link NotRepeatableException}. A
 * stream is asked at once, as is a request to a model without a batch API, and one for
 * which no time is left.
 * <p>
 * After a restart of the application, submit the same work again: it finds the answers
 * that came meanwhile, and no request of a batch is paid twice. What was asked at once
 * because its deadline was near is only found in a cache. Thread-safe.
 */
public final class TokenSavingBatch {

	private final BatchQueue queue;

	private final Executor executor;

	private final Clock clock;

	private final ConcurrentMap<String, Job<?>> open = new ConcurrentHashMap<>();

	/**
	 * Create it.
	 * @param queue takes what is to be sent
	 * @param executor runs work again
	 * @param clock tells the time
	 */
	public TokenSavingBatch(BatchQueue queue, Executor executor, Clock clock) {
		this.queue = queue;
		this.executor = executor;
		this.clock = clock;
	}

	/**
	 * Run work whose answers may come as late as its plan says.
	 * @param <T> the type of its result
	 * @param id names the work in messages, such as {@code ticket-17}; only one of a name
	 * can be open at a time
	 * @param work the work, which is run at least once, for the first time on the calling
	 * thread
	 * @return the result, or what the work has thrown. To cancel it is to run the work no
	 * more; what is queued is sent nevertheless
	 * @throws IllegalStateException if work of that name is open, or if other work
	 * submits it
	 * @see #submit(String, Duration, Supplier)
	 */
	public <T extends @Nullable Object> CompletableFuture<T> submit(String id, Supplier<T> work) {
		return start(id, null, work);
	}

	/**
	 * Run work whose answers may come later.
	 * @param <T> the type of its result
	 * @param id names the work in messages, such as {@code ticket-17}; only one of a name
	 * can be open at a time
	 * @param within when all of its answers must be there, from 1 minute to 14 days; what
	 * no batch has answered shortly before is asked at once
	 * @param work the work, which is run at least once, for the first time on the calling
	 * thread
	 * @return the result, or what the work has thrown. To cancel it is to run the work no
	 * more; what is queued is sent nevertheless
	 * @throws IllegalArgumentException if the time is out of its range
	 * @throws IllegalStateException if work of that name is open, or if other work
	 * submits it
	 */
	public <T extends @Nullable Object> CompletableFuture<T> submit(String id, Duration within, Supplier<T> work) {
		Assert.isTrue(
				within.compareTo(BatchSettings.MIN_WITHIN) >= 0 && within.compareTo(BatchSettings.MAX_WITHIN) <= 0,
				() -> "'within' must be from 1 minute to 14 days, but is " + within);
		return start(id, this.clock.instant().plus(within), work);
	}

	private <T extends @Nullable Object> CompletableFuture<T> start(String id, @Nullable Instant deadline,
			Supplier<T> work) {
		Assert.hasText(id, "'id' must not be empty");
		BatchScope outer = BatchScope.current();
		if (outer != null) {
			throw new IllegalStateException(
					"'%s' cannot be submitted by '%s': work is run again, so submit what follows with its result"
						.formatted(id, outer.id()));
		}
		Job<T> job = new Job<>(new BatchScope(id, this.clock.instant(), deadline), work);
		if (this.open.putIfAbsent(id, job) != null) {
			throw new IllegalStateException("Work of the name '%s' is open".formatted(id));
		}
		var unused = job.result.whenComplete((value, failure) -> this.open.remove(id, job));
		job.run();
		return job.result;
	}

	/**
	 * Return how much work waits for answers.
	 * @return the number of pieces
	 */
	public int open() {
		return this.open.size();
	}

	/**
	 * A piece of work.
	 */
	private final class Job<T extends @Nullable Object> {

		private final BatchScope scope;

		private final Supplier<T> work;

		private final CallerContext caller = CallerContext.capture();

		private final CompletableFuture<T> result = new CompletableFuture<>();

		Job(BatchScope scope, Supplier<T> work) {
			this.scope = scope;
			this.work = work;
		}

		void run() {
			CompletableFuture<T> run = new CompletableFuture<>();
			boolean repeatable = true;
			try {
				run.complete(this.scope.run(this.work));
			}
			catch (Throwable ex) {
				repeatable = !(ex instanceof NotRepeatableException);
				run.completeExceptionally(ex);
			}
			// Work that makes do without an answer that is yet to come is run again too
			Set<String> deferred = repeatable ? this.scope.deferred() : Set.of();
			if (!deferred.isEmpty()) {
				await(deferred);
				return;
			}
			var unused = run.whenComplete(this::end);
		}

		private void end(T value, @Nullable Throwable failure) {
			if (failure != null) {
				this.result.completeExceptionally(failure);
				return;
			}
			if (this.result.isDone()) {
				return;
			}
			try {
				this.scope.memory().commit();
				this.result.complete(value);
			}
			catch (Throwable ex) {
				this.result.completeExceptionally(ex);
			}
		}

		private void await(Set<String> keys) {
			CompletableFuture<?>[] settled;
			try {
				settled = keys.stream()
					.map((key) -> TokenSavingBatch.this.queue.settled(key).toCompletableFuture())
					.toArray(CompletableFuture[]::new);
			}
			catch (Throwable ex) {
				this.result.completeExceptionally(ex);
				return;
			}
			var unused = CompletableFuture.allOf(settled).whenComplete((entries, failure) -> {
				if (failure == null) {
					again();
					return;
				}
				Throwable cause = failure.getCause();
				this.result
					.completeExceptionally((failure instanceof CompletionException && cause != null) ? cause : failure);
			});
		}

		private void again() {
			if (this.result.isDone()) {
				return;
			}
			try {
				TokenSavingBatch.this.executor.execute(() -> this.caller.call(() -> {
					run();
					return null;
				}));
			}
			catch (Throwable ex) {
				this.result.completeExceptionally(ex);
			}
		}

	}

}
