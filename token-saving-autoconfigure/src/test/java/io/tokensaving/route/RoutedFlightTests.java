package io.tokensaving.route;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.dedup.DedupFeature;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.dedup.DedupWaiting;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatResponse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link RouteAdvisor} where several requests share what one of them asks for.
 */
@Timeout(60)
class RoutedFlightTests {

	private static final PlanKey KEY = new PlanKey("default", "support-bot");

	private static final ModelPrice SMALL = new ModelPrice("small-model", new BigDecimal("0.1"), new BigDecimal("0.4"),
			null, null);

	private static final ModelPrice LARGE = new ModelPrice("large-model", new BigDecimal("2"), new BigDecimal("10"),
			null, null);

	private final ExecutorService callers = Executors.newCachedThreadPool();

	private final CountDownLatch asked = new CountDownLatch(1);

	private final CountDownLatch answering = new CountDownLatch(1);

	private final ScriptedChatModel small = RouteAdvisorTests.model("small-model", (prompt) -> {
		await();
		return "I'm sorry, but I can't help with that.";
	});

	private final ScriptedChatModel large = RouteAdvisorTests.model("large-model", (prompt) -> "from large");

	private final RouteLog log = RouteLog.builder().build();

	private final TokenSavingTestChain chain = new TokenSavingTestChain(plan("refusal")).price(SMALL).price(LARGE);

	private final List<AutoCloseable> closed = new ArrayList<>();

	@AfterEach
	void close() throws Exception {
		this.answering.countDown();
		this.callers.shutdownNow();
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	// A model that does not heed the interrupt of its thread, like many clients
	private void await() {
		this.asked.countDown();
		boolean interrupted = false;
		while (true) {
			try {
				this.answering.await();
				break;
			}
			catch (InterruptedException ex) {
				interrupted = true;
			}
		}
		if (interrupted) {
			Thread.currentThread().interrupt();
		}
	}

	private static Plan plan(String check) {
		return Plan.builder("support-bot")
			.with(new CacheSettings("in_memory"))
			.with(DedupSettings.DEFAULTS)
			.with(RouteSettings.builder("small", Tier.OWN)
				.mode(RouteMode.ACTIVE)
				.classifier(FixedClassifier.NAME)
				.cascade(new CascadeSettings(List.of(check), 1, 1, StreamMode.BUFFER))
				.judge(new JudgeSettings("strict", null, JudgeSettings.Method.POINTWISE, 0.02, BigDecimal.TEN, 0.05,
						JudgeSettings.Action.ALERT))
				.build())
			.build();
	}

	private ChatClient client(TokenSavingTestChain chain) {
		return client(chain, this.small);
	}

	private ChatClient client(TokenSavingTestChain chain, ScriptedChatModel small) {
		Tiers tiers = new Tiers(List.of(new Tier("small", small, null, Tier.Limits.NONE, "small-1")));
		GradedJudge strict = (answers) -> new GradedJudge.Verdict(GradedJudge.Grade.WORSE, GradedJudge.Reason.WRONG,
				"small-model", new TokenUsage(1000, 0, 0, 0, false));
		RouteAdvisor advisor = RouteAdvisor.builder()
			.tiers(() -> tiers)
			.judges(() -> Map.of("strict", strict))
			.log(this.log)
			.prices(new PriceTable(List.of(SMALL, LARGE)))
			.statistics(chain.statistics())
			.chance(() -> 0.99)
			.build();
		this.closed.add(advisor);
		this.closed.add(chain);
		chain.dedup((builder) -> builder.prices(new PriceTable(List.of(SMALL, LARGE))));
		return chain.client(this.large, advisor, new TierModelAdvisor());
	}

	private String ask(ChatClient client, boolean stream) {
		return stream
				? String.join("",
						client.prompt("q").stream().content().subscribeOn(Schedulers.boundedElastic()).toIterable())
				: client.prompt("q").call().content();
	}

	private StatisticsSnapshot stats(TokenSavingTestChain chain) {
		return chain.statistics().plan(KEY).snapshot();
	}

	// What both models have billed, whoever has got the answer
	private BigDecimal billed(StatisticsSnapshot stats) {
		return stats.spentUsd().add(stats.overheadUsd());
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void manyRequestsPayForOneCascade(boolean stream) throws Exception {
		ChatClient client = client(this.chain);
		List<Future<String>> calls = new ArrayList<>();
		for (int i = 0; i < 8; i++) {
			calls.add(this.callers.submit(() -> ask(client, stream)));
		}
		Eventually.await(() -> stats(this.chain).counts(RouteFeature.DECISIONS).getOrDefault("small", 0L) == 1);
		awaitWaiting(8);
		this.answering.countDown();
		for (Future<String> call : calls) {
			assertThat(call.get(20, TimeUnit.SECONDS)).isEqualTo("from large");
		}
		assertThat(this.small.calls()).isEqualTo(1);
		assertThat(this.large.calls()).isEqualTo(1);
		Eventually.await(() -> stats(this.chain).totalRequests() == 8);
		StatisticsSnapshot stats = stats(this.chain);
		assertThat(stats.requests(DedupFeature.HIT)).isEqualTo(7);
		assertThat(stats.spentUsd()).isEqualByComparingTo("0.00314");
		assertThat(stats.overheadUsd()).isZero();
		// Seven would have bought what the large model asks 0.003 for
		assertThat(stats.costSavedUsd()).isEqualByComparingTo("0.02086");
		assertThat(this.log.newest(KEY, 9)).hasSize(1);
		assertThat(stats.errors()).isZero();
	}

	private void awaitWaiting(int count) {
		Eventually.await(() -> DedupWaiting.count(List.of(this.chain)) == count);
	}

	@Test
	void whatIsBoughtInVainAfterTheFirstRequestHasLeftIsPaid() throws Exception {
		ChatClient client = client(this.chain);
		AtomicReference<Throwable> failure = new AtomicReference<>();
		Thread leader = new Thread(() -> {
			try {
				ask(client, false);
			}
			catch (Throwable ex) {
				failure.set(ex);
			}
		});
		leader.start();
		assertThat(this.asked.await(10, TimeUnit.SECONDS)).isTrue();
		Future<String> follower = this.callers.submit(() -> ask(client, false));
		awaitWaiting(2);
		leader.interrupt();
		leader.join();
		assertThat(failure.get()).isNotNull();
		this.answering.countDown();
		assertThat(follower.get(20, TimeUnit.SECONDS)).isEqualTo("from large");
		assertThat(billed(stats(this.chain))).isEqualByComparingTo("0.00314");
		assertThat(this.large.calls()).isEqualTo(1);
	}

	@Test
	void theJudgeOfACascadeIsPaidAfterTheFirstRequestHasLeft() throws Exception {
		TokenSavingTestChain judged = new TokenSavingTestChain(plan("judge")).price(SMALL).price(LARGE);
		ChatClient client = client(judged);
		Thread leader = new Thread(() -> {
			try {
				ask(client, false);
			}
			catch (RuntimeException ex) {
				// Is interrupted
			}
		});
		leader.start();
		assertThat(this.asked.await(10, TimeUnit.SECONDS)).isTrue();
		Future<String> follower = this.callers.submit(() -> ask(client, false));
		Eventually.await(() -> DedupWaiting.count(List.of(judged)) == 2);
		leader.interrupt();
		leader.join();
		this.answering.countDown();
		assertThat(follower.get(20, TimeUnit.SECONDS)).isEqualTo("from large");
		assertThat(billed(stats(judged))).isEqualByComparingTo("0.00324");
	}

	@Test
	void nobodyAsksAnotherModelForACallerThatHasLeft() throws Exception {
		ChatClient client = client(this.chain);
		Thread caller = new Thread(() -> {
			try {
				ask(client, false);
			}
			catch (RuntimeException ex) {
				// Is interrupted
			}
		});
		caller.start();
		assertThat(this.asked.await(10, TimeUnit.SECONDS)).isTrue();
		caller.interrupt();
		caller.join();
		this.answering.countDown();
		Eventually.await(() -> !this.log.newest(KEY, 1).isEmpty());
		assertThat(this.large.calls()).isZero();
		Eventually.await(() -> billed(stats(this.chain)).signum() > 0);
		assertThat(billed(stats(this.chain))).isEqualByComparingTo("0.00014");
	}

	@Test
	void anInterruptedTierThatHidesTheInterruptIsNotReplaced() throws Exception {
		ScriptedChatModel hiding = new ScriptedChatModel((prompt) -> {
			this.asked.countDown();
			try {
				this.answering.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			return RouteAdvisorTests.answer("small-model", "never");
		}).options(this.small.getOptions());
		Tiers tiers = new Tiers(List.of(new Tier("small", hiding, null, Tier.Limits.NONE, "small-1")));
		RouteAdvisor advisor = RouteAdvisor.builder().tiers(() -> tiers).log(this.log).build();
		this.closed.add(advisor);
		ChatClient client = this.chain.client(this.large, advisor, new TierModelAdvisor());
		Thread caller = new Thread(() -> assertThatThrownBy(() -> ask(client, false)).isNotNull());
		caller.start();
		assertThat(this.asked.await(10, TimeUnit.SECONDS)).isTrue();
		caller.interrupt();
		caller.join();
		Eventually.await(() -> !this.log.newest(KEY, 1).isEmpty());
		assertThat(this.large.calls()).isZero();
	}

	@Test
	void aStreamThatGoesOnForAFollowerIsPaidWhole() {
		ScriptedChatModel slow = this.small;
		Sinks.Many<ChatResponse> words = Sinks.many().unicast().onBackpressureBuffer();
		slow.streaming((prompt) -> words.asFlux());
		ChatClient client = client(this.chain);
		List<String> second = new CopyOnWriteArrayList<>();
		var first = client.prompt("q").stream().content().subscribe();
		Eventually.await(() -> slow.calls() == 1);
		client.prompt("q").stream().content().subscribe(second::add);
		awaitWaiting(2);
		first.dispose();
		words.tryEmitNext(RouteAdvisorTests.answer("small-model", "I'm sorry, but I can't help with that."));
		words.tryEmitComplete();
		Eventually.await(() -> String.join("", second).equals("from large"));
		Eventually.await(() -> stats(this.chain).totalRequests() == 2);
		assertThat(billed(stats(this.chain))).isEqualByComparingTo("0.00314");
	}

	@Test
	void whoPaysInPlaceOfARequestThatHasLeftIsCreditedWithWhatRoutingSaves() throws Exception {
		ScriptedChatModel good = new ScriptedChatModel((prompt) -> {
			await();
			return RouteAdvisorTests.answer("small-model", "from small");
		}).options(this.small.getOptions());
		ChatClient client = client(this.chain, good);
		Thread leader = new Thread(() -> assertThatThrownBy(() -> ask(client, false)).isNotNull());
		leader.start();
		assertThat(this.asked.await(10, TimeUnit.SECONDS)).isTrue();
		Future<String> follower = this.callers.submit(() -> ask(client, false));
		awaitWaiting(2);
		leader.interrupt();
		leader.join();
		this.answering.countDown();
		assertThat(follower.get(20, TimeUnit.SECONDS)).isEqualTo("from small");
		assertThat(stats(this.chain).spentUsd()).isEqualByComparingTo("0.00014");
		assertThat(stats(this.chain).costSavedUsd()).isEqualByComparingTo("0.00286");
	}

}
