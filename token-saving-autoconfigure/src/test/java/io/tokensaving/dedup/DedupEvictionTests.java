package io.tokensaving.dedup;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheStore;
import io.tokensaving.cache.CacheWriter;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.StoreEvictor;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.TestExactStore;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that answers that are shared in flight are evicted as others are.
 */
@Timeout(120)
class DedupEvictionTests {

	private static final Eviction ALL = Eviction.ofWorkspace("default");

	private final ExecutorService callers = Executors.newCachedThreadPool();

	private final AtomicInteger calls = new AtomicInteger();

	private final AtomicReference<Runnable> beforeAnswer = new AtomicReference<>(() -> {
	});

	private final ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
		int number = this.calls.incrementAndGet();
		this.beforeAnswer.get().run();
		return ScriptedChatModel.answer("answer " + number);
	});

	@AfterEach
	void stopCallers() {
		this.callers.shutdownNow();
	}

	@Test
	void whoeverSharesAnAnswerCanHaveItEvictedByTheirTags() throws Exception {
		CaffeineExactCacheStore store = new CaffeineExactCacheStore();
		TokenSavingTestChain chain = chain("in_memory").store(store);
		ChatClient client = chain.client(this.model);
		sharesAndEvicts(client, chain, evictor(List.of(store), chain, List.of(chain.cacheAdvisor())));
	}

	@Test
	void whoeverSharesAnAnswerCanHaveItEvictedByTheirTagsFromTheSemanticCache() throws Exception {
		CaffeineExactCacheStore exact = new CaffeineExactCacheStore();
		InMemorySemanticCacheStore store = new InMemorySemanticCacheStore();
		try (SemanticCacheAdvisor semantic = SemanticCacheAdvisor.builder(new WordsEmbeddingModel(), store).build()) {
			TokenSavingTestChain chain = chain(InMemorySemanticCacheStore.BACKEND).store(exact)
				.cache((cache) -> cache.exactBackend(InMemorySemanticCacheStore.BACKEND,
						CaffeineExactCacheStore.BACKEND));
			ChatClient client = chain.client(this.model, semantic);
			sharesAndEvicts(client, chain,
					evictor(List.of(store, exact), chain, List.of(chain.cacheAdvisor(), semantic)));
		}
	}

	private void sharesAndEvicts(ChatClient client, TokenSavingTestChain chain, Evictor evictor) throws Exception {
		Random random = new Random(3);
		for (int round = 0; round < 40; round++) {
			String question = "What is the number of round " + round + "?";
			List<Set<String>> tags = new ArrayList<>();
			Set<String> all = new LinkedHashSet<>();
			for (int i = 0; i < 4; i++) {
				Set<String> own = new LinkedHashSet<>();
				for (int t = random.nextInt(3); t > 0; t--) {
					own.add("tag " + random.nextInt(5));
				}
				tags.add(own);
				all.addAll(own);
			}
			for (String tag : all) {
				int before = this.calls.get();
				this.beforeAnswer.set(() -> Eventually.await(() -> chain.dedup().waiting() == 4));
				List<Future<String>> answers = new ArrayList<>();
				for (Set<String> own : tags) {
					boolean stream = random.nextBoolean();
					answers.add(this.callers.submit(() -> ask(client, question, own, stream)));
				}
				for (Future<String> answer : answers) {
					assertThat(answer.get()).isEqualTo("answer " + (before + 1));
				}
				this.beforeAnswer.set(() -> {
				});
				evictor.evict(ALL.tag(tag));
				assertThat(ask(client, question, Set.of(), false)).as("%s of %s", tag, tags)
					.isEqualTo("answer " + (before + 2));
				evictor.evict(ALL);
			}
		}
		assertThat(this.calls).hasValueGreaterThan(100);
	}

	@Test
	void whoComesWhileTheAnswerIsStoredWithoutTheirTagsAsksTheModel() throws Exception {
		CountDownLatch storing = new CountDownLatch(1);
		CountDownLatch mayStore = new CountDownLatch(1);
		TokenSavingTestChain chain = chain("in_memory").store(new TestExactStore() {

			@Override
			public boolean isBlocking() {
				return true;
			}

			@Override
			public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
				storing.countDown();
				awaitLatch(mayStore);
				super.store(key, response, ttl, tags);
			}

		});
		ChatClient client = chain.client(this.model);
		assertThat(ask(client, "one", Set.of("a"), false)).isEqualTo("answer 1");
		awaitLatch(storing);
		assertThat(ask(client, "one", Set.of("b"), false)).isEqualTo("answer 2");
		mayStore.countDown();
	}

	// An eviction between the end of a call and the moment at which its answer can be
	// had from the flight that has landed leaves the same behind: it is not stored, but
	// known to have been
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void anAnswerThatHasLandedIsServedOnlyIfItIsStillStored(boolean stream) {
		CaffeineExactCacheStore store = new CaffeineExactCacheStore();
		TokenSavingTestChain chain = chain("in_memory").store(store);
		ChatClient client = chain.client(this.model);
		for (int round = 0; round < 100; round++) {
			assertThat(ask(client, "one", Set.of(), stream)).isEqualTo("answer " + (round + 1));
			assertThat(ask(client, "one", Set.of(), stream)).isEqualTo("answer " + (round + 1));
			Eventually.await(() -> chain.dedup().inFlight() == 0);
			assertThat(store.evict(ALL)).isEqualTo(1);
		}
	}

	@Test
	void anAnswerThatIsEvictedWhileItIsStoredIsServedToNobodyAfterwards() throws Exception {
		AtomicReference<Runnable> afterStore = new AtomicReference<>(() -> {
		});
		TestExactStore store = new TestExactStore() {

			@Override
			public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
				super.store(key, response, ttl, tags);
				afterStore.get().run();
			}

		};
		TokenSavingTestChain chain = chain("in_memory").store(store);
		ChatClient client = chain.client(this.model);
		Evictor evictor = evictor(List.of(store), chain, List.of(chain.cacheAdvisor()));
		for (int round = 0; round < 50; round++) {
			CompletableFuture<Future<Long>> evicting = new CompletableFuture<>();
			CountDownLatch begun = new CountDownLatch(1);
			afterStore.set(() -> {
				evicting.complete(this.callers.submit(() -> {
					begun.countDown();
					return evictor.evict(ALL);
				}));
				awaitLatch(begun);
			});
			int before = this.calls.get();
			assertThat(ask(client, "one", Set.of(), round % 2 == 0)).isEqualTo("answer " + (before + 1));
			evicting.get().get();
			afterStore.set(() -> {
			});
			assertThat(ask(client, "one", Set.of(), round % 2 == 0)).isEqualTo("answer " + (before + 2));
			evictor.evict(ALL);
		}
	}

	private static TokenSavingTestChain chain(String backend) {
		return new TokenSavingTestChain(
				Plan.builder("support-bot").with(new CacheSettings(backend)).with(DedupSettings.DEFAULTS).build());
	}

	// As that of an application
	private static Evictor evictor(List<CacheStore> stores, TokenSavingTestChain chain, List<CacheWriter> writers) {
		Evictor evictor = new StoreEvictor(stores, writers, (store, eviction) -> true);
		return (eviction) -> {
			try {
				return evictor.evict(eviction);
			}
			finally {
				chain.dedup().forget();
			}
		};
	}

	private static String ask(ChatClient client, String question, Set<String> tags, boolean stream) {
		ChatClient.ChatClientRequestSpec request = client.prompt(question)
			.advisors(TokenSaving.plan("support-bot").tags(tags.toArray(String[]::new)));
		return stream ? String.join("", request.stream().content().collectList().block()) : request.call().content();
	}

	private static void awaitLatch(CountDownLatch latch) {
		try {
			assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
