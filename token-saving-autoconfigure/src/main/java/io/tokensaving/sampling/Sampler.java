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

import org.springframework.util.Assert;

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

	private final BiConsumer<PlanKey, RuntimeException> onLoss;

	private final Map<PlanKey, Integer> sampledInMinute = new HashMap<>();

	private long minuteStart;

	/**
	 * Create a sampler.
	 * @param deadline how long the work on a sample may take, above zero
	 * @param ticker the clock that measures the minutes
	 * @param chance supplies random numbers from 0 inclusive to 1 exclusive
	 * @param onLoss receives the plan and the reason, a {@link SampleLostException}, for
	 * each sample that is not started or not done in time; must not throw
	 */
	public Sampler(Duration deadline, Ticker ticker, DoubleSupplier chance,
			BiConsumer<PlanKey, RuntimeException> onLoss) {
		this(deadline, ticker, chance, SampleQueue.MAX_OF_A_PLAN, onLoss);
	}

	/**
	 * Create a sampler.
	 * @param deadline how long the work on a sample may take, above zero
	 * @param ticker the clock that measures the minutes
	 * @param chance supplies random numbers from 0 inclusive to 1 exclusive
	 * @param maxOfAPlan the largest number of concurrent samples of a plan, at least 1;
	 * one that hangs counts until it ends
	 * @param onLoss receives the plan and the reason, a {@link SampleLostException}, for
	 * each sample that is not started or not done in time; must not throw
	 */
	public Sampler(Duration deadline, Ticker ticker, DoubleSupplier chance, int maxOfAPlan,
			BiConsumer<PlanKey, RuntimeException> onLoss) {
		Assert.isTrue(maxOfAPlan >= 1, () -> "'maxOfAPlan' must be at least 1, but is " + maxOfAPlan);
		this.ticker = ticker;
		this.chance = chance;
		this.minuteStart = ticker.read();
		this.onLoss = onLoss;
		this.queue = new SampleQueue(deadline, maxOfAPlan, onLoss);
	}

	/**
	 * Take a sample with a given probability, unless a limit is reached.
	 * @param plan the plan of the request
	 * @param rate the probability, 0 to 1
	 * @param caller supplies the context of the caller; called on the current thread
	 * @param work the work on the sample, which handles its own failures; its argument
	 * tells whether the deadline has passed, at which the thread is interrupted
	 * @return whether the request is a sample
	 */
	public Choice sample(PlanKey plan, double rate, Supplier<CallerContext> caller, Consumer<BooleanSupplier> work) {
		return sample(plan, rate, caller, work, this.onLoss);
	}

	/**
	 * Take a sample with a given probability, unless a limit is reached.
	 * @param plan the plan of the request
	 * @param rate the probability, 0 to 1
	 * @param caller supplies the context of the caller; called on the current thread
	 * @param work the work on the sample, which handles its own failures; its argument
	 * tells whether the deadline has passed, at which the thread is interrupted
	 * @param onLoss receives the plan and the reason, a {@link SampleLostException}, if
	 * this sample is not started or not done in time; must not throw
	 * @return whether the request is a sample
	 */
	Choice sample(PlanKey plan, double rate, Supplier<CallerContext> caller, Consumer<BooleanSupplier> work,
			BiConsumer<PlanKey, RuntimeException> onLoss) {
		if (rate <= 0 || this.chance.getAsDouble() >= rate) {
			return Choice.NOT_DRAWN;
		}
		if (!isWithinLimit(plan)) {
			return Choice.OVER_LIMIT;
		}
		CallerContext context = caller.get();
		this.queue.offer(plan, (overdue) -> context.call(() -> {
			work.accept(overdue);
			return true;
		}), onLoss);
		return Choice.TAKEN;
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

	/**
	 * Whether a request is a sample.
	 */
	public enum Choice {

		/**
		 * Chance did not draw it.
		 */
		NOT_DRAWN,

		/**
		 * It was drawn, but the plan has had its samples of this minute.
		 */
		OVER_LIMIT,

		/**
		 * It is worked on, unless it is reported as lost.
		 */
		TAKEN

	}

}
