package io.tokensaving.cache;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.tokensaving.Component;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.feature.Eviction;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.request.CallState;
import io.tokensaving.request.CallerContext;
import io.tokensaving.request.StreamMemory;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientRequest;

/**
 * The parts of a cache advisor that do not depend on how it finds answers: look-ups with
 * a deadline, circuit breakers, write-behind, and the fence that keeps evicted answers
 * from being stored again. Thread-safe. Close a tier to finish queued writes.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class CacheTier implements CacheWriter, AutoCloseable {

	private static final int MAX_THREADS = 64;

	private final String name;

	private final Component component;

	private final @Nullable Plan plan;

	private final SavingsStatistics statistics;

	private final TokenCounter tokenCounter;

	private final Clock clock;

	private final Ticker ticker;

	private final PriceTable prices;

	private final CircuitBreakers breakers;

	private final int order;

	private final Evictions evictions = new Evictions();

	private final StreamMemory streams = StreamMemory.ofHeap();

	private final WriteBehindQueue writes;

	private final ThreadPoolExecutor lookups;

	/**
	 * Create a tier.
	 * @param name the name of the tier in thread names and meters, such as {@code exact}
	 * @param component the component under which failures are counted
	 * @param builder the builder of the advisor
	 */
	public CacheTier(String name, Component component, CacheAdvisorBuilder<?> builder) {
		this.name = name;
		this.component = component;
		this.plan = builder.plan();
		this.statistics = builder.statistics();
		this.tokenCounter = builder.tokenCounter();
		this.clock = builder.clock();
		this.ticker = builder.ticker();
		this.prices = builder.prices();
		this.breakers = builder.circuitBreakers();
		this.order = builder.order();
		this.writes = new WriteBehindQueue("token-saving-%s-writes".formatted(name), (overdue) -> fail(null, overdue));
		this.lookups = new ThreadPoolExecutor(0, MAX_THREADS, 30, TimeUnit.SECONDS, new SynchronousQueue<>(),
				new DaemonThreads("token-saving-%s-lookup".formatted(name)));
	}

	/**
	 * Prepare a request for this tier.
	 * @param request the request
	 * @return the request with its settings, or {@code null} if its plan has no cache or
	 * the request opts out of caching
	 * @throws IllegalArgumentException if its parameters are invalid
	 */
	public @Nullable CacheRequest open(ChatClientRequest request) {
		CallState call = CallState.of(request, this.plan);
		CacheSettings settings = (call != null) ? call.plan().settings(CacheSettings.class) : null;
		if (call == null || settings == null || call.directives().noStore()) {
			return null;
		}
		return new CacheRequest(this, request, call, settings, this.evictions.count());
	}

	/**
	 * Return the order of the advisor.
	 * @return the order
	 */
	public int order() {
		return this.order;
	}

	/**
	 * Return the statistics that count look-ups and failures.
	 * @return the statistics
	 */
	public SavingsStatistics statistics() {
		return this.statistics;
	}

	/**
	 * Return the prices.
	 * @return the prices
	 */
	public PriceTable prices() {
		return this.prices;
	}

	/**
	 * Return the clock that measures look-ups.
	 * @return the clock
	 */
	public Ticker ticker() {
		return this.ticker;
	}

	/**
	 * Return the counter that estimates tokens for models that report no usage.
	 * @return the counter
	 */
	public TokenCounter tokenCounter() {
		return this.tokenCounter;
	}

	StreamMemory streams() {
		return this.streams;
	}

	Evictions evictions() {
		return this.evictions;
	}

	/**
	 * Return the time by the clock that dates entries.
	 * @return the present time
	 */
	public Instant now() {
		return this.clock.instant();
	}

	/**
	 * Count a failure of this tier.
	 * @param plan the plan of the request, or {@code null} if it is not known
	 * @param failure the failure
	 */
	public void fail(@Nullable PlanKey plan, Throwable failure) {
		this.statistics.recordError(this.component, plan, failure);
	}

	/**
	 * Record the duration of a look-up.
	 * @param start when it began, read from {@link #ticker()}
	 */
	public void recordLookup(long start) {
		this.statistics.recordLookup(this.name, this.ticker.read() - start);
	}

	/**
	 * Begin a call to a backend outside this process.
	 * @param backend the name of the backend
	 * @return the attempt, which the caller must end, or {@code null} if the circuit
	 * breaker of the backend is open
	 */
	public @Nullable Attempt attempt(String backend) {
		return Attempt.begin(this.breakers.of(backend), this.ticker);
	}

	/**
	 * Start a look-up on a thread of its own.
	 * @param <T> the type of the result
	 * @param caller the context in which the look-up runs
	 * @param lookup the look-up
	 * @return the result; cancelling it interrupts the thread
	 * @throws RejectedExecutionException if all threads are in use
	 */
	public <T extends @Nullable Object> CompletableFuture<T> submit(CallerContext caller, Supplier<T> lookup) {
		Lookup<T> found = new Lookup<>();
		found.task = this.lookups.submit(() -> found.run(caller, lookup));
		return found;
	}

	/**
	 * Wait for a look-up, and cancel it if it takes too long.
	 * @param <T> the type of the result
	 * @param lookup the look-up
	 * @param timeout how long to wait, above zero
	 * @param onFailure receives the failure if the look-up fails or takes too long
	 * @return the result, or {@code null} if the look-up fails or takes too long
	 * @throws InterruptedException if the current thread is interrupted
	 */
	public <T> @Nullable T await(Future<? extends @Nullable T> lookup, Duration timeout, Consumer<Throwable> onFailure)
			throws InterruptedException {
		try {
			return lookup.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (ExecutionException ex) {
			onFailure.accept((ex.getCause() != null) ? ex.getCause() : ex);
			return null;
		}
		catch (TimeoutException | CancellationException ex) {
			onFailure.accept(ex);
			return null;
		}
		finally {
			lookup.cancel(true);
		}
	}

	/**
	 * Store an answer: immediately if the store is in this process, otherwise on the
	 * write-behind queue, so that the caller does not wait for it. Failures are counted
	 * and not thrown.
	 * @param write the answer to store
	 * @param caller the context in which the write runs, or {@code null} if the write
	 * needs none
	 * @param whenDone is called exactly once, after the write succeeded ({@code true}),
	 * or failed or was skipped ({@code false}); must not throw
	 */
	public void write(AnswerWrite write, @Nullable CallerContext caller, Consumer<Boolean> whenDone) {
		if (write.backends().isEmpty()) {
			write.run(whenDone);
			return;
		}
		boolean queued = false;
		try {
			if (!hasOpenBreaker(write.backends())) {
				queued = this.writes.offer(inContextOf(caller, () -> write.run(whenDone)), write.sizeInBytes());
				if (!queued) {
					fail(write.labels().planKey(), new RejectedExecutionException("Too many writes are queued"));
				}
			}
		}
		catch (Throwable ex) { // queueing may run out of memory
			fail(write.labels().planKey(), ex);
		}
		finally {
			if (!queued) {
				whenDone.accept(false);
			}
		}
	}

	private static Runnable inContextOf(@Nullable CallerContext caller, Runnable write) {
		if (caller == null) {
			return write;
		}
		return () -> caller.call(() -> {
			write.run();
			return true;
		});
	}

	boolean hasOpenBreaker(Collection<String> backends) {
		for (String backend : backends) {
			if (this.breakers.of(backend).getState() == CircuitBreaker.State.OPEN) {
				return true;
			}
		}
		return false;
	}

	@Override
	public boolean beginEviction(Eviction eviction) {
		return this.evictions.begin(eviction);
	}

	/**
	 * Wait up to five seconds for the writes queued so far. Further writes are accepted
	 * meanwhile.
	 * @return whether all of them are written
	 */
	public boolean drain() {
		return this.writes.drain();
	}

	/**
	 * Finish queued writes for up to five seconds, and stop all threads.
	 */
	@Override
	public void close() {
		this.writes.close();
		this.lookups.shutdownNow();
	}

	/**
	 * A look-up whose cancellation interrupts its thread.
	 *
	 * @param <T> the type of the result
	 */
	private static final class Lookup<T extends @Nullable Object> extends CompletableFuture<T> {

		private volatile @Nullable Future<?> task;

		void run(CallerContext caller, Supplier<T> lookup) {
			try {
				complete(caller.call(lookup));
			}
			catch (Throwable ex) { // a caller waits for the result
				completeExceptionally(ex);
			}
		}

		@Override
		public boolean cancel(boolean mayInterrupt) {
			boolean cancelled = super.cancel(mayInterrupt);
			Future<?> task = this.task;
			if (cancelled && task != null) {
				task.cancel(true);
			}
			return cancelled;
		}

	}

}
