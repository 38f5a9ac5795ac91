package io.tokensaving;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.dedup.DedupAdvisor;
import io.tokensaving.dedup.DedupSettings;
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
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;

import static io.tokensaving.SavingsReportAssert.assertThatReport;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * What token saving pays for is charged, also when it is of no use. What a verification
 * pays for in vain is in {@code AnswerVerificationTests}.
 */
@Timeout(60)
class PaidInVainTests {

	private final WordsEmbeddingModel embeddingModel = new WordsEmbeddingModel();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final PriceTable prices = new PriceTable(
			List.of(new ModelPrice("scripted-model", BigDecimal.ONE, BigDecimal.ONE, null, null),
					new ModelPrice("words", BigDecimal.ONE, BigDecimal.ONE, null, null)));

	private final List<AutoCloseable> closed = new ArrayList<>();

	private final CountDownLatch release = new CountDownLatch(1);

	@AfterEach
	void close() throws Exception {
		this.release.countDown();
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	@ParameterizedTest
	@EnumSource(Unusable.class)
	void anEmbeddingThatCannotBeUsed(Unusable unusable) {
		ChatClient client = client(Duration.ofSeconds(30));
		client.prompt("How do I reset my password?").call().content();
		this.embeddingModel.fault(unusable::apply);
		ChatClientResponse response = client.prompt("how do i reset the password").call().chatClientResponse();
		assertThatReport(response).hasOutcome(Outcome.BYPASS).bought(120);
		client.prompt("how do i reset a password").stream().content().blockLast();
		assertThat(this.statistics.errors(SemanticCacheFeature.EMBEDDING)).isEqualTo(2);
		assertThat(stats().overheadTokens()).isEqualTo(30);
		assertThat(stats().overheadUsd()).isEqualByComparingTo("0.00003");
	}

	@Test
	void anEmbeddingThatComesTooLate() {
		ChatClient client = client(Duration.ofMillis(20));
		this.embeddingModel.fault((vector) -> {
			hang();
			return vector;
		});
		client.prompt("How do I reset my password?").call().content();
		client.prompt("how do i reset the password").stream().content().blockLast();
		assertThat(this.statistics.errors(SemanticCacheFeature.EMBEDDING)).isEqualTo(2);
		assertThat(stats().overheadTokens()).isZero();
		this.release.countDown();
		Eventually.await(() -> stats().overheadTokens() == 20);
	}

	@Test
	void anAnswerThatNobodyWaitsForAnyMore() throws Exception {
		CountDownLatch asked = new CountDownLatch(1);
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			asked.countDown();
			hang();
			return ScriptedChatModel.answer("Too late");
		});
		Plan plan = Plan.builder("p").with(DedupSettings.DEFAULTS).build();
		DedupAdvisor dedup = DedupAdvisor.builder().prices(this.prices).statistics(this.statistics).build();
		this.closed.add(dedup);
		ChatClient client = ChatClient.builder(model)
			.defaultAdvisors(dedup,
					PlanAdvisor.builder(plan).defaultPlan("p").prices(this.prices).statistics(this.statistics).build())
			.build();
		CompletableFuture<Throwable> failure = new CompletableFuture<>();
		Thread caller = new Thread(() -> {
			try {
				client.prompt("one").call().content();
			}
			catch (Throwable ex) {
				failure.complete(ex);
			}
		});
		caller.start();
		asked.await();
		caller.interrupt();
		assertThat(failure.get()).isInstanceOf(CancellationException.class);
		assertThat(stats().overheadTokens() + stats().tokensBought()).isZero();
		this.release.countDown();
		Eventually.await(() -> stats().overheadTokens() == 120);
		assertThat(stats().overheadUsd()).isEqualByComparingTo("0.00012");
		assertThat(stats().costSavedUsd()).isEqualByComparingTo("-0.00012");
	}

	private ChatClient client(Duration timeout) {
		InMemorySemanticCacheStore store = new InMemorySemanticCacheStore();
		Plan plan = Plan.builder("p")
			.with(CacheSettings.builder(store.backend())
				.similarityThreshold(0.7)
				.semanticTimeout(timeout)
				.verifySampleRate(0)
				.build())
			.build();
		SemanticCacheAdvisor semantic = SemanticCacheAdvisor.builder(this.embeddingModel, store)
			.prices(this.prices)
			.statistics(this.statistics)
			.build();
		this.closed.add(semantic);
		return ChatClient.builder(ScriptedChatModel.echoing())
			.defaultAdvisors(semantic,
					PlanAdvisor.builder(plan).defaultPlan("p").prices(this.prices).statistics(this.statistics).build())
			.build();
	}

	private StatisticsSnapshot stats() {
		return this.statistics.plan(new PlanKey("default", "p")).snapshot();
	}

	private void hang() {
		while (this.release.getCount() > 0) {
			try {
				this.release.await();
			}
			catch (InterruptedException ex) {
				// Does not listen
			}
		}
	}

	/**
	 * What an embedding model may return for money.
	 */
	enum Unusable {

		NOT_A_NUMBER, ZERO, EMPTY, OTHER_DIMENSION;

		float[] apply(float[] vector) {
			return switch (this) {
				case NOT_A_NUMBER -> {
					vector[3] = Float.NaN;
					yield vector;
				}
				case ZERO -> new float[vector.length];
				case EMPTY -> new float[0];
				// Two after each other would be taken for another model
				case OTHER_DIMENSION -> unit(vector.length + 1 + (int) (Math.abs(vector[0]) * 1000));
			};
		}

		private static float[] unit(int length) {
			float[] unit = new float[length];
			unit[0] = 1;
			return unit;
		}

	}

}
