package io.tokensaving.request;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.ResponseEntity;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.retry.TransientAiException;
import org.springframework.ai.tool.function.FunctionToolCallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for the outcomes of tasks and what a success costs.
 */
class TaskOutcomeTests {

	private static final PlanKey KEY = new PlanKey("default", "support-bot");

	// A call of the model costs 100 tokens at 2 and 20 at 10 dollars per million
	private static final ModelPrice PRICE = new ModelPrice("scripted-model", new BigDecimal("2"), new BigDecimal("10"),
			null, null);

	private static final Duration DEADLINE = Duration.ofSeconds(10);

	private final TokenSavingTestChain chain = new TokenSavingTestChain(
			Plan.builder("support-bot").with(new CacheSettings("in_memory")).build())
		.price(PRICE);

	private final TestClock clock = new TestClock("2026-03-31T12:00:00Z");

	private final StatisticsAggregator aggregator = new StatisticsAggregator(this.chain.statistics(),
			new InMemoryStatisticsRepository(this.clock), this.clock, Duration.ofHours(1));

	@AfterEach
	void close() throws Exception {
		this.aggregator.close();
		this.chain.close();
	}

	@Test
	void aReportedOutcomeCountsTheCostOfAllRoundsOfItsTask() {
		ChatClient client = client(weatherModel());
		ChatClientResponse response = weather(client).call().chatClientResponse();
		client.prompt("And now?").call().content();
		SavingsReport report = report(response);
		assertThat(response.chatResponse().getMetadata().<String>get(SavingsReport.TASK_ID_METADATA_KEY))
			.isEqualTo(report.taskId());
		StatisticsSnapshot unknown = figures();
		assertThat(unknown.successKnown()).isZero();
		assertThat(unknown.costPerSuccessUsd()).isNull();
		assertThat(TokenSaving.outcome(report.taskId(), true)).isTrue();
		assertThat(TokenSaving.outcome(report.taskId(), false)).isFalse();
		StatisticsSnapshot figures = figures();
		assertThat(figures.successes()).isEqualTo(1);
		assertThat(figures.failures()).isZero();
		assertThat(figures.successKnown()).isEqualTo(0.5);
		assertThat(figures.costPerSuccessUsd()).isEqualByComparingTo("0.0008");
	}

	@Test
	void whatFailedTasksCostIsPartOfTheCostOfASuccess() {
		ChatClient client = client(ScriptedChatModel.echoing());
		for (String task : List.of("ticket-1", "ticket-2", "ticket-3")) {
			client.prompt(task).advisors(TokenSaving.task(task)).call().content();
			client.prompt(task + " again").advisors(TokenSaving.task(task)).stream().content().blockLast(DEADLINE);
		}
		TokenSaving.outcome("ticket-1", true);
		TokenSaving.outcome("ticket-2", false);
		client.prompt("ticket-1 once more").advisors(TokenSaving.task("ticket-1")).call().content();
		StatisticsSnapshot figures = figures();
		assertThat(figures.tasks()).isEqualTo(3);
		assertThat(figures.successes()).isEqualTo(1);
		assertThat(figures.failures()).isEqualTo(1);
		assertThat(figures.costPerSuccessUsd()).isEqualByComparingTo("0.002");
		assertThat(this.aggregator.plan(KEY).figures().costPerSuccessUsd()).isEqualByComparingTo("0.002");
	}

	@Test
	void aTaskWhoseModelFailedCanBeReported() {
		ChatClient client = client(new ScriptedChatModel((prompt) -> {
			throw new TransientAiException("HTTP 429 - {}");
		}));
		assertThatExceptionOfType(TransientAiException.class)
			.isThrownBy(() -> client.prompt("one").advisors(TokenSaving.task("one")).call().content());
		assertThat(TokenSaving.outcome("one", false)).isTrue();
		assertThat(figures().failures()).isEqualTo(1);
	}

	@Test
	void aReportOfAnUnknownTaskIsCountedAndNoError() {
		client(ScriptedChatModel.echoing()).prompt("one").call().content();
		assertThat(TokenSaving.outcome("none-such", true)).isFalse();
		assertThat(this.aggregator.all().figures().unknownOutcomes()).isEqualTo(1);
	}

	@Test
	void anIdThatIsNotAcceptedIsRefused() {
		ChatClient client = client(ScriptedChatModel.echoing());
		assertThatIllegalArgumentException().isThrownBy(() -> TokenSaving.task("a b")).withMessageContaining("'task'");
		assertThatIllegalArgumentException()
			.isThrownBy(
					() -> client.prompt("one").advisors((spec) -> spec.param(TokenSaving.TASK_ID, 7)).call().content())
			.withMessageContaining(TokenSaving.TASK_ID);
	}

	@Test
	void anAnswerThatSatisfiesItsSchemaIsASuccessUntilItIsReportedToHaveFailed() {
		ChatClient client = client(answering("{\"name\": \"Berlin\"}"));
		ResponseEntity<ChatResponse, City> valid = client.prompt("Which city?").call().responseEntity(City.class);
		assertThat(valid.entity()).isEqualTo(new City("Berlin"));
		assertThat(figures().successes()).isEqualTo(1);
		// The application reports the outcomes of tasks that it has named
		client.prompt("Which one?").advisors(TokenSaving.task("mine")).call().entity(City.class);
		assertThat(figures().successes()).isEqualTo(1);
		String id = valid.response().getMetadata().get(SavingsReport.TASK_ID_METADATA_KEY);
		assertThat(TokenSaving.outcome(id, false)).isTrue();
		StatisticsSnapshot figures = figures();
		assertThat(figures.successes()).isZero();
		assertThat(figures.failures()).isEqualTo(1);
		assertThat(figures.successKnown()).isEqualTo(0.5);
	}

	@Test
	void anAnswerThatDoesNotSatisfyItsSchemaHasAnUnknownOutcome() {
		ChatClient client = client(answering("{\"name\": 1, \"town\": {}}"));
		client.prompt("Which city?").call().entity(City.class);
		client.prompt("Which city is it?").call().content();
		StatisticsSnapshot figures = figures();
		assertThat(figures.tasks()).isEqualTo(2);
		assertThat(figures.successes() + figures.failures()).isZero();
	}

	@Test
	void aLaterRoundOfAStreamedTaskHasNoIdUnlessTheRequestNamesOne() {
		ChatClient client = client(weatherModel());
		assertThat(lastReport(weather(client)).taskId()).isNull();
		assertThat(lastReport(client.prompt("one")).taskId()).isNotNull();
		assertThat(lastReport(weather(client).system("another").advisors(TokenSaving.task("mine"))).taskId())
			.isEqualTo("mine");
		TokenSaving.outcome("mine", true);
		assertThat(figures().costPerSuccessUsd()).isEqualByComparingTo("0.0008");
	}

	private static ChatClient.ChatClientRequestSpec weather(ChatClient client) {
		return client.prompt("How is the weather?")
			.toolCallbacks(FunctionToolCallback.builder("weather", (input) -> "sunny").inputType(Void.class).build());
	}

	private static SavingsReport lastReport(ChatClient.ChatClientRequestSpec request) {
		return request.stream()
			.chatClientResponse()
			.filter((element) -> element.context().containsKey(SavingsReport.CONTEXT_KEY))
			.map(TaskOutcomeTests::report)
			.blockLast(DEADLINE);
	}

	private static SavingsReport report(ChatClientResponse response) {
		return (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
	}

	private static ScriptedChatModel answering(String text) {
		return ScriptedChatModel.answering(ScriptedChatModel.answer(text));
	}

	private static ScriptedChatModel weatherModel() {
		Function<Prompt, ChatResponse> answers = (prompt) -> {
			boolean asksForWeather = prompt.getContents().contains("weather")
					&& prompt.getInstructions().stream().noneMatch(ToolResponseMessage.class::isInstance);
			return asksForWeather ? ScriptedChatModel.response(new Generation(AssistantMessage.builder()
				.content("")
				.toolCalls(List.of(new AssistantMessage.ToolCall("id", "function", "weather", "{}")))
				.build())) : ScriptedChatModel.answer("sunny");
		};
		ScriptedChatModel model = new ScriptedChatModel(answers)
			.streaming((prompt) -> Flux.just(answers.apply(prompt)));
		model.options(ToolCallingChatOptions.builder().model("scripted-model").build());
		return model;
	}

	private ChatClient client(ScriptedChatModel model) {
		return this.chain.client(model, new TaskAdvisor(), new ModelCallAdvisor());
	}

	private StatisticsSnapshot figures() {
		return this.aggregator.labelled(KEY)
			.figures()
			.get(Labels.NONE.with(Labels.FEATURE, "support-bot").with(Labels.MODEL, "scripted-model"));
	}

	private record City(String name) {

	}

}
