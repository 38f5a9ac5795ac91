package io.tokensaving.simulator;

import java.math.BigDecimal;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.tokensaving.simulator.SimulatedError.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/** What holds of batches whatever goes wrong with them. */
class BatchInvariantTests {

	private static final int RUNS = 40;

	private static final String SYSTEM = Texts.ofTokens("rule", 4200);

	@ParameterizedTest
	@EnumSource(names = { "OPENAI", "ANTHROPIC", "GEMINI" })
	void linesAreBilledOnceAndWhoeverLooksChangesNothing(Provider provider) {
		int billed = 0;
		Set<BatchLine.State> seen = new HashSet<>();
		for (int run = 0; run < RUNS; run++) {
			Random random = new Random(run);
			int lines = 1 + random.nextInt(12);
			BatchScript script = script(random, lines);
			Duration cancel = (random.nextInt(4) == 0) ? Duration.ofSeconds(random.nextInt(600)) : null;
			Outcome watched = run(provider, script, lines, cancel, new Random(run));
			assertThat(watched).as("run " + run).isEqualTo(run(provider, script, lines, cancel, null));
			billed += watched.billed();
			watched.lines().forEach((line) -> seen.add(BatchLine.State.valueOf(line.split(" ")[1])));
		}
		assertThat(billed).isGreaterThan(RUNS);
		assertThat(seen).contains(BatchLine.State.DONE, BatchLine.State.ERRORED, BatchLine.State.CANCELLED);
	}

	private static BatchScript script(Random random, int lines) {
		BatchScript.Builder script = BatchScript.builder().shuffled(random.nextBoolean());
		switch (random.nextInt(8)) {
			case 0 -> script.expiresAfter(random.nextDouble());
			case 1 -> script.stuckAfter(random.nextDouble());
			case 2 -> script.cancelAfter(Duration.ofSeconds(random.nextInt(600)));
			case 3 -> script.turnaround(Duration.ofHours(random.nextInt(60)));
			case 4 -> script.fail("token_limit_exceeded");
			case 5 -> script.lineErrors(Kind.OVERLOADED, random.nextDouble() / 2)
				.lineErrors(Kind.INVALID_REQUEST, random.nextDouble() / 2);
			case 6 -> script.error("id-" + random.nextInt(lines), Kind.SERVER_ERROR).lost(0.2).duplicates(0.3);
			default -> {
			}
		}
		return script.build();
	}

	private static Outcome run(Provider provider, BatchScript script, int lines,
			@org.jspecify.annotations.Nullable Duration cancel, @org.jspecify.annotations.Nullable Random watcher) {
		ManualClock clock = ManualClock.standing();
		try (ProviderSimulator simulator = ProviderSimulator.builder()
			.clock(clock)
			.respondWith((request) -> Answer.text("Read " + request.body().length()))
			.start()) {
			WireClient wire = new WireClient(simulator);
			simulator.enqueueBatch(script);
			String id = create(wire, provider, lines);
			Duration passed = Duration.ZERO;
			Duration end = Duration.ofDays(3);
			int before = 0;
			while (passed.compareTo(end) < 0) {
				Duration step = end.minus(passed);
				if (watcher != null) {
					Duration random = Duration.ofMillis((long) Math.exp(watcher.nextDouble() * 18));
					step = (random.compareTo(step) < 0) ? random : step;
				}
				if (cancel != null && passed.compareTo(cancel) <= 0 && passed.plus(step).compareTo(cancel) > 0) {
					clock.advance(cancel.minus(passed));
					post(wire, provider, path(provider, id) + ((provider == Provider.GEMINI) ? ":cancel" : "/cancel"),
							"");
					clock.advance(passed.minus(cancel));
				}
				clock.advance(step);
				passed = passed.plus(step);
				if (watcher != null) {
					int done = (int) simulator.batchLines().stream().filter(BatchLine::isBilled).count();
					assertThat(done).isGreaterThanOrEqualTo((provider == Provider.GEMINI) ? 0 : before);
					before = done;
				}
			}
			return outcome(simulator, wire, provider, id, script.isStuck() && cancel == null);
		}
	}

	private static Outcome outcome(ProviderSimulator simulator, WireClient wire, Provider provider, String id,
			boolean stuck) {
		List<BatchLine> lines = simulator.batchLines(id);
		assertThat(new HashSet<>(lines.stream().map(BatchLine::customId).toList())).hasSameSizeAs(lines);
		if (!stuck) {
			assertThat(lines).noneMatch((line) -> line.state() == BatchLine.State.WAITING);
			assertThat(lines.stream().map(BatchLine::usd).reduce(BigDecimal.ZERO, BigDecimal::add))
				.isEqualByComparingTo(simulator.bill().usd());
		}
		assertThat(lines).allMatch((line) -> line.isBilled() == (line.usd().signum() > 0));
		int billed = (int) lines.stream().filter(BatchLine::isBilled).count();
		TreeMap<String, String> results = new TreeMap<>();
		for (String result : results(wire, provider, id)) {
			JsonNode node = JsonMapper.shared().readTree(result);
			String key = node.path("custom_id").asString(node.at("/metadata/key").asString(""));
			JsonNode usage = usage(provider, node);
			String text = results.put(key, usage.toString());
			assertThat(text == null || text.equals(usage.toString())).isTrue();
		}
		Set<String> answered = results.entrySet()
			.stream()
			.filter((result) -> !result.getValue().isEmpty())
			.map(java.util.Map.Entry::getKey)
			.collect(Collectors.toSet());
		assertThat(lines.stream().filter(BatchLine::isBilled).map(BatchLine::customId)).containsAll(answered);
		return new Outcome(billed,
				lines.stream()
					.map((line) -> line.customId() + " " + line.state() + " " + line.usd() + " " + line.input())
					.toList(),
				results, simulator.bill().usd());
	}

	private static JsonNode usage(Provider provider, JsonNode result) {
		return switch (provider) {
			case ANTHROPIC -> result.at("/result/message/usage");
			case GEMINI -> result.at("/response/usageMetadata");
			case OPENAI, DEEPSEEK -> result.at("/response/body/usage");
		};
	}

	private static List<String> results(WireClient wire, Provider provider, String id) {
		List<String> results = new ArrayList<>();
		JsonNode batch = WireClient.json(get(wire, provider, path(provider, id)));
		if (provider == Provider.OPENAI) {
			for (String field : List.of("output_file_id", "error_file_id")) {
				if (batch.path(field).isString()) {
					get(wire, provider, "/files/" + batch.path(field).asString() + "/content").body()
						.lines()
						.forEach(results::add);
				}
			}
		}
		else if (provider == Provider.GEMINI) {
			batch.at("/metadata/output/inlinedResponses/inlinedResponses")
				.forEach((node) -> results.add(node.toString()));
		}
		else if (batch.path("results_url").isString()) {
			get(wire, provider, path(provider, id) + "/results").body().lines().forEach(results::add);
		}
		return results;
	}

	private static String path(Provider provider, String id) {
		return switch (provider) {
			case ANTHROPIC -> "/v1/messages/batches/" + id;
			case GEMINI -> "/v1beta/" + id;
			case OPENAI, DEEPSEEK -> "/batches/" + id;
		};
	}

	private static String create(WireClient wire, Provider provider, int count) {
		return switch (provider) {
			case ANTHROPIC -> json(post(wire, provider, "/v1/messages/batches",
					"{\"requests\": [" + join(count, ",",
							(number) -> "{\"custom_id\": \"id-" + number + "\", \"params\": " + anthropic(number) + "}")
							+ "]}"))
				.path("id")
				.asString();
			case GEMINI ->
				json(post(wire, provider, "/v1beta/models/gemini-2.5-pro:batchGenerateContent",
						"{\"batch\": {\"inputConfig\": {\"requests\": {\"requests\": ["
								+ join(count, ",",
										(number) -> "{\"request\": " + gemini(number)
												+ ", \"metadata\": {\"key\": \"id-" + number + "\"}}")
								+ "]}}}}"))
					.path("name")
					.asString();
			case OPENAI, DEEPSEEK -> {
				String file = json(wire.send(wire.request(provider, "/files")
					.setHeader("content-type", "multipart/form-data; boundary=xx")
					.POST(HttpRequest.BodyPublishers.ofString(
							"--xx\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
									+ join(count, "\n", (number) -> "{\"custom_id\": \"id-" + number
											+ "\", \"method\": \"POST\", \"url\": \"/v1/chat/completions\", \"body\": "
											+ openAi(number) + "}")
									+ "\r\n--xx--\r\n"))
					.build())).path("id").asString();
				yield json(post(wire, provider, "/batches",
						"{\"input_file_id\": \"" + file
								+ "\", \"endpoint\": \"/v1/chat/completions\", \"completion_window\": \"24h\"}"))
					.path("id")
					.asString();
			}
		};
	}

	private static String join(int count, String between, java.util.function.IntFunction<String> line) {
		return IntStream.range(0, count).mapToObj(line).collect(Collectors.joining(between));
	}

	private static String openAi(int number) {
		return "{\"model\": \"gpt-5.1\", \"messages\": [{\"role\": \"system\", \"content\": \"" + SYSTEM
				+ "\"}, {\"role\": \"user\", \"content\": \"" + number + "\"}]}";
	}

	private static String anthropic(int number) {
		return "{\"model\": \"claude-sonnet-5\", \"max_tokens\": 9, \"system\": [{\"type\": \"text\", \"text\": \""
				+ SYSTEM
				+ "\", \"cache_control\": {\"type\": \"ephemeral\"}}], \"messages\": [{\"role\": \"user\", \"content\": \""
				+ number + "\"}]}";
	}

	private static String gemini(int number) {
		return "{\"contents\": [{\"parts\": [{\"text\": \"" + SYSTEM + "\"}, {\"text\": \"" + number + "\"}]}]}";
	}

	private static JsonNode json(HttpResponse<String> response) {
		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
		return WireClient.json(response);
	}

	private static HttpResponse<String> post(WireClient wire, Provider provider, String path, String body) {
		return wire.post(provider, path, body);
	}

	private static HttpResponse<String> get(WireClient wire, Provider provider, String path) {
		return wire.send(wire.request(provider, path).build());
	}

	@Test
	void aHundredThousandLinesHaveRoom() {
		int count = Integer.getInteger("simulator.lines", 20_000);
		ManualClock clock = ManualClock.standing();
		try (ProviderSimulator simulator = ProviderSimulator.builder().clock(clock).start()) {
			WireClient wire = new WireClient(simulator);
			String id = json(post(wire, Provider.ANTHROPIC, "/v1/messages/batches",
					"{\"requests\": [" + join(count, ",", (number) -> "{\"custom_id\": \"id-" + number
							+ "\", \"params\": {\"model\": \"claude-sonnet-5\", \"max_tokens\": 9, \"messages\": [{\"role\": \"user\", \"content\": \""
							+ number + "\"}]}}") + "]}"))
				.path("id")
				.asString();
			clock.advance(Duration.ofHours(1));
			List<String> results = results(wire, Provider.ANTHROPIC, id);
			assertThat(results).hasSize(count);
			assertThat(simulator.bill().requests()).isEqualTo(count);
			assertThat(simulator.batchLines()).hasSize(count).allMatch(BatchLine::isBilled);
		}
	}

	/**
	 * What became of a batch, whoever looked at it meanwhile.
	 *
	 * @param billed how many lines
	 * @param lines in order
	 * @param results usage by id
	 * @param usd all together
	 */
	private record Outcome(int billed, List<String> lines, TreeMap<String, String> results, BigDecimal usd) {

	}

}
