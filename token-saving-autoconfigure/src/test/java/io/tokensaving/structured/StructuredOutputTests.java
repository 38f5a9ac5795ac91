package io.tokensaving.structured;

import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.LoopbackServer;
import io.tokensaving.LoopbackServer.Reply;
import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.request.TaskAdvisor;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;
import io.tokensaving.structured.BrokenAnswers.Breakage;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.ResponseEntity;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.converter.BeanOutputConverter;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.core.ParameterizedTypeReference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests of structured output with Spring AI's {@link OpenAiChatModel}, its validation and
 * a server that speaks as OpenAI does.
 */
class StructuredOutputTests {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final String VALID = "{\"category\":\"billing\",\"urgent\":true,\"tags\":[\"card\",\"fee\"]}";

	private static final String BROKEN = "```json\n{'category': 'billing', 'urgent': True, 'tags': ['card', 'fee'],}\n```";

	private static final String INVALID = "{\"category\":\"billing\",\"urgent\":\"maybe\",\"tags\":[]}";

	private static final StructuredSettings WITHOUT_NATIVE = new StructuredSettings(NativeMode.OFF, true,
			RetryMode.SAME, null, 0);

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final LoopbackServer server = new LoopbackServer((body) -> reply(VALID));

	@AfterEach
	void stop() {
		this.server.close();
	}

	@Test
	void paidCallsForMalformedAnswersFall() {
		BrokenAnswers breaking = new BrokenAnswers(1);
		JsonNode valid = JSON.readTree(VALID);
		Breakage[] breakages = Breakage.values();
		AtomicInteger answers = new AtomicInteger();
		Function<String, Reply> everyFifthIsMalformed = (body) -> {
			int i = answers.getAndIncrement();
			if (i % 5 != 0) {
				return reply(VALID);
			}
			Breakage breakage = breakages[i / 5 % breakages.length];
			String broken = breaking.broken(breakage, valid);
			// This answer has nothing that some of them break
			return reply(broken.equals(VALID) ? INVALID : broken);
		};
		this.server.answer(everyFifthIsMalformed);
		int before = paid(null);
		answers.set(0);
		this.server.answer(everyFifthIsMalformed);
		int after = paid(WITHOUT_NATIVE);
		int asked = 200;
		assertThat(before).isGreaterThanOrEqualTo(asked + 40);
		assertThat((double) (after - asked) / (before - asked)).as("%d of %d", after, before).isLessThanOrEqualTo(0.4);
		StructuredTally.Figures figures = figures();
		assertThat(figures.avoided()).isEqualTo(figures.repaired()).isGreaterThanOrEqualTo(before - after - 10);
		assertThat(figures.retries()).isEqualTo(after - asked);
	}

	private int paid(StructuredSettings settings) {
		ChatClient client = client(settings);
		int before = this.server.requests().size();
		for (int i = 0; i < 200; i++) {
			Ticket ticket = client.prompt("Ticket " + i).call().entity(Ticket.class, (spec) -> spec.validateSchema());
			assertThat(ticket.category()).isEqualTo("billing");
		}
		return this.server.requests().size() - before;
	}

	@Test
	void repairSavesWhatValidationWouldHavePaid() {
		this.server.answer((body) -> reply(BROKEN));
		ResponseEntity<ChatResponse, Ticket> answer = client(WITHOUT_NATIVE).prompt("Hello")
			.call()
			.responseEntity(Ticket.class, (spec) -> spec.validateSchema());
		assertThat(answer.entity()).isEqualTo(new Ticket("billing", true, List.of("card", "fee")));
		assertThat(answer.response().getResult().getMetadata().getFinishReason()).isEqualToIgnoringCase("stop");
		assertThat(answer.response().getMetadata().getId()).isEqualTo("chatcmpl-1");
		assertThat(this.server.requests()).hasSize(1);
		// 36 plain, 64 cached and 20 output tokens of gpt-4o-mini
		assertThat(figures().savedUsd()).isEqualByComparingTo("0.0000222");
		assertThat(figures().savedTokens()).isEqualTo(120);
		assertThat(figures().prompt().malformed()).isEqualTo(1);
		assertThat(plan().snapshot().counts(StructuredFeature.REPAIRS)).containsOnlyKeys("fence", "quote", "literal",
				"extra_comma");
	}

	@Test
	void repairClaimsNothingWhereNobodyWouldHavePaid() {
		this.server.answer((body) -> reply(BROKEN));
		ChatClient client = client(WITHOUT_NATIVE);
		assertThat(client.prompt("Hello").call().entity(Ticket.class)).isNotNull();
		assertThat(figures().repaired()).isEqualTo(1);
		assertThat(figures().savedTokens()).isZero();
		assertThat(figures().savedUsd()).isZero();
	}

	@Test
	void lastAttemptOfValidationSavesNothing() {
		AtomicInteger answers = new AtomicInteger();
		this.server.answer((body) -> reply((answers.incrementAndGet() < 4) ? INVALID : BROKEN));
		client(WITHOUT_NATIVE).prompt("Hello").call().entity(Ticket.class, (spec) -> spec.validateSchema());
		assertThat(this.server.requests()).hasSize(4);
		assertThat(figures().repaired()).isEqualTo(1);
		assertThat(figures().avoided()).isZero();
		assertThat(figures().savedUsd()).isZero();
	}

	@Test
	void retriesOfValidationAreBooked() {
		AtomicInteger answers = new AtomicInteger();
		List<String> script = List.of(INVALID, "I am not sure.", VALID);
		this.server.answer((body) -> reply(script.get(answers.getAndIncrement())));
		client(WITHOUT_NATIVE).prompt()
			.user("Hello")
			.advisors(TokenSaving.plan("extraction").feature("triage"))
			.call()
			.entity(Ticket.class, (spec) -> spec.validateSchema());
		assertThat(plan().snapshot().counts(StructuredFeature.RETRIES)).containsEntry("schema", 1L)
			.containsEntry("invalid_json", 1L);
		assertThat(plan().snapshot().counts(StructuredFeature.UNREPAIRED)).containsEntry("schema", 1L)
			.containsEntry("no_json", 1L);
		assertThat(figures().retries()).isEqualTo(2);
		assertThat(figures().retryTokens()).isEqualTo(240);
		assertThat(figures().retryUsd()).isEqualByComparingTo("0.0000444");
		StatisticsAggregator aggregator = new StatisticsAggregator(this.statistics,
				new InMemoryStatisticsRepository(Clock.systemUTC()), Clock.systemUTC(), Duration.ofSeconds(1));
		aggregator.flush();
		Object shown = new StructuredFeature(() -> Tiers.NONE, () -> aggregator).planViews()
			.get("retries")
			.apply(new PlanKey("default", "extraction"));
		assertThat(shown).isEqualTo(Map.of("retries", List.of(retried("invalid_json", new BigDecimal("0.0000222")),
				retried("schema", new BigDecimal("0.0000222")))));
		assertThat(plan().snapshot().retries()).isEqualTo(2);
		assertThat(plan().snapshot().retryUsd()).isEqualByComparingTo("0.0000444");
	}

	private static Map<String, Object> retried(String reason, BigDecimal usd) {
		return Map.of("feature", "triage", "model", "gpt-4o-mini-2024-07-18", "reason", reason, "retries", 1L, "tokens",
				120L, "usd", usd);
	}

	@Test
	void questionThatSpeaksOfFailedValidationIsNoRetry() {
		client(WITHOUT_NATIVE).prompt("Why? Output JSON validation failed because of: a comma")
			.call()
			.entity(Ticket.class);
		assertThat(figures().retries()).isZero();
	}

	@Test
	void repairedAnswerIsStored() {
		this.server.answer((body) -> reply(BROKEN));
		ChatClient client = client(WITHOUT_NATIVE);
		for (int i = 0; i < 2; i++) {
			assertThat(client.prompt("Hello")
				.call()
				.responseEntity(Ticket.class, (spec) -> spec.validateSchema())
				.response()
				.getResult()
				.getOutput()
				.getText()).isEqualTo(VALID);
		}
		assertThat(this.server.requests()).hasSize(1);
		assertThat(plan().requests(ExactCacheFeature.HIT)).isEqualTo(1);
		assertThat(AdvisorOrder.STRUCTURED).isGreaterThan(AdvisorOrder.ROUTE).isGreaterThan(AdvisorOrder.PROMPT_CACHE);
	}

	@Test
	void answerThatWasCutOffIsNotCompleted() {
		this.server.answer((body) -> reply(VALID.substring(0, VALID.length() - 2), "length"));
		ChatClient client = client(WITHOUT_NATIVE);
		assertThatThrownBy(() -> client.prompt("Hello").call().entity(Ticket.class))
			.isInstanceOf(RuntimeException.class);
		assertThat(plan().snapshot().counts(StructuredFeature.UNREPAIRED)).containsEntry("cut_off", 1L);
		this.server.answer((body) -> reply(VALID.substring(0, VALID.length() - 2), "stop"));
		assertThat(client.prompt("Hello again").call().entity(Ticket.class).tags()).containsExactly("card", "fee");
	}

	@Test
	void providerEnforcesSchemaOnceItIsKnownTo() {
		client(StructuredSettings.DEFAULTS).prompt("Hello").call().entity(Ticket.class);
		JsonNode request = JSON.readTree(this.server.requests().get(0));
		assertThat(request.at("/response_format/type").asString()).isEqualTo("json_schema");
		assertThat(request.at("/response_format/json_schema/schema/properties/category/type").asString())
			.isEqualTo("string");
		assertThat(request.toString()).doesNotContain("RFC8259");
		assertThat(figures().nativeSchema().answers()).isEqualTo(1);
	}

	@Test
	void nothingChangesOnTheWireWithoutPlanOrWithout() {
		ChatClient plain = client(null);
		plain.prompt("Hello").call().entity(Ticket.class);
		ChatClient client = client(StructuredSettings.DEFAULTS);
		client.prompt("Hello").advisors(TokenSaving.none()).call().entity(Ticket.class);
		client(WITHOUT_NATIVE).prompt("Hello").call().entity(Ticket.class);
		client.prompt("Hello").call().content();
		client.prompt("Hello").advisors(TokenSaving.none()).call().content();
		List<String> sent = this.server.requests();
		assertThat(sent.get(1)).isEqualTo(sent.get(0));
		assertThat(sent.get(2)).isEqualTo(sent.get(0)).contains("RFC8259").doesNotContain("response_format");
		assertThat(sent.get(3)).isEqualTo(sent.get(4));
	}

	@ParameterizedTest
	@CsvSource({ "gpt-4o-mini, true", "gpt-4o-2024-05-13, false", "gpt-4-turbo, false", "gpt-5-nano, true",
			"o1-preview, false", "llama3, false" })
	void onlyModelsThatAreKnownToAreAskedByDefault(String model, boolean enforced) {
		client(StructuredSettings.DEFAULTS, (options) -> options.model(model)).prompt("Hello")
			.call()
			.entity(Ticket.class);
		client(new StructuredSettings(NativeMode.ON, true, RetryMode.SAME, null, 0), (options) -> options.model(model))
			.prompt("Hello")
			.call()
			.entity(Ticket.class);
		assertThat(this.server.requests().get(0).contains("response_format")).isEqualTo(enforced);
		assertThat(this.server.requests().get(1)).contains("response_format");
	}

	@Test
	void arraysAndOpenObjectsAreAskedForInWords() {
		ChatClient client = client(StructuredSettings.DEFAULTS);
		this.server.answer((body) -> reply("[" + VALID + "]"));
		assertThat(client.prompt("Hello").call().entity(new ParameterizedTypeReference<List<Ticket>>() {
		})).hasSize(1);
		this.server.answer((body) -> reply("{\"counts\":{\"a\":1}}"));
		assertThat(client.prompt("Hello").call().entity(Counts.class).counts()).containsEntry("a", 1);
		assertThat(this.server.requests()).hasSize(2).noneMatch((body) -> body.contains("response_format"));
		assertThat(plan().snapshot().counts(StructuredFeature.WITHHELD)).containsEntry("array", 1L)
			.containsEntry("keywords", 1L);
	}

	@Test
	void rejectedSchemaCostsOneCallOnceForAll() {
		this.server
			.answer((body) -> body.contains("response_format") ? Reply.rejected("Invalid schema") : reply(VALID));
		ChatClient client = client(StructuredSettings.DEFAULTS);
		for (int i = 0; i < 5; i++) {
			assertThat(client.prompt("Hello " + i).call().entity(Ticket.class).category()).isEqualTo("billing");
		}
		assertThat(this.server.requests()).hasSize(6);
		this.server.answer((body) -> body.contains("response_format") ? Reply.rejected("Invalid schema")
				: reply("{\"name\":\"Ada\"}"));
		for (int i = 0; i < 5; i++) {
			assertThat(client.prompt("Hello " + i).call().entity(Person.class).name()).isEqualTo("Ada");
		}
		assertThat(this.server.requests()).hasSize(12);
		assertThat(plan().snapshot().count(StructuredFeature.REJECTIONS)).isEqualTo(2);
		assertThat(plan().snapshot().modelErrors()).isZero();
	}

	@Test
	void rejectionOfApplicationsOwnChoiceIsMended() {
		this.server
			.answer((body) -> body.contains("response_format") ? Reply.rejected("Invalid schema") : reply(VALID));
		ChatClient client = client(StructuredSettings.DEFAULTS, (options) -> options.model("gpt-4-turbo"));
		for (int i = 0; i < 3; i++) {
			assertThat(client.prompt("Hello " + i)
				.call()
				.entity(Ticket.class, (spec) -> spec.useProviderStructuredOutput())
				.category()).isEqualTo("billing");
		}
		assertThat(this.server.requests()).hasSize(4);
	}

	@Test
	void failureThatIsNoRejectionIsThatOfTheModel() {
		this.server.answer((body) -> Reply.rejected("Too long"));
		ChatClient client = client(StructuredSettings.DEFAULTS);
		assertThatThrownBy(() -> client.prompt("Hello").call().entity(Ticket.class)).hasMessageContaining("Too long");
		assertThat(this.server.requests()).hasSize(2);
		// Nothing was learned of the schema, and once it was taken a refusal has other
		// reasons
		this.server.answer((body) -> reply(VALID));
		client.prompt("Hello").call().entity(Ticket.class);
		assertThat(this.server.requests().get(2)).contains("response_format");
		this.server.answer((body) -> Reply.rejected("Too long"));
		assertThatThrownBy(() -> client.prompt("Hello, too").call().entity(Ticket.class))
			.hasMessageContaining("Too long");
		assertThat(this.server.requests()).hasSize(4);
	}

	@Test
	void modelThatIgnoresTheSchemaIsAskedInWords() {
		this.server.answer((body) -> reply("Certainly, it is about billing."));
		ChatClient client = client(StructuredSettings.DEFAULTS);
		for (int i = 0; i < 4; i++) {
			String question = "Hello " + i;
			assertThatThrownBy(() -> client.prompt(question).call().entity(Ticket.class))
				.isInstanceOf(RuntimeException.class);
		}
		assertThat(this.server.requests().get(2)).contains("response_format");
		assertThat(this.server.requests().get(3)).doesNotContain("response_format").contains("RFC8259");
	}

	@Test
	void holdoutIsAskedInWordsAndCountedApart() {
		double[] chance = { 0.0 };
		StructuredSettings settings = new StructuredSettings(NativeMode.AUTO, true, RetryMode.SAME, null, 0.5);
		ChatClient client = client(settings, (options) -> {
		}, (advisor) -> advisor.chance(() -> chance[0]));
		this.server.answer((body) -> reply(BROKEN));
		client.prompt("Hello").call().entity(Ticket.class);
		chance[0] = 0.5;
		this.server.answer((body) -> reply(VALID));
		client.prompt("Hello, too").call().entity(Ticket.class);
		assertThat(this.server.requests().get(0)).doesNotContain("response_format");
		assertThat(this.server.requests().get(1)).contains("response_format");
		assertThat(figures().holdout().answers()).isEqualTo(1);
		assertThat(figures().holdout().malformed()).isEqualTo(1);
		assertThat(figures().nativeSchema().answers()).isEqualTo(1);
		assertThat(figures().nativeSchema().malformed()).isZero();
		assertThat(figures().nativeSchema().usd()).isEqualByComparingTo("0.0000222");
	}

	@Test
	void cheapTierPatchesWhatCannotBeRepaired() {
		Tiers tiers = new Tiers(List.of(new Tier("nano", null, "gpt-5-nano", Tier.Limits.NONE, "a")));
		StructuredSettings settings = new StructuredSettings(NativeMode.OFF, true, RetryMode.PATCH, "nano", 0);
		this.server.answer((body) -> reply(body.contains("gpt-5-nano") ? VALID : INVALID));
		ChatClient client = client(settings, (options) -> {
		}, (advisor) -> advisor.tiers(() -> tiers));
		Ticket ticket = client.prompt("A very long question")
			.call()
			.entity(Ticket.class, (spec) -> spec.validateSchema());
		assertThat(ticket.urgent()).isTrue();
		assertThat(this.server.requests()).hasSize(2);
		assertThat(this.server.requests().get(1)).contains("maybe", "urgent")
			.doesNotContain("A very long question")
			.doesNotContain("response_format");
		assertThat(plan().snapshot().counts(StructuredFeature.PATCHES)).containsEntry("accepted", 1L);
		assertThat(plan().snapshot().overheadTokens()).isEqualTo(120);
		assertThat(figures().savedTokens()).isEqualTo(120);
		// Without validation nobody would ask again
		assertThatThrownBy(() -> client.prompt("Another one").call().entity(Ticket.class))
			.isInstanceOf(RuntimeException.class);
		assertThat(this.server.requests()).hasSize(3);
	}

	@Test
	void patchThatFailsLeavesTheAnswerAsItIs() {
		Tiers tiers = new Tiers(List.of(new Tier("nano", null, "gpt-5-nano", Tier.Limits.NONE, "a")));
		StructuredSettings settings = new StructuredSettings(NativeMode.OFF, true, RetryMode.PATCH, "nano", 0);
		AtomicInteger answers = new AtomicInteger();
		this.server.answer((body) -> {
			if (body.contains("gpt-5-nano")) {
				return Reply.rejected("No such model");
			}
			return reply((answers.incrementAndGet() == 1) ? INVALID : VALID);
		});
		Ticket ticket = client(settings, (options) -> {
		}, (advisor) -> advisor.tiers(() -> tiers)).prompt("Hello")
			.call()
			.entity(Ticket.class, (spec) -> spec.validateSchema());
		assertThat(ticket.category()).isEqualTo("billing");
		assertThat(this.server.requests()).hasSize(3);
		assertThat(plan().snapshot().counts(StructuredFeature.PATCHES)).containsEntry("not_accepted", 1L);
	}

	@Test
	void failureOfOursIsSteppedOver() {
		StructuredSettings settings = new StructuredSettings(NativeMode.AUTO, true, RetryMode.SAME, null, 0.5);
		ChatClient client = client(settings, (options) -> {
		}, (advisor) -> advisor.chance(() -> {
			throw new IllegalStateException("No chance");
		}));
		assertThat(client.prompt("Hello").call().entity(Ticket.class).category()).isEqualTo("billing");
		assertThat(plan().snapshot().errors()).isEqualTo(1);
	}

	@Test
	void formatInTheQuestionIsFollowedAndNoStateOfOursIsLeft() {
		this.server.answer((body) -> reply(BROKEN));
		// The format travels in the prompt, as with a converter that is called by hand
		String format = new BeanOutputConverter<>(Ticket.class).getFormat();
		ChatClientResponse response = client(WITHOUT_NATIVE).prompt()
			.user((user) -> user.text("Hello {format}").param("format", format))
			.call()
			.chatClientResponse();
		assertThat(response.chatResponse().getResult().getOutput().getText()).isEqualTo(VALID);
		assertThat(response.context().keySet()).noneMatch((key) -> key.startsWith("io.tokensaving."));
		SavingsReport report = (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
		assertThat(report.outcome()).isEqualTo(Outcome.MISS);
	}

	private StructuredTally.Figures figures() {
		return plan().snapshot().figures(StructuredFeature.TALLY);
	}

	private PlanStatistics plan() {
		return this.statistics.plan(new PlanKey("default", "extraction"));
	}

	private ChatClient client(StructuredSettings settings) {
		return client(settings, (options) -> {
		});
	}

	private ChatClient client(StructuredSettings settings, Consumer<OpenAiChatOptions.Builder> options) {
		return client(settings, options, (advisor) -> {
		});
	}

	private ChatClient client(StructuredSettings settings, Consumer<OpenAiChatOptions.Builder> customizer,
			Consumer<StructuredAdvisor.Builder> advisorCustomizer) {
		OpenAiChatOptions.Builder options = OpenAiChatOptions.builder()
			.baseUrl(this.server.url())
			.apiKey("test")
			.model("gpt-4o-mini")
			.maxRetries(0);
		customizer.accept(options);
		OpenAiChatModel model = OpenAiChatModel.builder().options(options.build()).build();
		if (settings == null) {
			return ChatClient.create(model);
		}
		StructuredAdvisor.Builder advisor = StructuredAdvisor.builder().statistics(this.statistics);
		advisorCustomizer.accept(advisor);
		Plan plan = Plan.builder("extraction").with(new CacheSettings("in_memory")).with(settings).build();
		return new TokenSavingTestChain(plan).statistics(this.statistics)
			.client(model, new TaskAdvisor(), advisor.build(), new TierModelAdvisor());
	}

	private static Reply reply(String text) {
		return reply(text, "stop");
	}

	private static Reply reply(String text, String finishReason) {
		return Reply.json("""
				{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o-mini-2024-07-18",
				"choices":[{"index":0,"message":{"role":"assistant","content":%s},"finish_reason":"%s"}],
				"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,
				"prompt_tokens_details":{"cached_tokens":64}}}""".formatted(JSON.writeValueAsString(text),
				finishReason));
	}

	record Ticket(String category, boolean urgent, List<String> tags) {

	}

	record Person(String name) {

	}

	record Counts(Map<String, Integer> counts) {

	}

}
