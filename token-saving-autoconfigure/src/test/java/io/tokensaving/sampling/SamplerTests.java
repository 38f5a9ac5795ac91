package io.tokensaving.sampling;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.Eventually;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.request.CallerContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Sampler}.
 */
@Timeout(60)
class SamplerTests {

	private final AtomicLong now = new AtomicLong();

	private final List<String> lost = new CopyOnWriteArrayList<>();

	private double chance;

	private final Sampler sampler = new Sampler(Duration.ofHours(1), this.now::get, () -> this.chance,
			(plan, reason) -> this.lost.add(reason.getMessage()));

	@AfterEach
	void close() {
		this.sampler.close();
	}

	@Test
	void takesTheShareThatIsAskedFor() {
		AtomicInteger taken = new AtomicInteger();
		for (double drawn : new double[] { 0, 0.1, 0.19, 0.2, 0.9 }) {
			this.chance = drawn;
			sample("p", 0.2, taken);
		}
		Eventually.await(() -> taken.get() == 3 && this.sampler.plans() == 0);
		this.chance = 0;
		sample("p", 0, taken);
		assertThat(this.sampler.plans()).isZero();
		assertThat(taken).hasValue(3);
	}

	@Test
	void takesABoundedNumberOfEachPlanAMinute() {
		AtomicInteger taken = new AtomicInteger();
		for (int i = 1; i <= Sampler.MAX_PER_MINUTE + 10; i++) {
			sample("p", 1, taken);
			int expected = Math.min(i, Sampler.MAX_PER_MINUTE);
			Eventually.await(() -> taken.get() == expected && this.sampler.plans() == 0);
		}
		sample("q", 1, taken);
		Eventually.await(() -> taken.get() == Sampler.MAX_PER_MINUTE + 1);
		this.now.addAndGet(Duration.ofMinutes(1).toNanos());
		sample("p", 1, taken);
		Eventually.await(() -> taken.get() == Sampler.MAX_PER_MINUTE + 2);
		assertThat(this.lost).isEmpty();
	}

	@Test
	void takesNoContextOfACallerWhoIsNotSampled() {
		AtomicInteger captured = new AtomicInteger();
		AtomicInteger taken = new AtomicInteger();
		this.chance = 0.5;
		for (double rate : new double[] { 0.4, 0.6 }) {
			this.sampler.sample(plan("p"), rate, () -> {
				captured.incrementAndGet();
				return CallerContext.capture();
			}, (overdue) -> taken.incrementAndGet());
		}
		Eventually.await(() -> taken.get() == 1);
		assertThat(captured).hasValue(1);
	}

	@Test
	void worksInTheContextOfTheCallerOnAnotherThread() {
		ClassLoader own = new ClassLoader(getClass().getClassLoader()) {
		};
		ClassLoader before = Thread.currentThread().getContextClassLoader();
		Thread caller = Thread.currentThread();
		List<Object> seen = new CopyOnWriteArrayList<>();
		Thread.currentThread().setContextClassLoader(own);
		try {
			this.sampler.sample(plan("p"), 1, CallerContext::capture, (overdue) -> {
				seen.add(Thread.currentThread().getContextClassLoader());
				seen.add(Thread.currentThread() != caller);
				seen.add(overdue.getAsBoolean());
			});
		}
		finally {
			Thread.currentThread().setContextClassLoader(before);
		}
		Eventually.await(() -> seen.size() == 3);
		assertThat(seen).containsExactly(own, true, false);
	}

	private void sample(String plan, double rate, AtomicInteger taken) {
		this.sampler.sample(plan(plan), rate, CallerContext::capture, (overdue) -> taken.incrementAndGet());
	}

	private static PlanKey plan(String id) {
		return new PlanKey("default", id);
	}

}
