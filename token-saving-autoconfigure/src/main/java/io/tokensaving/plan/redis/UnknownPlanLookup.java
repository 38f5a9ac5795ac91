package io.tokensaving.plan.redis;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Consumer;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.plan.StoredPlan;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.Schedulers;

/**
 * Looks up plans that are not held in memory. Requests may name any plan, so the cost is
 * bounded: one look-up per plan and second, shared by all callers, 50 look-ups per second
 * in all, and none within a second after a look-up has failed or timed out. A caller on
 * an event loop does not wait; a later caller gets the result. Thread-safe.
 */
final class UnknownPlanLookup implements AutoCloseable {

	/**
	 * The number of look-ups per second.
	 */
	static final int MAX_PER_SECOND = 50;

	private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

	private static final int THREADS = 2;

	private final BiFunction<String, String, @Nullable StoredPlan> store;

	private final Duration timeout;

	private final Consumer<Throwable> errors;

	private final Ticker ticker;

	private final ThreadPoolExecutor executor;

	private final Cache<Key, CompletableFuture<Optional<StoredPlan>>> answers;

	private long windowStart;

	private int startedInWindow;

	private boolean failed;

	private long failedAt;

	/**
	 * Create a look-up.
	 * @param store reads the plan of a workspace and an id; may block and fail
	 * @param timeout how long a caller waits
	 * @param errors receives the failure of each look-up that failed or timed out
	 * @param ticker the clock of the limits
	 */
	UnknownPlanLookup(BiFunction<String, String, @Nullable StoredPlan> store, Duration timeout,
			Consumer<Throwable> errors, Ticker ticker) {
		this.store = store;
		this.timeout = timeout;
		this.errors = errors;
		this.ticker = ticker;
		this.executor = new ThreadPoolExecutor(THREADS, THREADS, 10, TimeUnit.SECONDS,
				new ArrayBlockingQueue<>(MAX_PER_SECOND), new DaemonThreads("token-saving-plans-lookup"));
		this.executor.allowCoreThreadTimeOut(true);
		this.answers = Caffeine.newBuilder()
			.maximumSize(2 * MAX_PER_SECOND)
			.expireAfterWrite(Duration.ofSeconds(1))
			.ticker(ticker)
			.executor(Runnable::run)
			.build();
	}

	/**
	 * Find a plan.
	 * @param workspace the workspace
	 * @param id a valid id
	 * @return the plan, or {@code null} if there is none or the store has not answered in
	 * time
	 */
	@Nullable StoredPlan find(String workspace, String id) {
		Key key = new Key(workspace, id);
		CompletableFuture<Optional<StoredPlan>> answer = this.answers.getIfPresent(key);
		if (answer == null) {
			if (!acquire()) {
				return null;
			}
			answer = this.answers.get(key, this::start);
		}
		if (Schedulers.isInNonBlockingThread()) {
			return answer.getNow(Optional.empty()).orElse(null);
		}
		return await(answer);
	}

	private synchronized boolean acquire() {
		long now = this.ticker.read();
		if (this.failed && now - this.failedAt < SECOND) {
			return false;
		}
		this.failed = false;
		if (now - this.windowStart >= SECOND) {
			this.windowStart = now;
			this.startedInWindow = 0;
		}
		if (this.startedInWindow >= MAX_PER_SECOND) {
			return false;
		}
		this.startedInWindow++;
		return true;
	}

	private CompletableFuture<Optional<StoredPlan>> start(Key key) {
		CompletableFuture<Optional<StoredPlan>> answer = new CompletableFuture<>();
		try {
			this.executor.execute(() -> ask(key, answer));
		}
		catch (RejectedExecutionException ex) {
			answer.complete(Optional.empty());
		}
		return answer;
	}

	private void ask(Key key, CompletableFuture<Optional<StoredPlan>> answer) {
		if (answer.isDone()) {
			// All callers have timed out
			return;
		}
		try {
			answer.complete(Optional.ofNullable(this.store.apply(key.workspace(), key.id())));
		}
		catch (RuntimeException | LinkageError | StackOverflowError ex) {
			fail(answer, ex);
		}
	}

	private @Nullable StoredPlan await(CompletableFuture<Optional<StoredPlan>> answer) {
		try {
			return answer.get(this.timeout.toMillis(), TimeUnit.MILLISECONDS).orElse(null);
		}
		catch (TimeoutException | ExecutionException ex) {
			fail(answer, ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return null;
	}

	private synchronized void fail(CompletableFuture<Optional<StoredPlan>> answer, Throwable failure) {
		if (answer.isDone()) {
			return;
		}
		this.failed = true;
		this.failedAt = this.ticker.read();
		try {
			this.errors.accept(failure);
		}
		finally {
			// Completed last, so that callers do not ask again before the pause has begun
			answer.complete(Optional.empty());
		}
	}

	/**
	 * Discard the cached look-up of a plan, because the plan has been written.
	 * @param workspace the workspace
	 * @param id the id of the plan
	 */
	void forget(String workspace, String id) {
		this.answers.invalidate(new Key(workspace, id));
	}

	@Override
	public void close() {
		this.executor.shutdownNow();
	}

	private record Key(String workspace, String id) {

	}

}
