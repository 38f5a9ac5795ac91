package io.tokensaving.simulator.traffic;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

import io.tokensaving.simulator.Bill;
import io.tokensaving.simulator.CacheLifetime;
import io.tokensaving.simulator.CacheRules;
import io.tokensaving.simulator.CacheTokens;
import io.tokensaving.simulator.ManualClock;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.TokenKind;
import io.tokensaving.simulator.traffic.TrafficPart.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

/** Shapes of traffic, and what fixed strategies cost in them. */
class TrafficTests {

	private static final HttpClient HTTP = HttpClient.newHttpClient();

	private static TrafficRun run(TrafficShape shape, CacheStrategy strategy) {
		return TrafficRun.of(shape.requests(1, 1), strategy, CacheRules.defaults(), 1024, 1);
	}

	/**
	 * Hit rate in percent and cost of input relative to no cache, by SYSTEM_AND_TOOLS,
	 * CONVERSATION_HISTORY with results of tools, the same with an hour for tools and
	 * system text, and system text with the last message. The figures are those of an
	 * earlier prototype, which had sizes of its own.
	 */
	@ParameterizedTest
	@CsvSource(textBlock = """
			agent,                         27, .75, 95, .16, 95, .16, 95, .16
			agent-parallel-tools,          14, .87, 15, 1.08, 16, 1.06, 14, 1.08
			chat-long,                      5, .96, 99, .11, 99, .11, 99, .11
			chat-window,                   35, .69, 36, .83, 36, .83, 36, .83
			one-shot-10s,                  98, .12, 98, .12, 98, .12, 98, .12
			users-8-turns,                 81, .27, 95, .16, 95, .16, 95, .16
			one-shot-7min,                  0, 1.25, 0, 1.25, 97, .14, 0, 1.25
			one-shot-50min,                 0, 1.25, 0, 1.25, 97, .14, 0, 1.25
			one-shot-90min,                 0, 1.25, 0, 1.25, 0, 1.99, 0, 1.25
			timestamp-in-system,           49, .68, 49, .69, 49, 1.06, 0, 1.25
			timestamp-at-tail,             98, .12, 98, .13, 98, .13, 98, .13
			tools-random,                   0, 1.25, 0, 1.25, 0, 1.99, 0, 1.25
			tools-sorted,                  98, .12, 98, .12, 98, .12, 98, .12
			rag-chat,                      22, .80, 22, 1.00, 22, 1.00, 22, 1.00
			bursts,                         0, 1.25, 0, 1.25, 96, .16, 0, 1.25
			below-minimum,                  0, 1.00, 0, 1.00, 0, 1.00, 0, 1.00
			agent-memory-mid-tools-random,  0, 1.13, 0, 1.25, 0, 1.65, 0, 1.25
			agent-memory-mid,               6, 1.06, 6, 1.18, 7, 1.52, 0, 1.25
			agent-memory-tail,             50, .56, 93, .18, 95, .16, 50, .68
			""")
	void fixedStrategiesCostWhatAnEarlierPrototypeSaid(String name, double hits1, double cost1, double hits2,
			double cost2, double hits3, double cost3, double hits4, double cost4) {
		TrafficShape shape = TrafficShape.named(name);
		compare(run(shape, CacheStrategy.SYSTEM_AND_TOOLS), hits1, cost1);
		compare(run(shape, CacheStrategy.CONVERSATION_HISTORY), hits2, cost2);
		compare(run(shape, CacheStrategy.CONVERSATION_HISTORY_1H), hits3, cost3);
		compare(run(shape, CacheStrategy.SYSTEM_AND_LAST), hits4, cost4);
	}

	private static void compare(TrafficRun run, double hits, double cost) {
		assertThat(100 * run.hitRate()).isCloseTo(hits, within(3.0));
		assertThat(run.cost()).isCloseTo(cost, within(0.03));
	}

	@Test
	void theMeansAreThoseOfThePrototype() {
		Map.of("S+T", .81, "CH", .75, "CH1h", .71, "LL", .81, "last", 1.07)
			.forEach((name,
					mean) -> assertThat(TrafficShape.usual()
						.stream()
						.mapToDouble((shape) -> run(shape, CacheStrategy.fixed().get(name)).cost())
						.average()
						.orElseThrow()).as(name).isCloseTo(mean, within(0.02)));
	}

	static List<TrafficShape> all() {
		return TrafficShape.all();
	}

	@ParameterizedTest
	@MethodSource("all")
	void seedsAndSizesDecide(TrafficShape shape) {
		List<TrafficRequest> requests = shape.requests(1, 1);
		assertThat(requests.stream().map(TrafficRequest::at)).isSorted();
		assertThat(described(requests)).isEqualTo(described(shape.requests(1, 1)));
		List<TrafficRequest> larger = shape.requests(1, 3);
		assertThat(larger.size()).isEqualTo(requests.size());
		boolean about = shape.name().equals("below-minimum") || shape.name().equals("around-the-minimum");
		// What is about a minimum stays, as does a time in a text
		assertThat(larger.get(0).tokens()).isBetween((about ? 1 : 3) * requests.get(0).tokens() - 24,
				(about ? 1 : 3) * requests.get(0).tokens());
		for (TrafficRequest request : requests) {
			assertThat(request.blocks().stream().mapToInt((block) -> block.tokens()).sum()).isEqualTo(request.tokens());
		}
	}

	private static int described(List<TrafficRequest> requests) {
		return requests.stream().map(TrafficRequest::toString).toList().hashCode();
	}

	@Test
	void chanceDiffersBySeed() {
		TrafficShape shape = TrafficShape.named("chat-long");
		assertThat(described(shape.requests(1, 1))).isNotEqualTo(described(shape.requests(2, 1)));
		assertThat(TrafficShape.usual()).hasSize(19);
		assertThat(TrafficShape.adversarial()).hasSize(16);
	}

	@Test
	void partsAreEqualIfAndOnlyIfTheirTextsAre() {
		Map<String, String> texts = new TreeMap<>();
		for (TrafficShape shape : TrafficShape.all()) {
			for (TrafficRequest request : shape.requests(1, 1).subList(0, 20)) {
				for (TrafficPart part : request.parts()) {
					texts.merge(part.text(), part.block().text(),
							(one, other) -> one.equals(other) ? one : one + " differs from " + other);
				}
			}
		}
		assertThat(texts.values()).noneMatch((content) -> content.contains(" differs from "));
		assertThat(texts.values()).doesNotHaveDuplicates();
	}

	@ParameterizedTest
	@MethodSource("all")
	void bothProvidersTakeTheRequests(TrafficShape shape) {
		List<TrafficRequest> requests = shape.requests(1, 1);
		int middle = requests.size() / 2;
		try (ProviderSimulator simulator = ProviderSimulator.builder().start()) {
			for (TrafficRequest request : List.of(requests.get(0), requests.get(middle),
					requests.get(requests.size() - 1))) {
				SortedMap<Integer, CacheLifetime> marks = CacheStrategy.CONVERSATION_HISTORY_1H.marks(request);
				post(simulator, Provider.ANTHROPIC, TrafficBodies.anthropic(request, marks));
				assertThat(simulator.lastRequest().input().total()).isEqualTo(request.tokens());
				post(simulator, Provider.OPENAI, TrafficBodies.chatCompletions(request, "gpt-5.1"));
				post(simulator, Provider.DEEPSEEK, TrafficBodies.chatCompletions(request, "deepseek-v4-flash"));
			}
		}
	}

	private static void post(ProviderSimulator simulator, Provider provider, ObjectNode body) {
		String path = (provider == Provider.ANTHROPIC) ? "/v1/messages" : "/chat/completions";
		HttpRequest request = HttpRequest.newBuilder(URI.create(simulator.baseUrl(provider) + path))
			.header("x-api-key", "key")
			.header("anthropic-version", "2023-06-01")
			.header("authorization", "Bearer key")
			.POST(HttpRequest.BodyPublishers.ofString(body.toString()))
			.build();
		HttpResponse<String> response = HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofString()).join();
		assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
	}

	@ParameterizedTest
	@CsvSource({ "agent-memory-tail, CH", "users-8-turns, CH1h", "tool-choice-toggled, LL", "bursts, S+T",
			"agent-parallel-tools, CH" })
	void theServerBillsWhatTheRunWithoutHttpDoes(String name, String strategyName) {
		CacheStrategy strategy = CacheStrategy.fixed().get(strategyName);
		List<TrafficRequest> requests = TrafficShape.named(name).requests(3, 1).subList(0, 60);
		CacheRules rules = CacheRules.defaults().timeToFirstToken(TrafficRun.TIME_TO_FIRST_TOKEN);
		TrafficRun run = TrafficRun.of(requests, strategy, CacheRules.defaults(), 1024, 1);
		ManualClock clock = ManualClock.startingAt(requests.get(0).at());
		try (ProviderSimulator simulator = ProviderSimulator.builder().clock(clock).rules(rules).start()) {
			for (TrafficRequest request : requests) {
				clock.advance(Duration.between(clock.instant(), request.at()));
				post(simulator, Provider.ANTHROPIC, TrafficBodies.anthropic(request, strategy.marks(request)));
			}
			Bill bill = simulator.bill();
			assertThat(new TrafficRun(bill.requests(), bill.tokens(TokenKind.INPUT), bill.tokens(TokenKind.CACHE_READ),
					bill.tokens(TokenKind.CACHE_WRITE_5M), bill.tokens(TokenKind.CACHE_WRITE_1H)))
				.isEqualTo(run);
			double input = bill.usd().subtract(bill.usdByKind().get(TokenKind.OUTPUT)).doubleValue();
			double plain = bill.withoutCachingUsd().subtract(bill.usdByKind().get(TokenKind.OUTPUT)).doubleValue();
			assertThat(input / plain).isCloseTo(run.cost(), within(1e-9));
		}
	}

	@Test
	void strategiesLearnWhatWasReportedBeforeTheNextRequest() {
		List<TrafficRequest> requests = TrafficShape.named("bursts").requests(1, 1).subList(0, 40);
		List<String> told = new ArrayList<>();
		TrafficRun.of(requests, new CacheStrategy() {

			@Override
			public SortedMap<Integer, CacheLifetime> marks(TrafficRequest request) {
				told.add("marks");
				return SYSTEM_ONLY.marks(request);
			}

			@Override
			public void feedback(TrafficRequest request, CacheTokens tokens) {
				told.add("written " + tokens.written5m());
			}

		}, CacheRules.defaults(), 1024, 1);
		assertThat(told.subList(0, 20)).containsOnly("marks");
		assertThat(told.subList(20, 40)).containsOnly("written 3000");
		assertThat(told.subList(40, 60)).containsOnly("marks");
	}

	@Test
	void whatTheProviderWouldRejectIsAnError() {
		List<TrafficRequest> requests = TrafficShape.named("agent").requests(1, 1).subList(0, 1);
		SortedMap<Integer, CacheLifetime> five = new TreeMap<>();
		for (int index = 0; index < 5; index++) {
			five.put(index, CacheLifetime.FIVE_MINUTES);
		}
		SortedMap<Integer, CacheLifetime> rising = new TreeMap<>(
				Map.of(0, CacheLifetime.FIVE_MINUTES, 1, CacheLifetime.ONE_HOUR));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> TrafficRun.of(requests, (request) -> five, CacheRules.defaults(), 1024, 1));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> TrafficRun.of(requests, (request) -> rising, CacheRules.defaults(), 1024, 1));
	}

	@Test
	void forgottenReadsCostMore() {
		List<TrafficRequest> requests = TrafficShape.named("one-shot-10s").requests(1, 1);
		double before = 0;
		for (double forgotten : new double[] { 0, 0.1, 0.4 }) {
			double cost = TrafficRun
				.of(requests, CacheStrategy.SYSTEM_AND_TOOLS, CacheRules.defaults().forgotten(forgotten), 1024, 1)
				.cost();
			// Of what is forgotten, all is written again
			assertThat(cost).isCloseTo(0.12 + forgotten * 1.13, within(0.06)).isGreaterThan(before);
			before = cost;
		}
	}

	@Test
	void theLastQuestionIsNeverTheSame() {
		TrafficRequest first = TrafficShape.named("rag-chat").requests(1, 1).get(0);
		TrafficRequest second = TrafficShape.named("rag-chat").requests(1, 1).get(1);
		assertThat(second.messages().get(0).text()).isNotEqualTo(first.messages().get(0).text());
		assertThat(first.messages().get(0).text()).startsWith(second.messages().get(0).text());
		assertThat(second.last(Kind.USER)).isEqualTo(second.lastPart());
	}

}
