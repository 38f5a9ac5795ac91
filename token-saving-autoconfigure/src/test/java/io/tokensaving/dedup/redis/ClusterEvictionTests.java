package io.tokensaving.dedup.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.StoreEvictor;
import io.tokensaving.cache.exact.redis.RedisExactCacheStore;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.dedup.DedupSettings.OnError;
import io.tokensaving.dedup.DedupSettings.Scope;
import io.tokensaving.dedup.DedupWaiting;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that an answer that was evicted at one instance is served by no other one.
 */
@Timeout(120)
class ClusterEvictionTests {

	private static RedisTestServer server;

	private static LettuceConnectionFactory lettuce;

	private final ExecutorService callers = Executors.newCachedThreadPool();

	private final List<AutoCloseable> opened = new ArrayList<>();

	private final AtomicInteger calls = new AtomicInteger();

	private final AtomicReference<Runnable> beforeAnswer = new AtomicReference<>(() -> {
	});

	private final ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
		int number = this.calls.incrementAndGet();
		this.beforeAnswer.get().run();
		return ScriptedChatModel.answer("answer " + number);
	});

	@BeforeAll
	static void startServer() {
		server = RedisTestServer.start();
		lettuce = new LettuceConnectionFactory(server.host(), server.port());
		lettuce.afterPropertiesSet();
		lettuce.start();
		lettuce.getConnection().close();
	}

	@AfterAll
	static void stopServer() {
		lettuce.destroy();
		server.close();
	}

	@BeforeEach
	void forgetAll() {
		lettuce.getConnection().serverCommands().flushAll();
	}

	@AfterEach
	void closeAll() throws Exception {
		this.callers.shutdownNow();
		for (AutoCloseable closeable : this.opened) {
			closeable.close();
		}
	}

	@ParameterizedTest
	@EnumSource(Scope.class)
	void anAnswerThatAnotherInstanceHasEvictedIsNotServed(Scope scope) {
		Instance one = new Instance(scope);
		Instance two = new Instance(scope);
		for (int round = 0; round < 100; round++) {
			boolean stream = round % 2 == 0;
			int before = this.calls.get();
			assertThat(two.ask("one", Set.of("t"), stream)).isEqualTo("answer " + (before + 1));
			// Of what is under way in an instance, an eviction elsewhere does not know
			two.awaitLanding();
			one.evictor.evict(Eviction.ofWorkspace("default").tag("t"));
			assertThat(two.ask("one", Set.of("t"), stream)).isEqualTo("answer " + (before + 2));
			two.awaitLanding();
			two.evictor.evict(Eviction.ofWorkspace("default"));
		}
	}

	@Test
	void tagsOfThoseWhoWaitAtAnotherInstanceReachTheAnswer() throws Exception {
		Instance one = new Instance(Scope.CLUSTER);
		Instance two = new Instance(Scope.CLUSTER);
		int shared = 0;
		for (int round = 0; round < 30; round++) {
			int before = this.calls.get();
			this.beforeAnswer.set(() -> {
				if (this.calls.get() == before + 1) {
					awaitWaiting(4, one, two);
				}
			});
			List<Future<String>> answers = new ArrayList<>();
			for (int i = 0; i < 4; i++) {
				Instance instance = (i % 2 == 0) ? one : two;
				String tag = "tag " + i;
				boolean stream = (i + round) % 3 == 0;
				answers.add(this.callers.submit(() -> instance.ask("one", Set.of(tag), stream)));
			}
			Set<String> given = new HashSet<>();
			for (Future<String> answer : answers) {
				given.add(answer.get());
			}
			one.awaitLanding();
			two.awaitLanding();
			// Nobody waits for a write that takes longer than a second, as it may on a
			// machine that has too much to do
			if (given.size() > 1) {
				two.evictor.evict(Eviction.ofWorkspace("default"));
				one.evictor.evict(Eviction.ofWorkspace("default"));
				continue;
			}
			shared++;
			one.evictor.evict(Eviction.ofWorkspace("default").tag("tag " + round % 4));
			two.evictor.evict(Eviction.ofWorkspace("default").tag("none"));
			assertThat(two.ask("one", Set.of(), false)).as("tag " + round % 4).isEqualTo("answer " + (before + 2));
			two.awaitLanding();
			two.evictor.evict(Eviction.ofWorkspace("default"));
			one.evictor.evict(Eviction.ofWorkspace("default"));
		}
		assertThat(shared).isGreaterThan(15);
	}

	private static void awaitWaiting(int requests, Instance... instances) {
		List<TokenSavingTestChain> chains = List.of(instances).stream().map((instance) -> instance.chain).toList();
		Eventually.await(() -> DedupWaiting.count(chains) == requests);
	}

	/**
	 * An instance of the application.
	 */
	private final class Instance {

		private final TokenSavingTestChain chain;

		private final ChatClient client;

		private final Evictor evictor;

		Instance(Scope scope) {
			RedisClusterLeases leases = new RedisClusterLeases(lettuce);
			ClusterEvictionTests.this.opened.add(leases);
			RedisExactCacheStore store = RedisExactCacheStore.builder(lettuce).build();
			Plan plan = Plan.builder("support-bot")
				.with(CacheSettings.builder("redis").lookupTimeout(Duration.ofSeconds(10)).build())
				.with(new DedupSettings(Duration.ofSeconds(60), OnError.SHARE, null, scope))
				.build();
			this.chain = new TokenSavingTestChain(plan).store(store)
				.dedup((dedup) -> dedup.clusterLeases(leases, "redis", new CircuitBreakers()));
			this.client = this.chain.client(ClusterEvictionTests.this.model);
			Evictor stored = new StoreEvictor(List.of(store), List.of(this.chain.cacheAdvisor()),
					(failed, eviction) -> true);
			this.evictor = (eviction) -> {
				try {
					return stored.evict(eviction);
				}
				finally {
					this.chain.dedup().forget();
				}
			};
		}

		void awaitLanding() {
			Eventually.await(() -> this.chain.dedup().inFlight() == 0);
		}

		String ask(String question, Set<String> tags, boolean stream) {
			ChatClient.ChatClientRequestSpec request = this.client.prompt(question)
				.advisors(TokenSaving.plan("support-bot").tags(tags.toArray(String[]::new)));
			return stream ? String.join("", request.stream().content().collectList().block())
					: request.call().content();
		}

	}

}
