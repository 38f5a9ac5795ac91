package io.tokensaving.dedup.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.exact.redis.RedisExactCacheStore;
import io.tokensaving.dedup.ClusterLeases.Lease;
import io.tokensaving.plan.CacheSettings;
import io.tokensaving.plan.DedupSettings;
import io.tokensaving.plan.DedupSettings.OnError;
import io.tokensaving.plan.DedupSettings.Scope;
import io.tokensaving.plan.Plan;
import io.tokensaving.savings.Component;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link RedisClusterLeases}, and for requests that instances share by them, on
 * a real Redis server.
 */
@Timeout(60)
class RedisClusterLeasesTests {

	private static final String FINGERPRINT = "a".repeat(64);

	private static final Plan PLAN = Plan.builder("support-bot")
		.cache(CacheSettings.builder("redis").lookupTimeout(Duration.ofSeconds(2)).build())
		.dedup(new DedupSettings(Duration.ofSeconds(20), OnError.SHARE, null, Scope.CLUSTER))
		.build();

	private static RedisTestServer server;

	private static LettuceConnectionFactory lettuce;

	private static JedisConnectionFactory jedis;

	private final List<AutoCloseable> opened = new ArrayList<>();

	private final ExecutorService callers = Executors.newCachedThreadPool();

	@BeforeAll
	static void startServer() {
		server = RedisTestServer.start();
		lettuce = new LettuceConnectionFactory(server.host(), server.port());
		lettuce.afterPropertiesSet();
		lettuce.start();
		jedis = new JedisConnectionFactory(new RedisStandaloneConfiguration(server.host(), server.port()));
		jedis.afterPropertiesSet();
		jedis.start();
	}

	@AfterAll
	static void stopServer() {
		lettuce.destroy();
		jedis.destroy();
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

	@Test
	void onlyOneHasTheLease() {
		RedisClusterLeases one = leases(Duration.ofSeconds(10));
		RedisClusterLeases two = new RedisClusterLeases(jedis);
		this.opened.add(two);
		Lease lease = one.tryAcquire(FINGERPRINT);
		assertThat(lease).isNotNull();
		assertThat(two.tryAcquire(FINGERPRINT)).isNull();
		assertThat(one.tryAcquire(FINGERPRINT)).isNull();
		assertThat(two.tryAcquire("b".repeat(64))).isNotNull();
	}

	@Test
	void tellsOfTheRelease() throws Exception {
		RedisClusterLeases one = leases(Duration.ofSeconds(10));
		RedisClusterLeases two = leases(Duration.ofSeconds(10));
		for (boolean answered : new boolean[] { true, false }) {
			CompletableFuture<Boolean> released = awaitListening(one, two);
			Lease lease = acquire(one, FINGERPRINT);
			lease.release(answered);
			lease.release(!answered);
			assertThat(released.get(5, TimeUnit.SECONDS)).isEqualTo(answered);
			Lease next = two.tryAcquire(FINGERPRINT);
			assertThat(next).isNotNull();
			CompletableFuture<Boolean> again = one.released(FINGERPRINT);
			next.release(true);
			again.cancel(false);
		}
	}

	// Leases are given back in the background
	private static Lease acquire(RedisClusterLeases leases, String fingerprint) {
		AtomicReference<Lease> acquired = new AtomicReference<>();
		await(() -> {
			acquired.set(leases.tryAcquire(fingerprint));
			return acquired.get() != null;
		});
		return acquired.get();
	}

	// The subscription is made in the background
	private CompletableFuture<Boolean> awaitListening(RedisClusterLeases one, RedisClusterLeases two) throws Exception {
		long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
		while (System.nanoTime() < end) {
			CompletableFuture<Boolean> probe = two.released("c".repeat(64));
			acquire(one, "c".repeat(64)).release(true);
			try {
				probe.get(200, TimeUnit.MILLISECONDS);
				return two.released(FINGERPRINT);
			}
			catch (TimeoutException ex) {
				probe.cancel(false);
			}
		}
		throw new AssertionError("No message arrives");
	}

	@Test
	void aLeaseIsProlongedWhileItIsHeldAndEndsWithItsInstance() {
		RedisClusterLeases crashing = leases(Duration.ofMillis(600));
		RedisClusterLeases other = leases(Duration.ofMillis(600));
		assertThat(crashing.tryAcquire(FINGERPRINT)).isNotNull();
		long held = System.nanoTime() + Duration.ofMillis(1800).toNanos();
		while (System.nanoTime() < held) {
			assertThat(other.tryAcquire(FINGERPRINT)).isNull();
		}
		crashing.close();
		long end = System.nanoTime() + Duration.ofSeconds(5).toNanos();
		Lease taken = null;
		while (taken == null && System.nanoTime() < end) {
			taken = other.tryAcquire(FINGERPRINT);
		}
		assertThat(taken).isNotNull();
	}

	@Test
	void aLateInstanceCannotEndTheLeaseOfAnother() {
		RedisClusterLeases paused = leases(Duration.ofSeconds(10));
		RedisClusterLeases other = leases(Duration.ofSeconds(10));
		Lease late = paused.tryAcquire(FINGERPRINT);
		// Its time is over, and another instance takes over
		lettuce.getConnection().keyCommands().del(("tokensaving:lease:{" + FINGERPRINT + "}").getBytes());
		assertThat(other.tryAcquire(FINGERPRINT)).isNotNull();
		late.release(true);
		long end = System.nanoTime() + Duration.ofMillis(300).toNanos();
		while (System.nanoTime() < end) {
			assertThat(paused.tryAcquire(FINGERPRINT)).isNull();
		}
	}

	@Test
	void instancesBuyOneAnswerForAll() throws Exception {
		for (int round = 0; round < 5; round++) {
			AtomicInteger calls = new AtomicInteger();
			ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
				calls.incrementAndGet();
				sleep(100);
				return ScriptedChatModel.answer("the answer");
			});
			List<ChatClient> instances = List.of(instance().client(model), instance().client(model));
			CountDownLatch start = new CountDownLatch(1);
			String question = "question " + round;
			List<Future<String>> answers = new ArrayList<>();
			for (int i = 0; i < 64; i++) {
				ChatClient client = instances.get(i % 2);
				boolean stream = i % 4 < 2;
				answers.add(this.callers.submit(() -> {
					start.await();
					return stream ? String.join("", client.prompt(question).stream().content().collectList().block())
							: client.prompt(question).call().content();
				}));
			}
			start.countDown();
			for (Future<String> answer : answers) {
				assertThat(answer.get()).isEqualTo("the answer");
			}
			assertThat(calls).hasValue(1);
		}
	}

	@Test
	void takesOverFromAnInstanceThatCrashed() throws Exception {
		RedisClusterLeases crashed = leases(Duration.ofMillis(500));
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			sleep(100_000);
			return ScriptedChatModel.answer("never");
		});
		TokenSavingTestChain chain = instance(crashed);
		ChatClient crashing = chain.client(model);
		this.callers.submit(() -> crashing.prompt("one").call().content());
		await(() -> model.calls() == 1);
		ScriptedChatModel other = ScriptedChatModel.echoing();
		Future<String> answer = this.callers.submit(() -> instance().client(other).prompt("one").call().content());
		crashed.close();
		assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo("Answer 1 to: one");
		assertThat(other.calls()).isEqualTo(1);
	}

	@Test
	void oneOfThemIsNextWhenTheModelFails() throws Exception {
		AtomicInteger calls = new AtomicInteger();
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			sleep(100);
			if (calls.incrementAndGet() == 1) {
				throw new IllegalStateException("model");
			}
			return ScriptedChatModel.answer("second");
		});
		ChatClient one = instance().client(model);
		ChatClient two = instance().client(model);
		Future<String> first = this.callers.submit(() -> one.prompt("one").call().content());
		await(() -> model.calls() == 1);
		Future<String> second = this.callers.submit(() -> two.prompt("one").call().content());
		assertThatThrownBy(first::get).hasRootCauseMessage("model");
		assertThat(second.get()).isEqualTo("second");
		assertThat(calls).hasValue(2);
	}

	@Test
	void nobodyTakesTurnsForAnswersThatAreNotStored() throws Exception {
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			sleep(300);
			return ScriptedChatModel.answer("cut off", "LENGTH");
		});
		List<Future<String>> answers = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			ChatClient client = instance().client(model);
			answers.add(this.callers.submit(() -> client.prompt("one").call().content()));
		}
		for (Future<String> answer : answers) {
			assertThat(answer.get()).isEqualTo("cut off");
		}
		assertThat(model.calls()).isEqualTo(4);
	}

	@Test
	void aRequestForAFreshAnswerGetsOne() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		TokenSavingTestChain chain = instance();
		ChatClient client = chain.client(model);
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 1 to: one");
		chain.cacheAdvisor().drain();
		assertThat(client.prompt("one").advisors(TokenSaving.plan("support-bot").noCache()).call().content())
			.isEqualTo("Answer 2 to: one");
		chain.cacheAdvisor().drain();
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer 2 to: one");
	}

	@Test
	void callsTheModelWhenRedisIsGone() throws Exception {
		try (RedisTestServer gone = RedisTestServer.start()) {
			LettuceConnectionFactory factory = new LettuceConnectionFactory(gone.host(), gone.port());
			factory.afterPropertiesSet();
			factory.start();
			RedisClusterLeases leases = new RedisClusterLeases(factory);
			this.opened.add(leases);
			TokenSavingTestChain chain = instance(leases);
			ScriptedChatModel model = ScriptedChatModel.echoing();
			ChatClient client = chain.client(model);
			gone.kill();
			assertThat(client.prompt("one").call().content()).isEqualTo("Answer 1 to: one");
			assertThat(String.join("", client.prompt("two").stream().content().collectList().block()))
				.isEqualTo("Answer 2 to: two");
			assertThat(chain.statistics().errors(Component.DEDUP)).isPositive();
			factory.destroy();
		}
	}

	@Test
	void waitsForAHangingRedisNoLongerThanForALookUp() {
		try (RedisTestServer hanging = RedisTestServer.start()) {
			LettuceConnectionFactory factory = new LettuceConnectionFactory(hanging.host(), hanging.port());
			factory.afterPropertiesSet();
			factory.start();
			RedisClusterLeases leases = new RedisClusterLeases(factory);
			this.opened.add(leases);
			assertThat(leases.tryAcquire(FINGERPRINT)).isNotNull();
			TokenSavingTestChain chain = new TokenSavingTestChain(
					Plan.builder("support-bot").cache(new CacheSettings("redis")).dedup(PLAN.dedup()).build())
				.store(RedisExactCacheStore.builder(lettuce).build())
				.dedup((dedup) -> dedup.clusterLeases(leases, "leases", new CircuitBreakers()));
			ScriptedChatModel model = ScriptedChatModel.echoing();
			ChatClient client = chain.client(model);
			hanging.pause();
			long start = System.nanoTime();
			for (int i = 0; i < 5; i++) {
				assertThat(client.prompt("call " + i).call().content()).startsWith("Answer");
				assertThat(client.prompt("stream " + i).stream().content().collectList().block()).isNotEmpty();
			}
			// The client itself would wait for a minute each time
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(40));
			assertThat(chain.statistics().errors(Component.DEDUP)).isEqualTo(10);
			hanging.resume();
			factory.destroy();
		}
	}

	// Lettuce warns of connections that are closed after those of the factory
	@Test
	void endsItsSubscriptionBeforeTheConnectionFactoryStops() {
		RedisClusterLeases leases = leases(Duration.ofSeconds(10));
		CompletableFuture<Boolean> released = leases.released(FINGERPRINT);
		await(() -> listeners() == 1);
		assertThat(leases.isRunning()).isTrue();
		assertThat(leases.getPhase()).isGreaterThan(lettuce.getPhase());
		leases.stop();
		assertThat(leases.isRunning()).isFalse();
		await(() -> listeners() == 0);
		assertThat(released).isNotDone();
		leases.start();
		var unused = leases.released(FINGERPRINT);
		await(() -> listeners() == 1);
	}

	private static long listeners() {
		return lettuce.getConnection().publish("tokensaving:leases".getBytes(), "1 other".getBytes());
	}

	@Test
	void asksInsteadOfListeningWithoutLettuce() throws Exception {
		RedisClusterLeases leases = new RedisClusterLeases(jedis);
		this.opened.add(leases);
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			sleep(300);
			return ScriptedChatModel.answer("the answer");
		});
		ChatClient one = instance().client(model);
		ChatClient two = instance(leases).client(model);
		Future<String> first = this.callers.submit(() -> one.prompt("one").call().content());
		await(() -> model.calls() == 1);
		assertThat(two.prompt("one").call().content()).isEqualTo("the answer");
		assertThat(first.get()).isEqualTo("the answer");
		assertThat(model.calls()).isEqualTo(1);
	}

	private RedisClusterLeases leases(Duration ttl) {
		RedisClusterLeases leases = new RedisClusterLeases(lettuce, ttl);
		this.opened.add(leases);
		return leases;
	}

	private TokenSavingTestChain instance() {
		return instance(leases(RedisClusterLeases.DEFAULT_TTL));
	}

	private TokenSavingTestChain instance(RedisClusterLeases leases) {
		return new TokenSavingTestChain(PLAN).store(RedisExactCacheStore.builder(lettuce).build())
			.dedup((dedup) -> dedup.clusterLeases(leases, "redis", new CircuitBreakers()));
	}

	private static void sleep(long millis) {
		try {
			Thread.sleep(millis);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void await(BooleanSupplier condition) {
		long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime()).as("waited ten seconds").isLessThan(end);
			Thread.onSpinWait();
		}
	}

}
