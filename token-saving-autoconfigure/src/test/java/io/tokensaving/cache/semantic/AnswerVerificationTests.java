package io.tokensaving.cache.semantic;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.ThreadLocalTenant;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.sampling.ChatModelJudge;
import io.tokensaving.sampling.EmbeddingJudge;
import io.tokensaving.sampling.Judge;
import io.tokensaving.sampling.NoVerdictException;
import io.tokensaving.sampling.Sampler;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AnswerVerification}, through the advisor that it belongs to.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class AnswerVerificationTests {

	private static final Judge RIGHT = (question, served, fresh) -> new Judge.Verdict(true, "judge",
			new TokenUsage(50, 1, 0, 0, false));

	private final WordsEmbeddingModel embeddingModel = new WordsEmbeddingModel();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final List<SemanticCacheAdvisor> advisors = new ArrayList<>();

	private final CountDownLatch release = new CountDownLatch(1);

	@AfterEach
	void close() {
		this.release.countDown();
		this.advisors.forEach(SemanticCacheAdvisor::close);
	}

	@Test
	void aPlanWhoseModelHangsDoesNotEndTheVerificationOfOthers() {
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			if (prompt.getUserMessage().getText().startsWith("hang")) {
				hang();
			}
			return ScriptedChatModel.answer("Click here");
		});
		ChatClient client = client(model, RIGHT, (builder) -> {
		}, "p", "q", "r");
		for (String plan : List.of("p", "q", "r")) {
			ask(client, plan, "How do I reset my password?", false);
		}
		for (int i = 0; i < 20; i++) {
			ask(client, "p", "hang how do I reset my password?", false);
			ask(client, "q", "hang how do I reset my password?", true);
		}
		ask(client, "r", "how do i reset the password", false);
		Eventually.await(() -> stats("r").figures(SemanticCacheFeature.ERROR_RATE).verified() == 1);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void modelAndJudgeAreAskedInTheContextOfTheCaller(boolean stream) {
		try (ThreadLocalTenant tenant = ThreadLocalTenant.register()) {
			List<String> seen = new CopyOnWriteArrayList<>();
			ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
				seen.add("call " + tenant.getValue());
				return ScriptedChatModel.answer("Click here");
			});
			model.streaming((prompt) -> Flux.deferContextual((context) -> {
				seen.add("stream " + tenant.getValue() + " " + context.getOrDefault("user", "nobody"));
				return Flux.just(ScriptedChatModel.answer("Click there"));
			}));
			Judge judge = (question, served, fresh) -> {
				seen.add("judge " + tenant.getValue());
				return RIGHT.judge(question, served, fresh);
			};
			ChatClient client = client(model, judge, (builder) -> {
			}, "p");
			tenant.setValue("anna");
			ask(client, "p", "How do I reset my password?", !stream);
			seen.clear();
			ask(client, "p", "how do i reset the password", stream);
			Eventually.await(() -> stats("p").figures(SemanticCacheFeature.ERROR_RATE).verified() == 1
					|| this.statistics.errors(SemanticCacheFeature.VERIFICATION) > 0);
			assertThat(seen).containsExactly(stream ? "stream anna carla" : "call anna", "judge anna")
				.as("verified in the context of the caller");
		}
	}

	@ParameterizedTest
	@CsvSource({ "false,false", "false,true", "true,false", "true,true" })
	void whatHangsIsGivenUpCountedAndChargedIfItAnswersAfterAll(boolean stream, boolean listens,
			CapturedOutput output) {
		AtomicInteger asked = new AtomicInteger();
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			if (asked.incrementAndGet() > 1) {
				hang(listens);
			}
			return ScriptedChatModel.answer("Click here");
		});
		model.streaming((prompt) -> Flux.concat(
				Flux.just(new ChatResponse(List.of(new Generation(new AssistantMessage("Click "))))),
				Flux.defer(() -> Flux.just(model.call(prompt)))));
		ChatClient client = client(model, RIGHT, (builder) -> builder.verificationTimeout(Duration.ofMillis(500)), "p");
		ask(client, "p", "How do I reset my password?", false);
		long before = stats("p").overheadTokens();
		ask(client, "p", "how do i reset the password", stream);
		Eventually.await(() -> this.statistics.errors(SemanticCacheFeature.VERIFICATION) == 1);
		Eventually.await(() -> output.toString()
			.contains("'verification' for plan 'p': The verifying call took longer than PT0.5S"));
		Sampler sampler = this.advisors.get(0).verificationSampler();
		if (listens) {
			// The interrupt comes after the deadline was told
			Eventually.await(() -> sampler.plans() == 0);
		}
		this.release.countDown();
		Eventually.await(() -> sampler.plans() == 0);
		long charged = stats("p").overheadTokens() - before - 10;
		if (!listens) {
			assertThat(charged).isEqualTo(120);
		}
		else if (stream) {
			assertThat(charged).as("estimated").isBetween(1L, 100L);
		}
		else {
			assertThat(charged).isZero();
		}
		assertThat(stats("p").figures(SemanticCacheFeature.ERROR_RATE).verified()).isZero();
		assertThat(this.statistics.errors(SemanticCacheFeature.VERIFICATION)).isEqualTo(1);
	}

	@Test
	void aJudgeThatHangsIsGivenUpToo() {
		Judge judge = (question, served, fresh) -> {
			hang(false);
			return RIGHT.judge(question, served, fresh);
		};
		AtomicInteger asked = new AtomicInteger();
		ScriptedChatModel model = new ScriptedChatModel(
				(prompt) -> ScriptedChatModel.answer("Click " + asked.incrementAndGet()));
		ChatClient client = client(model, judge, (builder) -> builder.verificationTimeout(Duration.ofMillis(50)), "p");
		ask(client, "p", "How do I reset my password?", false);
		ask(client, "p", "how do i reset the password", false);
		Eventually.await(() -> this.statistics.errors(SemanticCacheFeature.VERIFICATION) == 1);
		this.release.countDown();
		Eventually.await(() -> stats("p").overheadTokens() == 20 + 120 + 51);
		assertThat(stats("p").figures(SemanticCacheFeature.ERROR_RATE).verified()).isZero();
	}

	@Test
	void aRequestScopedBeanThatIsGoneIsCountedOnly() {
		AtomicInteger asked = new AtomicInteger();
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			if (asked.incrementAndGet() == 2) {
				throw new IllegalStateException("No thread-bound request found");
			}
			return ScriptedChatModel.answer("Click here");
		});
		ChatClient client = client(model, RIGHT, (builder) -> {
		}, "p");
		ask(client, "p", "How do I reset my password?", false);
		ask(client, "p", "how do i reset the password", false);
		Eventually.await(() -> this.statistics.errors(SemanticCacheFeature.VERIFICATION) == 1);
		ask(client, "p", "how do i reset the password", false);
		Eventually.await(() -> stats("p").figures(SemanticCacheFeature.ERROR_RATE).verified() == 1);
	}

	@ParameterizedTest
	@EnumSource(Unusable.class)
	void whatIsPaidForIsChargedAlsoIfItIsOfNoUse(Unusable unusable, CapturedOutput output) {
		AtomicInteger asked = new AtomicInteger();
		ScriptedChatModel model = new ScriptedChatModel(
				(prompt) -> (asked.incrementAndGet() == 1) ? ScriptedChatModel.answer("Click here") : unusable.fresh());
		ChatClient client = client(model, unusable.judge(this.embeddingModel), (builder) -> {
		}, "p");
		ask(client, "p", "How do I reset my password?", false);
		this.embeddingModel.fault((vector) -> unusable.fault(asked.get(), vector));
		ask(client, "p", "how do i reset the password", false);
		Eventually.await(() -> stats("p").overheadTokens() == 20 + 120 + unusable.judged);
		Sampler sampler = this.advisors.get(0).verificationSampler();
		Eventually.await(() -> sampler.plans() == 0);
		assertThat(stats("p").figures(SemanticCacheFeature.ERROR_RATE).verified()).isZero();
		assertThat(this.statistics.errors(SemanticCacheFeature.VERIFICATION))
			.isEqualTo((unusable.said != null) ? 1 : 0);
		if (unusable.said != null) {
			assertThat(output).contains("'verification' for plan 'p': The judge 'test' " + unusable.said)
				.doesNotContain("secret");
		}
	}

	private void hang() {
		hang(false);
	}

	private void hang(boolean listens) {
		while (this.release.getCount() > 0) {
			try {
				this.release.await();
			}
			catch (InterruptedException ex) {
				if (listens) {
					throw new IllegalStateException("interrupted");
				}
			}
		}
	}

	private ChatClient client(ScriptedChatModel model, Judge judge, Consumer<SemanticCacheAdvisor.Builder> customizer,
			String... plans) {
		return client(model, judge, customizer, UnaryOperator.identity(), plans);
	}

	private ChatClient client(ScriptedChatModel model, Judge judge, Consumer<SemanticCacheAdvisor.Builder> customizer,
			UnaryOperator<CacheSettings.Builder> settings, String... plans) {
		SemanticCacheStore store = new InMemorySemanticCacheStore();
		CacheSettings cache = settings
			.apply(CacheSettings.builder(store.backend())
				.similarityThreshold(0.7)
				.verifySampleRate(1)
				.judge("test")
				.semanticTimeout(Duration.ofSeconds(30))
				.guards(List.of()))
			.build();
		PriceTable prices = new PriceTable(
				List.of(new ModelPrice("scripted-model", BigDecimal.ONE, BigDecimal.ONE, null, null),
						new ModelPrice("judge", BigDecimal.TEN, BigDecimal.TEN, null, null)));
		Plan[] all = Arrays.stream(plans).map((id) -> Plan.builder(id).with(cache).build()).toArray(Plan[]::new);
		SemanticCacheAdvisor.Builder builder = SemanticCacheAdvisor.builder(this.embeddingModel, store)
			.prices(prices)
			.judges(Map.of("test", judge))
			.statistics(this.statistics);
		customizer.accept(builder);
		SemanticCacheAdvisor semantic = builder.build();
		this.advisors.add(semantic);
		return ChatClient.builder(model)
			.defaultAdvisors(new TokenSavingAdvisors(
					List.of(PlanAdvisor.builder(all).prices(prices).statistics(this.statistics).build(), semantic)))
			.build();
	}

	private static void ask(ChatClient client, String plan, String question, boolean stream) {
		ChatClient.ChatClientRequestSpec request = client.prompt(new Prompt(question)).advisors(TokenSaving.plan(plan));
		if (stream) {
			request.stream().content().contextWrite((context) -> context.put("user", "carla")).blockLast();
		}
		else {
			request.call().content();
		}
	}

	private StatisticsSnapshot stats(String plan) {
		return this.statistics.plan(new PlanKey("default", plan)).snapshot();
	}

	/**
	 * What a verification pays for in vain.
	 */
	enum Unusable {

		ANSWER_CUT_OFF(0, null), ANSWER_EMPTY(0, null),

		JUDGE_SAYS_NEITHER(120, "replied neither SAME nor DIFFERENT"),

		JUDGE_SAYS_BOTH(120, "replied neither SAME nor DIFFERENT"),

		JUDGE_SAYS_NOTHING(120, "replied neither SAME nor DIFFERENT"),

		JUDGE_EMBEDS_NOT_A_NUMBER(20, "was given embeddings that cannot be compared"),

		JUDGE_EMBEDS_NOTHING(20, "was given embeddings that cannot be compared"),

		JUDGE_OF_THE_APPLICATION(7, "lost its way");

		private final long judged;

		private final String said;

		Unusable(long judged, String said) {
			this.judged = judged;
			this.said = said;
		}

		ChatResponse fresh() {
			return switch (this) {
				case ANSWER_CUT_OFF -> ScriptedChatModel.answer("Click", "LENGTH");
				case ANSWER_EMPTY -> ScriptedChatModel.answer("");
				default -> ScriptedChatModel.answer("Click there");
			};
		}

		Judge judge(EmbeddingModel embeddingModel) {
			return switch (this) {
				case JUDGE_SAYS_NEITHER -> byModel("The secret is safe");
				case JUDGE_SAYS_BOTH -> byModel("SAME secret, DIFFERENT words");
				case JUDGE_SAYS_NOTHING ->
					new ChatModelJudge(ScriptedChatModel.answering(ScriptedChatModel.response()));
				case JUDGE_EMBEDS_NOT_A_NUMBER, JUDGE_EMBEDS_NOTHING -> new EmbeddingJudge(embeddingModel);
				case JUDGE_OF_THE_APPLICATION -> (question, served, fresh) -> {
					throw new NoVerdictException("lost its way", "judge", new TokenUsage(6, 1, 0, 0, false));
				};
				default -> RIGHT;
			};
		}

		private static Judge byModel(String reply) {
			return new ChatModelJudge(ScriptedChatModel.answering(ScriptedChatModel.answer(reply)));
		}

		float[] fault(int asked, float[] vector) {
			return (asked < 2) ? vector : switch (this) {
				case JUDGE_EMBEDS_NOT_A_NUMBER -> new float[vector.length];
				case JUDGE_EMBEDS_NOTHING -> new float[0];
				default -> vector;
			};
		}

	}

}
