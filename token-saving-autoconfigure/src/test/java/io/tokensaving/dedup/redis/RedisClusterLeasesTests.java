package io.tokensaving.dedup.redis;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.redis.RedisExactCacheStore;
import io.tokensaving.dedup.ClusterLeases.Lease;
import io.tokensaving.dedup.DedupFeature;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.dedup.DedupSettings.OnError;
import io.tokensaving.dedup.DedupSettings.Scope;
import io.tokensaving.dedup.DedupWaiting;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisScriptingCommands;
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
		.with(CacheSettings.builder("redis").lookupTimeout(Duration.ofSeconds(2)).build())
		.with(new DedupSettings(Duration.ofSeconds(20), OnError.SHARE, null, Scope.CLUSTER))
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
		// The first connection of a JVM may take longer than leases wait
		lettuce.getConnection().close();
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
		assertThat(one.claim(FINGERPRINT).lease()).isNotNull();
		assertThat(two.claim(FINGERPRINT).lease()).isNull();
		assertThat(one.claim(FINGERPRINT).lease()).isNull();
		assertThat(two.claim("b".repeat(64)).lease()).isNotNull();
	}

	@Test
	void tellsOfTheRelease() throws Exception {
		RedisClusterLeases one = leases(Duration.ofSeconds(10));
		RedisClusterLeases two = leases(Duration.ofSeconds(10));
		awaitListening(one, two);
		for (int round = 0; round < 50; round++) {
			boolean answered = round % 2 == 0;
			Lease lease = acquire(one, FINGERPRINT);
			CompletableFuture<Boolean> released = two.claim(FINGERPRINT).released();
			lease.release(answered);
			lease.release(!answered);
			assertThat(released.get(10, TimeUnit.SECONDS)).isEqualTo(answered);
		}
	}

	@Test
	void aNoticeOfAnEarlierLeaseIsNotTakenForTheEndOfALaterOne() throws Exception {
		RedisClusterLeases one = leases(Duration.ofSeconds(10));
		RedisClusterLeases two = leases(Duration.ofSeconds(10));
		awaitListening(one, two);
		Lease earlier = acquire(one, FINGERPRINT);
		String earlierToken = token(FINGERPRINT);
		earlier.release(true);
		Lease later = acquire(one, FINGERPRINT);
		CompletableFuture<Boolean> released = two.claim(FINGERPRINT).released();
		for (String late : List.of("1 " + earlierToken + " " + FINGERPRINT, "1 " + FINGERPRINT,
				"1 " + token(FINGERPRINT) + "0 " + FINGERPRINT, "2 " + token(FINGERPRINT) + " " + FINGERPRINT, "", "1",
				"1 \u0000 " + FINGERPRINT, "x".repeat(1_000_000))) {
			publish(late);
		}
		awaitMessages(one, two);
		assertThat(released).isNotDone();
		later.release(false);
		assertThat(released.get(10, TimeUnit.SECONDS)).isFalse();
	}

	@Test
	void aLeaseThatEndsBeforeItIsKnownWhoHoldsItIsToldOf() throws Exception {
		RedisClusterLeases one = leases(Duration.ofSeconds(10));
		AtomicReference<Runnable> afterReply = new AtomicReference<>(() -> {
		});
		LettuceConnectionFactory late = lateReplies(afterReply);
		RedisClusterLeases two = new RedisClusterLeases(late);
		this.opened.add(two);
		this.opened.add(late::destroy);
		awaitListening(one, two);
		Lease lease = acquire(one, FINGERPRINT);
		afterReply.set(() -> {
			afterReply.set(() -> {
			});
			lease.release(true);
			awaitMessages(one, two);
		});
		assertThat(two.claim(FINGERPRINT).released()).isCompletedWithValue(true);
	}

	// Does something after a script was run and before its reply is handed on
	private static LettuceConnectionFactory lateReplies(AtomicReference<Runnable> afterReply) {
		LettuceConnectionFactory factory = new LettuceConnectionFactory(
				new RedisStandaloneConfiguration(server.host(), server.port())) {

			@Override
			public RedisConnection getConnection() {
				RedisConnection connection = super.getConnection();
				RedisScriptingCommands scripts = proxy(RedisScriptingCommands.class, (method, arguments) -> {
					Object reply = method.invoke(connection.scriptingCommands(), arguments);
					afterReply.get().run();
					return reply;
				});
				return proxy(RedisConnection.class, (method, arguments) -> method.getName().equals("scriptingCommands")
						? scripts : method.invoke(connection, arguments));
			}

		};
		// The shared connection is asked by its class
		factory.setShareNativeConnection(false);
		factory.afterPropertiesSet();
		factory.start();
		return factory;
	}

	private static <T> T proxy(Class<T> type, Invocation invocation) {
		return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type },
				(proxy, method, arguments) -> invocation.invoke(method, arguments)));
	}

	private static String token(String fingerprint) {
		return new String(lettuce.getConnection().stringCommands().get(leaseKey(fingerprint)));
	}

	private static byte[] leaseKey(String fingerprint) {
		return ("tokensaving:lease:{" + fingerprint + "}").getBytes();
	}

	private static void publish(String message) {
		lettuce.getConnection().publish("tokensaving:leases".getBytes(), message.getBytes());
	}

	// Leases are given back in the background
	private static Lease acquire(RedisClusterLeases leases, String fingerprint) {
		AtomicReference<Lease> acquired = new AtomicReference<>();
		await(() -> {
			acquired.set(leases.claim(fingerprint).lease());
			return acquired.get() != null;
		});
		return acquired.get();
	}

	// The subscription is made in the background, and what is published before is lost
	private static void awaitListening(RedisClusterLeases one, RedisClusterLeases two) {
		String probe = "c".repeat(64);
		await(() -> {
			Lease lease = acquire(one, probe);
			CompletableFuture<Boolean> released = two.claim(probe).released();
			lease.release(true);
			acquire(one, probe).release(true);
			try {
				return released.get(100, TimeUnit.MILLISECONDS);
			}
			catch (TimeoutException ex) {
				return false;
			}
			catch (InterruptedException | ExecutionException ex) {
				throw new IllegalStateException(ex);
			}
		});
	}

	// Messages arrive one after the other
	private static void awaitMessages(RedisClusterLeases one, RedisClusterLeases two) {
		String probe = "d".repeat(64);
		Lease lease = acquire(one, probe);
		CompletableFuture<Boolean> released = two.claim(probe).released();
		lease.release(true);
		await(released::isDone);
	}

	@Test
	void aLeaseIsProlongedWhileItIsHeldAndEndsWithItsInstance() {
		RedisClusterLeases crashing = leases(Duration.ofSeconds(3));
		RedisClusterLeases other = leases(Duration.ofSeconds(3));
		assertThat(crashing.claim(FINGERPRINT).lease()).isNotNull();
		String token = token(FINGERPRINT);
		for (int i = 0; i < 2; i++) {
			AtomicLong least = new AtomicLong(Long.MAX_VALUE);
			await(() -> {
				long left = lettuce.getConnection().keyCommands().pTtl(leaseKey(FINGERPRINT));
				return left > least.getAndSet(left);
			});
		}
		assertThat(token(FINGERPRINT)).isEqualTo(token);
		assertThat(other.claim(FINGERPRINT).lease()).isNull();
		crashing.close();
		assertThat(acquire(other, FINGERPRINT)).isNotNull();
	}

	@Test
	void aLateInstanceCannotEndTheLeaseOfAnother() {
		RedisClusterLeases paused = leases(Duration.ofSeconds(100));
		RedisClusterLeases other = leases(Duration.ofSeconds(100));
		Lease late = paused.claim(FINGERPRINT).lease();
		// Its time is over, and another instance takes over
		lettuce.getConnection().keyCommands().del(leaseKey(FINGERPRINT));
		assertThat(other.claim(FINGERPRINT).lease()).isNotNull();
		String token = token(FINGERPRINT);
		long scripts = scripts();
		late.release(true);
		await(() -> scripts() == scripts + 1);
		assertThat(token(FINGERPRINT)).isEqualTo(token);
	}

	// How many scripts the server has run
	private static long scripts() {
		String statistics = lettuce.getConnection()
			.serverCommands()
			.info("commandstats")
			.getProperty("cmdstat_eval", "calls=0,");
		return Long.parseLong(statistics.substring("calls=".length(), statistics.indexOf(',')));
	}

	@Test
	void instancesBuyOneAnswerForAll() throws Exception {
		for (int round = 0; round < 5; round++) {
			AtomicInteger calls = new AtomicInteger();
			List<TokenSavingTestChain> chains = List.of(instance(), instance());
			ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
				calls.incrementAndGet();
				awaitWaiting(chains, 64);
				return ScriptedChatModel.answer("the answer");
			});
			List<ChatClient> instances = chains.stream().map((chain) -> chain.client(model)).toList();
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

	private static void awaitWaiting(List<TokenSavingTestChain> chains, int requests) {
		await(() -> DedupWaiting.count(chains) == requests);
	}

	@Test
	void takesOverFromAnInstanceThatCrashed() throws Exception {
		RedisClusterLeases crashed = leases(Duration.ofMillis(500));
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			awaitInterrupt();
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
		List<TokenSavingTestChain> chains = List.of(instance(), instance());
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			if (calls.incrementAndGet() == 1) {
				awaitWaiting(chains, 2);
				throw new IllegalStateException("model");
			}
			return ScriptedChatModel.answer("second");
		});
		ChatClient one = chains.get(0).client(model);
		ChatClient two = chains.get(1).client(model);
		Future<String> first = this.callers.submit(() -> one.prompt("one").call().content());
		await(() -> model.calls() == 1);
		Future<String> second = this.callers.submit(() -> two.prompt("one").call().content());
		assertThatThrownBy(first::get).hasRootCauseMessage("model");
		assertThat(second.get()).isEqualTo("second");
		assertThat(calls).hasValue(2);
	}

	@Test
	void nobodyTakesTurnsForAnswersThatAreNotStored() throws Exception {
		List<TokenSavingTestChain> chains = List.of(instance(), instance(), instance(), instance());
		AtomicInteger calls = new AtomicInteger();
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			if (calls.incrementAndGet() == 1) {
				awaitWaiting(chains, 4);
			}
			return ScriptedChatModel.answer("cut off", "LENGTH");
		});
		List<Future<String>> answers = new ArrayList<>();
		List<ChatClient> clients = chains.stream().map((chain) -> chain.client(model)).toList();
		for (ChatClient client : clients) {
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
			assertThat(chain.statistics().errors(DedupFeature.COMPONENT)).isPositive();
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
			assertThat(leases.claim(FINGERPRINT).lease()).isNotNull();
			TokenSavingTestChain chain = new TokenSavingTestChain(Plan.builder("support-bot")
				.with(new CacheSettings("redis"))
				.with(PLAN.settings(DedupSettings.class))
				.build()).store(RedisExactCacheStore.builder(lettuce).build())
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
			assertThat(chain.statistics().errors(DedupFeature.COMPONENT)).isEqualTo(10);
			hanging.resume();
			factory.destroy();
		}
	}

	// Lettuce warns of connections that are closed after those of the factory
	@Test
	void endsItsSubscriptionBeforeTheConnectionFactoryStops() {
		RedisClusterLeases leases = leases(Duration.ofSeconds(10));
		assertThat(leases.claim(FINGERPRINT).lease()).isNotNull();
		CompletableFuture<Boolean> released = leases.claim(FINGERPRINT).released();
		await(() -> listeners() == 1);
		assertThat(leases.isRunning()).isTrue();
		assertThat(leases.getPhase()).isGreaterThan(lettuce.getPhase());
		leases.stop();
		assertThat(leases.isRunning()).isFalse();
		await(() -> listeners() == 0);
		assertThat(released).isNotDone();
		leases.start();
		assertThat(leases.claim(FINGERPRINT).lease()).isNull();
		await(() -> listeners() == 1);
	}

	private static long listeners() {
		return lettuce.getConnection().publish("tokensaving:leases".getBytes(), "1 other".getBytes());
	}

	@Test
	void asksInsteadOfListeningWithoutLettuce() throws Exception {
		RedisClusterLeases leases = new RedisClusterLeases(jedis);
		this.opened.add(leases);
		List<TokenSavingTestChain> chains = List.of(instance(), instance(leases));
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			awaitWaiting(chains, 2);
			return ScriptedChatModel.answer("the answer");
		});
		ChatClient one = chains.get(0).client(model);
		ChatClient two = chains.get(1).client(model);
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

	private static void awaitInterrupt() {
		try {
			new CountDownLatch(1).await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void await(BooleanSupplier condition) {
		long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
		while (!condition.getAsBoolean()) {
			assertThat(System.nanoTime()).as("waited thirty seconds").isLessThan(end);
			Thread.onSpinWait();
		}
	}

	private interface Invocation {

		Object invoke(Method method, Object[] arguments) throws Throwable;

	}

}
