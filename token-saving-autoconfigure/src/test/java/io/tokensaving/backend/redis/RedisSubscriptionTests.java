package io.tokensaving.backend.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.Eventually;
import io.tokensaving.RedisTestServer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.jedis.JedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RedisSubscription}.
 */
@Timeout(120)
class RedisSubscriptionTests {

	private static final String THREAD = "subscription-under-test";

	private final AtomicLong now = new AtomicLong();

	private final Queue<String> heard = new ConcurrentLinkedQueue<>();

	private final List<Runnable> closing = new ArrayList<>();

	@AfterEach
	void close() {
		this.closing.forEach(Runnable::run);
	}

	@Test
	void hearsWhatIsPublishedUntilItIsStopped() {
		try (RedisTestServer server = RedisTestServer.start()) {
			RedisConnectionFactory factory = lettuce(server.host(), server.port());
			RedisSubscription subscription = subscription(factory);
			subscription.listen();
			subscription.listen();
			Eventually.await("heard", () -> publish(factory, "first") == 1);
			assertThat(publish(factory, "second")).isEqualTo(1);
			Eventually.await("told", () -> this.heard.contains("second"));
			subscription.stop();
			Eventually.await("ended", () -> publish(factory, "third") == 0);
			subscription.listen();
			assertThat(isSubscribing()).isFalse();
			subscription.start();
			subscription.listen();
			Eventually.await("heard again", () -> publish(factory, "fourth") == 1);
			assertThat(this.heard).contains("first", "second").doesNotContain("third");
		}
	}

	@Test
	void hearsAgainAfterTheServerWasAway() {
		try (RedisTestServer server = RedisTestServer.start()) {
			RedisConnectionFactory factory = lettuce(server.host(), server.port());
			RedisSubscription subscription = subscription(factory);
			subscription.listen();
			Eventually.await("heard", () -> publish(factory, "before") == 1);
			server.kill();
			server.restart();
			Eventually.await("heard again", () -> publish(factory, "after") == 1);
		}
	}

	@Test
	void triesAgainAfterAPauseWhenTheServerCouldNotBeReached() {
		int port = RedisTestServer.freePort();
		RedisConnectionFactory factory = lettuce("127.0.0.1", port);
		RedisSubscription subscription = subscription(factory);
		subscription.listen();
		Eventually.await("failed", () -> !isSubscribing());
		try (RedisTestServer server = RedisTestServer.startAt(port)) {
			this.now.addAndGet(Duration.ofSeconds(5).toNanos() - 1);
			subscription.listen();
			assertThat(isSubscribing()).isFalse();
			assertThat(publish(factory, "too early")).isZero();
			this.now.addAndGet(1);
			Eventually.await("heard", () -> {
				subscription.listen();
				return publish(factory, "in time") == 1;
			});
		}
	}

	@Test
	void leavesTheConnectionsOfOtherClientsAlone() {
		try (RedisTestServer server = RedisTestServer.start()) {
			JedisConnectionFactory factory = new JedisConnectionFactory(
					new RedisStandaloneConfiguration(server.host(), server.port()));
			factory.afterPropertiesSet();
			factory.start();
			this.closing.add(factory::destroy);
			subscription(factory).listen();
			assertThat(isSubscribing()).isFalse();
			assertThat(publish(factory, "nobody")).isZero();
		}
	}

	private RedisSubscription subscription(RedisConnectionFactory factory) {
		RedisSubscription subscription = new RedisSubscription(new RedisConnector(factory), "channel", THREAD,
				this.now::get, (body) -> this.heard.add(new String(body, StandardCharsets.UTF_8)));
		this.closing.add(0, subscription::stop);
		return subscription;
	}

	private RedisConnectionFactory lettuce(String host, int port) {
		LettuceConnectionFactory factory = new LettuceConnectionFactory(host, port);
		factory.afterPropertiesSet();
		factory.start();
		this.closing.add(factory::destroy);
		return factory;
	}

	private static long publish(RedisConnectionFactory factory, String message) {
		try (RedisConnection connection = factory.getConnection()) {
			Long receivers = connection.publish("channel".getBytes(StandardCharsets.UTF_8),
					message.getBytes(StandardCharsets.UTF_8));
			return (receivers != null) ? receivers : 0;
		}
		catch (RuntimeException ex) {
			return -1;
		}
	}

	private static boolean isSubscribing() {
		return Thread.getAllStackTraces().keySet().stream().anyMatch((thread) -> thread.getName().equals(THREAD));
	}

}
