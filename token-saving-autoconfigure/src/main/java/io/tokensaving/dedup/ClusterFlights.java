package io.tokensaving.dedup;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.dedup.ClusterLeases.Lease;
import io.tokensaving.plan.CacheSettings;
import io.tokensaving.plan.DedupSettings.Scope;
import io.tokensaving.request.AnswerSource;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.core.task.AsyncTaskExecutor;

/**
 * Lets one instance of the application call the model, while others wait for the answer
 * to appear in the cache that they share. Whatever fails here, the model is called.
 * Thread-safe.
 */
final class ClusterFlights {

	private static final long POLL_MILLIS = 250;

	private static final int MAX_THREADS = 64;

	/**
	 * By what factor one waits longer for Redis here than for a look-up: the alternative
	 * is a call of the model.
	 */
	private static final int PATIENCE = 4;

	private final ClusterLeases leases;

	private final CircuitBreaker breaker;

	private final Ticker ticker;

	private final ThreadPoolExecutor threads = new ThreadPoolExecutor(0, MAX_THREADS, 30, TimeUnit.SECONDS,
			new SynchronousQueue<>(), new DaemonThreads("token-saving-lease"));

	ClusterFlights(ClusterLeases leases, String backend, CircuitBreakers breakers) {
		this.leases = leases;
		this.breaker = breakers.of(backend);
		this.ticker = Ticker.systemTicker();
	}

	/**
	 * End the threads.
	 */
	void close() {
		this.threads.shutdownNow();
	}

	/**
	 * Whether a request is shared by all instances.
	 * @param leader the request
	 * @return whether its plan wants it, and its answer is kept where all find it
	 */
	boolean isWanted(Participant leader) {
		AnswerSource source = leader.call().answerSource();
		return leader.settings().scope() == Scope.CLUSTER && source != null && source.isShared()
				&& !leader.call().directives().noCache() && this.breaker.getState() != CircuitBreaker.State.OPEN;
	}

	/**
	 * Get an answer from another instance, or from the model. Blocks.
	 * @param leader the request
	 * @param model calls the model
	 * @return the answer
	 */
	ChatClientResponse call(Participant leader, Supplier<ChatClientResponse> model) {
		Turn turn = await(leader);
		if (turn.answer() != null) {
			return turn.answer();
		}
		return model.get();
	}

	/**
	 * Get an answer from another instance, or from the model.
	 * @param leader the request
	 * @param model the stream of the model
	 * @param executor waits for other instances
	 * @return the stream
	 */
	Flux<ChatClientResponse> stream(Participant leader, Flux<ChatClientResponse> model, AsyncTaskExecutor executor) {
		leader.ledger().beginLookup();
		return awaitLater(leader, executor).onErrorResume((ex) -> {
			leader.fail(ex);
			return Mono.just(Turn.ALONE);
		}).flatMapMany((turn) -> {
			leader.ledger().endLookup();
			return (turn.answer() != null) ? Flux.just(turn.answer()) : model;
		});
	}

	private Mono<Turn> awaitLater(Participant leader, AsyncTaskExecutor executor) {
		return Mono.create((sink) -> {
			Future<?> waiting = executor.submit(() -> {
				try {
					sink.success(await(leader));
				}
				catch (Throwable ex) { // nobody else would tell the stream
					sink.error(ex);
				}
			});
			sink.onDispose(() -> waiting.cancel(true));
		});
	}

	private Turn await(Participant leader) {
		AnswerSource source = leader.call().answerSource();
		if (source == null) {
			return Turn.ALONE;
		}
		long end = this.ticker.read() + leader.settings().timeout().toNanos();
		AtomicReference<@Nullable CompletableFuture<Boolean>> listening = new AtomicReference<>();
		try {
			return await(leader, source, end, listening);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new CancellationException("Interrupted while waiting for another instance");
		}
		catch (RuntimeException | Error ex) { // there may be no more threads
			leader.fail(ex);
			return Turn.ALONE;
		}
		finally {
			CompletableFuture<Boolean> listened = listening.get();
			if (listened != null) {
				listened.cancel(false);
			}
		}
	}

	private Turn await(Participant leader, AnswerSource source, long end,
			AtomicReference<@Nullable CompletableFuture<Boolean>> listening) throws InterruptedException {
		String fingerprint = leader.call().fingerprint(leader.request()).exact();
		boolean first = true;
		while (this.ticker.read() < end) {
			CompletableFuture<Boolean> released = this.leases.released(fingerprint);
			CompletableFuture<Boolean> before = listening.getAndSet(released);
			if (before != null) {
				before.cancel(false);
			}
			Attempt attempt = Attempt.begin(this.breaker, this.ticker);
			if (attempt == null) {
				return Turn.ALONE;
			}
			Lease lease = acquire(leader, fingerprint, attempt);
			Turn turn = turn(leader, source, lease, first);
			if (turn != null) {
				return turn;
			}
			first = false;
			if (wasAnswered(released, end)) {
				ChatClientResponse answer = source.find(Outcome.DEDUP_HIT, SavingTechnique.DEDUP, timeout(leader));
				// There was an answer, but none that is stored: nobody is helped by
				// taking turns
				return (answer != null) ? new Turn(answer) : Turn.ALONE;
			}
		}
		return Turn.ALONE;
	}

	// Null if another instance holds the lease
	private static @Nullable Turn turn(Participant leader, AnswerSource source, @Nullable Lease lease, boolean first) {
		boolean held = false;
		try {
			// Between the look-up of this request and its lease the answer may have been
			// stored
			ChatClientResponse answer = (lease != null || !first)
					? source.find(Outcome.DEDUP_HIT, SavingTechnique.DEDUP, timeout(leader)) : null;
			if (answer != null) {
				return new Turn(answer);
			}
			if (lease == null) {
				return null;
			}
			leader.hold(lease);
			held = true;
			return Turn.ALONE;
		}
		finally {
			if (lease != null && !held) {
				lease.release(true);
			}
		}
	}

	// Redis may hang
	private @Nullable Lease acquire(Participant leader, String fingerprint, Attempt attempt)
			throws InterruptedException {
		CompletableFuture<@Nullable Lease> acquiring = new CompletableFuture<>();
		boolean taken = false;
		try {
			this.threads.execute(() -> acquire(fingerprint, acquiring));
			Lease lease = acquiring.get(timeout(leader).toNanos(), TimeUnit.NANOSECONDS);
			attempt.succeeded();
			taken = true;
			return lease;
		}
		catch (ExecutionException | TimeoutException | RejectedExecutionException | OutOfMemoryError ex) {
			attempt.failed(ex);
			throw new IllegalStateException("No lease could be asked for", ex);
		}
		finally {
			attempt.end();
			// It may have come a moment too late
			if (!taken && !acquiring.cancel(false) && !acquiring.isCompletedExceptionally()) {
				Lease late = acquiring.getNow(null);
				if (late != null) {
					late.release(false);
				}
			}
		}
	}

	private static Duration timeout(Participant leader) {
		CacheSettings cache = leader.call().plan().cache();
		return ((cache != null) ? cache.lookupTimeout() : CacheSettings.DEFAULT_LOOKUP_TIMEOUT).multipliedBy(PATIENCE);
	}

	private void acquire(String fingerprint, CompletableFuture<@Nullable Lease> acquiring) {
		try {
			Lease lease = this.leases.tryAcquire(fingerprint);
			if (!acquiring.complete(lease) && lease != null) {
				// Nobody waits for it any more
				lease.release(false);
			}
		}
		catch (RuntimeException | Error ex) { // somebody waits for it
			acquiring.completeExceptionally(ex);
		}
	}

	private boolean wasAnswered(CompletableFuture<Boolean> released, long end) throws InterruptedException {
		long millis = Math.min(POLL_MILLIS, TimeUnit.NANOSECONDS.toMillis(end - this.ticker.read()));
		try {
			return released.get(Math.max(1, millis), TimeUnit.MILLISECONDS);
		}
		catch (TimeoutException ex) {
			return false;
		}
		catch (ExecutionException ex) {
			throw new IllegalStateException("Cannot listen for the end of a lease", ex.getCause());
		}
	}

	/**
	 * How it goes on.
	 *
	 * @param answer the answer of another instance, or {@code null} if this one is to
	 * call the model
	 */
	private record Turn(@Nullable ChatClientResponse answer) {

		static final Turn ALONE = new Turn(null);

	}

}
