package io.tokensaving.route.cascade;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import io.tokensaving.provider.Dialects;
import io.tokensaving.request.StreamMemory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SignalType;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.ChatResponse;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link StreamGate}.
 */
class StreamGateTests {

	private static final List<ChatClientResponse> GOOD = StreamElements
		.words("The train to Ghent leaves at nine from platform four, and takes half an hour.");

	private static final List<ChatClientResponse> REFUSAL = StreamElements
		.words("I'm sorry, but I can't help with that.");

	private static final List<ChatClientResponse> STRONG = StreamElements.words("Turn the key twice to the left.");

	private static final int ROUNDS = 2000;

	private final StreamMemory memory = new StreamMemory(1_000_000);

	private final Recorder recorder = new Recorder();

	private final AtomicInteger nextAttempts = new AtomicInteger();

	private final ExecutorService executor = StreamElements.executor();

	@AfterEach
	void end() {
		this.executor.shutdownNow();
	}

	@ParameterizedTest
	@EnumSource(StreamMode.class)
	void passesGoodStreamOnUnchanged(StreamMode mode) {
		assertThat(gate(Flux.fromIterable(GOOD), mode, "refusal").collectList().block())
			.usingElementComparator((a, b) -> (a == b) ? 0 : 1)
			.isEqualTo(GOOD);
		assertThat(this.nextAttempts).hasValue(0);
		assertThat(this.recorder.events).containsExactly((mode == StreamMode.NONE) ? "kept unjudged" : "kept");
		assertThat(this.memory.used()).isZero();
	}

	@ParameterizedTest
	@EnumSource(value = StreamMode.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
	void replacesRefusal(StreamMode mode) {
		assertThat(gate(Flux.fromIterable(REFUSAL), mode, "refusal").collectList().block()).isEqualTo(STRONG);
		assertThat(this.nextAttempts).hasValue(1);
		assertThat(this.recorder.events).containsExactly("replaced refusal");
		assertThat(this.recorder.unread.elements()).isEqualTo(REFUSAL);
		assertThat(this.recorder.unread.whole()).isTrue();
		assertThat(this.memory.used()).isZero();
	}

	@Test
	void whatArrivedOfReplacedStreamCanBePutTogether() {
		gate(Flux.fromIterable(REFUSAL), StreamMode.BUFFER, "refusal").blockLast();
		ChatResponse response = this.recorder.unread.assemble(Dialects.builtIn().of(null));
		assertThat(response.getResult().getOutput().getText()).isEqualTo("I'm sorry, but I can't help with that.");
		Usage usage = response.getMetadata().getUsage();
		assertThat(usage.getTotalTokens()).isEqualTo(15);
	}

	@Test
	void keepsBeginningUntilItIsLongEnoughAndThenPassesEachElementOnAsItComes() {
		TestPublisher<ChatClientResponse> cheap = TestPublisher.create();
		List<ChatClientResponse> seen = new ArrayList<>();
		gate(cheap.flux(), StreamMode.PREFIX, "refusal").subscribe(seen::add);
		for (int i = 1; i < GatedStream.PREFIX_TOKENS; i++) {
			cheap.next(StreamElements.text("word "));
		}
		assertThat(seen).isEmpty();
		cheap.next(StreamElements.text("word "));
		assertThat(seen).hasSize(GatedStream.PREFIX_TOKENS);
		cheap.next(StreamElements.text("more "));
		assertThat(seen).hasSize(GatedStream.PREFIX_TOKENS + 1);
		assertThat(this.memory.used()).isZero();
		cheap.complete();
	}

	@Test
	void cancelsStreamWhoseBeginningIsNotGoodEnough() {
		TestPublisher<ChatClientResponse> cheap = TestPublisher.create();
		List<ChatClientResponse> seen = new ArrayList<>();
		gate(cheap.flux(), StreamMode.PREFIX, "refusal").subscribe(seen::add);
		cheap.next(StreamElements.text("I cannot provide legal advice. "));
		for (int i = 0; i < GatedStream.PREFIX_TOKENS; i++) {
			cheap.next(StreamElements.text("word "));
		}
		cheap.assertCancelled();
		assertThat(seen).isEqualTo(STRONG);
		assertThat(this.recorder.unread.whole()).isFalse();
		assertThat(this.recorder.unread.elements()).hasSize(59);
	}

	@Test
	void toolCallEndsTheBeginning() {
		TestPublisher<ChatClientResponse> cheap = TestPublisher.create();
		List<ChatClientResponse> seen = new ArrayList<>();
		gate(cheap.flux(), StreamMode.PREFIX, "tool_arguments").subscribe(seen::add);
		cheap.next(StreamElements.toolCall("call-1", "weather", "{\"city\": "));
		assertThat(seen).isEmpty();
		cheap.next(StreamElements.toolCall("call-1", "", "\"Ghent\"}"));
		assertThat(seen).hasSize(2);
	}

	@Test
	void toolCallThatDoesNotParseIsReplaced() {
		List<ChatClientResponse> cheap = List.of(StreamElements.toolCall("call-1", "weather", "{\"city\": "),
				StreamElements.toolCall("call-1", "", "Ghent}"), StreamElements.end("tool_calls"));
		assertThat(gate(Flux.fromIterable(cheap), StreamMode.PREFIX, "tool_arguments").collectList().block())
			.isEqualTo(STRONG);
		assertThat(this.recorder.events).containsExactly("replaced tool_arguments");
	}

	@ParameterizedTest
	@EnumSource(value = StreamMode.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
	void emptyStreamIsReplaced(StreamMode mode) {
		StepVerifier.create(gate(Flux.empty(), mode, "refusal")).expectNextSequence(STRONG).verifyComplete();
		assertThat(this.recorder.events).containsExactly("replaced empty");
	}

	@Test
	void thoughtsAreKeptBackAndNotJudged() {
		List<ChatClientResponse> cheap = new ArrayList<>();
		for (int i = 0; i < 200; i++) {
			cheap.add(StreamElements.thought("I can't help with that "));
		}
		List<ChatClientResponse> thoughts = List.copyOf(cheap);
		cheap.addAll(GOOD);
		assertThat(gate(Flux.fromIterable(cheap), StreamMode.PREFIX, "refusal").collectList().block()).isEqualTo(cheap);
		assertThat(gate(Flux.fromIterable(cheap), StreamMode.BUFFER, "refusal").collectList().block()).isEqualTo(cheap);
		assertThat(gate(Flux.fromIterable(thoughts), StreamMode.PREFIX, "refusal").collectList().block())
			.isEqualTo(STRONG);
		assertThat(this.recorder.events).containsExactly("kept", "kept", "replaced empty");
	}

	@Test
	void streamThatIsTooLongIsPassedOnUnjudged() {
		String long1 = "I can't help with that. ".repeat(1000);
		List<ChatClientResponse> cheap = new ArrayList<>();
		for (int i = 0; i < 30; i++) {
			cheap.add(StreamElements.text(long1));
		}
		assertThat(gate(Flux.fromIterable(cheap), StreamMode.BUFFER, "refusal").collectList().block()).isEqualTo(cheap);
		assertThat(this.recorder.events).containsExactly("kept unjudged");
		assertThat(this.memory.used()).isZero();
	}

	@ParameterizedTest
	@EnumSource(StreamMode.class)
	void failureBeforeTheFirstElementIsReplaced(StreamMode mode) {
		IllegalStateException failure = new IllegalStateException("made up");
		StepVerifier.create(gate(Flux.error(failure), mode, "refusal")).expectNextSequence(STRONG).verifyComplete();
		assertThat(this.recorder.events).containsExactly("replaced error");
		assertThat(this.recorder.failure).isSameAs(failure);
	}

	@Test
	void failureAfterTheFirstElementPassesThrough() {
		IllegalStateException failure = new IllegalStateException("made up");
		StepVerifier.create(gate(Flux.fromIterable(GOOD).concatWith(Flux.error(failure)), StreamMode.NONE, "refusal"))
			.expectNextSequence(GOOD)
			.verifyErrorSatisfies((error) -> assertThat(error).isSameAs(failure));
		assertThat(this.nextAttempts).hasValue(0);
	}

	@Test
	void failureOfTheNextAttemptPassesThrough() {
		IllegalStateException failure = new IllegalStateException("made up");
		StepVerifier
			.create(StreamGate.of(Flux.fromIterable(REFUSAL), settings(StreamMode.BUFFER, "refusal"),
					() -> Flux.error(failure), this.recorder))
			.verifyErrorSatisfies((error) -> assertThat(error).isSameAs(failure));
	}

	@Test
	void streamIsPassedOnAsItIsIfNextAttemptCannotBeMade() {
		Supplier<Flux<ChatClientResponse>> none = () -> {
			throw new IllegalStateException("No tier is left");
		};
		StepVerifier
			.create(StreamGate.of(Flux.fromIterable(REFUSAL), settings(StreamMode.BUFFER, "refusal"), none,
					this.recorder))
			.expectNextSequence(REFUSAL)
			.verifyComplete();
		IllegalStateException failure = new IllegalStateException("made up");
		StepVerifier
			.create(StreamGate.of(Flux.just(GOOD.get(0)).concatWith(Flux.error(failure)),
					settings(StreamMode.BUFFER, "refusal"), none, this.recorder))
			.expectNext(GOOD.get(0))
			.verifyErrorSatisfies((error) -> assertThat(error).isSameAs(failure));
		assertThat(this.recorder.events).containsExactly("not replaced refusal", "kept", "not replaced error",
				"kept unjudged");
		assertThat(this.memory.used()).isZero();
	}

	@Test
	void failingCheckIsLeftOut() {
		NamedCheck failing = new NamedCheck("failing", (answer) -> {
			throw new IllegalStateException("made up");
		});
		GatedStream settings = settings(StreamMode.BUFFER, List.of(failing));
		assertThat(StreamGate.of(Flux.fromIterable(GOOD), settings, this::next, this.recorder).collectList().block())
			.isEqualTo(GOOD);
		assertThat(this.recorder.events).containsExactly("failed failing", "kept");
	}

	@Test
	void failingListenerChangesNothing() {
		StreamGateListener failing = new StreamGateListener() {

			@Override
			public void kept(boolean judged) {
				throw new IllegalStateException("made up");
			}

			@Override
			public void replaced(String reason, UnreadStream unread, Throwable failure) {
				throw new IllegalStateException("made up");
			}

		};
		GatedStream settings = settings(StreamMode.BUFFER, "refusal");
		assertThat(StreamGate.of(Flux.fromIterable(GOOD), settings, this::next, failing).collectList().block())
			.isEqualTo(GOOD);
		assertThat(StreamGate.of(Flux.fromIterable(REFUSAL), settings, this::next, failing).collectList().block())
			.isEqualTo(STRONG);
	}

	@Test
	void gatesCanFollowEachOther() {
		Flux<ChatClientResponse> second = gate(Flux.fromIterable(REFUSAL), StreamMode.PREFIX, "refusal");
		Flux<ChatClientResponse> first = StreamGate.of(Flux.fromIterable(REFUSAL),
				settings(StreamMode.PREFIX, "refusal"), () -> second, this.recorder);
		StepVerifier.create(first, 0).thenRequest(100).expectNextSequence(STRONG).verifyComplete();
		assertThat(this.recorder.events).containsExactly("replaced refusal", "replaced refusal");
	}

	@Test
	void cancellationWhileElementsAreKeptCancelsTheStreamAndTellsWhatArrived() {
		TestPublisher<ChatClientResponse> cheap = TestPublisher.create();
		StepVerifier.create(gate(cheap.flux(), StreamMode.BUFFER, "refusal"))
			.then(() -> cheap.next(GOOD.get(0), GOOD.get(1)))
			.thenCancel()
			.verify();
		cheap.assertCancelled();
		assertThat(this.recorder.events).containsExactly("cancelled");
		assertThat(this.recorder.unread.elements()).containsExactly(GOOD.get(0), GOOD.get(1));
		assertThat(this.memory.used()).isZero();
		cheap.error(new IllegalStateException("too late"));
		assertThat(this.nextAttempts).hasValue(0);
	}

	@Test
	void cancellationWhileElementsAreReleasedTellsWhatTheReaderHasNotSeen() {
		StepVerifier.create(gate(Flux.fromIterable(GOOD), StreamMode.BUFFER, "refusal"), 2)
			.expectNextCount(2)
			.thenCancel()
			.verify();
		assertThat(this.recorder.events).containsExactly("kept", "cancelled begun");
		assertThat(this.recorder.unread.elements()).isEqualTo(GOOD.subList(2, GOOD.size()));
		assertThat(this.recorder.unread.whole()).isTrue();
		assertThat(this.memory.used()).isZero();
	}

	@Test
	void cancellationOfTheNextAttemptCancelsIt() {
		TestPublisher<ChatClientResponse> strong = TestPublisher.create();
		StepVerifier
			.create(StreamGate.of(Flux.fromIterable(REFUSAL), settings(StreamMode.BUFFER, "refusal"), strong::flux,
					this.recorder))
			.then(() -> strong.next(STRONG.get(0)))
			.expectNext(STRONG.get(0))
			.thenCancel()
			.verify();
		strong.assertCancelled();
		assertThat(this.recorder.events).containsExactly("replaced refusal");
	}

	@ParameterizedTest
	@EnumSource(StreamMode.class)
	void readerGetsNoMoreThanItAskedFor(StreamMode mode) {
		StepVerifier.create(gate(Flux.fromIterable(GOOD), mode, "refusal"), 0)
			.expectSubscription()
			.thenRequest(1)
			.expectNext(GOOD.get(0))
			.thenRequest(3)
			.expectNextSequence(GOOD.subList(1, 4))
			.thenRequest(Long.MAX_VALUE)
			.expectNextSequence(GOOD.subList(4, GOOD.size()))
			.verifyComplete();
	}

	@Test
	void nextAttemptIsAskedForWhatTheReaderAskedFor() {
		AtomicLong asked = new AtomicLong();
		StepVerifier
			.create(StreamGate.of(Flux.fromIterable(REFUSAL), settings(StreamMode.BUFFER, "refusal"),
					() -> Flux.fromIterable(STRONG).doOnRequest(asked::addAndGet), this.recorder), 2)
			.expectNextSequence(STRONG.subList(0, 2))
			.then(() -> assertThat(asked).hasValue(2))
			.thenRequest(1)
			.expectNext(STRONG.get(2))
			.then(() -> assertThat(asked).hasValue(3))
			.thenCancel()
			.verify();
	}

	@Test
	void elementsAreAskedForOneByOneWhileTheyAreKept() {
		List<Long> asked = new ArrayList<>();
		Flux<ChatClientResponse> cheap = Flux.fromIterable(GOOD).hide().doOnRequest(asked::add);
		StepVerifier.create(gate(cheap, StreamMode.BUFFER, "refusal"), 3)
			.expectNextCount(3)
			.then(() -> assertThat(asked).hasSizeGreaterThanOrEqualTo(GOOD.size()).containsOnly(1L))
			.thenCancel()
			.verify();
	}

	@Test
	void longStreamsNeedNoDeepStack() {
		List<ChatClientResponse> cheap = Collections.nCopies(900, GOOD.get(0));
		GatedStream settings = settings(StreamMode.BUFFER, "refusal");
		assertThat(StreamGate.of(Flux.fromIterable(cheap), settings, this::next, this.recorder).count().block())
			.isEqualTo(900);
		assertThat(this.recorder.events).containsExactly("kept");
		List<ChatClientResponse> longer = Collections.nCopies(200_000, GOOD.get(0));
		assertThat(StreamGate.of(Flux.fromIterable(longer), settings, this::next, this.recorder).count().block())
			.isEqualTo(200_000);
	}

	@Test
	void streamThatSendsMoreThanItWasAskedForEndsWithAnError() {
		TestPublisher<ChatClientResponse> cheap = TestPublisher
			.createNoncompliant(TestPublisher.Violation.REQUEST_OVERFLOW);
		Collector reader = new Collector(new ArrayList<>());
		gate(cheap.flux(), StreamMode.PREFIX, "refusal").subscribe(reader);
		for (int i = 0; i <= GatedStream.PREFIX_TOKENS; i++) {
			cheap.next(StreamElements.text("word "));
		}
		cheap.assertCancelled();
		reader.requestUnbounded();
		assertThat(reader.seen).hasSize(GatedStream.PREFIX_TOKENS);
		assertThat(reader.failure).hasMessage("The stream sent more elements than it was asked for");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void contextOfTheReaderReachesBothAttempts(boolean good) {
		List<Object> seen = new ArrayList<>();
		Flux<ChatClientResponse> cheap = Flux.deferContextual((context) -> {
			seen.add(context.get("key"));
			return Flux.fromIterable(good ? GOOD : REFUSAL);
		});
		Flux<ChatClientResponse> strong = Flux.deferContextual((context) -> {
			seen.add(context.get("key"));
			return Flux.fromIterable(STRONG);
		});
		StreamGate.of(cheap, settings(StreamMode.BUFFER, "refusal"), () -> strong, this.recorder)
			.contextWrite((context) -> context.put("key", "value"))
			.blockLast();
		assertThat(seen).hasSize(good ? 1 : 2).containsOnly("value");
	}

	@Test
	void readerThatFailsIsToldAndMemoryIsGivenBack() {
		Flux<ChatClientResponse> failing = gate(Flux.fromIterable(GOOD), StreamMode.BUFFER, "refusal")
			.doOnNext((element) -> {
				throw new OutOfMemoryError("made up");
			});
		StepVerifier.create(failing)
			.verifyErrorSatisfies((error) -> assertThat(error).hasCauseInstanceOf(OutOfMemoryError.class));
		assertThat(this.memory.used()).isZero();
	}

	@Test
	void checkThatRunsOutOfMemoryEndsTheStream() {
		NamedCheck failing = new NamedCheck("failing", (answer) -> {
			throw new OutOfMemoryError("made up");
		});
		StepVerifier
			.create(StreamGate.of(Flux.fromIterable(GOOD), settings(StreamMode.BUFFER, List.of(failing)), this::next,
					this.recorder))
			.verifyErrorSatisfies((error) -> assertThat(error).hasCauseInstanceOf(OutOfMemoryError.class));
		assertThat(this.memory.used()).isZero();
	}

	@Test
	void cancellationAtTheSameTimeAsTheSwitchLeavesNothingRunning() throws Exception {
		GatedStream settings = settings(StreamMode.PREFIX, "refusal");
		for (int round = 0; round < ROUNDS; round++) {
			AtomicInteger running = new AtomicInteger();
			List<ChatClientResponse> seen = Collections.synchronizedList(new ArrayList<>());
			TestPublisher<ChatClientResponse> cheap = TestPublisher.create();
			Flux<ChatClientResponse> strong = Flux.<ChatClientResponse>never()
				.startWith(STRONG)
				.doOnSubscribe((subscription) -> running.incrementAndGet())
				.doFinally((signal) -> running.decrementAndGet());
			AtomicInteger supplied = new AtomicInteger();
			Collector reader = new Collector(seen);
			StreamGate.of(cheap.flux(), settings, () -> {
				supplied.incrementAndGet();
				return strong;
			}, this.recorder).subscribe(reader);
			REFUSAL.forEach(cheap::next);
			together(cheap::complete, reader::cancel);
			assertThat(running).hasValue(0);
			assertThat(supplied).hasValueLessThanOrEqualTo(1);
			assertThat(STRONG.subList(0, seen.size())).isEqualTo(seen);
			assertThat(this.memory.used()).isZero();
		}
		// Either what had arrived was charged at the switch, or at the cancellation
		assertThat(this.recorder.events).hasSize(ROUNDS);
	}

	@Test
	void demandAtTheSameTimeAsTheEndLosesNothing() throws Exception {
		GatedStream settings = settings(StreamMode.PREFIX, "refusal");
		for (int round = 0; round < ROUNDS; round++) {
			boolean good = round % 2 == 0;
			List<ChatClientResponse> seen = Collections.synchronizedList(new ArrayList<>());
			TestPublisher<ChatClientResponse> cheap = TestPublisher.create();
			Collector reader = new Collector(seen);
			StreamGate.of(cheap.flux(), settings, this::next, this.recorder).subscribe(reader);
			List<ChatClientResponse> elements = good ? GOOD : REFUSAL;
			elements.forEach(cheap::next);
			together(cheap::complete, () -> {
				for (int i = 0; i < GOOD.size(); i++) {
					reader.request(1);
				}
			});
			assertThat(reader.ended.await(10, TimeUnit.SECONDS)).isTrue();
			assertThat(seen).isEqualTo(good ? GOOD : STRONG);
		}
		assertThat(this.memory.used()).isZero();
	}

	@ParameterizedTest
	@EnumSource(StreamMode.class)
	void streamsOnOtherThreadsArriveWholeAndInOrder(StreamMode mode) {
		List<ChatClientResponse> cheap = new ArrayList<>();
		for (int i = 0; i < 300; i++) {
			cheap.add(StreamElements.text(i + " "));
		}
		for (int round = 0; round < 50; round++) {
			Flux<ChatClientResponse> stream = Flux.fromIterable(cheap)
				.publishOn(Schedulers.fromExecutor(this.executor), 1 + round % 7);
			assertThat(gate(stream, mode, "refusal").publishOn(Schedulers.fromExecutor(this.executor), 3)
				.collectList()
				.block()).isEqualTo(cheap);
		}
		assertThat(this.memory.used()).isZero();
	}

	private void together(Runnable one, Runnable other) throws Exception {
		CyclicBarrier barrier = new CyclicBarrier(2);
		var second = this.executor.submit(() -> {
			barrier.await();
			other.run();
			return true;
		});
		barrier.await();
		one.run();
		assertThat(second.get(10, TimeUnit.SECONDS)).isTrue();
	}

	private Flux<ChatClientResponse> next() {
		this.nextAttempts.incrementAndGet();
		return Flux.fromIterable(STRONG);
	}

	private Flux<ChatClientResponse> gate(Publisher<ChatClientResponse> cheap, StreamMode mode, String... checks) {
		return StreamGate.of(cheap, settings(mode, checks), this::next, this.recorder);
	}

	private GatedStream settings(StreamMode mode, String... checks) {
		return settings(mode, new ConfidenceChecks(Map.of()).find(List.of(checks), 1));
	}

	private GatedStream settings(StreamMode mode, List<NamedCheck> checks) {
		return new GatedStream(mode, checks, StreamElements.request("How do I open it?"), Dialects.builtIn().of(null),
				(text) -> Math.max(1, text.length() / 5), this.memory, 1_000_000);
	}

	/**
	 * Writes down what it is told.
	 */
	private static final class Recorder implements StreamGateListener {

		private final List<String> events = Collections.synchronizedList(new ArrayList<>());

		private volatile UnreadStream unread;

		private volatile Throwable failure;

		@Override
		public void kept(boolean judged) {
			this.events.add(judged ? "kept" : "kept unjudged");
		}

		@Override
		public void replaced(String reason, UnreadStream unread, Throwable failure) {
			this.events.add("replaced " + reason);
			this.unread = unread;
			this.failure = failure;
		}

		@Override
		public void cancelled(UnreadStream unread, boolean begun) {
			this.events.add(begun ? "cancelled begun" : "cancelled");
			this.unread = unread;
		}

		@Override
		public void notReplaced(String reason, Throwable failure) {
			this.events.add("not replaced " + reason);
		}

		@Override
		public void checkFailed(String check, Throwable failure) {
			this.events.add("failed " + check);
		}

	}

	/**
	 * Collects elements; asks for all of them at once if it is not told otherwise.
	 */
	private static final class Collector extends BaseSubscriber<ChatClientResponse> {

		private final List<ChatClientResponse> seen;

		private final CountDownLatch ended = new CountDownLatch(1);

		private volatile Throwable failure;

		Collector(List<ChatClientResponse> seen) {
			this.seen = seen;
		}

		@Override
		protected void hookOnSubscribe(org.reactivestreams.Subscription subscription) {
			request(STRONG.size() - 1);
		}

		@Override
		protected void hookOnNext(ChatClientResponse element) {
			this.seen.add(element);
		}

		@Override
		protected void hookOnError(Throwable failure) {
			this.failure = failure;
		}

		@Override
		protected void hookFinally(SignalType type) {
			this.ended.countDown();
		}

	}

}
