package io.tokensaving.cache.semantic;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeoutException;
import java.util.function.UnaryOperator;

import io.tokensaving.Eventually;
import io.tokensaving.Outcome;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what {@link SemanticCacheAdvisor} lets pass because of its text.
 */
@Timeout(60)
class LanguageBypassTests {

	private static final String GERMAN = "Wie kann ich mein Passwort zurücksetzen?";

	private static final String RUSSIAN = "Как сбросить пароль?";

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	private final WordsEmbeddingModel words = new WordsEmbeddingModel();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final InMemorySemanticCacheStore store = new InMemorySemanticCacheStore();

	private SemanticCacheAdvisor advisor;

	@AfterEach
	void close() {
		this.advisor.close();
	}

	private ChatClient client(EmbeddingModel embeddingModel, UnaryOperator<CacheSettings.Builder> settings) {
		CacheSettings.Builder cache = CacheSettings.builder(this.store.backend())
			.similarityThreshold(0.7)
			.verifySampleRate(0);
		Plan plan = Plan.builder("p").with(settings.apply(cache).build()).build();
		PriceTable prices = new PriceTable(
				List.of(new ModelPrice("words", new BigDecimal("0.1"), BigDecimal.ZERO, null, null)));
		this.advisor = SemanticCacheAdvisor.builder(embeddingModel, this.store)
			.prices(prices)
			.statistics(this.statistics)
			.build();
		return ChatClient.builder(this.model)
			.defaultAdvisors(new TokenSavingAdvisors(List.of(
					PlanAdvisor.builder(plan).defaultPlan("p").prices(prices).statistics(this.statistics).build(),
					this.advisor)))
			.build();
	}

	private void ask(ChatClient client, String question, boolean stream) {
		if (stream) {
			client.prompt(question).stream().content().blockLast();
		}
		else {
			client.prompt(question).call().content();
		}
	}

	private StatisticsSnapshot stats() {
		return this.statistics.plan(new PlanKey("default", "p")).snapshot();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void questionsInOtherLanguagesGoPastAndAreCounted(boolean stream) {
		ChatClient client = client(this.words, UnaryOperator.identity());
		ask(client, GERMAN, stream);
		ask(client, GERMAN, stream);
		ask(client, RUSSIAN, stream);
		assertThat(this.model.calls()).isEqualTo(3);
		assertThat(this.words.calls()).isZero();
		assertThat(this.store.status().entries()).isZero();
		assertThat(stats().counts(SemanticCacheFeature.BYPASSES)).containsExactly(Map.entry("language", 3L));
		assertThat(stats().requests(Outcome.BYPASS)).isEqualTo(3);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void questionsThatTheModelCannotReadGoPastAndAreCounted(boolean stream) {
		ChatClient client = client(LangChain4jEmbeddingModel.allMiniLmL6V2(), UnaryOperator.identity());
		ask(client, "如何重置密码?", stream);
		ask(client, "如何删除账户?", stream);
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(this.store.status().entries()).isZero();
		assertThat(stats().counts(SemanticCacheFeature.BYPASSES)).containsExactly(Map.entry("unreadable", 2L));
	}

	@Test
	void aLanguageThatIsAddedIsLookedUp() {
		ChatClient client = client(this.words, (cache) -> cache.languages(List.of("en", "de")));
		ask(client, GERMAN, false);
		ask(client, "wie kann ich mein Passwort zurücksetzen", false);
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(stats().counts(SemanticCacheFeature.BYPASSES)).isEmpty();
	}

	@Test
	void scriptsAreProbedInTheBackgroundAtTheCostOfThePlan() {
		CountDownLatch asked = new CountDownLatch(1);
		EmbeddingModel late = this.words.fault((vector) -> {
			Eventually.await(() -> asked.getCount() == 0);
			return vector;
		});
		ChatClient client = client(late, (cache) -> cache.languages(List.of("any")));
		ask(client, RUSSIAN, false);
		assertThat(stats().counts(SemanticCacheFeature.BYPASSES)).containsExactly(Map.entry("unreadable", 1L));
		asked.countDown();
		// The words of this model are of any script
		Eventually.await(() -> {
			ask(client, RUSSIAN, false);
			return this.store.status().entries() == 1;
		});
		int calls = this.model.calls();
		// Other scripts may still be probed; a request that embeds is charged for them
		Eventually.await("all is paid for", () -> {
			ask(client, "как сбросить пароль", false);
			int questions = this.words.calls() - 24;
			return stats().overheadTokens() == 10L * (3 * 24 + questions);
		});
		assertThat(this.model.calls()).isEqualTo(calls);
		assertThat(this.statistics.errors(SemanticCacheFeature.EMBEDDING)).isZero();
	}

	@Test
	void scriptsThatCollapseAreNotCompared() {
		EmbeddingModel cyrillicIsAllTheSame = new LatinEmbeddingModel(this.words);
		ChatClient client = client(cyrillicIsAllTheSame, (cache) -> cache.languages(List.of("any")));
		ask(client, RUSSIAN, false);
		Eventually.await(() -> this.words.calls() >= 24);
		ask(client, RUSSIAN, false);
		ask(client, "Как удалить аккаунт?", false);
		assertThat(this.model.calls()).isEqualTo(3);
		assertThat(this.store.status().entries()).isZero();
		ask(client, GERMAN, false);
		assertThat(this.store.status().entries()).isEqualTo(1);
	}

	@Test
	void aProbeThatFailsIsCountedAndTheScriptsGoPast() {
		WordsEmbeddingModel failing = new WordsEmbeddingModel().fault((vector) -> {
			throw new IllegalStateException(new TimeoutException("away"));
		});
		ChatClient client = client(failing, (cache) -> cache.languages(List.of("any")));
		ask(client, RUSSIAN, false);
		Eventually.await(() -> this.statistics.errors(SemanticCacheFeature.EMBEDDING) == 1);
		ask(client, RUSSIAN, false);
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(this.store.status().entries()).isZero();
		assertThat(stats().counts(SemanticCacheFeature.BYPASSES)).containsExactly(Map.entry("unreadable", 2L));
	}

	/**
	 * Reads a text without a Latin letter as any other one.
	 */
	private record LatinEmbeddingModel(EmbeddingModel model) implements EmbeddingModel {

		@Override
		public EmbeddingResponse call(EmbeddingRequest request) {
			return this.model.call(new EmbeddingRequest(request.getInstructions()
				.stream()
				.map((text) -> text.matches("[^a-zA-Z]+") ? "unknown" : text)
				.toList(), request.getOptions()));
		}

		@Override
		public float[] embed(Document document) {
			return this.model.embed(document);
		}

	}

}
