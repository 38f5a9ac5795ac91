package io.tokensaving.actuate;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.actuate.EndpointClient.Answer;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.PlanGenerator;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Sends random bodies to the endpoint: whatever comes, the answer is a success or says
 * what is wrong. The number of bodies is the system property
 * {@code token-saving.fuzz.bodies}, the seed {@code token-saving.fuzz.seed}.
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoints.web.exposure.include=tokensaving",
				"token-saving.plans.fixed.cache.backend=in_memory" })
@Timeout(value = 3, unit = TimeUnit.HOURS)
class PlanEndpointFuzzTests {

	private static final int BODIES = Integer.getInteger("token-saving.fuzz.bodies", 2000);

	private static final long SEED = Long.getLong("token-saving.fuzz.seed", 42);

	private static final Set<Integer> ACCEPTED = Set.of(200, 201, 204, 400, 404, 409);

	private static final Pattern LEAK = Pattern.compile("Exception\\b|java\\.lang|java\\.util|tools\\.jackson"
			+ "|org\\.springframework|io\\.tokensaving\\.|\\bat [a-z]+\\.[a-z]+\\.|StackOverflow|\"trace\"");

	private static final String[] PATHS = { "/plans", "/plans", "/plans", "/plans/p0", "/plans/p1", "/plans/p2",
			"/plans/fixed", "/plans/p0/resume", "/plans/%20", "/other", "/plans/p0?version=1", "/plans/p1?version=x" };

	private static final String[] IDS = { "p0", "p1", "p2", "p3", "fixed", "none", "", "a b", "../x", "\u00e4",
			"\ud83d\ude00", "x".repeat(65), "null" };

	private static final String[] NAMES = { "id", "version", "cache", "compression", "backend", "ttl", "guards",
			"similarity_threshold", "similarity-threshold", "max_entry_size", "history", "max_question_length",
			"semantic_timeout", "verify_sample_rate", "max_error_rate", "judge", "engine", "max_input_tokens",
			"low_mark", "keep_last_messages", "focus", "redundancy_penalty", "lossless", "tidy", "summary_model",
			"rewrite_timeout", "stable_prefix", "language", "max_time", "cache.ttl", "cache.backend",
			"compression.engine", "cache.guards[0]", "path", "json", "json_refused", "body", "", ".", "a.b", "class",
			"cache.class", "\u65e5\u672c", "dedup", "enabled", "route", "mode", "tiers", "default_tier", "classifier",
			"thresholds", "rules", "feature", "matches", "min_tokens", "max-tokens", "tier", "require", "sticky",
			"expected_turns", "cascade", "checks", "max_escalations", "min_length", "stream", "name", "method",
			"sample_rate", "usd_per_day", "max_worse_rate", "action", "route.rules", "route.cascade.checks",
			"route.rules[0].tier", "rules[0]" };

	private static final String[] TEXTS = { "in_memory", "in_memory_semantic", "redis", "trim", "text_rank", "all",
			"numbers", "names", "partition", "window:3", "window:0", "standalone", "embedding", "llm", "auto", "de",
			"none", "question", "1h", "500ms", "-1s", "1KB", "256MB", "-5", "0", "0.5", "1e309", "NaN", "Infinity",
			"true", "maybe", "", " ", "\u0000", "\u202e", "\ud83d\ude00", "${user.home}", "#{1+1}", "%s%n", "{}",
			"nano", "own", "active", "learned", "fixed", "(", "(?i)^a", "[[", "x{99999999999}", "finish", "raise-tier",
			"'; DROP TABLE plans; --", "<script>", "\ufeff", "9999999999999999999999" };

	private static final String[] NUMBERS = { "0", "1", "-1", "3600", "0.5", "1.5", "1e3", "1e-400", "1e400", "-0.0",
			"2147483648", "9223372036854775807", "9223372036854775808", "1e999999999",
			"123456789012345678901234567890" };

	private static final String[] BROKEN = { "", " ", "{", "}", "[", "{\"", "{\"a\":}", "{\"a\" 1}", "nul", "NaN",
			"{,}", "{\"a\":1,}", "{\"a\":1}}", "/* */{}", "{\"a\":01}", "{\"a\":\"\\x\"}", "{\"a\":\"\\ud800\"}",
			"{\"\\udfff\":1}", "{\"id\":\"\\ud800\"}", "{\"id\":\"p0\",\"cache\":{\"backend\":\"\\udc00\"}}",
			"\u0000{}", "\ufeff{}" };

	@Autowired
	private MutablePlanRepository plans;

	@Autowired
	private ChatClient.Builder chatClientBuilder;

	@LocalServerPort
	private int port;

	@Test
	void everyBodyIsTakenOrRefusedReadably() {
		EndpointClient client = EndpointClient.of(this.port);
		Random random = new Random(SEED);
		Map<Integer, Integer> statuses = new TreeMap<>();
		int lists = 0;
		long start = System.nanoTime();
		for (int i = 0; i < BODIES; i++) {
			String path = pick(random, PATHS);
			byte[] body = body(random);
			Answer answer = (random.nextInt(50) == 0) ? client.delete("/plans/p" + random.nextInt(4))
					: client.post(path, body, "application/json");
			assertThat(ACCEPTED).as(() -> describe(path, body, answer)).contains(answer.status());
			assertThat(LEAK.matcher(answer.body()).find()).as(() -> describe(path, body, answer)).isFalse();
			if (answer.status() >= 400) {
				assertThat(answer.body()).as(() -> describe(path, body, answer)).startsWith("{\"error\":");
			}
			statuses.merge(answer.status(), 1, Integer::sum);
			lists += answer.body().contains("\"rules\":[{") ? 1 : 0;
		}
		System.out.printf("%d bodies in %d s: %s%n", BODIES, (System.nanoTime() - start) / 1_000_000_000, statuses);
		// Both sides were reached, and what was stored can be worked with
		assertThat(statuses).containsKeys(200, 201, 400, 404, 409);
		assertThat(lists).isPositive();
		assertThat(client.get("").status()).isEqualTo(200);
		assertThat(this.plans.findAll("default")).isNotEmpty();
		assertThat(this.chatClientBuilder.build().prompt("still working").call().content()).isNotNull();
	}

	private static String describe(String path, byte[] body, Answer answer) {
		String text = new String(body, 0, Math.min(body.length, 2000), StandardCharsets.UTF_8);
		return "seed %d, POST %s %s%n%d %s".formatted(SEED, path, text, answer.status(), answer.body());
	}

	private static byte[] body(Random random) {
		return switch (random.nextInt(20)) {
			case 0 -> bytes(random, random.nextInt(200));
			case 1 -> pick(random, BROKEN).getBytes(StandardCharsets.UTF_8);
			case 2 -> text(random, json(random, 4, true));
			case 3 -> mutated(random, text(random, plan(random)));
			case 4 -> text(random, "{\"id\":\"p0\",\"cache\":" + "{\"a\":".repeat(random.nextInt(3000)) + "1");
			case 5 -> text(random, "[".repeat(random.nextInt(5000)));
			case 6 -> (random.nextInt(20) == 0) ? huge(random) : text(random, json(random, 2, true));
			case 7, 8, 9 -> text(random, nearly(random));
			case 10 -> text(random, route(random));
			default -> text(random, plan(random));
		};
	}

	private static byte[] text(Random random, String text) {
		byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
		return (random.nextInt(50) == 0) ? text.getBytes(StandardCharsets.UTF_16) : bytes;
	}

	private static byte[] bytes(Random random, int length) {
		byte[] bytes = new byte[length];
		random.nextBytes(bytes);
		return bytes;
	}

	private static byte[] huge(Random random) {
		int length = 60_000 + random.nextInt(200_000);
		String filler = switch (random.nextInt(5)) {
			case 0 -> "{\"id\":\"" + "x".repeat(length) + "\"}";
			case 1 -> "{\"id\":\"p0\"," + "\"a\":1,".repeat(length / 6) + "\"b\":1}";
			case 2 -> "{\"id\":\"p0\",\"cache\":{\"guards\":[" + "\"names\",".repeat(length / 8) + "\"names\"]}}";
			case 3 -> "{\"id\":\"p0\",\"route\":{\"tiers\":[\"nano\",\"own\"],\"rules\":["
					+ "{\"tier\":\"own\"},".repeat(random.nextInt(3000)) + "{\"tier\":\"nano\"}]}}";
			default -> "{\"id\":\"p0\",\"cache\":{\"ttl\":" + "9".repeat(length) + "}}";
		};
		return filler.getBytes(StandardCharsets.UTF_8);
	}

	private static byte[] mutated(Random random, byte[] body) {
		for (int i = random.nextInt(4); i >= 0 && body.length > 0; i--) {
			body[random.nextInt(body.length)] = (byte) random.nextInt(256);
		}
		return body;
	}

	// A plan that is right, or was until its last setting
	private static String plan(Random random) {
		List<String> fields = new ArrayList<>();
		if (random.nextInt(4) > 0) {
			fields.add("\"id\":\"p" + random.nextInt(4) + "\"");
		}
		if (random.nextInt(4) == 0) {
			fields.add("\"version\":" + random.nextInt(5));
		}
		if (random.nextBoolean()) {
			fields.add("\"cache\":" + pick(random, "null", "{}", "{\"backend\":\"in_memory\"}",
					"{\"ttl\":" + (1 + random.nextInt(9999)) + "}",
					"{\"guards\":[\"numbers\",\"names\"],\"ttl\":\"2h\"}",
					"{\"max_entry_size\":\"64KB\",\"similarity_threshold\":" + random.nextDouble() + "}",
					"{\"history\":\"window:2\",\"guards\":null}"));
		}
		if (random.nextBoolean()) {
			fields.add("\"compression\":" + pick(random, "null", "{\"max_input_tokens\":4096}",
					"{\"engine\":\"text_rank\",\"max_input_tokens\":100,\"lossless\":false}", "{\"low_mark\":0.5}"));
		}
		if (random.nextInt(4) == 0) {
			fields.add("\"route\":" + pick(random, "null", "{\"mode\":\"off\"}", "{\"tiers\":[\"nano\",\"own\"]}",
					"{\"tiers\":\"nano,own\",\"rules\":[{\"tier\":\"nano\"}]}", "{\"rules\":[]}", "{\"rules\":null}"));
		}
		if (random.nextInt(4) == 0) {
			fields.add(name(random) + ":" + json(random, 2, false));
		}
		return "{" + String.join(",", fields) + "}";
	}

	// Lists of sections that are right, or were until one of their settings
	private static String route(Random random) {
		List<String> rules = new ArrayList<>();
		for (int i = random.nextInt(5); i > 0; i--) {
			List<String> rule = new ArrayList<>();
			rule.add("\"tier\":" + pick(random, "\"nano\"", "\"own\"", "\"own\"", json(random, 1, false)));
			for (String name : List.of("feature", "matches", "min_tokens", "max-tokens")) {
				if (random.nextInt(3) == 0) {
					rule.add(quote(name) + ":"
							+ pick(random, quote(pick(random, TEXTS)), pick(random, NUMBERS), json(random, 1, false)));
				}
			}
			if (random.nextInt(8) == 0) {
				rule.add(name(random) + ":" + json(random, 1, false));
			}
			rules.add((random.nextInt(10) == 0) ? json(random, 2, false) : "{" + String.join(",", rule) + "}");
		}
		String id = "\"id\":\"p" + random.nextInt(4) + "\",";
		return "{" + (random.nextBoolean() ? id : "") + "\"route\":{\"tiers\":[\"nano\",\"own\"],\"rules\":["
				+ String.join(",", rules) + "],\"cascade\":" + pick(random, "{}", "{\"checks\":[\"finish\"]}",
						"{" + name(random) + ":" + json(random, 1, false) + "}")
				+ "}}";
	}

	// The right names with values of any kind
	private static String nearly(Random random) {
		List<String> fields = new ArrayList<>();
		fields.add("\"id\":" + quote(pick(random, IDS)));
		for (int i = random.nextInt(3); i >= 0; i--) {
			fields.add("\"" + pick(random, "cache", "compression", "route") + "\":{" + name(random) + ":"
					+ json(random, 2, false) + "}");
		}
		return "{" + String.join(",", fields) + "}";
	}

	private static String json(Random random, int depth, boolean any) {
		switch (random.nextInt((depth > 0) ? 10 : 6)) {
			case 0, 1, 2:
				return quote(pick(random, TEXTS));
			case 3:
				return pick(random, NUMBERS);
			case 4:
				return pick(random, "true", "false", "null");
			case 5:
				return any ? quote(new String(bytes(random, random.nextInt(40)), StandardCharsets.UTF_16)) : "1";
			case 6:
				List<String> elements = new ArrayList<>();
				for (int i = random.nextInt(4); i > 0; i--) {
					elements.add(json(random, depth - 1, any));
				}
				return "[" + String.join(",", elements) + "]";
			default:
				List<String> fields = new ArrayList<>();
				for (int i = random.nextInt(5); i > 0; i--) {
					fields.add(name(random) + ":" + json(random, depth - 1, any));
				}
				return "{" + String.join(",", fields) + "}";
		}
	}

	private static String name(Random random) {
		return quote(pick(random, NAMES));
	}

	private static String quote(String text) {
		StringBuilder quoted = new StringBuilder("\"");
		text.chars().forEach((character) -> {
			if (character < ' ' || character == '"' || character == '\\' || Character.isSurrogate((char) character)) {
				quoted.append("\\u%04x".formatted(character));
			}
			else {
				quoted.append((char) character);
			}
		});
		return quoted.append('"').toString();
	}

	private static String pick(Random random, String... texts) {
		return texts[random.nextInt(texts.length)];
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(excludeName = "com.redis.om.spring.RedisModulesConfiguration")
	static class Application {

		@Bean
		ChatModel chatModel() {
			return ScriptedChatModel.echoing();
		}

		@Bean
		Tiers tiers() {
			return PlanGenerator.tiers();
		}

	}

}
