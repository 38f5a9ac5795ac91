package io.tokensaving.autoconfigure;

import java.nio.charset.StandardCharsets;
import java.util.List;

import io.tokensaving.RedisTestServer;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.compression.RewrittenTextStore.Found;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link RedisRewrittenTextStore}.
 */
class RedisRewrittenTextStoreTests {

	private static RedisTestServer server;

	private static LettuceConnectionFactory connectionFactory;

	@BeforeAll
	static void start() {
		server = RedisTestServer.start();
		connectionFactory = new LettuceConnectionFactory("localhost", server.port());
		connectionFactory.afterPropertiesSet();
		connectionFactory.start();
		// The first connection of a JVM may take longer than a store waits
		connectionFactory.getConnection().close();
	}

	@AfterAll
	static void stop() {
		connectionFactory.destroy();
		server.close();
	}

	@Test
	void findsThePreferredOfWhatWasStoredForAWorkspace() {
		RedisRewrittenTextStore store = store(new byte[32]);
		store.store("w", "1a", "first \uD83D\uDE00");
		store.store("w", "2b", "second");
		assertThat(store.find("w", List.of("0", "2b", "1a"))).isEqualTo(new Found("2b", "second"));
		assertThat(store.find("w", List.of("1a"))).isEqualTo(new Found("1a", "first \uD83D\uDE00"));
		assertThat(store.find("w", List.of("0"))).isNull();
		assertThat(store.find("other", List.of("1a"))).isNull();
	}

	@Test
	void encryptsWhatItStoresAndLetsItExpire() {
		store(new byte[32]).store("w", "3c", "a secret of the user");
		try (RedisConnection connection = connectionFactory.getConnection()) {
			byte[] key = "tokensaving:{w}:rewritten:3c".getBytes(StandardCharsets.UTF_8);
			byte[] value = connection.stringCommands().get(key);
			assertThat(new String(value, StandardCharsets.ISO_8859_1)).doesNotContain("secret");
			assertThat(connection.keyCommands().ttl(key)).isBetween(1L, RedisRewrittenTextStore.TTL.toSeconds());
		}
		assertThatIllegalArgumentException().isThrownBy(() -> store(new byte[16]).find("w", List.of("3c")));
	}

	private static RedisRewrittenTextStore store(byte[] key) {
		return new RedisRewrittenTextStore(new RedisConnector(connectionFactory), new EntryCodec(4096, key));
	}

}
