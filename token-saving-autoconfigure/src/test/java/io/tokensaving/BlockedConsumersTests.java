package io.tokensaving;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.mockito.AdditionalAnswers;
import org.mockito.Mockito;
import reactor.core.Disposable;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.api.Advisor;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that a stream whose reader blocks holds up no other stream, however many do.
 */
class BlockedConsumersTests {

	private static final int BLOCKED = Schedulers.DEFAULT_BOUNDED_ELASTIC_SIZE + 5;

	@ParameterizedTest
	@EnumSource
	void readersThatBlockHoldUpNoOtherStream(Tier tier) throws InterruptedException {
		ChatClient client = tier.client();
		CountDownLatch release = new CountDownLatch(1);
		CountDownLatch blocked = new CountDownLatch(BLOCKED);
		List<Disposable> streams = new ArrayList<>();
		try {
			for (int i = 0; i < BLOCKED; i++) {
				String question = tier.question(i);
				Thread subscriber = new Thread(() -> {
					Disposable stream = stream(client, question, blocked, release);
					synchronized (streams) {
						streams.add(stream);
					}
				});
				subscriber.setDaemon(true);
				subscriber.start();
			}
			assertThat(blocked.await(20, TimeUnit.SECONDS)).as("all readers are reached").isTrue();
			assertThat(client.prompt()
				.user(tier.question(BLOCKED))
				.stream()
				.content()
				.collectList()
				.block(Duration.ofSeconds(20))).isNotEmpty();
		}
		finally {
			release.countDown();
		}
	}

	private static Disposable stream(ChatClient client, String question, CountDownLatch blocked,
			CountDownLatch release) {
		boolean[] first = { true };
		return client.prompt().user(question).stream().content().subscribe((text) -> {
			if (first[0]) {
				first[0] = false;
				blocked.countDown();
				try {
					release.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}
		}, (ex) -> {
		});
	}

	/**
	 * What changes the thread of a stream. A stream of the model is always read on the
	 * bounded workers of Reactor, where Spring AI puts it, unless it is shared.
	 */
	enum Tier {

		DEDUP, EXACT, SEMANTIC;

		ChatClient client() {
			ScriptedChatModel model = ScriptedChatModel.echoing();
			CacheSettings cache = CacheSettings
				.builder((this == SEMANTIC) ? InMemorySemanticCacheStore.BACKEND : "in_memory")
				.lookupTimeout(Duration.ofSeconds(20))
				.semanticTimeout(Duration.ofSeconds(20))
				.build();
			Plan.Builder plan = Plan.builder("p");
			if (this == DEDUP) {
				plan.with(DedupSettings.DEFAULTS);
			}
			else {
				plan.with(cache);
			}
			TokenSavingTestChain chain = new TokenSavingTestChain(plan.build());
			List<Advisor> others = new ArrayList<>();
			SemanticCacheAdvisor advisor = null;
			ExactCacheStore exact = blocking(ExactCacheStore.class, new CaffeineExactCacheStore());
			chain.store(exact);
			if (this == SEMANTIC) {
				Mockito.doReturn(false).when(exact).isBlocking();
				Mockito.doReturn(null).when(exact).find(Mockito.any());
				chain.cache((builder) -> builder.exactBackend(InMemorySemanticCacheStore.BACKEND, "in_memory"));
				SemanticCacheStore semantic = blocking(SemanticCacheStore.class, new InMemorySemanticCacheStore());
				advisor = SemanticCacheAdvisor.builder(new LongStreams.MadeUpEmbeddings(), semantic).build();
				others.add(advisor);
			}
			ChatClient client = chain.client(model, others.toArray(Advisor[]::new));
			if (this != DEDUP) {
				client.prompt().user("same").call().content();
				assertThat((advisor != null) ? advisor.drain() : chain.cacheAdvisor().drain()).isTrue();
			}
			return client;
		}

		String question(int number) {
			return (this == DEDUP) ? "question " + number : "same";
		}

		private static <T> T blocking(Class<T> type, T store) {
			T mock = Mockito.mock(type, AdditionalAnswers.delegatesTo(store));
			if (mock instanceof ExactCacheStore exact) {
				Mockito.doReturn(true).when(exact).isBlocking();
			}
			if (mock instanceof SemanticCacheStore semantic) {
				Mockito.doReturn(true).when(semantic).isBlocking();
			}
			return mock;
		}

	}

}
