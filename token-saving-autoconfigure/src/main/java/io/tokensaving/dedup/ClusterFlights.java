package io.tokensaving.dedup;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.dedup.ClusterLeases.Claim;
import io.tokensaving.dedup.ClusterLeases.Lease;
import io.tokensaving.dedup.DedupSettings.Scope;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.PendingAnswer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.core.task.AsyncTaskExecutor;

/**
 * Lets one instance of the application call the model, while others wait until its answer
 * is in the cache that they share. If anything fails here, the model is called.
 * Thread-safe.
 */
final class ClusterFlights {

	private static final long POLL_MILLIS = 250;

	private static final int MAX_THREADS = 64;

	/**
	 * The factor by which the timeout for Redis is longer here than for a look-up,
	 * because the alternative is a call of the model.
	 */
	private static final int TIMEOUT_FACTOR = 4;

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
	 * Stop all threads.
	 */
	void close() {
		this.threads.shutdownNow();
	}

	/**
	 * Whether a request is shared with other instances.
	 * @param leader the request
	 * @return whether its plan asks for it, its answer is stored where all instances find
	 * it, and the circuit breaker is not open
	 */
	boolean isWanted(Participant leader) {
		PendingAnswer pending = leader.pending();
		return leader.settings().scope() == Scope.CLUSTER && pending != null && pending.isShared()
				&& !leader.call().directives().noCache() && this.breaker.getState() != CircuitBreaker.State.OPEN;
	}

	/**
	 * Return the answer of another instance or of the model, waiting for it.
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
	 * Stream the answer of another instance or of the model.
	 * @param leader the request
	 * @param model the stream of the model
	 * @param executor runs the wait for other instances
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
			CallerContext caller = CallerContext.capture(sink.contextView());
			try {
				Future<?> waiting = executor.submit(() -> {
					try {
						sink.success(caller.call(() -> await(leader)));
					}
					catch (Throwable ex) { // otherwise the stream would never end
						sink.error(ex);
					}
				});
				sink.onDispose(() -> waiting.cancel(true));
			}
			catch (OutOfMemoryError ex) { // Reactor would rethrow it to the subscriber
				sink.error(new RejectedExecutionException("No thread can be started", ex));
			}
		});
	}

	private Turn await(Participant leader) {
		PendingAnswer pending = leader.pending();
		if (pending == null) {
			return Turn.ALONE;
		}
		long end = this.ticker.read() + leader.settings().timeout().toNanos();
		try {
			return await(leader, pending, end);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new CancellationException("Interrupted while waiting for another instance");
		}
		catch (RuntimeException | Error ex) { // all threads may be in use
			leader.fail(ex);
			return Turn.ALONE;
		}
	}

	private Turn await(Participant leader, PendingAnswer pending, long end) throws InterruptedException {
		String fingerprint = leader.call().fingerprint(leader.request()).exact();
		Set<String> tags = leader.call().directives().tags();
		// Tags are added before the answer, so that no eviction by them misses it
		if (!tags.isEmpty() && !pending.addTags(tags, timeout(pending))) {
			return Turn.ALONE;
		}
		boolean first = true;
		while (this.ticker.read() < end) {
			Attempt attempt = Attempt.begin(this.breaker, this.ticker);
			if (attempt == null) {
				return Turn.ALONE;
			}
			Claim claim = claim(timeout(pending), fingerprint, attempt);
			try {
				Turn turn = turn(leader, pending, claim.lease(), first);
				if (turn != null) {
					return turn;
				}
				first = false;
				if (wasAnswered(claim.released(), end)) {
					ChatClientResponse answer = leader.find(pending, timeout(pending));
					// An answer that is not stored helps no other instance, so all call
					return (answer != null) ? new Turn(answer) : Turn.ALONE;
				}
			}
			finally {
				claim.released().cancel(false);
			}
		}
		return Turn.ALONE;
	}

	// Null if another instance holds the lease
	private static @Nullable Turn turn(Participant leader, PendingAnswer pending, @Nullable Lease lease,
			boolean first) {
		boolean held = false;
		try {
			// The answer may have been stored after the look-up of this request
			ChatClientResponse answer = (lease != null || !first) ? leader.find(pending, timeout(pending)) : null;
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

	// On a thread of its own, because Redis may hang
	private Claim claim(Duration timeout, String fingerprint, Attempt attempt) throws InterruptedException {
		CompletableFuture<Claim> claiming = new CompletableFuture<>();
		boolean taken = false;
		try {
			CallerContext caller = CallerContext.capture();
			this.threads.execute(() -> caller.call(() -> {
				claim(fingerprint, claiming);
				return true;
			}));
			Claim claim = claiming.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
			attempt.succeeded();
			taken = true;
			return claim;
		}
		catch (ExecutionException | TimeoutException | RejectedExecutionException | OutOfMemoryError ex) {
			attempt.failed(ex);
			throw new IllegalStateException("Cannot ask for a lease", ex);
		}
		finally {
			attempt.end();
			// The claim may have arrived just after the timeout
			if (!taken && !claiming.cancel(false) && !claiming.isCompletedExceptionally()) {
				giveBack(claiming.join());
			}
		}
	}

	private static void giveBack(Claim claim) {
		claim.released().cancel(false);
		if (claim.lease() != null) {
			claim.lease().release(false);
		}
	}

	private static Duration timeout(PendingAnswer pending) {
		return pending.lookupTimeout().multipliedBy(TIMEOUT_FACTOR);
	}

	private void claim(String fingerprint, CompletableFuture<Claim> claiming) {
		try {
			Claim claim = this.leases.claim(fingerprint);
			if (!claiming.complete(claim)) {
				// The waiting thread has given up
				giveBack(claim);
			}
		}
		catch (RuntimeException | Error ex) { // another thread waits for the claim
			claiming.completeExceptionally(ex);
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
	 * The result of waiting.
	 *
	 * @param answer the answer of another instance, or {@code null} if this instance has
	 * to call the model
	 */
	private record Turn(@Nullable ChatClientResponse answer) {

		static final Turn ALONE = new Turn(null);

	}

}
