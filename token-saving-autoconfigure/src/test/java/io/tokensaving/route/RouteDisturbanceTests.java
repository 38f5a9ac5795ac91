package io.tokensaving.route;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.route.cascade.StreamMode;
import io.tokensaving.route.log.RouteLog;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.statistics.SavingsMeterBinder;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RouteAdvisor} where plans go while they are used, threads must not
 * wait, and texts must not be told.
 */
@Timeout(60)
@ExtendWith(OutputCaptureExtension.class)
class RouteDisturbanceTests {

	private static final PlanKey KEY = new PlanKey("default", "support-bot");

	private static final ModelPrice SMALL = new ModelPrice("small-model", new BigDecimal("0.1"), new BigDecimal("0.4"),
			null, null);

	private static final ModelPrice LARGE = new ModelPrice("large-model", new BigDecimal("2"), new BigDecimal("10"),
			null, null);

	private static final String CANARY = "canary-18f00d";

	private final Map<String, RouteClassifier> classifiers = new HashMap<>(Map.of("fixed", new FixedClassifier()));

	private GradedJudge judge = (answers) -> new GradedJudge.Verdict(GradedJudge.Grade.WORSE, GradedJudge.Reason.WRONG,
			"small-model", new TokenUsage(1000, 0, 0, 0, false));

	private final RouteLog log = RouteLog.builder().build();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final List<AutoCloseable> closed = new ArrayList<>();

	private final CountDownLatch release = new CountDownLatch(1);

	private RouteAdvisor advisor;

	@AfterEach
	void close() throws Exception {
		this.release.countDown();
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	private static RouteSettings.Builder settings(String classifier) {
		return RouteSettings.builder("small", Tier.OWN)
			.mode(RouteMode.ACTIVE)
			.classifier(classifier)
			.judge(new JudgeSettings("judge", null, JudgeSettings.Method.REFERENCE, 1, BigDecimal.TEN, 0.5,
					JudgeSettings.Action.SUSPEND));
	}

	private ChatClient client(Plan plan, ScriptedChatModel small, ScriptedChatModel large) {
		TokenSavingTestChain chain = new TokenSavingTestChain(plan).price(SMALL)
			.price(LARGE)
			.statistics(this.statistics);
		this.closed.add(chain);
		Tiers tiers = new Tiers(List.of(new Tier("small", small, null, Tier.Limits.NONE, "small-1")));
		this.advisor = RouteAdvisor.builder()
			.tiers(() -> tiers)
			.classifiers(() -> this.classifiers)
			.judges(() -> Map.of("judge", this.judge))
			.log(this.log)
			.prices(new PriceTable(List.of(SMALL, LARGE)))
			.statistics(this.statistics)
			.chance(() -> 0)
			.build();
		this.closed.add(this.advisor);
		return chain.client(large, this.advisor, new TierModelAdvisor());
	}

	private static String ask(ChatClient.ChatClientRequestSpec spec, boolean stream) {
		return stream ? String.join("", spec.stream().content().collectList().block(Duration.ofSeconds(30)))
				: spec.call().content();
	}

	private static ScriptedChatModel model(String name, Function<Prompt, String> answers) {
		return RouteAdvisorTests.model(name, answers);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void whatIsSpentOnAPlanThatIsDeletedMeanwhileStaysInTheTotals(boolean stream) {
		ScriptedChatModel small = model("small-model", (prompt) -> {
			this.statistics.forget(KEY);
			return "I'm sorry, but I can't help with that.";
		});
		ScriptedChatModel large = model("large-model", (prompt) -> {
			this.statistics.forget(KEY);
			return "from large";
		});
		Plan plan = Plan.builder("support-bot")
			.with(settings("fixed").cascade(new CascadeSettings(List.of("refusal"), 1, 1, StreamMode.BUFFER)).build())
			.build();
		ChatClient client = client(plan, small, large);
		for (int i = 0; i < 3; i++) {
			assertThat(ask(client.prompt("q " + i).advisors(TokenSaving.task("t-" + i)), stream))
				.isEqualTo("from large");
			this.statistics.forget(KEY);
			TokenSaving.outcome("t-" + i, true);
		}
		Eventually.await(this.advisor::isIdle);
		this.statistics.forget(KEY);
		assertThat(this.statistics.totals().spentUsd()).isEqualByComparingTo("0.00942");
		assertThat(this.statistics.totals().counts(RouteFeature.DECISIONS)).containsEntry("small", 3L);
		assertThat(this.statistics.totals().counts(RouteFeature.ESCALATIONS)).containsEntry("refusal", 3L);
		assertThat(this.statistics.totals().errors()).isZero();
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aVerdictOnAPlanThatIsDeletedMeanwhileIsCountedOnce(boolean stream) throws InterruptedException {
		CountDownLatch judging = new CountDownLatch(1);
		this.judge = (answers) -> {
			judging.countDown();
			try {
				this.release.await();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			return new GradedJudge.Verdict(GradedJudge.Grade.WORSE, GradedJudge.Reason.WRONG, null, TokenUsage.ZERO);
		};
		ChatClient client = client(Plan.builder("support-bot").with(settings("fixed").build()).build(),
				model("small-model", (prompt) -> "from small"), model("large-model", (prompt) -> "from large"));
		for (int i = 0; i < 8; i++) {
			assertThat(ask(client.prompt("q " + i), stream)).isEqualTo("from small");
		}
		assertThat(judging.await(10, TimeUnit.SECONDS)).isTrue();
		this.statistics.forget(KEY);
		this.release.countDown();
		Eventually.await(this.advisor::isIdle);
		long judged = this.statistics.totals().figures(RouteFeature.QUALITY).total().judged();
		assertThat(judged).isEqualTo(8);
	}

	@Test
	void noThreadThatMustNotWaitDoes() throws InterruptedException {
		this.classifiers.put("slow", new RouteClassifier() {

			@Override
			public RouteChoice choose(RouteRequest request, RouteSettings settings) {
				assertThat(Schedulers.isInNonBlockingThread()).isFalse();
				try {
					RouteDisturbanceTests.this.release.await(20, TimeUnit.SECONDS);
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException(ex);
				}
				return new RouteChoice("small", "slow", 0.5, new float[] { 1 });
			}

			@Override
			public boolean isQuick() {
				return false;
			}

		});
		this.judge = (answers) -> {
			assertThat(Schedulers.isInNonBlockingThread()).isFalse();
			return new GradedJudge.Verdict(GradedJudge.Grade.SAME, GradedJudge.Reason.NONE, null, TokenUsage.ZERO);
		};
		ChatClient client = client(
				Plan.builder("support-bot")
					.with(settings("slow").maxTime(Duration.ofSeconds(30))
						.cascade(new CascadeSettings(List.of("refusal", "schema"), 1, 1, StreamMode.PREFIX))
						.build())
					.build(),
				nonBlocking("small-model", "I'm sorry, but I can't help with that."),
				nonBlocking("large-model", "from large"));
		Scheduler loop = Schedulers.newParallel("event-loop", 1);
		this.closed.add(loop::dispose);
		List<String> read = new CopyOnWriteArrayList<>();
		List<Disposable> streams = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			streams.add(client.prompt("q " + i)
				.stream()
				.content()
				.subscribeOn(loop)
				.collectList()
				.subscribe((words) -> read.add(String.join("", words)), (ex) -> read.add(ex.toString())));
		}
		// All are being classified, and their thread still does other things
		CountDownLatch free = new CountDownLatch(1);
		loop.schedule(free::countDown);
		assertThat(free.await(10, TimeUnit.SECONDS)).isTrue();
		this.release.countDown();
		Eventually.await(() -> read.size() == 3);
		assertThat(read).containsOnly("from large");
		Eventually.await(this.advisor::isIdle);
		assertThat(this.statistics.plan(KEY).snapshot().errors()).isZero();
		assertThat(streams).allMatch(Disposable::isDisposed);
	}

	// Answers on threads that must not wait, as those of a client of the web do
	private static ScriptedChatModel nonBlocking(String name, String answer) {
		return RouteAdvisorTests.model(name, (prompt) -> answer)
			.streaming((prompt) -> Mono.delay(Duration.ofMillis(1), Schedulers.parallel())
				.flatMapMany((tick) -> Flux.just(RouteAdvisorTests.answer(name, answer))));
	}

	@Test
	void noTextIsTold(CapturedOutput output) {
		SimpleMeterRegistry meters = new SimpleMeterRegistry();
		new SavingsMeterBinder(this.statistics).bindTo(meters);
		this.judge = (answers) -> {
			throw new IllegalStateException("cannot judge " + answers.question() + answers.answer());
		};
		this.classifiers.put("telling",
				(request, settings) -> new RouteChoice("small", "telling", 0.5, new float[] { 1 }));
		for (String classifier : List.of("fixed", "telling")) {
			for (RouteMode mode : List.of(RouteMode.SHADOW, RouteMode.ACTIVE)) {
				for (String how : List.of("good", "refusing", "failing", "failing late", "both failing")) {
					tellInAllStreams(settings(classifier).mode(mode), how);
				}
			}
		}
		assertThat(this.log.newest(KEY, 10_000)).isNotEmpty();
		assertThat(this.log.newest(KEY, 10_000).toString()).doesNotContain(CANARY);
		assertThat(this.log.summary(KEY).describe().toString()).doesNotContain(CANARY);
		assertThat(meters.getMetersAsString()).contains("tokensaving.route.decisions").doesNotContain(CANARY);
		assertThat(output.getAll()).contains("support-bot").doesNotContain(CANARY);
	}

	private void tellInAllStreams(RouteSettings.Builder settings, String how) {
		for (StreamMode held : StreamMode.values()) {
			Plan plan = Plan.builder("support-bot")
				.with(new CacheSettings("in_memory"))
				.with(DedupSettings.DEFAULTS)
				.with(settings.cascade(new CascadeSettings(List.of("refusal", "schema"), 1, 1, held)).build())
				.build();
			ChatClient client = client(plan, telling("small-model", how),
					telling("large-model", how.equals("both failing") ? "failing" : "good"));
			tryToAsk(client, false);
			tryToAsk(client, true);
			Eventually.await(this.advisor::isIdle);
			assertThat(this.advisor.describe(KEY).toString()).doesNotContain(CANARY);
		}
	}

	private static void tryToAsk(ChatClient client, boolean stream) {
		try {
			ask(client.prompt("tell me of " + CANARY), stream);
		}
		catch (RuntimeException ex) {
			assertThat(ex).hasStackTraceContaining(CANARY);
		}
	}

	private static ScriptedChatModel telling(String name, String how) {
		ScriptedChatModel model = RouteAdvisorTests.model(name, (prompt) -> switch (how) {
			case "good" -> "an answer of " + prompt.getContents();
			case "refusing" -> "I'm sorry, but I can't help with " + prompt.getContents();
			default -> throw new IllegalStateException("cannot answer " + prompt.getContents(),
					new IllegalArgumentException(prompt.getContents()));
		});
		return how.equals("failing late")
				? model.streaming((prompt) -> Flux
					.just(new ChatResponse(List.of(new Generation(new AssistantMessage("word ".repeat(200))))))
					.concatWith(Flux.error(new IllegalStateException("cannot go on with " + prompt.getContents()))))
				: model;
	}

}
