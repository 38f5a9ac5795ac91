package io.tokensaving.samples.gateway.key;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.samples.gateway.key.KeyGuard.Admission;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.embedded.RedisServer;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.http.MediaType;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the keys of two gateways on one PostgreSQL and one Redis.
 */
class TwoGatewaysTests {

	private static final String ADMIN = "an-admin-secret-for-tests-only";

	@TempDir
	private Path directory;

	@Test
	void shareKeysLimitsAndQuotas() throws Exception {
		int redisPort;
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			redisPort = socket.getLocalPort();
		}
		RedisServer redis = RedisServer.newRedisServer().port(redisPort).bind("127.0.0.1").setting("save \"\"").build();
		redis.start();
		try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
				var first = start(postgres, redisPort, "first");
				var second = start(postgres, redisPort, "second")) {
			// One of them made the first key
			assertThat(Files.exists(this.directory.resolve("first"))).isTrue();
			assertThat(Files.exists(this.directory.resolve("second"))).isFalse();
			Map<String, Object> created = post(first, "", Map.of("name", "n", "quota_usd", 1, "max_concurrent", 1));
			String secret = (String) created.get("key");
			KeyGuard one = first.getBean(KeyGuard.class);
			KeyGuard other = second.getBean(KeyGuard.class);
			Caller caller = other.authenticate(secret);
			try (Admission admission = one.admit(caller)) {
				assertThatExceptionOfType(RefusedException.class).isThrownBy(() -> other.admit(caller));
			}
			AtomicLong spent = new AtomicLong();
			List<Callable<Boolean>> clients = new ArrayList<>();
			for (int i = 0; i < 100; i++) {
				KeyGuard guard = (i % 2 == 0) ? one : other;
				clients.add(() -> spend(guard, caller, spent));
			}
			KeysContract.together(clients);
			assertThat(spent.get()).isBetween(Instance.DOLLAR / 2, Instance.DOLLAR);
			RestClient.create(url(first) + "/" + created.get("id"))
				.delete()
				.header("authorization", "Bearer " + ADMIN)
				.retrieve()
				.toBodilessEntity();
			await().atMost(Duration.ofSeconds(2)).until(() -> !isAccepted(other, secret));
		}
		finally {
			redis.stop();
		}
	}

	private static boolean spend(KeyGuard guard, Caller caller, AtomicLong spent) {
		for (int i = 0; i < 10; i++) {
			try {
				// At ten dollars for a million tokens
				guard.reserve(caller, Instance.MODEL, 1_000, 1_000).settle(Instance.spent(1_000, 500));
				spent.addAndGet(3 * Instance.CENT / 2);
			}
			catch (RefusedException ex) {
				assertThat(ex.code()).isEqualTo("insufficient_quota");
			}
		}
		return true;
	}

	private static boolean isAccepted(KeyGuard guard, String secret) {
		try {
			guard.authenticate(secret);
			return true;
		}
		catch (RefusedException ex) {
			return false;
		}
	}

	private ConfigurableApplicationContext start(EmbeddedPostgres postgres, int redisPort, String name) {
		return new SpringApplicationBuilder(KeysApplication.class).run("--spring.profiles.active=postgres,redis",
				"--server.port=0", "--server.address=127.0.0.1",
				"--spring.datasource.url=" + postgres.getJdbcUrl("postgres", "postgres"),
				"--spring.datasource.username=postgres", "--spring.data.redis.port=" + redisPort,
				"--gateway.keys.bootstrap-file=" + this.directory.resolve(name), "--gateway.admin.keys[0].name=tests",
				"--gateway.admin.keys[0].secret=" + ADMIN, "--gateway.admin.keys[0].role=admin",
				"--token-saving.prices[0].model=" + Instance.MODEL, "--token-saving.prices[0].input=10",
				"--token-saving.prices[0].output=10");
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Object> post(ConfigurableApplicationContext context, String path, Object body) {
		return RestClient.create(url(context) + path)
			.post()
			.header("authorization", "Bearer " + ADMIN)
			.contentType(MediaType.APPLICATION_JSON)
			.body(body)
			.retrieve()
			.body(Map.class);
	}

	private static String url(ConfigurableApplicationContext context) {
		return "http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port") + "/admin/api-keys";
	}

	/**
	 * Keys and what manages them, without the door. No stereotype, so that no other test
	 * finds it.
	 */
	@EnableAutoConfiguration
	@ComponentScan("io.tokensaving.samples.gateway.key")
	@ComponentScan("io.tokensaving.samples.gateway.admin")
	@ComponentScan("io.tokensaving.samples.gateway.plan")
	@ConfigurationPropertiesScan("io.tokensaving.samples.gateway.admin")
	static class KeysApplication {

	}

}
