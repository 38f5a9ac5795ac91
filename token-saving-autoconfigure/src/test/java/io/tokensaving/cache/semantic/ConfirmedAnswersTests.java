package io.tokensaving.cache.semantic;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

import io.tokensaving.Eventually;
import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.ThreadLocalTenant;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.event.FeatureSuspendedEvent;
import io.tokensaving.event.TokenSavingEvent;
import io.tokensaving.feature.Eviction;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.sampling.Judge;
import io.tokensaving.sampling.NoVerdictException;
import io.tokensaving.sampling.QuestionJudge;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;

import static io.tokensaving.SavingsReportAssert.assertThatReport;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for answers that {@link SemanticCacheAdvisor} has confirmed before it serves
 * them.
 */
@Timeout(60)
class ConfirmedAnswersTests {

	private static final String STORED = "How do I reset my password?";

	private static final String SIMILAR = "How can I reset the password?";

	private static final TokenUsage FEE = new TokenUsage(20, 2, 0, 0, false);

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	private final WordsEmbeddingModel words = new WordsEmbeddingModel();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final InMemorySemanticCacheStore store = new InMemorySemanticCacheStore();

	private final AtomicInteger judged = new AtomicInteger();

	private final AtomicLong nanos = new AtomicLong();

	private QuestionJudge judge = (asked, stored) -> right();

	private SemanticCacheAdvisor advisor;

	@AfterEach
	void close() {
		this.advisor.close();
	}

	private static Judge.Verdict right() {
		return new Judge.Verdict(true, "cheap", FEE);
	}

	private static Judge.Verdict wrong() {
		return new Judge.Verdict(false, "cheap", FEE);
	}

	private ChatClient client(UnaryOperator<CacheSettings.Builder> settings) {
		CacheSettings.Builder cache = CacheSettings.builder(this.store.backend())
			.similarityThreshold(0.3)
			.confirm(CacheSettings.Confirm.MODEL)
			.confirmTimeout(Duration.ofSeconds(30))
			.verifySampleRate(0);
		Plan plan = Plan.builder("p").with(settings.apply(cache).build()).build();
		PriceTable prices = new PriceTable(
				List.of(new ModelPrice("scripted-model", BigDecimal.ONE, BigDecimal.ONE, null, null),
						new ModelPrice("words", BigDecimal.ZERO, BigDecimal.ZERO, null, null),
						new ModelPrice("cheap", BigDecimal.ONE, BigDecimal.ONE, null, null)));
		this.advisor = SemanticCacheAdvisor.builder(this.words, this.store)
			.prices(prices)
			.statistics(this.statistics)
			.ticker(this.nanos::get)
			.questionJudges((name) -> (asked, stored) -> {
				this.judged.incrementAndGet();
				return this.judge.judge(asked, stored);
			})
			.build();
		return ChatClient.builder(this.model)
			.defaultAdvisors(new TokenSavingAdvisors(List.of(
					PlanAdvisor.builder(plan).defaultPlan("p").prices(prices).statistics(this.statistics).build(),
					this.advisor)))
			.build();
	}

	private ChatClient client() {
		return client(UnaryOperator.identity());
	}

	private static ChatClientResponse ask(ChatClient client, String question, boolean stream) {
		return stream ? client.prompt(question).stream().chatClientResponse().blockLast()
				: client.prompt(question).call().chatClientResponse();
	}

	private static SavingsReport report(ChatClientResponse response) {
		return (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
	}

	private StatisticsSnapshot stats() {
		return this.statistics.plan(new PlanKey("default", "p")).snapshot();
	}

	private Map<String, Object> confirmations() {
		return SemanticCacheFeature.CONFIRMATION.describe(stats().figures(SemanticCacheFeature.CONFIRMATION));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void servesWhatIsConfirmedAndRemembersIt(boolean stream) {
		ConcurrentLinkedQueue<String> pairs = new ConcurrentLinkedQueue<>();
		this.judge = (asked, stored) -> {
			pairs.add(asked + " " + stored);
			return right();
		};
		ChatClient client = client();
		ask(client, STORED, stream);
		ChatClientResponse first = ask(client, SIMILAR, stream);
		ChatClientResponse second = ask(client, SIMILAR, stream);
		assertThatReport(first).hasOutcome(SemanticCacheFeature.HIT);
		assertThatReport(second).hasOutcome(SemanticCacheFeature.HIT);
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(pairs).containsExactly(SIMILAR + " " + STORED);
		assertThat(report(first).overheadTokens()).isEqualTo(32);
		assertThat(report(first).overheadUsd()).isEqualByComparingTo("0.000022");
		assertThat(report(second).overheadTokens()).isZero();
		assertThat(stats().overheadUsd()).isEqualByComparingTo("0.000022");
		assertThat(confirmations()).containsEntry("confirmed", 1L)
			.containsEntry("refused", 0L)
			.containsEntry("spent_usd", new BigDecimal("0.000022"))
			.containsEntry("saved_usd", new BigDecimal("0.00024"))
			.containsEntry("suspended", false);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatIsRefusedIsAMissAndNotAskedAgain(boolean stream) {
		this.judge = (asked, stored) -> wrong();
		ChatClient client = client();
		ask(client, STORED, stream);
		assertThatReport(ask(client, SIMILAR, stream)).hasOutcome(Outcome.MISS);
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(this.advisor.nearMisses().describe("default")).singleElement()
			.satisfies((miss) -> assertThat(miss).containsEntry("reason", "confirmation")
				.containsEntry("verdict", "refused"));
		// The order of the questions does not matter, but others are new
		this.store.evict(Eviction.ofWorkspace("default"));
		ask(client, SIMILAR, stream);
		assertThatReport(ask(client, STORED, stream)).hasOutcome(Outcome.MISS);
		assertThat(this.judged).hasValue(1);
		ask(client, "How could I reset the password?", stream);
		assertThat(this.judged).hasValue(2);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void withoutAVerdictItIsAMissAndIsCharged(boolean stream) {
		this.judge = (asked, stored) -> {
			throw new NoVerdictException("said nothing", "cheap", FEE);
		};
		ChatClient client = client();
		ask(client, STORED, stream);
		ChatClientResponse response = ask(client, SIMILAR, stream);
		assertThatReport(response).hasOutcome(Outcome.MISS);
		assertThat(report(response).overheadTokens()).isEqualTo(32);
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(this.statistics.errors(SemanticCacheFeature.CONFIRMING)).isEqualTo(1);
		assertThat(confirmations()).containsEntry("undecided", 1L).containsEntry("confirmed", 0L);
		assertThat(this.advisor.nearMisses().describe("default")).singleElement()
			.satisfies((miss) -> assertThat(miss).containsEntry("verdict", "undecided"));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aJudgeThatFailsOrHangsIsAMiss(boolean stream) {
		CountDownLatch never = new CountDownLatch(1);
		AtomicBoolean interrupted = new AtomicBoolean();
		this.judge = (asked, stored) -> {
			if (this.judged.get() == 1) {
				throw new NoClassDefFoundError("made up");
			}
			try {
				never.await();
			}
			catch (InterruptedException ex) {
				interrupted.set(true);
			}
			return right();
		};
		ChatClient client = client((cache) -> cache.confirmTimeout(Duration.ofMillis(50)));
		ask(client, STORED, stream);
		assertThatReport(ask(client, SIMILAR, stream)).hasOutcome(Outcome.MISS);
		assertThatReport(ask(client, "How could I reset that password?", stream)).hasOutcome(Outcome.MISS);
		Eventually.await("the judge is interrupted", interrupted::get);
		assertThat(this.model.calls()).isEqualTo(3);
		assertThat(this.statistics.errors(SemanticCacheFeature.CONFIRMING)).isEqualTo(2);
		assertThat(confirmations()).containsEntry("undecided", 2L);
		Eventually.await("what came too late is charged", () -> stats().overheadTokens() == 3 * 10 + 22);
	}

	@Test
	void aJudgeThatKeepsFailingIsLeftAlone() {
		this.judge = (asked, stored) -> {
			throw new IllegalStateException("away");
		};
		ChatClient client = client();
		ask(client, STORED, false);
		for (int i = 0; i < 100; i++) {
			ask(client, "How could I reset the password " + "x".repeat(i + 3) + "?", false);
		}
		assertThat(this.judged.get()).isPositive().isLessThan(50);
		assertThat(this.model.calls()).isEqualTo(101);
	}

	@Test
	void whatIsSureIsNotConfirmedAndWhatAGuardVetoesNeither() {
		ChatClient client = client((cache) -> cache.sureSimilarity(0.9));
		ask(client, "How do I pay 500 euros into my account?", false);
		ask(client, "How do I pay 50 euros into my account?", false);
		assertThat(this.model.calls()).isEqualTo(2);
		assertThatReport(ask(client, "how do i pay 50 euros into my account", false))
			.hasOutcome(SemanticCacheFeature.HIT);
		assertThat(this.judged).hasValue(0);
		assertThatReport(ask(client, "how can i pay 50 euros into the account", false))
			.hasOutcome(SemanticCacheFeature.HIT);
		assertThat(this.judged).hasValue(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { "Wie kann ich mein Passwort zurücksetzen?|wie kann ich mein passwort zurücksetzen",
			"Как мне сбросить мой пароль?|как мне сбросить мой пароль", "パスワード を 変更 したい|パスワード を 変更 したい。",
			"비밀번호를 어떻게 변경하나요?|비밀번호를 어떻게 변경하나요", "كيف أغير كلمة المرور؟|كيف أغير كلمة المرور" })
	void inOtherLanguagesEverythingIsConfirmed(String questions) {
		String[] both = questions.split("\\|");
		ChatClient client = client((cache) -> cache.sureSimilarity(0.9));
		ask(client, both[0], false);
		assertThatReport(ask(client, both[1], false)).hasOutcome(SemanticCacheFeature.HIT);
		assertThat(this.judged).hasValue(1);
		assertThat(this.model.calls()).isEqualTo(1);
		// The very same question needs no confirmation
		assertThatReport(ask(client, both[0], false)).hasOutcome(SemanticCacheFeature.HIT);
		assertThat(this.judged).hasValue(1);
	}

	@Test
	void neverBlocksAnEventLoop() {
		AtomicBoolean onEventLoop = new AtomicBoolean();
		this.judge = (asked, stored) -> {
			onEventLoop.set(Schedulers.isInNonBlockingThread());
			return right();
		};
		ChatClient client = client();
		ask(client, STORED, false);
		ask(client, SIMILAR, false);
		ask(client, "How could I reset the password?", true);
		this.judged.set(0);
		// Its embedding is remembered, so that nothing else has to be waited for
		String asked = "How could I reset my password?";
		this.words.fault(UnaryOperator.identity());
		this.advisor.load();
		ChatClientResponse served = client.prompt(asked)
			.stream()
			.chatClientResponse()
			.subscribeOn(Schedulers.parallel())
			.blockLast();
		assertThatReport(served).hasOutcome(SemanticCacheFeature.HIT);
		assertThat(this.judged).hasValue(1);
		assertThat(onEventLoop).isFalse();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void judgesInTheContextOfTheCaller(boolean stream) {
		try (ThreadLocalTenant tenant = ThreadLocalTenant.register()) {
			ConcurrentLinkedQueue<String> tenants = new ConcurrentLinkedQueue<>();
			this.judge = (asked, stored) -> {
				tenants.add(String.valueOf(tenant.getValue()));
				return right();
			};
			ChatClient client = client();
			ask(client, STORED, stream);
			tenant.setValue("acme");
			ask(client, SIMILAR, stream);
			assertThat(tenants).containsExactly("acme");
			tenant.setValue();
		}
	}

	@Test
	void aCallerWhoLeavesHoldsUpNobodyAndPaysWhatWasBought() {
		CountDownLatch judging = new CountDownLatch(1);
		CountDownLatch go = new CountDownLatch(1);
		this.judge = (asked, stored) -> {
			judging.countDown();
			try {
				go.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			return right();
		};
		ChatClient client = client();
		ask(client, STORED, false);
		Disposable leaving = client.prompt(SIMILAR).stream().chatClientResponse().subscribe();
		Mono.fromCallable(() -> {
			judging.await();
			return true;
		}).block();
		leaving.dispose();
		go.countDown();
		Eventually.await("what was bought is charged", () -> stats().overheadTokens() == 2 * 10 + 22);
		assertThat(this.model.calls()).isEqualTo(1);
		// And of use to the next one
		assertThatReport(ask(client, SIMILAR, false)).hasOutcome(SemanticCacheFeature.HIT);
		assertThat(this.judged).hasValue(1);
	}

	@Test
	void isSuspendedWhereItDoesNotPayAndTriesAgain() {
		List<TokenSavingEvent> events = new CopyOnWriteArrayList<>();
		this.statistics.addListener(new SavingsStatistics.Listener() {

			@Override
			public void happened(TokenSavingEvent event) {
				events.add(event);
			}

		});
		this.judge = (asked, stored) -> wrong();
		ChatClient client = client();
		ask(client, STORED, false);
		ask(client, 0, ConfirmationMonitor.TRIAL - 1);
		assertThat(events).isEmpty();
		ask(client, ConfirmationMonitor.TRIAL - 1, 1);
		assertThat(events).containsExactly(new FeatureSuspendedEvent("default", "p", "semantic-confirmation",
				"Having answers confirmed costs more than it saves; it is tried again in 60 minutes"));
		assertThat(this.judged).hasValue(ConfirmationMonitor.TRIAL);
		assertThat(confirmations()).containsEntry("suspended", true);
		ask(client, ConfirmationMonitor.TRIAL, 10);
		assertThat(this.judged).hasValue(ConfirmationMonitor.TRIAL);
		this.nanos.addAndGet(ConfirmationMonitor.PAUSE.toNanos());
		ask(client, ConfirmationMonitor.TRIAL + 10, 1);
		assertThat(this.judged).hasValue(ConfirmationMonitor.TRIAL + 1);
		assertThat(confirmations()).containsEntry("suspended", false);
	}

	private static void ask(ChatClient client, int from, int times) {
		for (int i = from; i < from + times; i++) {
			String filler = "b" + (char) ('a' + i / 26) + (char) ('a' + i % 26);
			ask(client, "How can I reset the password " + filler + "?", false);
		}
	}

}
