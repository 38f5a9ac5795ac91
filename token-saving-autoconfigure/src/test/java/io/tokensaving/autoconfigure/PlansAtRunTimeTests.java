package io.tokensaving.autoconfigure;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.MutablePlanRepository;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanRepository;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for plans that {@link TokenSavingAutoConfiguration} did not know of when the
 * application started.
 */
class PlansAtRunTimeTests {

	private static final Map<String, Object> SEMANTIC = Map.of("cache",
			Map.of("backend", "in_memory_semantic", "similarity-threshold", 0.5));

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class, ChatClientAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing);

	@Test
	void theChainIsCompleteWithoutAnyPlan() {
		this.contextRunner.run((context) -> assertThat(context.getBean(TokenSavingAdvisors.class).toList()).hasSize(8));
	}

	@Test
	void aClientThatWasBuiltBeforeThePlanFollowsIt() {
		AtomicInteger created = new AtomicInteger();
		this.contextRunner.withBean(EmbeddingModel.class, () -> {
			created.incrementAndGet();
			return new WordsEmbeddingModel();
		}, (definition) -> definition.setLazyInit(true)).run((context) -> {
			ChatClient client = context.getBean(ChatClient.Builder.class).build();
			client.prompt("How do I reset my password?").advisors(TokenSaving.plan("faq")).call().content();
			assertThat(created).hasValue(0);
			MutablePlanRepository plans = context.getBean(MutablePlanRepository.class);
			plans.create("default", "faq", SEMANTIC);
			assertThat(created).hasValue(1);
			assertThat(outcome(client, "How do I reset my password?")).isEqualTo("miss");
			assertThat(outcome(client, "How do I reset the password?")).isEqualTo("semantic_hit");
			plans.update("default", "faq", Map.of("cache.backend", "in_memory"), 1L);
			assertThat(outcome(client, "How did I reset my password?")).isEqualTo("miss");
			plans.delete("default", "faq", null);
			assertThat(report(client, "How do I reset my password?")).isNull();
		});
	}

	private static String outcome(ChatClient client, String question) {
		return report(client, question).outcome().value();
	}

	private static SavingsReport report(ChatClient client, String question) {
		return (SavingsReport) client.prompt(question)
			.advisors(TokenSaving.plan("faq"))
			.call()
			.chatClientResponse()
			.context()
			.get(SavingsReport.CONTEXT_KEY);
	}

	@Test
	void whatAPlanNeedsAndIsNotThereIsSaid() {
		this.contextRunner.withClassLoader(new FilteredClassLoader("dev.langchain4j"))
			.run((context) -> assertThatExceptionOfType(InvalidPlanException.class)
				.isThrownBy(() -> context.getBean(MutablePlanRepository.class).create("default", "faq", SEMANTIC))
				.satisfies((ex) -> {
					assertThat(ex.getField()).isEqualTo("cache.backend");
					assertThat(ex.getAccepted()).contains("EmbeddingModel bean");
				}));
	}

	@Test
	void theChatModelMayBeJudgeIfThereIsOne() {
		Map<String, Object> settings = Map.of("cache.judge", "llm");
		this.contextRunner.run((context) -> assertThat(context.getBean(PlanReader.class)
			.read("p", Map.of("cache", Map.of("judge", "llm")))
			.settings(CacheSettings.class)
			.judge()).isEqualTo("llm"));
		new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class))
			.run((context) -> assertThatExceptionOfType(InvalidPlanException.class)
				.isThrownBy(() -> context.getBean(MutablePlanRepository.class).create("default", "p", settings))
				.satisfies((ex) -> assertThat(ex.getField()).isEqualTo("cache.judge")));
	}

	@Test
	void aStoredPlanIsWhatTheSameConfigurationIs() {
		this.contextRunner.withPropertyValues("token-saving.plans.a.cache.ttl=90",
				"token-saving.plans.a.cache.guards=numbers,names", "token-saving.plans.a.cache.max-entry-size=1KB",
				"token-saving.plans.a.compression.max-input-tokens=100", "token-saving.plans.a.compression.language=de")
			.run((context) -> {
				MutablePlanRepository plans = context.getBean(MutablePlanRepository.class);
				plans.create("default", "b",
						Map.of("cache.ttl", 90, "cache.guards", "numbers,names", "cache",
								Map.of("max_entry_size", 1024), "compression.max-input-tokens", 100,
								"compression.language", "DE"));
				PlanRepository found = context.getBean(PlanRepository.class);
				assertThat(found.find("default", "b").settings(CacheSettings.class))
					.isEqualTo(found.find("default", "a").settings(CacheSettings.class));
				assertThat(found.find("default", "b").settings(CompressionSettings.class))
					.isEqualTo(found.find("default", "a").settings(CompressionSettings.class));
			});
	}

}
