package io.tokensaving.plan.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;

import io.tokensaving.plan.Plan;
import io.tokensaving.plan.StoredPlan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link UnknownPlanLookup}: what requests that name unknown plans can cost.
 */
class UnknownPlanLookupTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final AtomicLong time = new AtomicLong();

	private final AtomicInteger asked = new AtomicInteger();

	private final List<Throwable> errors = new ArrayList<>();

	private final CountDownLatch answering = new CountDownLatch(1);

	private UnknownPlanLookup lookup;

	@AfterEach
	void close() {
		this.answering.countDown();
		this.lookup.close();
	}

	private UnknownPlanLookup lookup(Duration timeout, BiFunction<String, String, StoredPlan> store) {
		this.lookup = new UnknownPlanLookup((workspace, id) -> {
			this.asked.incrementAndGet();
			return store.apply(workspace, id);
		}, timeout, this.errors::add, this.time::get);
		return this.lookup;
	}

	private static StoredPlan plan(String id) {
		return new StoredPlan(Plan.builder(id).build(), 1, Map.of());
	}

	private StoredPlan hang() {
		try {
			this.answering.await();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		return null;
	}

	@Test
	void asksOnceASecondForAnId() {
		UnknownPlanLookup lookup = lookup(PATIENCE, (workspace, id) -> id.equals("there") ? plan(id) : null);
		for (int i = 0; i < 1000; i++) {
			assertThat(lookup.find("w", "there")).isNotNull();
			assertThat(lookup.find("w", "missing")).isNull();
		}
		assertThat(this.asked).hasValue(2);
		this.time.addAndGet(TimeUnit.SECONDS.toNanos(1));
		assertThat(lookup.find("w", "missing")).isNull();
		assertThat(this.asked).hasValue(3);
	}

	@Test
	void aStormOfUnknownIdsAsksFiftyTimesASecond() throws Exception {
		UnknownPlanLookup lookup = lookup(PATIENCE, (workspace, id) -> null);
		ExecutorService callers = Executors.newFixedThreadPool(16);
		try {
			for (int second = 1; second <= 3; second++) {
				List<Callable<StoredPlan>> calls = new ArrayList<>();
				for (int i = 0; i < 5000; i++) {
					String id = "id-" + second + "-" + i;
					calls.add(() -> lookup.find("w", id));
				}
				for (Future<StoredPlan> call : callers.invokeAll(calls)) {
					assertThat(call.get()).isNull();
				}
				assertThat(this.asked).hasValue(second * UnknownPlanLookup.MAX_PER_SECOND);
				this.time.addAndGet(TimeUnit.SECONDS.toNanos(1));
			}
		}
		finally {
			callers.shutdownNow();
		}
		assertThat(this.errors).isEmpty();
	}

	@Test
	void callersOfOneIdShareALookUp() throws Exception {
		UnknownPlanLookup lookup = lookup(PATIENCE, (workspace, id) -> {
			hang();
			return plan(id);
		});
		ExecutorService callers = Executors.newFixedThreadPool(16);
		try {
			List<Future<StoredPlan>> calls = new ArrayList<>();
			for (int i = 0; i < 16; i++) {
				calls.add(callers.submit(() -> lookup.find("w", "p")));
			}
			this.answering.countDown();
			for (Future<StoredPlan> call : calls) {
				assertThat(call.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isNotNull();
			}
			assertThat(this.asked).hasValue(1);
		}
		finally {
			callers.shutdownNow();
		}
	}

	@Test
	void aStoreThatHangsIsCountedOnceAndLeftAloneForASecond() {
		UnknownPlanLookup lookup = lookup(Duration.ofMillis(1), (workspace, id) -> hang());
		assertThat(lookup.find("w", "p0")).isNull();
		for (int i = 1; i < 1000; i++) {
			assertThat(lookup.find("w", "p" + i)).isNull();
		}
		assertThat(this.errors).hasSize(1).allMatch(TimeoutException.class::isInstance);
		assertThat(this.asked.get()).isLessThanOrEqualTo(1);
	}

	@Test
	void aStoreThatFailsIsCountedAndAskedAgainASecondLater() {
		Set<String> broken = ConcurrentHashMap.newKeySet();
		broken.add("p");
		UnknownPlanLookup lookup = lookup(PATIENCE, (workspace, id) -> {
			if (broken.contains(id)) {
				throw new IllegalStateException("broken");
			}
			return plan(id);
		});
		assertThat(lookup.find("w", "p")).isNull();
		assertThat(lookup.find("w", "other")).isNull();
		assertThat(this.errors).hasSize(1).allMatch(IllegalStateException.class::isInstance);
		broken.clear();
		this.time.addAndGet(TimeUnit.SECONDS.toNanos(1));
		assertThat(lookup.find("w", "p")).isNotNull();
		assertThat(this.errors).hasSize(1);
	}

	@Test
	void anEventLoopDoesNotWait() throws Exception {
		CountDownLatch asking = new CountDownLatch(1);
		UnknownPlanLookup lookup = lookup(PATIENCE, (workspace, id) -> {
			asking.countDown();
			hang();
			return plan(id);
		});
		StoredPlan found = Mono.fromCallable(() -> lookup.find("w", "p"))
			.subscribeOn(Schedulers.parallel())
			.block(PATIENCE);
		assertThat(found).isNull();
		assertThat(asking.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
		this.answering.countDown();
		assertThat(lookup.find("w", "p")).isNotNull();
		assertThat(this.asked).hasValue(1);
	}

	@Test
	void aPlanThatWasWrittenIsAskedForAnew() {
		Set<String> stored = ConcurrentHashMap.newKeySet();
		UnknownPlanLookup lookup = lookup(PATIENCE, (workspace, id) -> stored.contains(id) ? plan(id) : null);
		assertThat(lookup.find("w", "p")).isNull();
		stored.add("p");
		assertThat(lookup.find("w", "p")).isNull();
		lookup.forget("w", "p");
		assertThat(lookup.find("w", "p")).isNotNull();
	}

}
