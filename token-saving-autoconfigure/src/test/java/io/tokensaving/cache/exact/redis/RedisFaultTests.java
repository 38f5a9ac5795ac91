package io.tokensaving.cache.exact.redis;

import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.tokensaving.Eventually;
import io.tokensaving.FaultProxy;
import io.tokensaving.RedisTestServer;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.resps.ScanResult;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Breaks Redis in every way under 64 concurrent callers, calls and streams. No call may
 * fail, no answer be wrong, and all must recover by itself. Prints a table of what the
 * callers saw. Each fault takes as many seconds as the system property
 * {@code token-saving.fault.seconds} says, a third of them broken.
 */
@Timeout(value = 3, unit = TimeUnit.HOURS)
class RedisFaultTests {

	private static final double SECONDS = Double.parseDouble(System.getProperty("token-saving.fault.seconds", "1.5"));

	private static final int CALLERS = 64;

	private static final int QUESTIONS = 200;

	private static final long THINK_MILLIS = 50;

	private static boolean titled;

	@ParameterizedTest
	@EnumSource(Fault.class)
	void nobodyNoticesButInTheBill(Fault fault) throws Exception {
		try (Run run = new Run(fault)) {
			run.play();
			run.print();
			assertThat(run.failure.get()).isNull();
			assertThat(run.wrong.get()).isNull();
			assertThat(run.hitsBefore).as("hits before the fault").isPositive();
		}
	}

	private static synchronized void printTitle() {
		if (!titled) {
			titled = true;
			System.out.println("fault                | calls  | failed | wrong | hits   | errors | breaker opened "
					+ "| p99 before  | p99 closed | p99 open   | p99 no plan");
		}
	}

	/**
	 * What goes wrong.
	 */
	enum Fault {

		KILLED_AND_RESTARTED {

			@Override
			void start(Run run) {
				run.server.kill();
			}

			@Override
			void stop(Run run) {
				run.server.restart();
			}

		},
		STOPPED_BY_SIGNAL {

			@Override
			void start(Run run) {
				run.server.pause();
			}

			@Override
			void stop(Run run) {
				run.server.resume();
			}

		},
		RESET_MID_REPLY {

			@Override
			void start(Run run) {
				run.proxy.reset(true);
			}

			@Override
			void stop(Run run) {
				run.proxy.reset(false);
			}

		},
		LATENCY_500_MS {

			@Override
			void start(Run run) {
				run.proxy.delay(500);
			}

			@Override
			void stop(Run run) {
				run.proxy.delay(0);
			}

		},
		MEMORY_FULL {

			@Override
			void start(Run run) {
				run.command((jedis) -> {
					jedis.flushAll();
					jedis.configSet("maxmemory", "1");
				});
			}

			@Override
			void stop(Run run) {
				run.command((jedis) -> jedis.configSet("maxmemory", "0"));
			}

		},
		RANDOM_BYTES {

			@Override
			void during(Run run) {
				run.command((jedis) -> {
					String cursor = ScanParams.SCAN_POINTER_START;
					do {
						ScanResult<byte[]> keys = jedis.scan(cursor.getBytes(),
								new ScanParams().match("tokensaving:*").count(1000));
						keys.getResult().forEach((key) -> {
							byte[] garbage = new byte[ThreadLocalRandom.current().nextInt(400)];
							ThreadLocalRandom.current().nextBytes(garbage);
							byte[] entry = jedis.get(key);
							if (entry != null && entry.length > 20 && ThreadLocalRandom.current().nextBoolean()) {
								// Looks like an entry, and differs in one byte
								garbage = entry.clone();
								garbage[ThreadLocalRandom.current().nextInt(garbage.length)] ^= 0x11;
							}
							jedis.set(key, garbage, SetParams.setParams().ex(60));
						});
						cursor = keys.getCursor();
					}
					while (!cursor.equals(ScanParams.SCAN_POINTER_START));
				});
			}

		},
		CLOCK_MOVED {

			@Override
			void during(Run run) {
				run.clockOffset.set(ThreadLocalRandom.current().nextLong(-100_000_000, 100_000_000));
			}

			@Override
			void stop(Run run) {
				run.clockOffset.set(0);
			}

		};

		void start(Run run) {
		}

		void during(Run run) {
		}

		void stop(Run run) {
		}

	}

	/**
	 * One fault.
	 */
	private static final class Run implements AutoCloseable {

		private final Fault fault;

		private final RedisTestServer server = RedisTestServer.start();

		private final FaultProxy proxy = FaultProxy.start(this.server.port());

		private final AtomicLong clockOffset = new AtomicLong();

		private final CircuitBreakers breakers = new CircuitBreakers();

		private final CircuitBreaker breaker = this.breakers.of(RedisExactCacheStore.BACKEND);

		private final AtomicInteger opened = new AtomicInteger();

		private final LettuceConnectionFactory connectionFactory;

		private final TokenSavingTestChain chain;

		private final ChatClient client;

		private final AtomicReference<Throwable> failure = new AtomicReference<>();

		private final AtomicReference<String> wrong = new AtomicReference<>();

		private final AtomicInteger failed = new AtomicInteger();

		private final AtomicInteger calls = new AtomicInteger();

		private final List<Long> before = Collections.synchronizedList(new ArrayList<>());

		private final List<Long> closed = Collections.synchronizedList(new ArrayList<>());

		private final List<Long> open = Collections.synchronizedList(new ArrayList<>());

		private final List<Long> without = Collections.synchronizedList(new ArrayList<>());

		private volatile boolean faulty;

		private volatile boolean over;

		private volatile boolean measuring = true;

		private long hitsBefore;

		Run(Fault fault) {
			this.fault = fault;
			this.breaker.getEventPublisher().onStateTransition((event) -> {
				if (event.getStateTransition().getToState() == State.OPEN) {
					this.opened.incrementAndGet();
				}
			});
			this.connectionFactory = new LettuceConnectionFactory(
					new RedisStandaloneConfiguration("127.0.0.1", this.proxy.port()));
			this.connectionFactory.afterPropertiesSet();
			this.connectionFactory.start();
			Clock clock = ((InstantSource) () -> Instant
				.ofEpochMilli(System.currentTimeMillis() + this.clockOffset.get())).withZone(ZoneOffset.UTC);
			RedisExactCacheStore store = RedisExactCacheStore.builder(this.connectionFactory).clock(clock).build();
			Eventually.await("connected", () -> store.status().available());
			this.chain = new TokenSavingTestChain(
					Plan.builder("p").with(new CacheSettings("redis")).with(DedupSettings.DEFAULTS).build())
				.store(store)
				.cache((cache) -> cache.circuitBreakers(this.breakers).clock(clock));
			this.client = this.chain.client(new ScriptedChatModel((prompt) -> ScriptedChatModel
				.answer("Answer to " + prompt.getUserMessage().getText() + " " + "x".repeat(500))));
		}

		void play() throws Exception {
			List<Thread> threads = new ArrayList<>();
			for (int i = 0; i < 2 * QUESTIONS; i++) {
				call("question " + i % QUESTIONS, i % 2 == 0, i % 10 == 0);
			}
			this.before.clear();
			for (int i = 0; i < CALLERS; i++) {
				Thread thread = new Thread(caller(i % 2 == 0));
				threads.add(thread);
				thread.start();
			}
			long third = (long) (SECONDS * 1000 / 3);
			Thread.sleep(third);
			this.hitsBefore = hits();
			this.faulty = true;
			this.fault.start(this);
			long end = System.nanoTime() + third * 1_000_000;
			while (System.nanoTime() < end) {
				this.fault.during(this);
				Thread.sleep(100);
			}
			this.fault.stop(this);
			Thread.sleep(third);
			this.measuring = false;
			awaitRecovery();
			this.over = true;
			for (Thread thread : threads) {
				thread.join(60_000);
				assertThat(thread.isAlive()).as("hangs").isFalse();
			}
		}

		private void awaitRecovery() {
			long start = hits();
			Eventually.await("hits again after the fault",
					() -> this.breaker.getState() == State.CLOSED && hits() > start + CALLERS);
		}

		private Runnable caller(boolean stream) {
			return () -> {
				ThreadLocalRandom random = ThreadLocalRandom.current();
				while (!this.over) {
					try {
						Thread.sleep(random.nextLong(THINK_MILLIS / 2, THINK_MILLIS * 3 / 2));
						call("question " + random.nextInt(QUESTIONS), stream, random.nextInt(20) == 0);
					}
					catch (Throwable ex) {
						this.failed.incrementAndGet();
						this.failure.compareAndSet(null, ex);
					}
				}
			};
		}

		private void call(String question, boolean stream, boolean withoutPlan) {
			State state = this.breaker.getState();
			boolean faulty = this.faulty;
			ChatClient.ChatClientRequestSpec request = this.client.prompt(question);
			if (withoutPlan) {
				request = request.advisors(TokenSaving.none());
			}
			long start = System.nanoTime();
			String answer = stream ? String.join("", request.stream().content().collectList().block())
					: request.call().content();
			long nanos = System.nanoTime() - start;
			this.calls.incrementAndGet();
			if (!answer.equals("Answer to " + question + " " + "x".repeat(500))) {
				this.wrong.compareAndSet(null, question + ": " + answer);
			}
			if (!this.measuring) {
				return;
			}
			if (withoutPlan) {
				this.without.add(nanos);
			}
			else if (state == State.OPEN && this.breaker.getState() == State.OPEN) {
				this.open.add(nanos);
			}
			else {
				(faulty ? this.closed : this.before).add(nanos);
			}
		}

		private long hits() {
			return this.chain.statistics().plan(new PlanKey("default", "p")).snapshot().requests(ExactCacheFeature.HIT);
		}

		void command(Consumer<Jedis> command) {
			try (Jedis jedis = new Jedis(this.server.host(), this.server.port())) {
				command.accept(jedis);
			}
		}

		void print() {
			printTitle();
			System.out.printf(Locale.ROOT, "%-20s | %,6d | %6d | %5s | %,6d | %,6d | %14d | %11s | %10s | %10s | %s%n",
					this.fault.name().toLowerCase(Locale.ROOT).replace('_', ' '), this.calls.get(), this.failed.get(),
					(this.wrong.get() != null) ? "yes" : "no", hits(),
					this.chain.statistics().errors(ExactCacheFeature.COMPONENT), this.opened.get(), p99(this.before),
					p99(this.closed), p99(this.open), p99(this.without));
		}

		private static String p99(List<Long> nanos) {
			long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
			if (sorted.length == 0) {
				return "-";
			}
			return String.format(Locale.ROOT, "%.2f ms",
					Arrays.stream(sorted).skip((long) (sorted.length * 0.99)).findFirst().orElse(0) / 1e6);
		}

		@Override
		public void close() throws IOException {
			this.connectionFactory.destroy();
			this.proxy.close();
			this.server.close();
		}

	}

}
