package io.tokensaving.samples.supportbot;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Map;

import io.tokensaving.samples.supportbot.demo.DemonstrationChatModel;
import org.junit.jupiter.api.Test;
import redis.embedded.RedisServer;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.http.MediaType;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the profile {@code redis}.
 */
class RedisProfileTests {

	@Test
	void isNotConnectedWithoutProfile() {
		try (var context = run()) {
			assertThat(context.getBeanNamesForType(RedisConnectionFactory.class)).isEmpty();
			assertThat(context.getBeanNamesForType(Object.class)).noneMatch((name) -> name.startsWith("redis"));
		}
	}

	@Test
	void twoInstancesShareAnswersAndStatistics() throws Exception {
		int port;
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			port = socket.getLocalPort();
		}
		RedisServer server = RedisServer.newRedisServer().port(port).bind("127.0.0.1").setting("save \"\"").build();
		server.start();
		String[] arguments = { "--spring.profiles.active=redis", "--spring.data.redis.port=" + port,
				"--token-saving.plans.support-bot.cache.lookup-timeout=10s" };
		try (var first = run(arguments); var second = run(arguments)) {
			assertThat(chat(first)).containsEntry("outcome", "miss");
			// An answer that is not stored yet is waited for
			assertThat(chat(second).get("outcome")).isIn("exact_hit", "dedup_hit");
			assertThat(second.getBean(DemonstrationChatModel.class).calls()).isZero();
			assertThat(get(second, "/actuator/tokensaving/plans/support-bot/stats")).containsEntry("scope", "shared");
			assertThat(get(first, "/actuator/health")).containsEntry("status", "UP");
		}
		finally {
			server.stop();
		}
	}

	private static ConfigurableApplicationContext run(String... arguments) {
		return new SpringApplicationBuilder(SupportBotApplication.class)
			.properties(Map.of("support-bot.replay-at-start", "false", "server.port", "0"))
			.run(arguments);
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Object> chat(ConfigurableApplicationContext context) {
		return RestClient.create(url(context, "/chat"))
			.post()
			.contentType(MediaType.APPLICATION_JSON)
			.body("{\"message\": \"What about the weather?\"}")
			.retrieve()
			.body(Map.class);
	}

	@SuppressWarnings("unchecked")
	private static Map<String, Object> get(ConfigurableApplicationContext context, String path) {
		return RestClient.create(url(context, path)).get().retrieve().body(Map.class);
	}

	private static String url(ConfigurableApplicationContext context, String path) {
		return "http://localhost:" + context.getEnvironment().getProperty("local.server.port") + path;
	}

}
