package io.tokensaving.promptcache;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.Eventually;
import io.tokensaving.TokenSaving;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.shadow.ModeSettings;
import io.tokensaving.shadow.PlanMode;
import io.tokensaving.shadow.ShadowAdvisor;
import io.tokensaving.simulator.Bill;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.simulator.TokenKind;
import io.tokensaving.simulator.spring.TrafficPrompts;
import io.tokensaving.simulator.traffic.TrafficRequest;
import io.tokensaving.simulator.traffic.TrafficShape;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a plan in shadow says that prompt caching would cost, and what the provider bills
 * for the same traffic if the plan is active.
 */
class ForeseenBillTests {

	private static final PlanKey KEY = new PlanKey("default", "plan");

	// The forecast of input is within this share of what is billed
	private static final double NEAR = 0.05;

	private static final List<TokenKind> INPUT = List.of(TokenKind.INPUT, TokenKind.CACHE_READ,
			TokenKind.CACHE_WRITE_5M, TokenKind.CACHE_WRITE_1H, TokenKind.CACHE_WRITE_30M);

	@ParameterizedTest
	@CsvSource({ "chat-window, 30", "users-8-turns, 30", "one-shot-10s, 20", "one-shot-7min, 20", "one-shot-90min, 10",
			"agent, 20" })
	void costIsThatOfAnActivePlan(String shape, int size) {
		List<TrafficRequest> traffic = TrafficShape.named(shape).requests(1, 1);
		traffic = traffic.subList(0, Math.min(size, traffic.size()));
		Run active = play(traffic, PlanMode.ACTIVE);
		Run shadow = play(traffic, PlanMode.SHADOW);
		Map<String, Object> foreseen = shadow.foreseen().describe();
		double billed = input(active.bill());
		double without = input(shadow.bill());
		double expected = ((BigDecimal) foreseen.get("input_with_marks_usd")).doubleValue();
		System.out.printf(
				"%s: %d requests, input without marks %.5f, billed with marks %.5f, foreseen %.5f USD (%+.2f %%)%n",
				shape, traffic.size(), without, billed, expected, 100 * (expected / billed - 1));
		assertThat(foreseen).containsEntry("estimated", true).containsEntry("requests", (long) traffic.size());
		assertThat(((BigDecimal) foreseen.get("input_usd")).doubleValue()).isBetween(without * 0.999999,
				without * 1.000001);
		assertThat(expected).isBetween(billed * (1 - NEAR), billed * (1 + NEAR));
		// What the plan would have saved altogether, to the last pico-dollar
		assertThat(shadow.saved()).isEqualTo(Map.of("prompt_cache", foreseen.get("would_save_usd")));
		// The wire is that of a plan that does nothing
		assertThat(shadow.requests()).allSatisfy((request) -> assertThat(ProviderModels.marked(request)).isEmpty());
		assertThat(active.foreseen().requests()).isZero();
	}

	@Test
	void nothingIsCreditedForWhatTheProviderGrantsByItself() {
		try (ProviderModels models = new ProviderModels()) {
			SavingsStatistics statistics = new SavingsStatistics();
			try (ShadowAdvisor shadow = shadow(statistics)) {
				ChatClient client = client(models, models.openAi("gpt-5-mini", (options) -> options), statistics,
						shadow, PlanMode.SHADOW);
				List<Message> messages = new ArrayList<>(List.of(new SystemMessage(MadeUpPrompts.words("rule", 3000))));
				for (int turn = 1; turn <= 5; turn++) {
					messages.add(new UserMessage("Question " + turn));
					ask(client, messages, List.of(), statistics, turn);
					messages.add(new AssistantMessage("Answer " + turn));
					models.clock().advance(Duration.ofSeconds(30));
				}
			}
			assertThat(models.simulator().bill().tokens(TokenKind.CACHE_READ)).isPositive();
			Map<String, Object> foreseen = figures(statistics).describe();
			assertThat(foreseen.get("input_with_marks_usd")).isEqualTo(foreseen.get("input_usd"));
			assertThat((BigDecimal) foreseen.get("input_usd")).isPositive();
			assertThat((BigDecimal) foreseen.get("would_save_usd")).isZero();
			assertThat(foreseen).containsEntry("marked", 0L);
		}
	}

	// What is foreseen is the input that a compressed request has
	@Test
	void whatCompressionLeavesOutIsNotMarked() {
		SavingsStatistics statistics = new SavingsStatistics();
		try (ProviderModels models = new ProviderModels(); ShadowAdvisor shadow = shadow(statistics)) {
			CompressionAdvisor compression = CompressionAdvisor.builder().statistics(statistics).build();
			ChatClient client = client(models, models.anthropic((options) -> options), statistics, shadow,
					PlanMode.SHADOW, compression);
			List<Message> messages = new ArrayList<>();
			for (int turn = 1; turn <= 20; turn++) {
				messages.add(new UserMessage(MadeUpPrompts.words("question" + turn, 300)));
				messages.add(new AssistantMessage("Answer " + turn));
			}
			messages.add(new UserMessage("And now?"));
			ask(client, messages, List.of(), statistics, 1);
			long sent = models.simulator().bill().tokens(TokenKind.INPUT);
			ForeseenTally.Figures foreseen = figures(statistics);
			Map<?, ?> saved = saved(statistics, 1);
			assertThat(foreseen.read() + foreseen.written() + foreseen.uncached()).isPositive().isLessThan(sent / 2);
			assertThat(saved.containsKey("compression")).isTrue();
		}
	}

	private static double input(Bill bill) {
		return INPUT.stream()
			.map((kind) -> bill.usdByKind().getOrDefault(kind, BigDecimal.ZERO))
			.reduce(BigDecimal.ZERO, BigDecimal::add)
			.doubleValue();
	}

	private static Run play(List<TrafficRequest> traffic, PlanMode mode) {
		SavingsStatistics statistics = new SavingsStatistics();
		try (ProviderModels models = new ProviderModels((simulator) -> simulator.logged(1000));
				ShadowAdvisor shadow = shadow(statistics)) {
			ChatClient client = client(models, models.anthropic((options) -> options), statistics, shadow, mode);
			Instant at = traffic.get(0).at();
			long asked = 0;
			for (TrafficRequest request : traffic) {
				models.clock().advance(Duration.between(at, request.at()));
				at = request.at();
				ask(client, TrafficPrompts.messages(request), List.of(TrafficPrompts.tools(request).toArray()),
						statistics, (mode == PlanMode.SHADOW) ? ++asked : 0);
			}
			assertThat(models.simulator().requests()).hasSize(traffic.size())
				.allSatisfy((request) -> assertThat(request.outcome()).as(request.problem())
					.isEqualTo(SimulatedRequest.Outcome.ANSWERED));
			return new Run(models.simulator().bill(), figures(statistics), models.simulator().requests(),
					(mode == PlanMode.SHADOW) ? saved(statistics, traffic.size()) : Map.of());
		}
	}

	private static ShadowAdvisor shadow(SavingsStatistics statistics) {
		return new ShadowAdvisor(statistics, new PriceTable(List.of()), new TokenCounter());
	}

	private static ChatClient client(ProviderModels models, ChatModel model, SavingsStatistics statistics,
			ShadowAdvisor shadow, PlanMode mode, Advisor... others) {
		Plan.Builder plan = Plan.builder("plan").with(PromptCacheSettings.DEFAULTS);
		if (others.length > 0) {
			plan.with(new CompressionSettings("trim", 2000));
		}
		if (mode != PlanMode.ACTIVE) {
			plan.with(new ModeSettings(mode));
		}
		return ChatClient.builder(model)
			.defaultAdvisors(PlanAdvisor.builder(plan.build()).statistics(statistics).build(), shadow,
					PromptCacheAdvisor.builder()
						.injectors(BuiltInInjectors.present(null))
						.clock(models.clock())
						.statistics(statistics)
						.build())
			.defaultAdvisors(others)
			.build();
	}

	private static void ask(ChatClient client, List<Message> messages, List<Object> tools, SavingsStatistics statistics,
			long counted) {
		client.prompt().messages(messages).tools(tools.toArray()).advisors(TokenSaving.plan("plan")).call().content();
		Eventually.await("%d requests are foreseen".formatted(counted),
				() -> figures(statistics).requests() == counted);
	}

	private static Map<?, ?> saved(SavingsStatistics statistics, long requests) {
		Eventually.await("all requests are counted",
				() -> Long.valueOf(requests).equals(forecast(statistics).get("requests")));
		return (Map<?, ?>) forecast(statistics).get("would_save_usd_by_technique");
	}

	// Empty until the first request is counted
	private static Map<String, Object> forecast(SavingsStatistics statistics) {
		StatisticsSnapshot snapshot = statistics.plan(KEY).snapshot();
		for (StateSlot<?, ?> slot : snapshot.states()) {
			if (slot.name().equals("shadow")) {
				return describe(slot, snapshot);
			}
		}
		return Map.of();
	}

	private static <F> Map<String, Object> describe(StateSlot<?, F> slot, StatisticsSnapshot snapshot) {
		return slot.describe(snapshot.figures(slot));
	}

	private static ForeseenTally.Figures figures(SavingsStatistics statistics) {
		PlanStatistics plan = statistics.plan(KEY);
		return plan.snapshot().figures(PromptCacheFeature.FORESEEN);
	}

	/**
	 * What came of a run.
	 *
	 * @param bill what the provider bills
	 * @param foreseen what would have been billed with marks
	 * @param requests what was sent
	 * @param saved what the plan would have saved, by what saves it
	 */
	private record Run(Bill bill, ForeseenTally.Figures foreseen, List<SimulatedRequest> requests, Map<?, ?> saved) {

	}

}
