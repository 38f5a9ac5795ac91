package io.tokensaving.dedup;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import io.tokensaving.AdvisorOrder;
import io.tokensaving.Eventually;
import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.TestExactStore;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.ledger.SavingsLedger;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.CallAdvisor;
import org.springframework.ai.chat.client.advisor.api.CallAdvisorChain;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for what is written down when requests share an answer: each token that was
 * bought once, and nothing that nobody saved.
 */
@Timeout(60)
class DedupSavingsTests {

	private static final ModelPrice PRICE = new ModelPrice("scripted-model", BigDecimal.valueOf(2), BigDecimal.TEN,
			null, null);

	private final ExecutorService callers = Executors.newCachedThreadPool();

	private final CountDownLatch answering = new CountDownLatch(1);

	private TokenSavingTestChain chain = new TokenSavingTestChain(
			Plan.builder("support-bot").with(new CacheSettings("in_memory")).with(DedupSettings.DEFAULTS).build());

	@AfterEach
	void stopCallers() {
		this.answering.countDown();
		this.callers.shutdownNow();
	}

	@Test
	void whoLeavesBeforeTheAnswerHasSavedNothing() {
		this.chain = new TokenSavingTestChain(Plan.builder("support-bot")
			.with(new CompressionSettings("trim", 200))
			.with(new CacheSettings("in_memory"))
			.with(DedupSettings.DEFAULTS)
			.build()).price(PRICE);
		ChatClient client = this.chain.client(ScriptedChatModel.echoing().streaming((prompt) -> Flux.never()));
		List<Message> history = new ArrayList<>();
		for (int i = 0; i < 30; i++) {
			history.add(new UserMessage("Question " + i + ": " + "some words of it ".repeat(10)));
			history.add(new AssistantMessage("Answer " + i + ": " + "some words of it ".repeat(10)));
		}
		List<Disposable> streams = new ArrayList<>();
		for (int i = 1; i <= 10; i++) {
			int count = i;
			streams.add(client.prompt().messages(history).user("and now?").stream().content().subscribe());
			Eventually.await(() -> this.chain.dedup().waiting() == count);
		}
		// The first one leaves while others wait, and all but one after it
		streams.subList(0, 9).forEach(Disposable::dispose);
		StatisticsSnapshot stats = stats();
		assertThat(stats.totalRequests()).isEqualTo(9);
		assertThat(stats.requests(DedupFeature.HIT)).isZero();
		assertThat(stats.misses()).isEqualTo(9);
		assertThat(stats.tokensBought()).isZero();
		assertThat(stats.tokensSaved()).isZero();
		assertThat(stats.costSavedUsd()).isZero();
		// The last one had sent the compressed prompt
		streams.get(9).dispose();
		assertThat(stats().tokensBought()).isPositive();
		assertThat(stats().tokensSavedByTechnique().get("compression")).isPositive().isEqualTo(stats().tokensSaved());
	}

	@Test
	void anErrorThatIsSharedIsNoHit() throws Exception {
		ChatClient client = this.chain.client(new ScriptedChatModel((prompt) -> {
			awaitAnswering();
			throw new IllegalStateException("model");
		}));
		List<Future<String>> calls = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			calls.add(this.callers.submit(() -> client.prompt("one").call().content()));
		}
		Eventually.await(() -> this.chain.dedup().waiting() == 5);
		this.answering.countDown();
		for (Future<String> call : calls) {
			assertThatThrownBy(call::get).hasRootCauseMessage("model");
		}
		assertThat(stats().requests(DedupFeature.HIT)).isZero();
		assertThat(stats().misses()).isEqualTo(5);
		assertThat(stats().modelErrors()).isEqualTo(5);
	}

	@Test
	void whoIsInterruptedAfterTheAnswerHasArrivedHasBoughtItAndGetsIt() throws Exception {
		AtomicReference<Thread> first = new AtomicReference<>();
		this.chain.store(new InterruptingStore(first));
		ChatClient client = this.chain.client(new ScriptedChatModel((prompt) -> {
			awaitAnswering();
			return ScriptedChatModel.answer("answer");
		}));
		AtomicReference<String> answer = new AtomicReference<>();
		Thread leader = new Thread(() -> answer
			.set(client.prompt("one").call().content() + ", interrupted: " + Thread.currentThread().isInterrupted()));
		first.set(leader);
		leader.start();
		Eventually.await(() -> this.chain.dedup().waiting() == 1);
		Future<String> follower = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> this.chain.dedup().waiting() == 2);
		this.answering.countDown();
		assertThat(follower.get()).isEqualTo("answer");
		leader.join();
		assertThat(answer).hasValue("answer, interrupted: true");
		assertThat(stats().tokensBought()).isEqualTo(120);
		assertThat(stats().tokensSaved()).isEqualTo(120);
	}

	@Test
	void aSharedHitKeepsItsAgeAndSimilarity() throws Exception {
		ChatClient client = this.chain.client(ScriptedChatModel.echoing(), new Semantic());
		List<Future<ChatClientResponse>> calls = new ArrayList<>();
		for (int i = 0; i < 2; i++) {
			calls.add(this.callers.submit(() -> client.prompt("one").call().chatClientResponse()));
		}
		Eventually.await(() -> this.chain.dedup().waiting() == 2);
		this.answering.countDown();
		List<Outcome> outcomes = new ArrayList<>();
		for (Future<ChatClientResponse> call : calls) {
			SavingsReport report = (SavingsReport) call.get().context().get(SavingsReport.CONTEXT_KEY);
			outcomes.add(report.outcome());
			assertThat(report.ageSeconds()).isEqualTo(3600);
			assertThat(report.similarity()).isEqualTo(0.9);
		}
		assertThat(outcomes).containsExactlyInAnyOrder(SemanticCacheFeature.HIT, DedupFeature.HIT);
		assertThat(stats().tokensSaved()).isEqualTo(240);
	}

	private StatisticsSnapshot stats() {
		return this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
	}

	private void awaitAnswering() {
		try {
			this.answering.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Answers as a semantic cache would.
	 */
	private final class Semantic implements CallAdvisor {

		@Override
		public ChatClientResponse adviseCall(ChatClientRequest request, CallAdvisorChain next) {
			awaitAnswering();
			SavingsLedger.of(request)
				.recordHit(SemanticCacheFeature.HIT, SemanticCacheFeature.TECHNIQUE,
						new TokenUsage(100, 20, 0, 0, false), "scripted-model", 3600, 0.9);
			ChatResponse served = ChatResponse.builder()
				.from(ScriptedChatModel.answer("an hour old"))
				.metadata(SavingsReport.OUTCOME_METADATA_KEY, SemanticCacheFeature.HIT.value())
				.build();
			return new ChatClientResponse(served, new HashMap<>(request.context()));
		}

		@Override
		public String getName() {
			return "semantic";
		}

		@Override
		public int getOrder() {
			return AdvisorOrder.SEMANTIC_CACHE;
		}

	}

	/**
	 * Interrupts a caller whose answer is just being stored.
	 */
	private static final class InterruptingStore extends TestExactStore {

		private final AtomicReference<Thread> caller;

		InterruptingStore(AtomicReference<Thread> caller) {
			this.caller = caller;
		}

		@Override
		public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
			this.caller.get().interrupt();
			try {
				this.caller.get().join(TimeUnit.SECONDS.toMillis(60));
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			super.store(key, response, ttl, tags);
		}

	}

}
