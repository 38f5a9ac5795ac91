package io.tokensaving.autoconfigure;

import java.io.IOException;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import io.tokensaving.Eventually;
import io.tokensaving.LoopbackServer;
import io.tokensaving.LoopbackServer.Reply;
import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheStore;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.local.LocalAdvisor;
import io.tokensaving.local.LocalModels;
import io.tokensaving.local.LocalPolicy;
import io.tokensaving.local.MissingCapabilityException;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.WorkspaceResolver;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.TierNeeds;
import io.tokensaving.tier.Tiers;
import io.tokensaving.tier.endpoint.ModelEndpoint;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link LocalConfiguration}: one application, of which only the profile and
 * the properties differ.
 */
@Timeout(120)
class LocalConfigurationTests {

	private static final String MODEL = "qwen3";

	private final LoopbackServer local = new LoopbackServer((request) -> answer(request, "local"));

	private final LoopbackServer real = new LoopbackServer((request) -> answer(request, "real"));

	private final ScriptedChatModel foreign = ScriptedChatModel.answering(ScriptedChatModel.answer("real"))
		.options(AnthropicChatOptions.builder().model("claude-sonnet-4-5").maxTokens(1000).build());

	private final ApplicationContextRunner application = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingChatModelAutoConfiguration.class,
				TokenSavingLocalAutoConfiguration.class, TokenSavingAutoConfiguration.class,
				ChatClientAutoConfiguration.class))
		.withBean("openAi", ChatModel.class,
				() -> ModelEndpoint.create(this.real.url() + "/v1", "real-key", "gpt-4o", null, null))
		.withBean("anthropic", ChatModel.class, () -> this.foreign)
		.withPropertyValues("token-saving.chat-model=openAi", "token-saving.local.enabled=true",
				"token-saving.local.base-url=" + this.local.url() + "/v1", "token-saving.local.model=" + MODEL,
				"token-saving.tiers.nano.base-url=" + this.real.url() + "/v1",
				"token-saving.tiers.nano.model=gpt-4o-mini", "token-saving.tiers.dear.bean=anthropic",
				"token-saving.plans.cached.cache.backend=in_memory", "token-saving.plans.routed.route.mode=active",
				"token-saving.plans.routed.route.tiers=nano,dear,own",
				"token-saving.plans.routed.route.classifier=fixed",
				"token-saving.plans.routed.route.default-tier=nano");

	private final ApplicationContextRunner developed = profiles("dev");

	private ApplicationContextRunner profiles(String profiles) {
		return this.application.withPropertyValues("spring.profiles.active=" + profiles);
	}

	@AfterEach
	void stop() {
		this.local.close();
		this.real.close();
	}

	// As an OpenAI-compatible server: a tool is called once, a schema or format answered
	private static Reply answer(String request, String who) {
		boolean stream = request.contains("\"stream\":true");
		String model = request.replaceFirst("(?s).*\"model\":\"([^\"]*)\".*", "$1");
		boolean call = request.contains("\"tools\":[") && !request.contains("\"tool_call_id\"");
		boolean json = request.contains("JSON") || request.contains("json_schema");
		String text = json ? "{\\\"name\\\":\\\"" + who + "\\\"}" : who;
		String content = call
				? "\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"look_up\",\"arguments\":\"{\\\"text\\\":\\\"a\\\"}\"}}]"
				: "\"content\":\"" + text + "\"";
		String finish = call ? "tool_calls" : "stop";
		if (stream) {
			String head = "{\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"" + model
					+ "\",\"choices\":[{\"index\":0,\"delta\":{";
			return Reply.events(head + "\"role\":\"assistant\"," + content + "},\"finish_reason\":null}]}", head
					+ "},\"finish_reason\":\"" + finish
					+ "\"}],\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":100,\"total_tokens\":1100}}",
					"[DONE]");
		}
		return Reply.json("{\"id\":\"1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"" + model
				+ "\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"refusal\":null," + content
				+ "},\"finish_reason\":\"" + finish + "\",\"logprobs\":null}],\"usage\":{\"prompt_tokens\":1000,"
				+ "\"completion_tokens\":100,\"total_tokens\":1100}}");
	}

	private static ChatClient client(ApplicationContext context) {
		return context.getBean(ChatClient.Builder.class).build();
	}

	private static ChatClient foreignClient(ApplicationContext context) {
		return ChatClient.builder(context.getBean("anthropic", ChatModel.class))
			.defaultAdvisors(context.getBean(TokenSavingAdvisors.class))
			.build();
	}

	private static String ask(ChatClient client, String plan, boolean stream) {
		ChatClient.ChatClientRequestSpec spec = client.prompt("Who are you?");
		if (plan != null) {
			spec.advisors((advisors) -> advisors.param(TokenSaving.PLAN_ID, plan));
		}
		if (stream) {
			return String.join("", spec.stream().content().collectList().block());
		}
		return spec.call().content();
	}

	private void nothingWasReal() {
		assertThat(this.real.requests()).isEmpty();
		assertThat(this.foreign.calls()).isZero();
	}

	@ParameterizedTest
	@CsvSource({ ",false", ",true", "cached,false", "cached,true", "routed,false", "routed,true" })
	void everyRequestGoesToTheLocalModel(String plan, boolean stream) {
		this.developed.run((context) -> {
			assertThat(ask(client(context), plan, stream)).isEqualTo("local");
			assertThat(ask(foreignClient(context), plan, stream)).isEqualTo("local");
			assertThat(this.local.requests()).hasSizeBetween(1, 2)
				.allSatisfy((request) -> assertThat(request).contains("\"model\":\"" + MODEL + "\""));
		});
		nothingWasReal();
	}

	@ParameterizedTest
	@CsvSource({ "''", "prod", "test" })
	void inAnyOtherProfileTheRealModelAnswers(String profile) {
		profiles(profile).run((context) -> {
			assertThat(context).doesNotHaveBean(LocalAdvisor.class).doesNotHaveBean(LocalModels.class);
			assertThat(ask(client(context), "routed", false)).isEqualTo("real");
		});
		assertThat(this.local.requests()).isEmpty();
		this.developed.withPropertyValues("token-saving.local.enabled=false")
			.run((context) -> assertThat(ask(client(context), null, false)).isEqualTo("real"));
		assertThat(this.local.requests()).isEmpty();
	}

	@Test
	void eachTierHasTheModelThatTheMapNames() {
		this.developed
			.withPropertyValues("token-saving.local.map.nano=small", "token-saving.local.map.own=mine",
					"token-saving.local.map.default=rest")
			.run((context) -> {
				ask(client(context), "routed", false);
				ask(client(context), null, false);
				client(context).prompt("Hello")
					.advisors(
							(advisors) -> advisors.param(TokenSaving.PLAN_ID, "routed").param(TokenSaving.TIER, "dear"))
					.call()
					.content();
				client(context).prompt("Hello")
					.advisors((advisors) -> advisors.param(TokenSaving.PLAN_ID, "routed")
						.param(TokenSaving.TIER, TokenSaving.NO_ROUTE))
					.call()
					.content();
				assertThat(this.local.requests())
					.extracting((request) -> request.replaceFirst("(?s).*\"model\":\"([^\"]*)\".*", "$1"))
					.containsExactly("small", "mine", "rest", "mine");
			});
		nothingWasReal();
	}

	@ParameterizedTest
	@CsvSource({ ",false", ",true", "routed,false", "routed,true" })
	void optionsOfAnotherProviderAndToolsAreTranslated(String plan, boolean stream) {
		AtomicInteger calls = new AtomicInteger();
		FunctionToolCallback<Text, String> tool = FunctionToolCallback.builder("look_up", (Text text) -> {
			calls.incrementAndGet();
			return "found";
		}).description("d").inputType(Text.class).build();
		this.developed.run((context) -> {
			ChatClient.ChatClientRequestSpec spec = foreignClient(context).prompt("Who are you?")
				.tools(tool)
				.options(AnthropicChatOptions.builder().temperature(0.25).maxTokens(77));
			if (plan != null) {
				spec.advisors((advisors) -> advisors.param(TokenSaving.PLAN_ID, plan));
			}
			String answer = stream ? String.join("", spec.stream().content().collectList().block())
					: spec.call().content();
			assertThat(answer).isEqualTo("local");
		});
		assertThat(calls).hasValue(1);
		assertThat(this.local.requests()).hasSize(2)
			.allSatisfy((request) -> assertThat(request).contains("\"temperature\":0.25", "77", "\"look_up\"")
				.doesNotContain("claude"));
		assertThat(this.local.requests().get(1)).contains("found");
		nothingWasReal();
	}

	@ParameterizedTest
	@ValueSource(strings = { "none", "cached", "routed" })
	void entitiesAreReadOfWhatTheLocalModelAnswers(String plan) {
		this.developed.run((context) -> {
			Named named = foreignClient(context).prompt("Who are you?")
				.advisors((advisors) -> advisors.param(TokenSaving.PLAN_ID, plan))
				.call()
				.entity(Named.class);
			assertThat(named.name()).isEqualTo("local");
		});
		nothingWasReal();
	}

	@ParameterizedTest
	@ValueSource(strings = { "prod,dev", "dev,production", "dev,PROD" })
	void doesNotStartTogetherWithAProfileInWhichItNeverMay(String profiles) {
		profiles(profiles).run((context) -> {
			assertThat(context).hasFailed();
			LocalProfilesException failure = find(context.getStartupFailure(), LocalProfilesException.class);
			FailureAnalysis analysis = new LocalProfilesFailureAnalyzer().analyze(context.getStartupFailure(), failure);
			assertThat(analysis.getDescription()).contains("'token-saving.local.enabled'", "'dev'",
					"'token-saving.local.never-in'");
			assertThat(analysis.getDescription().toLowerCase(Locale.ROOT)).contains("'prod");
			assertThat(analysis.getAction()).contains("'dev'", "'token-saving.local.enabled'", "'false'");
		});
	}

	@Test
	void doesNotStartWhereTokenSavingIsSwitchedOffAndRequestsWouldBeReal() {
		this.developed.withPropertyValues("token-saving.enabled=false")
			.run((context) -> assertThat(context).getFailure()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class,
						(ex) -> assertThat(ex.getName()).isEqualTo("token-saving.local.enabled")));
		profiles("prod").withPropertyValues("token-saving.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
			base-url=ftp://host      | token-saving.local.base-url       | without user
			base-url=http://u:p@host | token-saving.local.base-url       | without user
			model=                   | token-saving.local.model          | the name of a model
			map.tiny=qwen            | token-saving.local.map            | 'nano', 'dear', 'own' and 'default'
			context-window=-1        | token-saving.local.context-window | at least 1
			""")
	void failsReadablyOnABadValue(String property, String name, String accepted) {
		this.developed.withPropertyValues("token-saving.local." + property).run((context) -> {
			InvalidConfigurationPropertyValueException failure = find(context.getStartupFailure(),
					InvalidConfigurationPropertyValueException.class);
			assertThat(failure.getName()).isEqualTo(name);
			assertThat(failure.getReason()).contains(accepted);
			assertThat(failure.getMessage()).doesNotContain("u:p");
		});
	}

	@Test
	void namesWhatIsMissing() {
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(TokenSavingLocalAutoConfiguration.class, TokenSavingAutoConfiguration.class))
			.withBean(ChatModel.class, ScriptedChatModel::echoing)
			.withPropertyValues("spring.profiles.active=dev", "token-saving.local.enabled=true")
			.run((context) -> assertThat(
					find(context.getStartupFailure(), MissingPropertyException.class).getProperty())
				.isEqualTo("token-saving.local.model"));
		this.application.withPropertyValues("spring.profiles.active=dev")
			.withClassLoader(new FilteredClassLoader("org.springframework.ai.openai"))
			.run((context) -> assertThat(context).hasFailed());
	}

	@Test
	void nothingLocalIsServedCountedOrSavedWhereThingsAreReal() {
		ApplicationContextRunner[] both = { this.developed, profiles("prod") };
		Map<String, ExactCacheStore> shared = new HashMap<>();
		both[0].run((context) -> {
			ExactCacheStore store = context.getBean(ExactCacheStore.class);
			shared.put("store", store);
			ChatClientResponse bought = response(client(context));
			ChatClientResponse hit = response(client(context));
			assertThat(text(hit)).isEqualTo(text(bought)).isEqualTo("local");
			SavingsReport report = report(hit);
			assertThat(report.outcome().isHit()).isTrue();
			assertThat(report.workspace()).isEqualTo("default-local");
			assertThat(report.tokensCounterfactual()).as("tokens of the local model").isEqualTo(1100);
			assertThat(report.costSavedUsd()).isZero();
			assertThat(report.priced()).isTrue();
			SavingsStatistics statistics = context.getBean(SavingsStatistics.class);
			assertThat(statistics.plans()).extracting(PlanStatistics::key)
				.extracting(PlanKey::workspace)
				.containsOnly("default-local");
		});
		nothingWasReal();
		both[1].withBean("shared", CaffeineExactCacheStore.class, () -> (CaffeineExactCacheStore) shared.get("store"))
			.run((context) -> {
				assertThat(context.getBean(ExactCacheStore.class)).isSameAs(shared.get("store"));
				ChatClientResponse bought = response(client(context));
				assertThat(text(bought)).isEqualTo("real");
				ChatClientResponse hit = response(client(context));
				assertThat(report(hit).outcome().isHit()).isTrue();
				assertThat(report(hit).costSavedUsd()).as("what is real has a price").isPositive();
			});
	}

	private static ChatClientResponse response(ChatClient client) {
		return client.prompt("Who are you?")
			.advisors((advisors) -> advisors.param(TokenSaving.PLAN_ID, "cached"))
			.call()
			.chatClientResponse();
	}

	private static String text(ChatClientResponse response) {
		return response.chatResponse().getResult().getOutput().getText();
	}

	private static SavingsReport report(ChatClientResponse response) {
		return (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
	}

	@Test
	void anotherLocalModelSharesNoAnswers() {
		Map<String, ExactCacheStore> shared = new HashMap<>();
		this.developed.run((context) -> {
			shared.put("store", context.getBean(ExactCacheStore.class));
			response(client(context));
		});
		this.developed.withPropertyValues("token-saving.local.model=other")
			.withBean("shared", CaffeineExactCacheStore.class, () -> (CaffeineExactCacheStore) shared.get("store"))
			.run((context) -> assertThat(report(response(client(context))).outcome()).isEqualTo(Outcome.MISS));
		assertThat(this.local.requests()).hasSize(2);
	}

	@ParameterizedTest
	@ValueSource(strings = { MODEL, "gpt-4o-mini" })
	void answeringInPlaceOfATierOrModelSavesNothing(String model) {
		this.developed.withPropertyValues("token-saving.local.model=" + model).run((context) -> {
			assertThat(context.getBean(PriceTable.class).find("gpt-4o")).isNotNull();
			for (ChatClient client : List.of(client(context), foreignClient(context))) {
				ChatClientResponse response = client.prompt("Who are you?")
					.advisors((advisors) -> advisors.param(TokenSaving.PLAN_ID, "routed"))
					.call()
					.chatClientResponse();
				SavingsReport report = report(response);
				assertThat(report.tokensBought()).isEqualTo(1100);
				assertThat(report.costSavedUsd()).isZero();
				assertThat(report.costSavedUsdByTechnique()).isEmpty();
				assertThat(report.model()).isEqualTo(model);
			}
			PlanStatistics statistics = context.getBean(SavingsStatistics.class)
				.find(new PlanKey("default-local", "routed"));
			assertThat(statistics.snapshot().costSavedUsd()).isEqualByComparingTo(BigDecimal.ZERO);
		});
		nothingWasReal();
	}

	@Test
	void theWorkspaceOfTheApplicationIsKeptApartToo() {
		this.developed.withBean(WorkspaceResolver.class, () -> (request) -> "tenant").run((context) -> {
			assertThat(report(response(client(context))).workspace()).isEqualTo("tenant-local");
			assertThat(context.getBean(Tiers.class).find("nano").model()).isEqualTo(MODEL);
		});
	}

	@ParameterizedTest
	@CsvSource({ ",false", ",true", "routed,true" })
	void whatIsDownIsTheLocalEndpointAndNothingElseIsAsked(String plan, boolean stream) {
		this.local.close();
		this.developed.run((context) -> {
			assertThatThrownBy(() -> ask(client(context), plan, stream)).hasRootCauseInstanceOf(IOException.class);
			assertThatThrownBy(() -> ask(foreignClient(context), plan, true)).hasRootCauseInstanceOf(IOException.class);
		});
		nothingWasReal();
	}

	@ParameterizedTest
	@CsvSource({ ",false", ",true", "routed,true" })
	void theRealModelAnswersOnlyIfThatIsWished(String plan, boolean stream) {
		this.local.close();
		this.developed.withPropertyValues("token-saving.local.fallback=real")
			.run((context) -> assertThat(ask(client(context), plan, stream)).isEqualTo("real"));
		assertThat(this.real.requests()).singleElement().asString().contains("gpt-4o");
	}

	@ParameterizedTest
	@ValueSource(strings = { MODEL, "gpt-4o" })
	void whatTheRealModelAnswersIsPaidAndSavesNothing(String model) {
		this.local.close();
		this.developed.withPropertyValues("token-saving.local.fallback=real", "token-saving.local.model=" + model)
			.run((context) -> {
				SavingsReport report = report(response(client(context)));
				assertThat(report.model()).isEqualTo("gpt-4o");
				assertThat(report.costSavedUsd()).isZero();
				PlanStatistics statistics = context.getBean(SavingsStatistics.class)
					.find(new PlanKey("default-local", "cached"));
				ModelPrice price = context.getBean(PriceTable.class).real().find("gpt-4o");
				long picoUsd = price.picoUsd(new TokenUsage(1000, 100, 0, 0, false));
				assertThat(statistics.snapshot().spentUsd()).isPositive()
					.isEqualByComparingTo(BigDecimal.valueOf(picoUsd, 12));
			});
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aLocalEndpointThatFailsIsAskedOnceAndOneOfATierTwice(boolean stream) {
		Function<String, Reply> down = (request) -> new Reply(503, "application/json", "{}");
		this.local.answer(down);
		this.developed.run((context) -> assertThatThrownBy(() -> ask(client(context), null, stream)).isNotNull());
		assertThat(this.local.requests()).hasSize(1);
		profiles("prod").withPropertyValues("token-saving.tiers.nano.base-url=" + this.local.url() + "/v1")
			.run((context) -> assertThat(ask(client(context), "routed", stream)).isEqualTo("real"));
		assertThat(this.local.requests()).hasSize(3);
	}

	@ParameterizedTest
	@CsvSource({ ",false", ",true", "routed,false", "routed,true" })
	void aMissingCapabilityIsNamedAndNothingIsAsked(String plan, boolean stream) {
		this.developed.withPropertyValues("token-saving.local.tools=false").run((context) -> {
			ChatClient client = client(context).mutate().defaultTools(tool()).build();
			assertThatThrownBy(() -> ask(client, plan, stream))
				.isInstanceOfSatisfying(MissingCapabilityException.class,
						(ex) -> assertThat(ex.getMissing()).containsExactly(TierNeeds.Need.TOOLS))
				.hasMessageContaining("'tools'")
				.hasMessageContaining("'token-saving.local.on-missing'");
		});
		assertThat(this.local.requests()).isEmpty();
		nothingWasReal();
	}

	@ParameterizedTest
	@CsvSource({ ",false", ",true", "routed,false", "routed,true" })
	void aMissingCapabilityGoesToTheRealModelOnlyIfThatIsWished(String plan, boolean stream) {
		this.developed.withPropertyValues("token-saving.local.tools=false", "token-saving.local.on-missing=real")
			.run((context) -> {
				ChatClient client = client(context).mutate().defaultTools(tool()).build();
				assertThat(ask(client, plan, stream)).isEqualTo("real");
				assertThat(ask(client(context), plan, stream)).isEqualTo("local");
			});
		assertThat(this.real.requests()).hasSize(2);
	}

	@Test
	void whatTheContextWindowDoesNotHoldIsMissing() {
		this.developed.withPropertyValues("token-saving.local.context-window=3")
			.run((context) -> assertThatThrownBy(() -> ask(client(context), null, false))
				.isInstanceOf(MissingCapabilityException.class)
				.hasMessageContaining("'context-window'"));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatTheEndpointReportsAsMissingIsItsErrorOrGoesToTheRealModel(boolean stream) {
		this.local.answer((request) -> Reply.rejected("qwen3 does not support tools"));
		this.developed.run((context) -> assertThatThrownBy(() -> ask(client(context), null, stream))
			.hasMessageContaining("does not support tools"));
		nothingWasReal();
		this.developed.withPropertyValues("token-saving.local.on-missing=real")
			.run((context) -> assertThat(ask(client(context), null, stream)).isEqualTo("real"));
		Function<String, Reply> other = (request) -> Reply.rejected("the prompt is not accepted");
		this.local.answer(other);
		int before = this.real.requests().size();
		this.developed.withPropertyValues("token-saving.local.on-missing=real", "token-saving.local.fallback=real")
			.run((context) -> assertThatThrownBy(() -> ask(client(context), null, stream))
				.hasMessageContaining("not accepted"));
		assertThat(this.real.requests()).hasSize(before);
	}

	@Test
	void judgesAreLocalToo() {
		// Equal answers need no judge
		AtomicInteger count = new AtomicInteger();
		this.local.answer((request) -> answer(request, "local " + count.incrementAndGet()));
		this.developed.withPropertyValues("token-saving.plans.routed.route.tiers=nano,own",
				"token-saving.plans.routed.route.default-tier=own", "token-saving.plans.routed.route.classifier=rules",
				"token-saving.plans.routed.route.rules[0].tier=nano",
				"token-saving.plans.routed.route.judge.sample-rate=1")
			.run((context) -> {
				client(context).prompt("Hello").advisors(TokenSaving.plan("routed")).call().content();
				Eventually.await("the answer, the one it is compared with, and the judge",
						() -> this.local.requests().size() >= 3);
			});
		nothingWasReal();
	}

	@Test
	void theDefaultsAreThoseOfTheDocumentation() {
		LocalProperties properties = new LocalProperties();
		assertThat(properties.isEnabled()).isFalse();
		assertThat(properties.getBaseUrl()).isEqualTo("http://localhost:11434/v1");
		assertThat(properties.getProfiles()).containsExactly("dev");
		assertThat(properties.getNeverIn()).containsExactly("prod", "production");
		assertThat(properties.getOnMissing()).isEqualTo(LocalPolicy.FAIL);
		assertThat(properties.getFallback()).isEqualTo(LocalPolicy.FAIL);
	}

	@Test
	void theAdvisorIsOneOfThoseOfEveryClient() {
		this.developed.run((context) -> {
			List<Advisor> advisors = context.getBean(TokenSavingAdvisors.class).toList();
			assertThat(advisors).contains(context.getBean(LocalAdvisor.class));
			ChatOptions options = OpenAiChatOptions.builder().model("gpt-4o").build();
			ChatResponse response = client(context).prompt("Hello").options(options.mutate()).call().chatResponse();
			assertThat(response.getMetadata().getModel()).isEqualTo(MODEL);
		});
	}

	private static FunctionToolCallback<Text, String> tool() {
		return FunctionToolCallback.builder("look_up", (Text text) -> "found")
			.description("d")
			.inputType(Text.class)
			.build();
	}

	private static <T extends Throwable> T find(Throwable failure, Class<T> type) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (type.isInstance(cause)) {
				return type.cast(cause);
			}
		}
		throw new AssertionError("There is no " + type, failure);
	}

	record Text(String text) {

	}

	record Named(String name) {

	}

}
