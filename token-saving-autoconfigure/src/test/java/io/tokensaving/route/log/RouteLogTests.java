package io.tokensaving.route.log;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.Eventually;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.TestClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RouteLog}.
 */
@Timeout(120)
class RouteLogTests {

	private static final PlanKey OTHER = new PlanKey("default", "other");

	private final TestClock clock = new TestClock("2026-11-30T12:00:00Z");

	private final List<Throwable> failures = new CopyOnWriteArrayList<>();

	private final List<RouteLog> opened = new ArrayList<>();

	@AfterEach
	void closeAll() {
		this.opened.forEach(RouteLog::close);
	}

	private RouteLog log(int capacity, RouteSink... sinks) {
		RouteLog log = RouteLog.builder()
			.capacity(capacity)
			.sinks(List.of(sinks))
			.clock(this.clock)
			.onFailure(this.failures::add)
			.times(Duration.ofMillis(5), Duration.ofSeconds(10))
			.build();
		this.opened.add(log);
		return log;
	}

	@Test
	void idsAreOrderedByTimeAndDiffer() {
		RouteLog log = log(10);
		List<UUID> ids = new ArrayList<>();
		for (int i = 0; i < 1000; i++) {
			ids.add(log.newId());
			this.clock.pass(Duration.ofMillis(1));
		}
		assertThat(ids).isSorted().doesNotHaveDuplicates();
		assertThat(ids).allSatisfy((id) -> {
			assertThat(id.version()).isEqualTo(7);
			assertThat(id.variant()).isEqualTo(2);
		});
		assertThat(ids.get(0).getMostSignificantBits() >>> 16).isEqualTo(1_796_040_000_000L);
	}

	@Test
	void theLatestOfAPlanAreReturnedNewestFirst() {
		RouteLog log = log(100);
		List<UUID> ids = new ArrayList<>();
		for (int i = 0; i < 250; i++) {
			RouteDecision decision = RouteDecisions.decision(log.newId(), (i % 5 == 0) ? OTHER : RouteDecisions.PLAN);
			ids.add(decision.id());
			log.add(decision);
		}
		assertThat(log.newest(OTHER, 3)).extracting(RouteDecision::id)
			.containsExactly(ids.get(245), ids.get(240), ids.get(235));
		assertThat(log.newest(OTHER, 1000)).hasSize(20);
		assertThat(log.newest(RouteDecisions.PLAN, 1000)).hasSize(80);
		assertThat(log.newest(new PlanKey("others", "other"), 10)).isEmpty();
		assertThat(log.find(ids.get(149))).isNull();
		assertThat(log.find(ids.get(150))).isNotNull();
		assertThat(log.summary(OTHER).wholeSinceStart()).isFalse();
	}

	@Test
	void aVerdictBecomesPartOfTheDecisionAndALateOneIsCounted() {
		RouteLog log = log(2);
		UUID first = log.newId();
		log.add(RouteDecisions.decision(first));
		log.verdict(first, RouteVerdict.WORSE);
		assertThat(Objects.requireNonNull(log.find(first)).judged()).isEqualTo(RouteVerdict.WORSE);
		log.add(RouteDecisions.decision(log.newId()));
		log.add(RouteDecisions.decision(log.newId()));
		log.verdict(first, RouteVerdict.SAME);
		log.verdict(UUID.randomUUID(), RouteVerdict.SAME);
		assertThat(log.find(first)).isNull();
		assertThat(log.describe()).containsEntry("late_verdicts", 2L).containsEntry("added", 3L);
	}

	@Test
	void sinksGetDecisionsAndVerdictsInOrder() {
		RecordingSink sink = new RecordingSink();
		RouteLog log = log(2, sink);
		UUID id = log.newId();
		log.add(RouteDecisions.decision(id));
		log.verdict(id, RouteVerdict.WORSE);
		log.add(RouteDecisions.decision(log.newId()));
		log.add(RouteDecisions.decision(log.newId()));
		// No longer in memory
		log.verdict(RouteDecisions.PLAN, id, RouteVerdict.SUCCESS);
		log.stop();
		assertThat(sink.lines).hasSize(5);
		assertThat(sink.lines.get(0).json()).startsWith("{\"type\":\"decision\",\"id\":\"" + id);
		assertThat(sink.lines.get(1).json()).contains("\"type\":\"verdict\"")
			.contains(id.toString())
			.contains("\"verdict\":\"worse\"");
		assertThat(sink.lines.get(4).json()).contains(id.toString()).contains("\"verdict\":\"success\"");
		assertThat(sink.lines).allSatisfy((line) -> {
			assertThat(line.plan()).isEqualTo(RouteDecisions.PLAN);
			assertThat(line.json()).doesNotContain("\n");
		});
	}

	@Test
	void aTextGoesNowhereUnlessTextsAreKept() {
		RecordingSink sink = new RecordingSink();
		RouteLog log = log(10, sink);
		assertThat(log.keepsText()).isFalse();
		String canary = "canary-7f31";
		RouteDecision.Prompt prompt = log.measure("default", List.of(new UserMessage(canary)), 3);
		RouteDecision made = RouteDecisions.decision(log.newId());
		RouteDecision decision = new RouteDecision(made.id(), made.time(), made.plan(), made.feature(), made.mode(),
				made.settings(), made.choice(), prompt, made.answer(), made.escalations(), null, null);
		log.add(decision, new RouteText(canary, canary));
		sink.failure = new IOException("refused");
		log.add(decision, new RouteText(canary, canary));
		log.stop();
		assertThat(prompt.characters()).isEqualTo(canary.length());
		assertThat(this.failures).isNotEmpty();
		assertThat(sink.lines.toString() + sink.offered + log.newest(RouteDecisions.PLAN, 10) + log.describe()
				+ log.summary(RouteDecisions.PLAN).describe() + this.failures)
			.doesNotContain(canary);
	}

	@Test
	void aSinkThatFailsGetsTheSameBatchAgainAndNobodyNotices() {
		RecordingSink sink = new RecordingSink();
		sink.failure = new IOException("No space left on device");
		RecordingSink healthy = new RecordingSink();
		RouteLog log = log(10, sink, healthy);
		for (int i = 0; i < 50; i++) {
			log.add(RouteDecisions.decision(log.newId()));
		}
		Eventually.await("the other has all", () -> healthy.lines.size() == 50);
		Eventually.await("it has failed twice", () -> sink.offered.size() >= 2);
		log.add(RouteDecisions.decision(log.newId()));
		sink.failure = null;
		Eventually.await("all are written", () -> sink.lines.size() == 51);
		assertThat(sink.lines).doesNotHaveDuplicates();
		assertThat(sink.offered.get(1)).isEqualTo(sink.offered.get(0));
		assertThat(this.failures).first()
			.asString()
			.contains("recording")
			.contains("records")
			.contains("No space left on device");
		assertThat(log.describe().get("sinks")).asString().contains("written=51").contains("dropped=0");
	}

	@Test
	void whatASinkSaysThatCouldQuoteARecordIsNotRepeated() {
		RecordingSink sink = new RecordingSink();
		sink.failure = new IllegalStateException("refused: {json}");
		RouteLog log = log(10, sink);
		log.add(RouteDecisions.decision(log.newId()));
		Eventually.await("it has failed", () -> !this.failures.isEmpty());
		assertThat(this.failures.get(0).getMessage()).contains("IllegalStateException").doesNotContain("json");
	}

	@Test
	void anErrorInASinkIsAFailureLikeOthers() {
		RecordingSink sink = new RecordingSink();
		sink.error = new NoClassDefFoundError("gone");
		RouteLog log = log(10, sink);
		log.add(RouteDecisions.decision(log.newId()));
		Eventually.await("it has failed", () -> !this.failures.isEmpty());
		sink.error = null;
		Eventually.await("it is written", () -> sink.lines.size() == 1);
	}

	@Test
	void whatWaitsIsBoundedInNumber() {
		RecordingSink sink = new RecordingSink();
		sink.failure = new IOException("refused");
		RouteLog log = log(10, sink);
		for (int i = 0; i < SinkWriter.MAX_WAITING + 500; i++) {
			log.add(RouteDecisions.decision(log.newId()));
		}
		SinkWriter writer = log.writers().get(0);
		assertThat(writer.waiting()).isEqualTo(SinkWriter.MAX_WAITING);
		assertThat(writer.dropped()).isEqualTo(500);
		sink.failure = null;
		Eventually.await("the rest is written", () -> sink.lines.size() == SinkWriter.MAX_WAITING);
		assertThat(writer.waiting()).isZero();
		log.add(RouteDecisions.decision(log.newId()));
		Eventually.await("more is written", () -> sink.lines.size() == SinkWriter.MAX_WAITING + 1);
	}

	@Test
	void whatWaitsIsBoundedInMemoryAndALongTextIsLeftOut() {
		RecordingSink sink = new RecordingSink();
		sink.failure = new IOException("refused");
		RouteLog log = RouteLog.builder()
			.sinks(List.of(sink))
			.texts(new ReversingCipher())
			.onFailure(this.failures::add)
			.build();
		this.opened.add(log);
		RouteText text = new RouteText("q".repeat(500_000), "a".repeat(400_000));
		for (int i = 0; i < 100; i++) {
			log.add(RouteDecisions.decision(log.newId()), text);
		}
		SinkWriter writer = log.writers().get(0);
		assertThat(writer.waiting()).isEqualTo((int) (SinkWriter.MAX_BYTES / (2 * 900_000 + 1000)));
		assertThat(writer.dropped()).isEqualTo(100L - writer.waiting());
		log.add(RouteDecisions.decision(log.newId()), new RouteText("q".repeat(RouteLog.MAX_TEXT), "a"));
		assertThat(log.describe()).containsEntry("texts_left_out", 1L);
	}

	@Test
	void stoppingWritesWhatWaitsAndGivesUpAtItsDeadline() throws Exception {
		RecordingSink sink = new RecordingSink();
		RouteLog log = RouteLog.builder()
			.sinks(List.of(sink))
			.onFailure(this.failures::add)
			.times(Duration.ofHours(1), Duration.ofSeconds(10))
			.build();
		log.start();
		log.add(RouteDecisions.decision(log.newId()));
		log.stop();
		assertThat(sink.lines).hasSize(1);
		sink.entered = new CountDownLatch(1);
		sink.held = new CountDownLatch(1);
		log.add(RouteDecisions.decision(log.newId()));
		long start = System.nanoTime();
		log.stop();
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(4900),
				Duration.ofSeconds(60));
		assertThat(sink.entered.await(0, TimeUnit.SECONDS)).isTrue();
		log.close();
		assertThat(log.writers().get(0).dropped()).isEqualTo(1);
		// Still never throws
		log.add(RouteDecisions.decision(log.newId()));
		assertThat(log.writers().get(0).dropped()).isEqualTo(2);
	}

	@Test
	void aWriteThatHangsIsInterruptedAndRepeated() {
		RecordingSink sink = new RecordingSink();
		sink.held = new CountDownLatch(1);
		RouteLog log = RouteLog.builder()
			.sinks(List.of(sink))
			.onFailure(this.failures::add)
			.times(Duration.ofMillis(5), Duration.ofMillis(50))
			.build();
		this.opened.add(log);
		log.add(RouteDecisions.decision(log.newId()));
		Eventually.await("it was interrupted", () -> !this.failures.isEmpty());
		sink.held.countDown();
		Eventually.await("it is written", () -> sink.lines.size() == 1);
	}

	@Test
	void sinksAreToldToDeleteWhatIsOldWhenTheApplicationStarts() {
		RecordingSink sink = new RecordingSink();
		RouteLog log = log(10, sink);
		log.start();
		Eventually.await("it was told", () -> sink.expired.get() == 1);
		assertThat(log.isRunning()).isTrue();
	}

	@Test
	void whoIsToldOfFailuresMayFail() {
		RecordingSink sink = new RecordingSink();
		sink.failure = new IOException("refused");
		RouteLog log = RouteLog.builder().sinks(List.of(sink)).onFailure((failure) -> {
			throw new IllegalStateException();
		}).times(Duration.ofMillis(5), Duration.ofSeconds(10)).build();
		this.opened.add(log);
		log.add(RouteDecisions.decision(log.newId()));
		Eventually.await("it has failed", () -> !sink.offered.isEmpty());
		sink.failure = null;
		Eventually.await("it is written", () -> sink.lines.size() == 1);
	}

	@Test
	void manyMayAddAndJudgeWhileOthersReadAndNothingIsLostOrLeft() throws Exception {
		int threads = 8;
		int each = 5000;
		RecordingSink sink = new RecordingSink();
		RouteLog log = log(200, sink);
		CyclicBarrier begin = new CyclicBarrier(threads + 1);
		AtomicBoolean over = new AtomicBoolean();
		ExecutorService pool = Executors.newFixedThreadPool(threads + 1);
		try {
			List<Future<Integer>> adding = new ArrayList<>();
			for (int thread = 0; thread < threads; thread++) {
				adding.add(pool.submit(() -> {
					begin.await();
					int merged = 0;
					List<UUID> ids = new ArrayList<>();
					for (int i = 0; i < each; i++) {
						UUID id = log.newId();
						ids.add(id);
						log.add(RouteDecisions.decision(id));
						UUID judged = ids.get(ThreadLocalRandom.current().nextInt(Math.max(0, i - 40), i + 1));
						log.verdict(judged, RouteVerdict.SAME);
						log.verdict(judged, RouteVerdict.SUCCESS);
						RouteDecision found = log.find(judged);
						if (found != null) {
							assertThat(found.id()).isEqualTo(judged);
							assertThat(found.judged()).isEqualTo(RouteVerdict.SAME);
							assertThat(found.reported()).isEqualTo(RouteVerdict.SUCCESS);
							merged++;
						}
					}
					return merged;
				}));
			}
			Future<?> reading = pool.submit(() -> {
				begin.await();
				while (!over.get()) {
					List<RouteDecision> newest = log.newest(RouteDecisions.PLAN, 1000);
					assertThat(newest).hasSizeLessThanOrEqualTo(200);
					assertThat(newest).extracting(RouteDecision::id).doesNotHaveDuplicates();
				}
				return null;
			});
			int merged = 0;
			for (Future<Integer> one : adding) {
				merged += one.get();
			}
			over.set(true);
			reading.get();
			assertThat(merged).isPositive();
		}
		finally {
			pool.shutdownNow();
		}
		assertThat(log.ring().added()).isEqualTo(threads * each);
		assertThat(log.ring().indexed()).isEqualTo(200);
		assertThat(log.newest(RouteDecisions.PLAN, 1000)).hasSize(200);
		assertThat(this.failures).isEmpty();
		log.stop();
		SinkWriter writer = log.writers().get(0);
		assertThat(writer.waiting()).isZero();
		assertThat(sink.lines).hasSize((int) writer.written());
		long verdictsOffered = writer.written() + writer.dropped() - threads * each;
		assertThat(verdictsOffered).isPositive().isLessThanOrEqualTo(2L * threads * each);
	}

	@Test
	void longPromptsAreHashedBehindTheAnswer() {
		PromptHash hash = PromptHash.withKey(new byte[PromptHash.MIN_KEY_BYTES]);
		Thread caller = Thread.currentThread();
		try (RouteLog log = RouteLog.builder().hash(hash).build()) {
			for (int length : new int[] { 10, RouteLog.SHORT, RouteLog.SHORT + 1, 20_000 }) {
				AtomicInteger read = new AtomicInteger();
				String text = "x".repeat(length);
				List<Message> messages = new ArrayList<>(List.of(new UserMessage(text) {

					@Override
					public String getText() {
						if (Thread.currentThread() == caller) {
							read.incrementAndGet();
						}
						return super.getText();
					}

				}));
				RouteDecision.Prompt prompt = log.measure("default", messages, 1);
				assertThat(read).as("reads of %d", length).hasValue((length > RouteLog.SHORT) ? 1 : 2);
				// What the caller does with its list is nothing to the log
				messages.clear();
				Eventually.await(() -> prompt.hashed().isMade());
				assertThat(prompt.hash()).isEqualTo(hash.of("default", List.of(new UserMessage(text))));
			}
		}
	}

	@Test
	void promptsAreHashedWhereNoThreadDoesIt() {
		RouteLog log = RouteLog.builder().build();
		log.close();
		String text = "x".repeat(20_000);
		assertThat(log.measure("default", List.of(new UserMessage(text)), 1).hashed().isMade()).isTrue();
	}

	/**
	 * A sink that remembers, and fails or hangs as a test says.
	 */
	static final class RecordingSink implements RouteSink {

		private final List<RouteLine> lines = new CopyOnWriteArrayList<>();

		private final List<List<RouteLine>> offered = new CopyOnWriteArrayList<>();

		private final AtomicInteger expired = new AtomicInteger();

		private volatile Exception failure;

		private volatile Error error;

		private volatile CountDownLatch entered;

		private volatile CountDownLatch held;

		@Override
		public String name() {
			return "recording";
		}

		@Override
		public void write(List<RouteLine> lines) throws Exception {
			if (this.entered != null) {
				this.entered.countDown();
			}
			if (this.held != null) {
				this.held.await();
			}
			if (this.error != null) {
				this.offered.add(lines);
				throw this.error;
			}
			if (this.failure != null) {
				this.offered.add(lines);
				throw this.failure;
			}
			this.lines.addAll(lines);
		}

		@Override
		public void expire() {
			this.expired.incrementAndGet();
		}

	}

	/**
	 * Stands for encryption where that does not matter.
	 */
	static final class ReversingCipher implements RouteTextCipher {

		@Override
		public byte[] seal(byte[] content, String name) {
			byte[] sealed = new byte[content.length];
			for (int i = 0; i < content.length; i++) {
				sealed[i] = (byte) ~content[content.length - 1 - i];
			}
			return sealed;
		}

		@Override
		public byte[] open(byte[] sealed, String name) {
			return seal(sealed, name);
		}

	}

}
