package io.tokensaving.compression;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.feature.Suggestion;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.request.CallState;
import io.tokensaving.statistics.StatisticsCounters;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LimitTally}, and for what {@link CompressionAdvisor} counts in it.
 */
class LimitTallyTests {

	private static final ModelPrice PRICE = new ModelPrice("scripted-model", BigDecimal.TEN, BigDecimal.TEN,
			BigDecimal.ONE, BigDecimal.TEN);

	private final LimitTally tally = new LimitTally();

	@Test
	void suggestsTheLimitThatSavesMostAndShortensFewRequests() {
		requests(1000);
		shortened(2000, 400, 100, 0);
		shortened(4000, 50, 100, 20);
		shortened(8000, 40, 60, 0);
		Suggestion suggestion = suggestion();
		assertThat(suggestion.setting()).isEqualTo("compression.max_input_tokens");
		assertThat(suggestion.now()).isEqualTo(3000);
		assertThat(suggestion.value()).isEqualTo(4000);
		assertThat(suggestion.certain()).isFalse();
		assertThat(suggestion.curve()).extracting((point) -> point.get("value")).containsExactly(2000, 4000, 8000);
		assertThat(suggestion.curve().get(1)).containsEntry("shortened", 50L)
			.containsEntry("whole_share", 0.95)
			.containsEntry("left_out_tokens", 500L);
		assertThat((BigDecimal) suggestion.curve().get(1).get("saved_usd")).isEqualByComparingTo("0.004");
		assertThat((BigDecimal) suggestion.curve().get(1).get("prefix_cost_usd")).isEqualByComparingTo("0.001");
	}

	@Test
	void suggestsNoLimitThatCostsMoreThanItSaves() {
		requests(1000);
		shortened(4000, 50, 10, 20);
		assertThat(suggestion().value()).isNull();
		assertThat(suggestion().curve()).hasSize(1);
	}

	@Test
	void suggestsNothingFromTooFewRequests() {
		requests(199);
		shortened(4000, 1, 10, 0);
		assertThat(suggestion().value()).isNull();
		assertThat(suggestion().observations()).isEqualTo(199);
		requests(1);
		assertThat(suggestion().value()).isEqualTo(4000);
	}

	@Test
	void everyLimitBelowAPromptIsTriedWhereNobodySeesIt() throws Exception {
		Plan plan = Plan.builder("plan").with(new CompressionSettings("text_rank", 100_000)).build();
		ScriptedChatModel model = ScriptedChatModel.echoing();
		try (TokenSavingTestChain chain = new TokenSavingTestChain(plan)) {
			chain.compression((builder) -> builder.prices(new PriceTable(List.of(PRICE))));
			List<Message> messages = new ArrayList<>();
			for (int i = 0; i < 60; i++) {
				messages.add(new UserMessage("Question number " + i + " about the parcel" + " and its way".repeat(10)));
				messages.add(new AssistantMessage("Answer number " + i + " about the parcel"));
			}
			chain.client(model).prompt().messages(messages).user("And now?").call().content();
			assertThat(figures(chain).requests()).isZero();
			ChatClient client = chain.client(model, new Unseen());
			client.prompt()
				.options(ChatOptions.builder().model("scripted-model"))
				.messages(messages)
				.user("And now?")
				.call()
				.content();
			client.prompt().user("And now?").call().content();
			// Nothing is left out of what the plan allows
			assertThat(model.lastPrompt().getInstructions()).hasSize(1);
			LimitTally.Figures figures = figures(chain);
			assertThat(figures.requests()).isEqualTo(2);
			List<LimitTally.Point> tried = figures.points().stream().filter((point) -> point.shortened() > 0).toList();
			assertThat(tried).extracting(LimitTally.Point::limit).containsExactly(1000, 1500, 2000, 3000);
			assertThat(tried).allSatisfy((point) -> {
				assertThat(point.shortened()).isEqualTo(1);
				// A tenth of the price of input, as the provider's cache would have known
				// it; 10 dollars a million tokens
				assertThat(point.picoUsd() + point.prefixPicoUsd()).isEqualTo(point.leftOut() * 1_000_000);
			});
			assertThat(tried.get(0).leftOut()).isGreaterThan(tried.get(3).leftOut());
		}
	}

	private static LimitTally.Figures figures(TokenSavingTestChain chain) {
		LimitTally counted = chain.statistics().plan(new PlanKey("default", "plan")).state(CompressionFeature.LIMITS);
		return figures(counted.sums());
	}

	private static LimitTally.Figures figures(Map<String, Long> sums) {
		return CompressionFeature.LIMITS.figures(new StatisticsCounters(sums, Set.of()), false);
	}

	private Suggestion suggestion() {
		return figures(this.tally.sums()).suggestion(3000);
	}

	private void requests(int count) {
		for (int i = 0; i < count; i++) {
			this.tally.request();
		}
	}

	private void shortened(int limit, int count, int microUsd, int prefixMicroUsd) {
		for (int i = 0; i < count; i++) {
			this.tally.shortened(limit, 10, microUsd * 1_000_000L, prefixMicroUsd * 1_000_000L);
		}
	}

	private static final class Unseen implements CallAdvisor {

		@Override
		public String getName() {
			return "Unseen";
		}

		@Override
		public int getOrder() {
			return AdvisorOrder.SHADOW;
		}

		@Override
		public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain chain) {
			return chain.nextCall(CallState.of(request).inShadow().attachTo(request));
		}

	}

}
