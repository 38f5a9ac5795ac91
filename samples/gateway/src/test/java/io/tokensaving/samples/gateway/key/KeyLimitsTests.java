package io.tokensaving.samples.gateway.key;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.tokensaving.samples.gateway.key.KeyGuard.Admission;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import redis.embedded.RedisServer;

import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link LocalKeyLimits} and {@link RedisKeyLimits}.
 */
class KeyLimitsTests {

	private static final AtomicInteger NUMBER = new AtomicInteger();

	static ApiKey key(Long requestsPerMinute, Long tokensPerMinute, Integer maxConcurrent) {
		return Instance.limits(requestsPerMinute, tokensPerMinute, maxConcurrent)
			.apply(ApiKey.unlimited("key" + NUMBER.incrementAndGet(), "n", "ts-", "w", "me", Instant.EPOCH));
	}

	static ApiKey changed(ApiKey key, Long requestsPerMinute) {
		return new ApiKey(key.id(), key.name(), key.prefix(), key.workspace(), null, key.plans(), key.models(), false,
				null, QuotaPeriod.NONE, false, requestsPerMinute, key.tokensPerMinute(), key.maxConcurrent(), null,
				null, key.createdBy(), key.createdAt(), null, key.version() + 1);
	}

	static RefusedException refused(KeyLimits limits, ApiKey key) {
		RefusedException[] caught = new RefusedException[1];
		assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> limits.admit(key))
			.satisfies((ex) -> caught[0] = ex);
		assertThat(caught[0].status()).isEqualTo(429);
		assertThat(caught[0].code()).isEqualTo("rate_limit_exceeded");
		return caught[0];
	}

	/**
	 * What both do.
	 */
	abstract static class Contract {

		KeyLimits limits;

		@Test
		void letsInAsManyAtOnceAsAllowed() {
			ApiKey key = key(null, null, 2);
			Admission first = this.limits.admit(key);
			Admission second = this.limits.admit(key);
			assertThat(refused(this.limits, key).headers()).containsKey("retry-after");
			assertThat(this.limits.running(key.id())).isEqualTo(2);
			first.close();
			first.close();
			drain();
			Admission third = this.limits.admit(key);
			refused(this.limits, key);
			second.close();
			third.close();
			drain();
			assertThat(this.limits.running(key.id())).isZero();
		}

		@Test
		void leavesNoPlaceTakenByARequestThatItsRateRefused() {
			ApiKey key = key(1L, null, 1);
			this.limits.admit(key).close();
			drain();
			for (int i = 0; i < 3; i++) {
				assertThat(refused(this.limits, key).getMessage()).contains("in a minute");
				drain();
			}
			assertThat(this.limits.running(key.id())).isZero();
		}

		@Test
		void letsInAsManyInAMinuteAsAllowed() {
			ApiKey key = key(3L, null, null);
			for (int i = 0; i < 3; i++) {
				this.limits.admit(key).close();
			}
			assertThat(Integer.parseInt(refused(this.limits, key).headers().get("retry-after"))).isBetween(1, 20);
		}

		@Test
		void refusesWhileTokensAreInDebt() {
			ApiKey key = key(null, 100L, null);
			this.limits.admit(key).close();
			this.limits.charge(key, 250);
			drain();
			RefusedException ex = refused(this.limits, key);
			assertThat(ex.type()).isEqualTo("tokens");
			// 151 tokens at 100 in a minute
			assertThat(Integer.parseInt(ex.headers().get("retry-after"))).isBetween(80, 91);
		}

		@Test
		void doesNotFillUpWhenLimitIsChanged() {
			ApiKey key = key(3L, null, null);
			for (int i = 0; i < 3; i++) {
				this.limits.admit(key).close();
			}
			refused(this.limits, changed(key, 2L));
		}

		@Test
		void neverLetsInMoreAtOnceUnderManyThreads() throws Exception {
			ApiKey key = key(null, null, 5);
			AtomicInteger now = new AtomicInteger();
			AtomicInteger most = new AtomicInteger();
			AtomicInteger admitted = new AtomicInteger();
			List<Callable<Boolean>> clients = new ArrayList<>();
			for (int i = 0; i < 40; i++) {
				clients.add(() -> {
					for (int round = 0; round < 20; round++) {
						try (Admission admission = this.limits.admit(key)) {
							admitted.incrementAndGet();
							most.accumulateAndGet(now.incrementAndGet(), Math::max);
							now.decrementAndGet();
						}
						catch (RefusedException ex) {
							// Goes on with the next round
						}
					}
					return true;
				});
			}
			KeysContract.together(clients);
			drain();
			assertThat(most.get()).isBetween(1, 5);
			assertThat(admitted.get()).isPositive();
			assertThat(this.limits.running(key.id())).isZero();
			for (int i = 0; i < 5; i++) {
				this.limits.admit(key);
			}
			refused(this.limits, key);
		}

		void drain() {
		}

	}

	/**
	 * In the process.
	 */
	@Nested
	class LocalTests extends Contract {

		private final TestClock clock = new TestClock("2026-12-01T10:00:00Z");

		@BeforeEach
		void create() {
			this.limits = new LocalKeyLimits(this.clock);
		}

		@Test
		void letsInAgainWhenTheMinuteHasPassed() {
			ApiKey key = key(60L, 600L, null);
			for (int i = 0; i < 60; i++) {
				this.limits.admit(key).close();
			}
			refused(this.limits, key);
			this.clock.advance(Duration.ofSeconds(1));
			this.limits.admit(key).close();
			refused(this.limits, key);
			this.limits.charge(key, 1_200);
			this.clock.advance(Duration.ofMinutes(1));
			assertThat(refused(this.limits, key).type()).isEqualTo("tokens");
			this.clock.advance(Duration.ofSeconds(1));
			this.limits.admit(key).close();
		}

		@Test
		void dividesLimitsAmongInstances() {
			this.limits.setInstances(4);
			ApiKey key = key(8L, null, 1);
			this.limits.admit(key).close();
			Admission second = this.limits.admit(key);
			refused(this.limits, key);
			second.close();
			assertThat(refused(this.limits, key).type()).isEqualTo("requests");
		}

	}

	/**
	 * In Redis.
	 */
	@Nested
	@TestInstance(TestInstance.Lifecycle.PER_CLASS)
	class RedisTests extends Contract {

		private int port;

		private RedisServer server;

		private final List<AutoCloseable> opened = new ArrayList<>();

		@BeforeAll
		void startServer() throws Exception {
			try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
				this.port = socket.getLocalPort();
			}
			run();
		}

		private void run() throws Exception {
			this.server = RedisServer.newRedisServer().port(this.port).bind("127.0.0.1").setting("save \"\"").build();
			this.server.start();
		}

		@AfterAll
		void stopServer() throws Exception {
			this.server.stop();
		}

		@BeforeEach
		void create() {
			this.limits = open(RedisKeyLimits.DEFAULT_TTL);
		}

		private RedisKeyLimits open(Duration ttl) {
			LettuceConnectionFactory factory = new LettuceConnectionFactory(
					new RedisStandaloneConfiguration("127.0.0.1", this.port));
			factory.afterPropertiesSet();
			factory.start();
			RedisKeyLimits limits = new RedisKeyLimits(factory, new LocalKeyLimits(Clock.systemUTC()),
					Clock.systemUTC(), ttl);
			this.opened.add(limits);
			this.opened.add(factory::destroy);
			return limits;
		}

		@AfterEach
		void close() throws Exception {
			for (AutoCloseable one : this.opened) {
				one.close();
			}
			this.opened.clear();
		}

		@Override
		void drain() {
			((RedisKeyLimits) this.limits).awaitBackground();
		}

		@Test
		void sharesLimitsAmongInstances() {
			KeyLimits other = open(RedisKeyLimits.DEFAULT_TTL);
			ApiKey key = key(3L, 100L, 2);
			this.limits.admit(key);
			Admission second = other.admit(key);
			refused(this.limits, key);
			second.close();
			((RedisKeyLimits) other).awaitBackground();
			this.limits.admit(key).close();
			drain();
			assertThat(refused(other, key).type()).isEqualTo("requests");
			this.limits.charge(key, 300);
			drain();
			assertThat(refused(other, key).type()).isEqualTo("tokens");
		}

		@Test
		void endsLeasesOfAnInstanceThatIsGoneAndKeepsThoseOfOneThatRuns() throws Exception {
			RedisKeyLimits gone = open(Duration.ofMillis(600));
			RedisKeyLimits runs = open(Duration.ofMillis(600));
			ApiKey key = key(null, null, 2);
			gone.admit(key);
			runs.admit(key);
			refused(runs, key);
			gone.close();
			// Waits for the clock of the server
			await().ignoreException(RefusedException.class).until(() -> runs.admit(key) != null);
			refused(runs, key);
			try (RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", this.port));
					var connection = client.connect()) {
				assertThat(connection.sync().zcard("tokensaving:{w}:gateway:running:" + key.id())).isEqualTo(2);
				assertThat(connection.sync().pttl("tokensaving:{w}:gateway:running:" + key.id())).isBetween(1L, 600L);
			}
		}

		@Test
		void hasItsShareOfLimitsWhileRedisIsAwayAndSharesThemAgainAfterwards() throws Exception {
			this.limits.setInstances(2);
			ApiKey key = key(null, null, 4);
			this.limits.admit(key);
			this.server.stop();
			try {
				this.limits.admit(key);
				this.limits.admit(key);
				refused(this.limits, key);
			}
			finally {
				run();
			}
			ApiKey other = key(1L, null, null);
			KeyLimits another = open(RedisKeyLimits.DEFAULT_TTL);
			another.admit(other);
			RedisKeyLimits again = (RedisKeyLimits) this.limits;
			for (int i = 0; i < 100 && !again.isShared(); i++) {
				again.look();
			}
			assertThat(again.isShared()).isTrue();
			refused(this.limits, other);
		}

	}

}
