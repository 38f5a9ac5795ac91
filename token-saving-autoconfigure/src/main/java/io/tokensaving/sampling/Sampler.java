package io.tokensaving.sampling;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.request.CallerContext;

/**
 * Works on a random share of requests in the background, in the context of the caller.
 * The number of samples per plan and minute is limited, and so is the number of
 * concurrent tasks, in total and per plan; each task has a deadline. Plans take turns; if
 * the queue is full, the plan with the most queued samples loses one. Never blocks the
 * caller. Thread-safe.
 */
public final class Sampler implements AutoCloseable {

	/**
	 * The largest number of samples per plan and minute.
	 */
	public static final int MAX_PER_MINUTE = 60;

	private static final long MINUTE = Duration.ofMinutes(1).toNanos();

	private final Ticker ticker;

	private final DoubleSupplier chance;

	private final SampleQueue queue;

	private final Map<PlanKey, Integer> sampledInMinute = new HashMap<>();

	private long minuteStart;

	/**
	 * Create a sampler.
	 * @param deadline how long the work on a sample may take, above zero
	 * @param ticker the clock that measures the minutes
	 * @param chance supplies random numbers from 0 inclusive to 1 exclusive
	 * @param onLoss receives the plan and the reason for each sample that is not started
	 * or not done in time; must not throw
	 */
	public Sampler(Duration deadline, Ticker ticker, DoubleSupplier chance,
			BiConsumer<PlanKey, RuntimeException> onLoss) {
		this.ticker = ticker;
		this.chance = chance;
		this.minuteStart = ticker.read();
		this.queue = new SampleQueue(deadline, onLoss);
	}

	/**
	 * Take a sample with a given probability, unless a limit is reached.
	 * @param plan the plan of the request
	 * @param rate the probability, 0 to 1
	 * @param caller supplies the context of the caller; called on the current thread
	 * @param work the work on the sample, which handles its own failures; its argument
	 * tells whether the deadline has passed, at which the thread is interrupted
	 */
	public void sample(PlanKey plan, double rate, Supplier<CallerContext> caller, Consumer<BooleanSupplier> work) {
		if (rate <= 0 || this.chance.getAsDouble() >= rate || !isWithinLimit(plan)) {
			return;
		}
		CallerContext context = caller.get();
		this.queue.offer(plan, (overdue) -> context.call(() -> {
			work.accept(overdue);
			return true;
		}));
	}

	private synchronized boolean isWithinLimit(PlanKey plan) {
		long now = this.ticker.read();
		if (now - this.minuteStart >= MINUTE) {
			this.minuteStart = now;
			this.sampledInMinute.clear();
		}
		return this.sampledInMinute.merge(plan, 1, Integer::sum) <= MAX_PER_MINUTE;
	}

	/**
	 * Return the number of running samples whose deadline has not passed.
	 * @return the number
	 */
	public int running() {
		return this.queue.running();
	}

	/**
	 * Return the number of running samples whose deadline has passed.
	 * @return the number
	 */
	public int hanging() {
		return this.queue.hanging();
	}

	/**
	 * Return the number of plans with queued or running samples.
	 * @return the number
	 */
	public int plans() {
		return this.queue.plans();
	}

	@Override
	public void close() {
		this.queue.close();
	}

}
