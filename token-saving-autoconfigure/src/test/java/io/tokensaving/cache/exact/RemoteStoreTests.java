package io.tokensaving.cache.exact;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.ThreadLocalTenant;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.cache.WriteBehindQueue;
import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.beans.BeanUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ExactCacheAdvisor} with stores outside the process, which are slow,
 * hang or fail.
 */
@Timeout(60)
class RemoteStoreTests {

	// So long that a busy machine makes no difference
	private static final Plan PLAN = plan(Duration.ofSeconds(30));

	private final CircuitBreakers breakers = new CircuitBreakers();

	private final CountDownLatch hanging = new CountDownLatch(1);

	private final TokenSavingTestChain chain = new TokenSavingTestChain(PLAN)
		.cache((cache) -> cache.circuitBreakers(this.breakers));

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	private static Plan plan(Duration lookupTimeout) {
		return Plan.builder("p").with(CacheSettings.builder("remote").lookupTimeout(lookupTimeout).build()).build();
	}

	@AfterEach
	void letGo() {
		this.hanging.countDown();
	}

	@Test
	void findsWhatWasWrittenBehindTheAnswer() {
		Remote store = new Remote();
		ChatClient client = this.chain.store(store).client(this.model);
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 1 to: one");
		Eventually.await(() -> store.entries.size() == 1);
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 1 to: one");
		assertThat(stream(client)).isEqualTo("Answer 1 to: one");
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(store.finds).hasValue(3);
	}

	@Test
	void findsAsynchronously() {
		AsyncRemote store = new AsyncRemote();
		ChatClient client = this.chain.store(store).client(this.model);
		client.prompt("one").call().content();
		Eventually.await(() -> store.entries.size() == 1);
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 1 to: one");
		assertThat(stream(client)).isEqualTo("Answer 1 to: one");
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(store.finds).hasValue(0);
	}

	@Test
	void doesNotWaitLongerThanItMay() {
		TokenSavingTestChain chain = new TokenSavingTestChain(plan(Duration.ofMillis(50)))
			.cache((cache) -> cache.circuitBreakers(this.breakers));
		Remote store = new Remote() {

			@Override
			public CachedResponse find(CacheKey key) {
				hang();
				return null;
			}

		};
		ChatClient client = chain.store(store).client(this.model);
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 1 to: one");
		assertThat(stream(client)).isEqualTo("Answer 2 to: one");
		assertThat(chain.statistics().errors(ExactCacheFeature.COMPONENT)).isEqualTo(2);
		assertThat(chain.statistics().plan(new PlanKey("default", "p")).snapshot().bypasses()).isEqualTo(2);
	}

	@Test
	void doesNotWaitForAnAnswerThatNeverComes() {
		TokenSavingTestChain chain = new TokenSavingTestChain(plan(Duration.ofMillis(50)))
			.cache((cache) -> cache.circuitBreakers(this.breakers));
		AsyncRemote store = new AsyncRemote() {

			@Override
			public CompletionStage<Supplier<CachedResponse>> findAsync(CacheKey key, ReadLimit limit) {
				return new CompletableFuture<>();
			}

		};
		ChatClient client = chain.store(store).client(this.model);
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 1 to: one");
		assertThat(stream(client)).isEqualTo("Answer 2 to: one");
		assertThat(chain.statistics().errors(ExactCacheFeature.COMPONENT)).isEqualTo(2);
	}

	@Test
	void leavesAStoreAloneThatKeepsFailing() {
		Remote store = new Remote() {

			@Override
			public CachedResponse find(CacheKey key) {
				super.find(key);
				throw new IllegalStateException("find");
			}

		};
		ChatClient client = this.chain.store(store).client(this.model);
		for (int i = 0; i < 5; i++) {
			client.prompt("one").call().content();
			stream(client);
		}
		assertThat(this.breakers.states()).containsEntry("remote", State.OPEN);
		int asked = store.finds.get();
		int written = store.writes.get();
		for (int i = 0; i < 5; i++) {
			assertThat(client.prompt("one").call().content()).startsWith("Answer");
			assertThat(stream(client)).startsWith("Answer");
		}
		assertThat(store.finds).hasValue(asked);
		this.chain.cacheAdvisor().close();
		assertThat(store.writes.get()).isLessThanOrEqualTo(written + 10);
		assertThat(this.chain.statistics().errors(ExactCacheFeature.COMPONENT)).isEqualTo(10);
		assertThat(this.chain.statistics().plan(new PlanKey("default", "p")).snapshot().bypasses()).isEqualTo(20);
		assertThat(this.model.calls()).isEqualTo(20);
	}

	@Test
	void anEntryThatCannotBeReadIsNoReasonToLeaveTheStoreAlone() {
		AsyncRemote store = new AsyncRemote() {

			@Override
			public CompletionStage<Supplier<CachedResponse>> findAsync(CacheKey key, ReadLimit limit) {
				return CompletableFuture.completedFuture(() -> {
					throw new IllegalArgumentException("broken entry");
				});
			}

		};
		ChatClient client = this.chain.store(store).client(this.model);
		for (int i = 0; i < 15; i++) {
			assertThat(client.prompt("one").call().content()).startsWith("Answer");
			assertThat(stream(client)).startsWith("Answer");
		}
		assertThat(this.breakers.states()).containsEntry("remote", State.CLOSED);
		assertThat(this.chain.statistics().errors(ExactCacheFeature.COMPONENT)).isEqualTo(30);
	}

	@Test
	void readingAnEntryEndsWithTheDeadlineOfTheLookup() {
		TokenSavingTestChain chain = new TokenSavingTestChain(plan(Duration.ofMillis(50)))
			.cache((cache) -> cache.circuitBreakers(this.breakers));
		AsyncRemote store = new AsyncRemote() {

			@Override
			public CompletionStage<Supplier<CachedResponse>> findAsync(CacheKey key, ReadLimit limit) {
				assertThat(limit.maxBytes()).isEqualTo(CacheSettings.DEFAULT_MAX_ENTRY_BYTES);
				return CompletableFuture.completedFuture(() -> {
					Eventually.await("the deadline has passed", limit.abandoned());
					throw new IllegalArgumentException("It takes too long");
				});
			}

		};
		ChatClient client = chain.store(store).client(this.model);
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 1 to: one");
		assertThat(stream(client)).isEqualTo("Answer 2 to: one");
		assertThat(chain.statistics().errors(ExactCacheFeature.COMPONENT)).isEqualTo(2);
	}

	@Test
	void anAnswerFromTheFutureIsAMissThatIsCounted() {
		Remote store = new Remote() {

			@Override
			public CachedResponse find(CacheKey key) {
				CachedResponse found = super.find(key);
				return (found != null) ? new CachedResponse(found.id(), found.model(), found.generations(),
						found.metadata(), found.usage(), found.createdAt().plusSeconds(3600)) : null;
			}

		};
		ChatClient client = this.chain.store(store).client(this.model);
		client.prompt("one").call().content();
		Eventually.await(() -> store.entries.size() == 1);
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 2 to: one");
		assertThat(stream(client)).isEqualTo("Answer 3 to: one");
		assertThat(this.chain.statistics().errors(ExactCacheFeature.COMPONENT)).isEqualTo(2);
	}

	@Test
	void dropsWritesThatDoNotFitAndCountsThem() {
		Remote store = new Remote() {

			@Override
			public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
				hang();
				super.store(key, response, ttl, tags);
			}

		};
		ChatClient client = this.chain.store(store).client(this.model);
		int requests = WriteBehindQueue.CAPACITY + 50;
		for (int i = 0; i < requests; i++) {
			assertThat(client.prompt("question " + i).call().content()).startsWith("Answer");
		}
		assertThat(this.chain.statistics().errors(ExactCacheFeature.COMPONENT)).isBetween(45L, 50L);
		this.hanging.countDown();
		this.chain.cacheAdvisor().close();
		assertThat(store.entries.size() + this.chain.statistics().errors(ExactCacheFeature.COMPONENT))
			.isEqualTo(requests);
	}

	@Test
	void passesTagsOnAndKeepsTheUsersTimeToLive() {
		Remote store = new Remote();
		ChatClient client = this.chain.store(store).client(this.model);
		client.prompt("one")
			.advisors(TokenSaving.plan("p").tags("docs").scope("anna").ttl(Duration.ofSeconds(9)))
			.call()
			.content();
		Eventually.await(() -> store.entries.size() == 1);
		assertThat(store.lastTags).containsExactly("docs");
		assertThat(store.lastTtl).isEqualTo(Duration.ofSeconds(9));
		assertThat(store.entries.keySet()).singleElement().satisfies((key) -> {
			assertThat(key.workspace()).isEqualTo("default");
			assertThat(key.plan()).isEqualTo("p");
			assertThat(key.scope()).isEqualTo("anna");
			assertThat(key.fingerprint()).hasSize(64);
		});
	}

	@Test
	void whatWasAskedForBeforeAnEvictionIsNotStored() {
		Remote store = new Remote();
		AtomicInteger evictions = new AtomicInteger();
		ScriptedChatModel evicting = new ScriptedChatModel((prompt) -> {
			if (evictions.getAndIncrement() < 2) {
				assertThat(this.chain.cacheAdvisor().beginEviction(Eviction.ofWorkspace("default"))).isTrue();
			}
			return ScriptedChatModel.answer("Answer");
		});
		ChatClient client = this.chain.store(store).client(evicting);
		client.prompt("one").call().content();
		stream(client);
		assertThat(this.chain.cacheAdvisor().drain()).isTrue();
		assertThat(store.writes).hasValue(0);
		client.prompt("one").call().content();
		assertThat(this.chain.cacheAdvisor().drain()).isTrue();
		assertThat(store.entries).hasSize(1);
		assertThat(this.chain.statistics().errors(ExactCacheFeature.COMPONENT)).isZero();
	}

	@Test
	void whatWaitsToBeStoredIsNotStoredAfterAnEviction() throws Exception {
		CountDownLatch writing = new CountDownLatch(1);
		Remote store = new Remote() {

			@Override
			public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
				writing.countDown();
				hang();
				super.store(key, response, ttl, tags);
			}

		};
		ChatClient client = this.chain.store(store).client(this.model);
		client.prompt("first").call().content();
		writing.await();
		client.prompt("one").advisors(TokenSaving.defaultPlan().tags("prices")).call().content();
		client.prompt("two").advisors(TokenSaving.defaultPlan().tags("docs")).call().content();
		// It would wait for the first write
		Thread.currentThread().interrupt();
		assertThat(this.chain.cacheAdvisor().beginEviction(Eviction.ofWorkspace("default").tag("prices"))).isFalse();
		assertThat(Thread.interrupted()).isTrue();
		this.hanging.countDown();
		assertThat(this.chain.cacheAdvisor().drain()).isTrue();
		assertThat(store.writes).hasValue(2);
		assertThat(store.lastTags).containsExactly("docs");
		assertThat(this.chain.statistics().errors(ExactCacheFeature.COMPONENT)).isZero();
	}

	@Test
	void storesAndClosesAgainWithFewRequestsAfterAnOutage() {
		Remote store = new Remote();
		ChatClient client = this.chain.store(store).client(this.model);
		CircuitBreaker breaker = this.breakers.of("remote");
		assertThat(breaker.getCircuitBreakerConfig().getMaxWaitDurationInHalfOpenState()).isZero();
		breaker.transitionToOpenState();
		client.prompt("one").call().content();
		this.chain.cacheAdvisor().drain();
		assertThat(store.entries).isEmpty();
		breaker.transitionToHalfOpenState();
		client.prompt("one").call().content();
		this.chain.cacheAdvisor().drain();
		assertThat(breaker.getState()).isEqualTo(State.HALF_OPEN);
		assertThat(store.entries).hasSize(1);
		stream(client);
		stream(client);
		assertThat(breaker.getState()).isEqualTo(State.CLOSED);
	}

	@Test
	void probesThatNobodyWaitsForAreMadeAgain() {
		AsyncRemote store = new AsyncRemote() {

			@Override
			public CompletionStage<Supplier<CachedResponse>> findAsync(CacheKey key, ReadLimit limit) {
				this.finds.incrementAndGet();
				return new CompletableFuture<>();
			}

		};
		ChatClient client = this.chain.store(store).client(this.model);
		CircuitBreaker breaker = this.breakers.of("remote");
		breaker.transitionToOpenState();
		breaker.transitionToHalfOpenState();
		for (int i = 1; i <= 5; i++) {
			client.prompt("one").stream().content().subscribe().dispose();
			assertThat(store.finds).hasValue(i);
		}
		assertThat(breaker.getState()).isEqualTo(State.HALF_OPEN);
	}

	@ParameterizedTest
	@ValueSource(classes = { NoClassDefFoundError.class, AssertionError.class, StackOverflowError.class,
			IllegalStateException.class })
	void aStoreMayFailInAnyWay(Class<? extends Throwable> failure) {
		Runnable fails = () -> fail(failure);
		List<Remote> stores = List.of(new FailingRemote(fails, true), new FailingRemote(fails, false),
				new AsyncFailingRemote(() -> {
					fails.run();
					return null;
				}), new AsyncFailingRemote(() -> CompletableFuture.supplyAsync(() -> {
					fails.run();
					return null;
				})), new AsyncFailingRemote(() -> CompletableFuture.completedFuture(() -> {
					fails.run();
					return null;
				})));
		for (Remote store : stores) {
			ChatClient client = new TokenSavingTestChain(PLAN).store(store).client(this.model);
			assertThat(client.prompt("one").call().content()).startsWith("Answer");
			assertThat(stream(client)).startsWith("Answer");
		}
	}

	@Test
	void aStoreThatReturnsNothingAtAllIsLeftAlone() {
		for (CompletionStage<Supplier<CachedResponse>> nothing : Arrays
			.<CompletionStage<Supplier<CachedResponse>>>asList(null, CompletableFuture.completedFuture(null))) {
			TokenSavingTestChain chain = new TokenSavingTestChain(PLAN);
			CircuitBreakers breakers = new CircuitBreakers();
			ChatClient client = chain.cache((cache) -> cache.circuitBreakers(breakers))
				.store(new AsyncFailingRemote(() -> nothing))
				.client(this.model);
			for (int i = 0; i < 5; i++) {
				assertThat(client.prompt("one").call().content()).startsWith("Answer");
				assertThat(stream(client)).startsWith("Answer");
			}
			assertThat(breakers.states()).containsEntry("remote", State.OPEN);
			assertThat(chain.statistics().errors(ExactCacheFeature.COMPONENT)).isEqualTo(10);
		}
	}

	@Test
	void aStreamGoesOnWithTheThreadLocalsOfItsCaller() {
		try (ThreadLocalTenant tenant = ThreadLocalTenant.register()) {
			List<String> seen = new CopyOnWriteArrayList<>();
			ScriptedChatModel model = ScriptedChatModel.echoing();
			ChatClient client = this.chain.store(new Remote())
				.client(new ScriptedChatModel(model::call).streaming((prompt) -> {
					seen.add(tenant.getValue() + " " + Thread.currentThread().getName());
					return model.stream(prompt);
				}));
			tenant.setValue("anna");
			assertThat(stream(client)).startsWith("Answer");
			assertThat(seen).singleElement()
				.asString()
				.startsWith("anna ")
				.doesNotContain(Thread.currentThread().getName());
		}
	}

	@Test
	void whatWaitsToBeStoredHoldsNothingElseOfItsRequest() throws Exception {
		CountDownLatch writing = new CountDownLatch(1);
		Remote store = new Remote() {

			@Override
			public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
				writing.countDown();
				hang();
			}

		};
		List<WeakReference<Prompt>> prompts = new ArrayList<>();
		ChatClient client = this.chain.store(store).client(new ScriptedChatModel((prompt) -> {
			prompts.add(new WeakReference<>(prompt));
			return ScriptedChatModel.answer("Answer");
		}));
		client.prompt("first").call().content();
		writing.await();
		client.prompt("one").call().content();
		client.prompt("two").advisors(TokenSaving.defaultPlan().noStore()).call().content();
		Eventually.await(() -> {
			System.gc();
			return prompts.get(0).get() == null && prompts.get(1).get() == null;
		});
	}

	private static void fail(Class<? extends Throwable> failure) {
		Throwable thrown = BeanUtils.instantiateClass(failure);
		if (thrown instanceof Error error) {
			throw error;
		}
		throw (RuntimeException) thrown;
	}

	private static String stream(ChatClient client) {
		return String.join("", client.prompt("one").stream().content().collectList().block(Duration.ofSeconds(10)));
	}

	private void hang() {
		try {
			this.hanging.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * A store that could be elsewhere.
	 */
	private static class Remote implements ExactCacheStore {

		final Map<CacheKey, CachedResponse> entries = new ConcurrentHashMap<>();

		final AtomicInteger finds = new AtomicInteger();

		final AtomicInteger writes = new AtomicInteger();

		volatile Set<String> lastTags;

		volatile Duration lastTtl;

		@Override
		public String backend() {
			return "remote";
		}

		@Override
		public CachedResponse find(CacheKey key) {
			this.finds.incrementAndGet();
			return this.entries.get(key);
		}

		@Override
		public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
			this.writes.incrementAndGet();
			this.lastTags = tags;
			this.lastTtl = ttl;
			this.entries.put(key, response);
		}

		@Override
		public long evict(Eviction eviction) {
			return 0;
		}

		@Override
		public CacheStoreStatus status() {
			return new CacheStoreStatus(true, null, null, null, null);
		}

	}

	/**
	 * A store that answers without a thread that waits.
	 */
	private static class AsyncRemote extends Remote implements AsyncExactCacheStore {

		@Override
		public CompletionStage<Supplier<CachedResponse>> findAsync(CacheKey key, ReadLimit limit) {
			return CompletableFuture.supplyAsync(() -> {
				CachedResponse found = this.entries.get(key);
				return () -> found;
			});
		}

	}

	private static final class FailingRemote extends Remote {

		private final Runnable failing;

		private final boolean blocking;

		FailingRemote(Runnable failing, boolean blocking) {
			this.failing = failing;
			this.blocking = blocking;
		}

		@Override
		public CachedResponse find(CacheKey key) {
			this.failing.run();
			return null;
		}

		@Override
		public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
			this.failing.run();
		}

		@Override
		public boolean isBlocking() {
			return this.blocking;
		}

	}

	private static final class AsyncFailingRemote extends Remote implements AsyncExactCacheStore {

		private final Supplier<CompletionStage<Supplier<CachedResponse>>> result;

		AsyncFailingRemote(Supplier<CompletionStage<Supplier<CachedResponse>>> result) {
			this.result = result;
		}

		@Override
		public CompletionStage<Supplier<CachedResponse>> findAsync(CacheKey key, ReadLimit limit) {
			return this.result.get();
		}

	}

}
