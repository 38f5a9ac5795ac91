package io.tokensaving.promptcache;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.tokensaving.TokenSaving;
import io.tokensaving.compression.CompressionAdvisor;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.simulator.Bill;
import io.tokensaving.simulator.SimulatedRequest;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Conversations that are compacted and whose prompts are marked: what the provider bills
 * if compactions are as deep as pays at its prices, and if they are as deep as the plan
 * says.
 */
class CompactionBillTests {

	private static final int LIMIT = 8000;

	private static final ModelPrice PRICE = new ModelPrice("claude-sonnet-5", new BigDecimal("2"), new BigDecimal("10"),
			new BigDecimal("0.2"), new BigDecimal("2.5"));

	// Of a provider without a prompt cache: nothing is lost
	private static final ModelPrice WITHOUT_CACHE = new ModelPrice("claude-sonnet-5", new BigDecimal("2"),
			new BigDecimal("10"), null, null);

	private static final String[] WORDS = ("account card transfer payment please help my not when how why today money bank"
			+ " phone number code error message screen waiting pending fee charge exchange rate cash machine order new")
		.split(" ");

	private static final PlanKey KEY = new PlanKey("default", "plan");

	@ParameterizedTest
	@CsvSource({ "trim, 200, 120", "trim, 800, 60", "trim, 1500, 40", "text_rank, 200, 120", "text_rank, 800, 60",
			"text_rank, 1500, 40" })
	void compactionsThatPayCostNoMore(String engine, int wordsOfTurn, int turns) {
		Run paying = run(engine, wordsOfTurn, turns, PRICE);
		Run asThePlanSays = run(engine, wordsOfTurn, turns, WITHOUT_CACHE);
		System.out.printf("%s, turns of %d words: %s USD if compactions pay (%s), %s USD otherwise%n", engine,
				wordsOfTurn, paying.bill().usd(), paying.shown(), asThePlanSays.bill().usd());
		assertThat(paying.bill().usd()).isLessThanOrEqualTo(asThePlanSays.bill().usd());
		assertThat((long) paying.shown().get("compactions")).isPositive();
		assertThat((BigDecimal) paying.shown().get("prefix_cost_usd")).isNotNegative();
		assertThat((BigDecimal) paying.shown().get("expected_saving_usd")).isPositive();
		assertThat((BigDecimal) asThePlanSays.shown().get("prefix_cost_usd")).as("nothing is known to be lost")
			.isZero();
	}

	private static Run run(String engine, int wordsOfTurn, int turns, ModelPrice price) {
		Plan plan = Plan.builder("plan")
			.with(CompressionSettings.builder(engine, LIMIT).maxTime(Duration.ZERO).build())
			.with(PromptCacheSettings.DEFAULTS)
			.build();
		SavingsStatistics statistics = new SavingsStatistics();
		Random random = new Random(5);
		try (ProviderModels models = new ProviderModels()) {
			ChatClient client = ChatClient.builder(models.anthropic((options) -> options))
				.defaultAdvisors(PlanAdvisor.builder(plan).statistics(statistics).build(),
						CompressionAdvisor.builder()
							.statistics(statistics)
							.prices(new PriceTable(List.of(price)))
							.build(),
						PromptCacheAdvisor.builder()
							.injectors(BuiltInInjectors.present(null))
							.clock(models.clock())
							.statistics(statistics)
							.build())
				.build();
			List<Message> messages = new ArrayList<>(List.of(new SystemMessage(MadeUpPrompts.words("rule", 1200))));
			for (int turn = 0; turn < turns; turn++) {
				messages.add(new UserMessage(text(random, wordsOfTurn / 2, turn)));
				client.prompt().messages(messages).advisors(TokenSaving.plan("plan")).call().content();
				messages.add(new AssistantMessage(text(random, wordsOfTurn / 2, turn)));
				models.clock().advance(Duration.ofSeconds(30));
			}
			assertThat(models.simulator().requests()).hasSize(turns)
				.allSatisfy((request) -> assertThat(request.outcome()).as(request.problem())
					.isEqualTo(SimulatedRequest.Outcome.ANSWERED));
			StatisticsSnapshot snapshot = statistics.plan(KEY).snapshot();
			return new Run(models.simulator().bill(), compactions(snapshot));
		}
	}

	private static String text(Random random, int words, int turn) {
		StringBuilder text = new StringBuilder("Turn " + turn + ".");
		for (int i = 0; i < words; i++) {
			text.append((i % 12 == 11) ? ". " : " ").append(WORDS[random.nextInt(WORDS.length)]);
		}
		return text.append('.').toString();
	}

	private static Map<String, Object> compactions(StatisticsSnapshot snapshot) {
		return snapshot.states()
			.stream()
			.filter((slot) -> slot.name().equals("compactions"))
			.map((slot) -> describe(slot, snapshot))
			.findFirst()
			.orElseThrow();
	}

	private static <F> Map<String, Object> describe(StateSlot<?, F> slot, StatisticsSnapshot snapshot) {
		return slot.describe(snapshot.figures(slot));
	}

	private record Run(Bill bill, Map<String, Object> shown) {

	}

}
