package io.tokensaving.dedup;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.micrometer.context.ContextRegistry;
import io.tokensaving.Eventually;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.TokenSavingParameters;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.dedup.DedupSettings.OnError;
import io.tokensaving.dedup.DedupSettings.Scope;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.reactivestreams.Subscription;
import reactor.core.Disposable;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link DedupAdvisor}.
 */
@Timeout(60)
class DedupAdvisorTests {

	private final ExecutorService callers = Executors.newCachedThreadPool();

	private final CountDownLatch answering = new CountDownLatch(1);

	private final AtomicInteger started = new AtomicInteger();

	private final AtomicBoolean interrupted = new AtomicBoolean();

	private final ScriptedChatModel slow = new ScriptedChatModel((prompt) -> {
		this.started.incrementAndGet();
		try {
			this.answering.await();
		}
		catch (InterruptedException ex) {
			this.interrupted.set(true);
			throw new IllegalStateException(ex);
		}
		return ScriptedChatModel.answer("Answer to " + prompt.getUserMessage().getText());
	});

	private TokenSavingTestChain chain = new TokenSavingTestChain(
			Plan.builder("support-bot").with(DedupSettings.DEFAULTS).build());

	@AfterEach
	void stopCallers() {
		this.answering.countDown();
		this.callers.shutdownNow();
	}

	@Test
	void sharesOneCallAndCountsWhatItSaved() throws Exception {
		ChatClient client = this.chain
			.price(new ModelPrice("scripted-model", BigDecimal.valueOf(2), BigDecimal.TEN, null, null))
			.client(this.slow);
		List<Future<ChatResponse>> answers = new ArrayList<>();
		for (int i = 0; i < 10; i++) {
			answers.add(this.callers.submit(() -> client.prompt("one").call().chatResponse()));
		}
		Eventually.await(() -> dedupHits() == 0 && this.started.get() == 1 && waiting() == 10);
		this.answering.countDown();
		int free = 0;
		for (Future<ChatResponse> answer : answers) {
			ChatResponse response = answer.get();
			assertThat(response.getResult().getOutput().getText()).isEqualTo("Answer to one");
			if ("dedup_hit".equals(response.getMetadata().get("token_saving_outcome"))) {
				free++;
				assertThat(response.getMetadata().getUsage().getTotalTokens()).isZero();
			}
			else {
				assertThat(response.getMetadata().getUsage().getTotalTokens()).isEqualTo(120);
			}
		}
		assertThat(free).isEqualTo(9);
		assertThat(this.slow.calls()).isEqualTo(1);
		StatisticsSnapshot stats = this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
		assertThat(stats.requests(DedupFeature.HIT)).isEqualTo(9);
		assertThat(stats.bypasses()).isEqualTo(1);
		assertThat(stats.tokensBought()).isEqualTo(120);
		assertThat(stats.tokensSavedByTechnique()).containsEntry("dedup", 9 * 120L);
		assertThat(stats.costSavedUsd()).isEqualByComparingTo("0.0036");
		assertNothingIsLeft();
	}

	@Test
	void asksAgainOnceTheAnswerHasArrived() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		ChatClient client = this.chain.client(model);
		client.prompt("one").call().content();
		client.prompt("one").call().content();
		assertThat(model.calls()).isEqualTo(2);
		assertNothingIsLeft();
	}

	@Test
	void sharesNothingBetweenDifferentRequests() throws Exception {
		this.answering.countDown();
		ChatClient client = this.chain.client(this.slow);
		List<Callable<String>> tasks = List.of(() -> client.prompt("one").call().content(),
				() -> client.prompt("two").call().content(),
				() -> client.prompt("one").advisors(TokenSaving.plan("support-bot").scope("user")).call().content());
		for (Future<String> answer : this.callers.invokeAll(tasks)) {
			assertThat(answer.get()).startsWith("Answer to");
		}
		assertThat(this.slow.calls()).isEqualTo(3);
	}

	@Test
	void givesLateStreamTheAnswerFromItsBeginningAndThenTheLiveTail() {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		AtomicInteger subscriptions = new AtomicInteger();
		ChatClient client = this.chain.client(streaming(sink, subscriptions));
		List<String> first = new CopyOnWriteArrayList<>();
		List<String> late = new CopyOnWriteArrayList<>();
		Disposable leader = client.prompt("one").stream().content().subscribe(first::add);
		sink.tryEmitNext(chunk("a "));
		sink.tryEmitNext(chunk("b "));
		Eventually.await(() -> first.equals(List.of("a ", "b ")));
		client.prompt("one").stream().content().subscribe(late::add);
		Eventually.await(() -> late.equals(List.of("a ", "b ")));
		sink.tryEmitNext(chunk("c"));
		Eventually.await(() -> late.equals(List.of("a ", "b ", "c")) && first.equals(late));
		sink.tryEmitNext(ScriptedChatModel.answer(""));
		sink.tryEmitComplete();
		Eventually.await(() -> leader.isDisposed() && dedupHits() == 1);
		assertThat(subscriptions).hasValue(1);
		assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().tokensSaved())
			.isEqualTo(120);
		assertNothingIsLeft();
	}

	@Test
	void sharesCallsAndStreams() throws Exception {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		ChatClient client = this.chain.client(streaming(sink, new AtomicInteger()));
		List<String> stream = new CopyOnWriteArrayList<>();
		client.prompt("one").stream().content().subscribe(stream::add);
		sink.tryEmitNext(chunk("a "));
		Future<String> call = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> waiting() == 2);
		sink.tryEmitNext(chunk("b"));
		sink.tryEmitNext(ScriptedChatModel.answer(""));
		sink.tryEmitComplete();
		assertThat(call.get()).isEqualTo("a b");
		Eventually.await(() -> dedupHits() == 1);

		ChatClient slowClient = this.chain.client(this.slow);
		Future<String> leader = this.callers.submit(() -> slowClient.prompt("two").call().content());
		Eventually.await(() -> this.started.get() == 1);
		List<ChatResponse> joined = new CopyOnWriteArrayList<>();
		AtomicBoolean completed = new AtomicBoolean();
		slowClient.prompt("two").stream().chatResponse().subscribe(joined::add, (ex) -> {
		}, () -> completed.set(true));
		Eventually.await(() -> waiting() == 2);
		this.answering.countDown();
		assertThat(leader.get()).isEqualTo("Answer to two");
		Eventually.await(completed::get);
		assertThat(joined).singleElement().satisfies((response) -> {
			assertThat(response.getResult().getOutput().getText()).isEqualTo("Answer to two");
			assertThat(response.getMetadata().<String>get("token_saving_outcome")).isEqualTo("dedup_hit");
		});
		assertThat(this.slow.calls()).isEqualTo(1);
		assertNothingIsLeft();
	}

	@Test
	void goesOnWhenTheFirstCallerLeaves() throws Exception {
		this.chain = new TokenSavingTestChain(
				Plan.builder("support-bot").with(new CacheSettings("in_memory")).with(DedupSettings.DEFAULTS).build());
		ChatClient client = this.chain.client(this.slow);
		AtomicReference<Throwable> thrown = new AtomicReference<>();
		AtomicBoolean flagged = new AtomicBoolean();
		Thread leader = new Thread(() -> {
			try {
				client.prompt("one").call().content();
			}
			catch (RuntimeException ex) {
				thrown.set(ex);
				flagged.set(Thread.currentThread().isInterrupted());
			}
		});
		leader.start();
		Eventually.await(() -> this.started.get() == 1);
		Future<String> follower = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> waiting() == 2);
		leader.interrupt();
		leader.join();
		assertThat(thrown.get()).isInstanceOf(CancellationException.class);
		assertThat(flagged).isTrue();
		this.answering.countDown();
		assertThat(follower.get()).isEqualTo("Answer to one");
		assertThat(this.interrupted).isFalse();
		// The one who waited has paid, so the answer is in the cache
		assertThat(client.prompt("one").call().content()).isEqualTo("Answer to one");
		assertThat(this.slow.calls()).isEqualTo(1);
		StatisticsSnapshot stats = this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
		assertThat(stats.tokensBought()).isEqualTo(120);
		assertThat(stats.requests(ExactCacheFeature.HIT)).isEqualTo(1);
		assertNothingIsLeft();
	}

	@Test
	void goesOnWhenTheFirstStreamLeaves() {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		AtomicInteger subscriptions = new AtomicInteger();
		ChatClient client = this.chain.client(streaming(sink, subscriptions));
		Disposable leader = client.prompt("one").stream().content().subscribe();
		List<String> late = new CopyOnWriteArrayList<>();
		AtomicBoolean completed = new AtomicBoolean();
		client.prompt("one").stream().content().subscribe(late::add, (ex) -> {
		}, () -> completed.set(true));
		Eventually.await(() -> waiting() == 2);
		sink.tryEmitNext(chunk("a "));
		Eventually.await(() -> late.size() == 1);
		leader.dispose();
		assertThat(sink.currentSubscriberCount()).isEqualTo(1);
		sink.tryEmitNext(chunk("b"));
		sink.tryEmitNext(ScriptedChatModel.answer(""));
		sink.tryEmitComplete();
		Eventually.await(completed::get);
		assertThat(late).containsExactly("a ", "b");
		assertThat(subscriptions).hasValue(1);
		StatisticsSnapshot stats = this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
		assertThat(stats.tokensBought()).isEqualTo(120);
		assertThat(stats.tokensSaved()).isZero();
		assertNothingIsLeft();
	}

	@Test
	void aFollowerThatLeavesAffectsNobody() throws Exception {
		ChatClient client = this.chain.client(this.slow);
		Future<String> leader = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> this.started.get() == 1);
		Future<String> follower = this.callers.submit(() -> client.prompt("one").call().content());
		Disposable stream = client.prompt("one").stream().content().subscribe();
		Eventually.await(() -> waiting() == 3);
		follower.cancel(true);
		stream.dispose();
		Eventually.await(() -> waiting() == 1);
		this.answering.countDown();
		assertThat(leader.get()).isEqualTo("Answer to one");
		StatisticsSnapshot stats = this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
		assertThat(stats.tokensBought()).isEqualTo(120);
		assertThat(stats.tokensSaved()).isZero();
	}

	@Test
	void endsTheCallWhenNobodyWaits() throws Exception {
		ChatClient client = this.chain.client(this.slow);
		Future<String> leader = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> this.started.get() == 1);
		leader.cancel(true);
		Eventually.await(this.interrupted::get);
		assertNothingIsLeft();
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		ChatClient streams = this.chain.client(streaming(sink, new AtomicInteger()));
		Disposable stream = streams.prompt("one").stream().content().subscribe();
		Eventually.await(() -> sink.currentSubscriberCount() == 1);
		stream.dispose();
		Eventually.await(() -> sink.currentSubscriberCount() == 0);
		assertNothingIsLeft();
	}

	@Test
	void sharesTheErrorOfTheModel() throws Exception {
		IllegalStateException failure = new IllegalStateException("model");
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			this.started.incrementAndGet();
			awaitAnswering();
			throw failure;
		});
		ChatClient client = this.chain.client(model);
		List<Future<String>> calls = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			calls.add(this.callers.submit(() -> client.prompt("one").call().content()));
		}
		Eventually.await(() -> waiting() == 3);
		StepVerifier.create(client.prompt("one").stream().content()).then(() -> {
			Eventually.await(() -> waiting() == 4);
			this.answering.countDown();
		}).verifyErrorSatisfies((ex) -> assertThat(ex).isSameAs(failure));
		for (Future<String> call : calls) {
			assertThatExceptionOfType(ExecutionException.class).isThrownBy(call::get)
				.satisfies((ex) -> assertThat(ex).cause().isSameAs(failure));
		}
		assertThat(this.started).hasValue(1);
		assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().modelErrors())
			.isEqualTo(4);
		assertNothingIsLeft();
	}

	@Test
	void retriesAfterErrorIfThePlanSaysSo() throws Exception {
		this.chain = new TokenSavingTestChain(Plan.builder("support-bot")
			.with(new DedupSettings(Duration.ofMinutes(1), OnError.RETRY, null, Scope.INSTANCE))
			.build());
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			int number = this.started.incrementAndGet();
			awaitAnswering();
			if (number == 1) {
				throw new IllegalStateException("model");
			}
			return ScriptedChatModel.answer("retried");
		});
		ChatClient client = this.chain.client(model);
		Future<String> leader = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> this.started.get() == 1);
		Future<String> call = this.callers.submit(() -> client.prompt("one").call().content());
		Future<List<String>> stream = this.callers
			.submit(() -> client.prompt("one").stream().content().collectList().block());
		Eventually.await(() -> waiting() == 3);
		this.answering.countDown();
		assertThatThrownBy(leader::get).hasRootCauseMessage("model");
		assertThat(call.get()).isEqualTo("retried");
		assertThat(String.join("", stream.get())).isEqualTo("retried");
		assertThat(this.started).hasValue(3);
	}

	@Test
	void callsByItselfAfterWaitingTooLong() throws Exception {
		this.chain = new TokenSavingTestChain(Plan.builder("support-bot")
			.with(new DedupSettings(Duration.ofMillis(50), OnError.SHARE, null, Scope.INSTANCE))
			.build());
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			if (this.started.incrementAndGet() == 1) {
				awaitAnswering();
			}
			return ScriptedChatModel.answer("answer");
		});
		ChatClient client = this.chain.client(model);
		Future<String> leader = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> this.started.get() == 1);
		assertThat(client.prompt("one").call().content()).isEqualTo("answer");
		assertThat(String.join("", client.prompt("one").stream().content().collectList().block())).isEqualTo("answer");
		assertThat(this.started).hasValue(3);
		this.answering.countDown();
		assertThat(leader.get()).isEqualTo("answer");
		assertThat(this.chain.statistics()
			.plan(new PlanKey("default", "support-bot"))
			.snapshot()
			.requests(DedupFeature.HIT)).isZero();
	}

	@Test
	void doesNotShareRequestsThatAskForVariety() throws Exception {
		this.chain = new TokenSavingTestChain(Plan.builder("support-bot")
			.with(new DedupSettings(Duration.ofMinutes(1), OnError.SHARE, 0.5, Scope.INSTANCE))
			.build());
		for (ChatOptions options : List.of(OpenAiChatOptions.builder().model("gpt-4o").n(2).build(),
				OpenAiChatOptions.builder().model("gpt-4o").temperature(0.6).build())) {
			this.slow.options(options);
			assertThat(callsOfTwo(TokenSaving.plan("support-bot"))).isEqualTo(2);
		}
		this.slow.options(OpenAiChatOptions.builder().model("gpt-4o").n(1).temperature(0.5).build());
		assertThat(callsOfTwo(TokenSaving.plan("support-bot").noStore())).isEqualTo(2);
		assertThat(callsOfTwo(TokenSaving.plan("support-bot"))).isEqualTo(1);
	}

	// Asks twice at once and returns how many calls that made
	private int callsOfTwo(TokenSavingParameters parameters) throws Exception {
		AtomicInteger calls = new AtomicInteger();
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			calls.incrementAndGet();
			Eventually.await(() -> calls.get() == 2 || waiting() == 2);
			return ScriptedChatModel.answer("x");
		}).options(this.slow.getOptions());
		ChatClient client = this.chain.client(model);
		List<Future<String>> answers = new ArrayList<>();
		for (int i = 0; i < 2; i++) {
			answers.add(this.callers.submit(() -> client.prompt("one").advisors(parameters).call().content()));
		}
		for (Future<String> answer : answers) {
			answer.get();
		}
		return calls.get();
	}

	@Test
	void passesRequestsWhenThereIsNoRoom() throws Exception {
		ChatClient client = this.chain.dedup((dedup) -> dedup.maxInFlight(1)).client(this.slow);
		Future<String> first = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> this.started.get() == 1);
		Future<String> second = this.callers.submit(() -> client.prompt("two").call().content());
		Eventually.await(() -> this.started.get() == 2);
		assertThat(this.chain.dedup().inFlight()).isEqualTo(1);
		assertThat(this.chain.statistics().errors(DedupFeature.COMPONENT)).isEqualTo(1);
		this.answering.countDown();
		assertThat(first.get()).isEqualTo("Answer to one");
		assertThat(second.get()).isEqualTo("Answer to two");
	}

	@Test
	void keepsNoMoreOfAStreamThanItMay() throws Exception {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		AtomicInteger subscriptions = new AtomicInteger();
		ChatClient client = this.chain.dedup((dedup) -> dedup.maxElementsPerStream(10))
			.client(streaming(sink, subscriptions));
		List<String> first = new CopyOnWriteArrayList<>();
		AtomicBoolean completed = new AtomicBoolean();
		client.prompt("one").stream().content().subscribe(first::add, (ex) -> {
		}, () -> completed.set(true));
		Future<String> call = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> waiting() == 2);
		StringBuilder expected = new StringBuilder();
		for (int i = 0; i < 50; i++) {
			sink.tryEmitNext(chunk(i + " "));
			expected.append(i).append(' ');
		}
		Eventually.await(() -> first.size() == 50);
		assertThat(this.chain.dedup().buffered()).isLessThanOrEqualTo(10);
		// Too late to join: asks by itself, and is told so by the sink of the test
		assertThatThrownBy(() -> client.prompt("one").stream().content().blockLast());
		assertThat(subscriptions).hasValue(2);
		sink.tryEmitNext(ScriptedChatModel.answer("end"));
		sink.tryEmitComplete();
		assertThat(call.get()).isEqualTo(expected + "end");
		Eventually.await(completed::get);
		assertThat(String.join("", first)).isEqualTo(expected + "end");
		assertThat(this.chain.statistics()
			.plan(new PlanKey("default", "support-bot"))
			.snapshot()
			.requests(DedupFeature.HIT)).isEqualTo(1);
		assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().tokensSaved())
			.isEqualTo(120);
		assertNothingIsLeft();
	}

	@Test
	void doesNotStoreAStreamThatWasCutOffAfterItsFirstElement() {
		this.chain = new TokenSavingTestChain(
				Plan.builder("support-bot").with(new CacheSettings("in_memory")).with(DedupSettings.DEFAULTS).build());
		ChatClient client = this.chain.client(new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("No call was expected");
		}).streaming((prompt) -> {
			this.started.incrementAndGet();
			return Flux.just(chunk("cut"));
		}));
		client.prompt("one").stream().content().blockLast();
		assertNothingIsLeft();
		client.prompt("one").stream().content().blockLast();
		assertThat(this.started).hasValue(2);
		assertNothingIsLeft();
	}

	@Test
	void requestsThatWantAFreshAnswerShareOnlyWithTheirLike() throws Exception {
		ChatClient client = this.chain.client(this.slow);
		List<Future<String>> answers = new ArrayList<>();
		for (TokenSavingParameters parameters : List.of(TokenSaving.plan("support-bot"),
				TokenSaving.plan("support-bot").noCache(), TokenSaving.plan("support-bot").noCache(),
				TokenSaving.plan("support-bot").maxAge(Duration.ofMinutes(1)),
				TokenSaving.plan("support-bot").similarityThreshold(0.99))) {
			answers.add(this.callers.submit(() -> client.prompt("one").advisors(parameters).call().content()));
		}
		Eventually.await(() -> waiting() == 5);
		this.answering.countDown();
		for (Future<String> answer : answers) {
			assertThat(answer.get()).isEqualTo("Answer to one");
		}
		assertThat(this.slow.calls()).isEqualTo(4);
	}

	@Test
	void whatTheFirstCallerDoesToItsAnswerNoOtherSees() throws Exception {
		ChatClient client = this.chain.client(this.slow);
		List<Future<ChatResponse>> answers = new ArrayList<>();
		for (int i = 0; i < 2; i++) {
			answers.add(this.callers.submit(() -> client.prompt("one").call().chatResponse()));
		}
		Eventually.await(() -> waiting() == 2);
		this.answering.countDown();
		AssistantMessage first = answers.get(0).get().getResult().getOutput();
		AssistantMessage second = answers.get(1).get().getResult().getOutput();
		first.getMetadata().put("user", "anna");
		assertThat(second.getMetadata()).doesNotContainKey("user");
	}

	@Test
	void aStreamThatLeavesAfterTheEndHasPaid() {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		ChatClient client = this.chain.client(streaming(sink, new AtomicInteger()));
		BaseSubscriber<String> leader = new BaseSubscriber<>() {

			@Override
			protected void hookOnSubscribe(Subscription subscription) {
				subscription.request(1);
			}

		};
		client.prompt("one").stream().content().subscribe(leader);
		List<String> follower = new CopyOnWriteArrayList<>();
		AtomicBoolean completed = new AtomicBoolean();
		client.prompt("one").stream().content().subscribe(follower::add, (ex) -> {
		}, () -> completed.set(true));
		Eventually.await(() -> waiting() == 2);
		sink.tryEmitNext(chunk("a "));
		sink.tryEmitNext(chunk("b"));
		sink.tryEmitNext(ScriptedChatModel.answer(""));
		sink.tryEmitComplete();
		Eventually.await(completed::get);
		leader.cancel();
		StatisticsSnapshot stats = this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot();
		assertThat(stats.requests(DedupFeature.HIT)).isEqualTo(1);
		assertThat(stats.tokensBought()).isPositive();
		assertNothingIsLeft();
	}

	@Test
	void aStreamThatIsNotReadHoldsUpNobody() {
		AtomicInteger subscriptions = new AtomicInteger();
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		ChatClient client = this.chain.dedup((dedup) -> dedup.maxElementsPerStream(1000))
			.client(streaming(sink, subscriptions));
		List<String> read = new CopyOnWriteArrayList<>();
		client.prompt("one").stream().content().subscribe(read::add);
		AtomicReference<Throwable> failure = new AtomicReference<>();
		client.prompt("one").stream().content().limitRate(1).subscribe(new BaseSubscriber<>() {

			@Override
			protected void hookOnSubscribe(Subscription subscription) {
				subscription.request(1);
			}

			@Override
			protected void hookOnError(Throwable ex) {
				failure.set(ex);
			}

		});
		for (int i = 0; i < 10_000; i++) {
			sink.tryEmitNext(chunk("x"));
		}
		sink.tryEmitComplete();
		Eventually.await(() -> read.size() == 10_000);
		assertNothingIsLeft();
	}

	@Test
	void takesTheContextOfTheCallerAlong() {
		ThreadLocal<String> user = new ThreadLocal<>();
		ContextRegistry.getInstance().registerThreadLocalAccessor("dedup-test", user);
		try {
			ChatClient client = this.chain
				.client(new ScriptedChatModel((prompt) -> ScriptedChatModel.answer("for " + user.get())));
			user.set("anna");
			assertThat(client.prompt("one").call().content()).isEqualTo("for anna");
		}
		finally {
			user.remove();
			ContextRegistry.getInstance().removeThreadLocalAccessor("dedup-test");
		}
	}

	@Test
	void lendsAModelNoThreadThatKnowsAnotherCaller() throws Exception {
		InheritableThreadLocal<String> tenant = new InheritableThreadLocal<>();
		ChatClient client = this.chain
			.client(new ScriptedChatModel((prompt) -> ScriptedChatModel.answer("for " + tenant.get())));
		for (String name : List.of("anna", "bob")) {
			Thread caller = new Thread(() -> {
				tenant.set(name);
				assertThat(client.prompt("for " + name).call().content()).isEqualTo("for null");
			});
			AtomicReference<Throwable> failure = new AtomicReference<>();
			caller.setUncaughtExceptionHandler((thread, ex) -> failure.set(ex));
			caller.start();
			caller.join();
			assertThat(failure).hasValue(null);
		}
	}

	@Test
	void aModelMadeOfClientsDoesNotWaitForItself() {
		TokenSavingAdvisors advisors = new TokenSavingAdvisors(List.of(DedupAdvisor.builder().build(),
				PlanAdvisor.builder(Plan.builder("support-bot").with(DedupSettings.DEFAULTS).build())
					.defaultPlan("support-bot")
					.build()));
		ScriptedChatModel real = ScriptedChatModel.echoing();
		ChatClient inner = ChatClient.builder(real).defaultAdvisors(advisors).build();
		ChatClient middle = ChatClient
			.builder(new ScriptedChatModel((prompt) -> inner.prompt("first").call().chatResponse())
				.streaming((prompt) -> inner.prompt("first").stream().chatResponse()))
			.defaultAdvisors(advisors)
			.build();
		// Asks itself by way of another client too
		ChatClient outer = ChatClient
			.builder(new ScriptedChatModel((prompt) -> middle.prompt("second").call().chatResponse())
				.streaming((prompt) -> middle.prompt("second").stream().chatResponse()))
			.defaultAdvisors(advisors)
			.build();
		Duration limit = Duration.ofSeconds(20);
		assertThat(CompletableFuture.supplyAsync(() -> outer.prompt("first").call().content(), this.callers)
			.orTimeout(limit.toSeconds(), TimeUnit.SECONDS)
			.join()).isEqualTo("Answer 1 to: first");
		assertThat(outer.prompt("first").stream().content().collectList().block(limit))
			.isEqualTo(List.of("Answer ", "2 ", "to: ", "first"));
	}

	@Test
	void aModelMadeOfClientsMayMixCallsAndStreams() {
		TokenSavingAdvisors advisors = new TokenSavingAdvisors(List.of(DedupAdvisor.builder().build(),
				PlanAdvisor.builder(Plan.builder("support-bot").with(DedupSettings.DEFAULTS).build())
					.defaultPlan("support-bot")
					.build()));
		ChatClient inner = ChatClient.builder(ScriptedChatModel.echoing()).defaultAdvisors(advisors).build();
		ChatClient outer = ChatClient
			.builder(new ScriptedChatModel(
					(prompt) -> inner.prompt("one").stream().chatResponse().collectList().block().get(0))
				.streaming((prompt) -> Flux.just(inner.prompt("one").call().chatResponse())))
			.defaultAdvisors(advisors)
			.build();
		Duration limit = Duration.ofSeconds(20);
		assertThat(CompletableFuture.supplyAsync(() -> outer.prompt("one").call().content(), this.callers)
			.orTimeout(limit.toSeconds(), TimeUnit.SECONDS)
			.join()).isEqualTo("Answer ");
		assertThat(CompletableFuture
			.supplyAsync(() -> outer.prompt("one").stream().content().collectList().block(limit), this.callers)
			.orTimeout(limit.toSeconds(), TimeUnit.SECONDS)
			.join()).containsExactly("Answer 2 to: one");
	}

	@Test
	void sharesNothingThatWasAskedForBeforeAnEviction() throws Exception {
		ChatClient client = this.chain.client(new ScriptedChatModel((prompt) -> {
			int number = this.started.incrementAndGet();
			if (number == 1) {
				awaitAnswering();
			}
			return ScriptedChatModel.answer("Price " + number);
		}));
		Future<String> before = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> this.started.get() == 1);
		this.chain.dedup().forget();
		assertThat(client.prompt("one").call().content()).isEqualTo("Price 2");
		this.answering.countDown();
		assertThat(before.get()).isEqualTo("Price 1");
		assertNothingIsLeft();
	}

	@Test
	void aCallDoesNotWaitForAModelThatThinksAloud() throws Exception {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		ChatClient client = this.chain.client(new ScriptedChatModel((prompt) -> ScriptedChatModel.answer("own"))
			.streaming((prompt) -> sink.asFlux()));
		AtomicBoolean completed = new AtomicBoolean();
		Disposable leader = client.prompt("one").stream().content().subscribe();
		client.prompt("one").stream().content().subscribe((text) -> {
		}, (ex) -> {
		}, () -> completed.set(true));
		Future<String> call = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> waiting() == 3);
		sink.tryEmitNext(new ChatResponse(List.of(new Generation(
				AssistantMessage.builder().content("").properties(Map.of("reasoningContent", "hmm")).build()))));
		sink.tryEmitNext(chunk("a"));
		assertThat(call.get()).isEqualTo("own");
		assertThat(this.callers.submit(() -> client.prompt("one").call().content()).get()).isEqualTo("own");
		// Streams share it all the same, and whoever stays has bought it
		leader.dispose();
		sink.tryEmitNext(ScriptedChatModel.answer(""));
		sink.tryEmitComplete();
		Eventually.await(completed::get);
		assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().tokensBought())
			.isEqualTo(3 * 120);
		assertThat(this.chain.statistics().errors(DedupFeature.COMPONENT)).isZero();
		assertNothingIsLeft();
	}

	@Test
	void aCallIsNotGivenAStreamThatWasCutOff() throws Exception {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		ChatClient client = this.chain.client(
				new ScriptedChatModel((prompt) -> ScriptedChatModel.answer("You may take it, but never with alcohol"))
					.streaming((prompt) -> sink.asFlux()));
		client.prompt("one").stream().content().subscribe();
		Future<String> call = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> waiting() == 2);
		sink.tryEmitNext(chunk("You may "));
		sink.tryEmitNext(chunk("take it"));
		sink.tryEmitComplete();
		assertThat(call.get()).isEqualTo("You may take it, but never with alcohol");
		assertNothingIsLeft();
	}

	@Test
	void whoeverHasToPayNowWaitsAsLongAsItTakes() throws Exception {
		this.chain = new TokenSavingTestChain(Plan.builder("support-bot")
			.with(new DedupSettings(Duration.ofSeconds(1), OnError.SHARE, null, Scope.INSTANCE))
			.build());
		ChatClient client = this.chain.client(this.slow);
		Future<String> leader = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> this.started.get() == 1);
		Future<String> call = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> waiting() == 2);
		leader.cancel(true);
		Eventually.await(() -> waiting() == 1);
		// Who does not pay came later, and gives up and calls by itself
		Future<String> later = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> this.started.get() == 2);
		assertThat(call).isNotDone();
		this.answering.countDown();
		assertThat(call.get()).isEqualTo("Answer to one");
		assertThat(later.get()).isEqualTo("Answer to one");
		assertThat(this.slow.calls()).isEqualTo(2);
		assertThat(this.interrupted).isFalse();
		assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().tokensBought())
			.isEqualTo(240);
	}

	@Test
	void keepsNothingOfALongStreamThatOnlyCallsWaitFor() throws Exception {
		Sinks.Many<ChatResponse> sink = Sinks.many().unicast().onBackpressureBuffer();
		ChatClient client = this.chain.dedup((dedup) -> dedup.maxElementsPerStream(10))
			.client(streaming(sink, new AtomicInteger()));
		Disposable leader = client.prompt("one").stream().content().subscribe();
		Future<String> call = this.callers.submit(() -> client.prompt("one").call().content());
		Eventually.await(() -> waiting() == 2);
		leader.dispose();
		for (int i = 0; i < 1000; i++) {
			sink.tryEmitNext(chunk("x"));
		}
		assertThat(this.chain.dedup().buffered()).isLessThanOrEqualTo(10);
		sink.tryEmitNext(ScriptedChatModel.answer("end"));
		sink.tryEmitComplete();
		assertThat(call.get()).isEqualTo("x".repeat(1000) + "end");
		assertNothingIsLeft();
	}

	@Test
	void neverBlocksAnEventLoop() {
		ChatClient client = this.chain.client(ScriptedChatModel.echoing());
		List<String> answer = Flux.defer(() -> client.prompt("one").stream().content())
			.subscribeOn(Schedulers.parallel())
			.collectList()
			.block();
		assertThat(String.join("", answer)).isEqualTo("Answer 1 to: one");
	}

	private static ScriptedChatModel streaming(Sinks.Many<ChatResponse> sink, AtomicInteger subscriptions) {
		return new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("No call was expected");
		}).streaming((prompt) -> {
			subscriptions.incrementAndGet();
			return sink.asFlux();
		});
	}

	private static ChatResponse chunk(String text) {
		return new ChatResponse(List.of(new Generation(new AssistantMessage(text))));
	}

	private void awaitAnswering() {
		try {
			this.answering.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private long dedupHits() {
		return this.chain.statistics()
			.plan(new PlanKey("default", "support-bot"))
			.snapshot()
			.requests(DedupFeature.HIT);
	}

	private int waiting() {
		return this.chain.dedup().waiting();
	}

	private void assertNothingIsLeft() {
		Eventually.await(() -> this.chain.dedup().inFlight() == 0 && this.chain.dedup().buffered() == 0);
	}

}
