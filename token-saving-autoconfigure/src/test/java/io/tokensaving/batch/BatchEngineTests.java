package io.tokensaving.batch;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.tokensaving.batch.BatchAnswer.Kind;
import io.tokensaving.batch.BatchQueue.Entry;
import io.tokensaving.batch.BatchQueue.Entry.State;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BatchEngine}.
 */
class BatchEngineTests {

	private static final Instant START = Instant.parse("2026-12-01T00:00:00Z");

	private static final Instant DEADLINE = START.plus(Duration.ofHours(8));

	private static final BatchTarget TARGET = new BatchTarget("some", "https://api.example.com", "a", "/v1/chat",
			"small", Map.of());

	private static final BatchEngineSettings SETTINGS = new BatchEngineSettings(100, 1_000_000, Duration.ofMinutes(10),
			Duration.ofSeconds(30), Duration.ofMinutes(10), Duration.ofMinutes(30), Duration.ofHours(1), true);

	private final SteppedClock clock = new SteppedClock(START);

	private final SteppedWork work = new SteppedWork(this.clock, () -> Duration.ZERO);

	private final Provider provider = new Provider();

	private final List<String> unused = new ArrayList<>();

	@TempDir
	Path directory;

	private BatchStore store;

	private BatchEngine engine;

	@BeforeEach
	void open() {
		open(SETTINGS, null);
	}

	@AfterEach
	void close() {
		this.engine.close();
		this.store.close();
	}

	private void open(BatchEngineSettings settings, byte @Nullable [] key) {
		this.store = new FileBatchStore(this.directory, this.clock);
		this.engine = BatchEngine.builder(this.store, () -> List.of(this.provider))
			.settings(settings)
			.clock(this.clock)
			.scheduling(this.work.newProcess())
			.random(new Random(1))
			.encryptionKey(key)
			.unusedAnswers((workspace, plan, target, body) -> this.unused
				.add(workspace + " " + plan + " " + target.model() + " " + new String(body, StandardCharsets.UTF_8)))
			.build();
		this.engine.start();
	}

	private void reopen(BatchEngineSettings settings, byte @Nullable [] key) {
		close();
		open(settings, key);
	}

	@Test
	void sendsWhatHasWaitedLongEnough() {
		add(1, "one");
		add(2, "two");
		pass(Duration.ofMinutes(9));
		assertThat(this.provider.sent).isEmpty();
		assertThat(state(1)).isEqualTo(State.QUEUED);
		pass(Duration.ofMinutes(1).plusSeconds(1));
		assertThat(this.provider.sent).hasSize(1);
		assertThat(this.provider.sent.get("b0").values()).containsExactlyInAnyOrder("one", "two");
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
		this.provider.end("b0");
		pass(Duration.ofMinutes(2));
		Entry entry = this.engine.find(key(1));
		assertThat(entry.state()).isEqualTo(State.DONE);
		assertThat(new String(entry.body(), StandardCharsets.UTF_8)).isEqualTo("answer to one");
		assertThat(this.engine.claimPayment(key(1))).isTrue();
		assertThat(this.engine.claimPayment(key(1))).isFalse();
		assertThat(this.provider.deleted).containsExactly("b0");
		assertThat(this.store.submissions()).isEmpty();
	}

	@Test
	void sendsAFullBatchAtOnce() {
		reopen(new BatchEngineSettings(3, 1_000_000, Duration.ofHours(1), Duration.ofSeconds(30),
				Duration.ofMinutes(10), Duration.ofMinutes(30), Duration.ofHours(1), true), null);
		add(1, "a");
		add(2, "b");
		pass(Duration.ofSeconds(20));
		assertThat(this.provider.sent).isEmpty();
		add(3, "c");
		add(4, "d");
		pass(Duration.ofSeconds(2));
		assertThat(this.provider.sent.get("b0")).hasSize(3);
		assertThat(this.provider.sent).hasSize(1);
	}

	@Test
	void keepsBelowTheLimitOfTheProvider() {
		this.provider.limits = new BatchTransport.Limits(1000, 4000);
		for (int number = 0; number < 10; number++) {
			add(number, "x".repeat(744));
		}
		pass(Duration.ofSeconds(5));
		// 95 % of 4,000 hold 3 of 1,000
		assertThat(this.provider.sent.values()).extracting(Map::size).containsExactly(3, 3, 3);
	}

	@Test
	void sendsEarlierIfBatchesOfTheAccountTakeLong() {
		this.store.addTurnaround(this.store.lead("other", Duration.ZERO), "some https://api.example.com a",
				Duration.ofHours(7).plusMinutes(25));
		this.engine.add(key(1), "w", "p", TARGET, "one".getBytes(), DEADLINE);
		pass(Duration.ofMinutes(4));
		assertThat(this.provider.sent).isEmpty();
		pass(Duration.ofMinutes(2));
		assertThat(this.provider.sent).hasSize(1);
		assertThat(this.engine.overview().submitted().get(0).expected()).isBetween(START.plus(Duration.ofMinutes(450)),
				START.plus(Duration.ofMinutes(451)));
	}

	@Test
	void targetsDoNotShareABatch() {
		add(1, "one");
		BatchTarget beta = new BatchTarget("some", "https://api.example.com", "a", "/v1/chat", "small",
				Map.of("x-beta", "b"));
		this.engine.add(key(2), "w", "p", beta, "two".getBytes(), DEADLINE);
		pass(Duration.ofMinutes(11));
		assertThat(this.provider.sent.values()).extracting(Map::size).containsExactly(1, 1);
	}

	@Test
	void linesWithACommonBeginningStandTogether() {
		String[] beginnings = { "a".repeat(5000), "b".repeat(5000), "a".repeat(2000) + "c".repeat(3000) };
		for (int number = 0; number < 30; number++) {
			add(number, beginnings[number % 3] + number);
		}
		pass(Duration.ofMinutes(11));
		List<Integer> kinds = this.provider.sent.get("b0")
			.values()
			.stream()
			.map((body) -> (body.charAt(0) == 'b') ? 1 : (body.charAt(3000) == 'c') ? 2 : 0)
			.toList();
		StringBuilder runs = new StringBuilder();
		for (int i = 0; i < kinds.size(); i++) {
			if (i == 0 || !kinds.get(i).equals(kinds.get(i - 1))) {
				runs.append(kinds.get(i));
			}
		}
		// Those that begin with "a" are neighbours too
		assertThat(runs.toString()).isIn("021", "201", "102", "120");
	}

	@Test
	void stagesEndOnceNothingMoreHappens() {
		add(1, "one");
		add(2, "bad");
		CompletableFuture<Entry> first = this.engine.settled(key(1)).toCompletableFuture();
		CompletableFuture<Entry> second = this.engine.settled(key(2)).toCompletableFuture();
		CompletableFuture<Entry> cancelled = this.engine.settled(key(1)).toCompletableFuture();
		cancelled.cancel(true);
		pass(Duration.ofMinutes(11));
		assertThat(first).isNotDone();
		this.provider.end("b0");
		pass(Duration.ofMinutes(2));
		assertThat(first.join().state()).isEqualTo(State.DONE);
		assertThat(second.join().state()).isEqualTo(State.FAILED);
		assertThat(second.join().error()).isEqualTo("bad request");
		CompletableFuture<Entry> later = this.engine.settled(key(1)).toCompletableFuture();
		CompletableFuture<Entry> unknown = this.engine.settled(key(9)).toCompletableFuture();
		pass(Duration.ZERO);
		assertThat(later.join().state()).isEqualTo(State.DONE);
		assertThat(unknown.join().state()).isEqualTo(State.EXPIRED);
	}

	@Test
	void stagesEndAlthoughTheStoreCouldNotBeReadForAWhile() {
		this.engine.close();
		BatchStore good = this.store;
		boolean[] failing = new boolean[1];
		BatchStore moody = (BatchStore) Proxy.newProxyInstance(BatchStore.class.getClassLoader(),
				new Class<?>[] { BatchStore.class }, (proxy, method, arguments) -> {
					if (failing[0] && method.getName().equals("find")) {
						throw new IllegalStateException("The store cannot be read");
					}
					try {
						return method.invoke(good, arguments);
					}
					catch (InvocationTargetException ex) {
						throw ex.getCause();
					}
				});
		this.engine = BatchEngine.builder(moody, () -> List.of(this.provider))
			.settings(SETTINGS)
			.clock(this.clock)
			.scheduling(this.work.newProcess())
			.random(new Random(1))
			.build();
		this.engine.start();
		add(1, "one");
		CompletableFuture<Entry> before = this.engine.settled(key(1)).toCompletableFuture();
		failing[0] = true;
		CompletableFuture<Entry> meanwhile = this.engine.settled(key(1)).toCompletableFuture();
		// Settled by another instance
		BatchStore.Change change = new BatchStore.Change(key(1), null, BatchStore.Line.OPEN, State.EXPIRED, DEADLINE,
				null, null);
		good.apply(good.lead("x", Duration.ofSeconds(1)), List.of(change));
		pass(Duration.ofSeconds(30));
		assertThat(before).isNotDone();
		failing[0] = false;
		pass(Duration.ofSeconds(30));
		assertThat(before.join().state()).isEqualTo(State.EXPIRED);
		assertThat(meanwhile.join().state()).isEqualTo(State.EXPIRED);
	}

	@Test
	void stagesFailOnceTheEngineIsClosed() {
		add(1, "one");
		CompletableFuture<Entry> stage = this.engine.settled(key(1)).toCompletableFuture();
		this.engine.close();
		assertThat(stage).isCompletedExceptionally();
		assertThat(this.engine.settled(key(1)).toCompletableFuture()).isCompletedExceptionally();
	}

	@Test
	void cancelsABatchOfWhichAllLinesAreDue() {
		add(1, "one");
		pass(Duration.ofMinutes(11));
		passTo(DEADLINE.minus(Duration.ofMinutes(31)));
		assertThat(this.provider.cancelled).isEmpty();
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
		passTo(DEADLINE.minus(Duration.ofMinutes(29)));
		assertThat(this.provider.cancelled).containsExactly("b0");
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
		passTo(DEADLINE.minus(Duration.ofMinutes(16)));
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
		passTo(DEADLINE.minus(Duration.ofMinutes(14)));
		assertThat(state(1)).isEqualTo(State.EXPIRED);
		assertThat(this.provider.cancelled).hasSize(1);
		this.engine.askedLive(key(1));
		assertThat(state(1)).isEqualTo(State.LIVE);
		this.provider.end("b0");
		pass(Duration.ofMinutes(20));
		assertThat(state(1)).isEqualTo(State.LIVE);
		assertThat(this.unused).containsExactly("w p small answer to one");
		assertThat(this.engine.claimPayment(key(1))).isFalse();
	}

	@Test
	void usesWhatACancelledBatchHasAnswered() {
		add(1, "one");
		add(2, "slow");
		pass(Duration.ofMinutes(11));
		passTo(DEADLINE.minus(Duration.ofMinutes(29)));
		this.provider.fail("b0", "slow", Kind.CANCELLED);
		this.provider.end("b0");
		pass(Duration.ofMinutes(2));
		assertThat(state(1)).isEqualTo(State.DONE);
		assertThat(state(2)).isEqualTo(State.EXPIRED);
	}

	@Test
	void aDueLineWaitsForABatchThatOthersNeedAsLongAsItCan() {
		this.engine.add(key(1), "w", "p", TARGET, "one".getBytes(), DEADLINE);
		this.engine.add(key(2), "w", "p", TARGET, "two".getBytes(), DEADLINE.plus(Duration.ofHours(1)));
		pass(Duration.ofMinutes(11));
		passTo(DEADLINE.minus(Duration.ofMinutes(16)));
		assertThat(this.provider.cancelled).isEmpty();
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
		passTo(DEADLINE.minus(Duration.ofMinutes(14)));
		assertThat(this.provider.cancelled).isEmpty();
		assertThat(state(1)).isEqualTo(State.EXPIRED);
		assertThat(state(2)).isEqualTo(State.SUBMITTED);
		// Nobody has asked live before the answer came
		this.provider.end("b0");
		pass(Duration.ofMinutes(12));
		assertThat(state(1)).isEqualTo(State.DONE);
		assertThat(this.engine.claimPayment(key(1))).isTrue();
	}

	@Test
	void aDueLineWaitsForTheResultOfABatchThatHasEnded() {
		addTwoWithTimeBetween();
		CompletableFuture<Entry> settled = this.engine.settled(key(1)).toCompletableFuture();
		passTo(DEADLINE.minus(Duration.ofMinutes(28)));
		this.provider.unreadable = 4;
		this.provider.end("b0");
		// The pauses between two looks are 10 minutes by now
		passTo(DEADLINE.minus(Duration.ofMinutes(10)));
		assertThat(settled.join().state()).isEqualTo(State.DONE);
		assertThat(state(2)).isEqualTo(State.DONE);
		assertThat(this.provider.unreadable).isZero();
	}

	@Test
	void aBatchIsLookedAtOnceMoreBeforeALineIsAskedLive() {
		addTwoWithTimeBetween();
		CompletableFuture<Entry> settled = this.engine.settled(key(1)).toCompletableFuture();
		passTo(DEADLINE.minus(Duration.ofMinutes(15)).minusSeconds(1));
		this.provider.end("b0");
		passTo(DEADLINE.minus(Duration.ofMinutes(14)));
		assertThat(settled.join().state()).isEqualTo(State.DONE);
	}

	@Test
	void aDueLineOfABatchOfWhichNothingIsKnownIsAskedLiveWhenAQuarterOfTheMarginIsLeft() {
		addTwoWithTimeBetween();
		this.provider.silent = true;
		passTo(DEADLINE.minus(Duration.ofMinutes(8)));
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
		passTo(DEADLINE.minus(Duration.ofMinutes(7)));
		assertThat(state(1)).isEqualTo(State.EXPIRED);
		assertThat(state(2)).isEqualTo(State.SUBMITTED);
	}

	@Test
	void aProcessThatStartsTooLateLooksAtItsBatchesOnce() {
		addTwoWithTimeBetween();
		this.engine.add(key(3), "w", "p", TARGET, "three".getBytes(), DEADLINE);
		close();
		this.provider.end("b0");
		this.clock.moveTo(DEADLINE.plus(Duration.ofMinutes(1)));
		open();
		CompletableFuture<Entry> sent = this.engine.settled(key(1)).toCompletableFuture();
		CompletableFuture<Entry> queued = this.engine.settled(key(3)).toCompletableFuture();
		pass(Duration.ZERO);
		assertThat(sent.join().state()).isEqualTo(State.DONE);
		assertThat(queued.join().state()).isEqualTo(State.EXPIRED);
	}

	@Test
	void aProcessThatStartsTooLateAsksLiveAtOnceIfItsBatchGoesOn() {
		addTwoWithTimeBetween();
		close();
		this.clock.moveTo(DEADLINE.plus(Duration.ofMinutes(1)));
		open();
		pass(Duration.ZERO);
		assertThat(state(1)).isEqualTo(State.EXPIRED);
		assertThat(state(2)).isEqualTo(State.SUBMITTED);
	}

	@Test
	void answersBeforeTheEndOfAResultThatBreaksOffAreKept() {
		add(1, "one");
		add(2, "two");
		pass(Duration.ofMinutes(11));
		this.provider.unreadable = Integer.MAX_VALUE;
		this.provider.end("b0");
		pass(Duration.ofMinutes(2));
		assertThat(List.of(state(1), state(2))).containsExactlyInAnyOrder(State.DONE, State.SUBMITTED);
	}

	private void addTwoWithTimeBetween() {
		add(1, "one");
		this.engine.add(key(2), "w", "p", TARGET, "two".getBytes(), DEADLINE.plus(Duration.ofHours(1)));
		pass(Duration.ofMinutes(11));
		assertThat(state(2)).isEqualTo(State.SUBMITTED);
	}

	@Test
	void aBatchIsCancelledOnceItsLastLineIsDue() {
		this.engine.add(key(1), "w", "p", TARGET, "one".getBytes(), DEADLINE);
		this.engine.add(key(2), "w", "p", TARGET, "two".getBytes(), DEADLINE.plus(Duration.ofMinutes(5)));
		pass(Duration.ofMinutes(11));
		passTo(DEADLINE.minus(Duration.ofMinutes(26)));
		assertThat(this.provider.cancelled).isEmpty();
		passTo(DEADLINE.minus(Duration.ofMinutes(24)));
		assertThat(this.provider.cancelled).containsExactly("b0");
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
		assertThat(state(2)).isEqualTo(State.SUBMITTED);
	}

	@Test
	void withoutLiveFallbackBatchesMayTakeUntilTheDeadline() {
		reopen(new BatchEngineSettings(100, 1_000_000, Duration.ofMinutes(10), Duration.ofSeconds(30),
				Duration.ofMinutes(10), Duration.ofMinutes(30), Duration.ofHours(1), false), null);
		add(1, "one");
		pass(Duration.ofMinutes(11));
		passTo(DEADLINE.minusSeconds(1));
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
		passTo(DEADLINE.plusSeconds(1));
		assertThat(state(1)).isEqualTo(State.EXPIRED);
	}

	@Test
	void failedLinesAreSentAgain() {
		add(1, "one");
		add(2, "two");
		add(3, "lost");
		pass(Duration.ofMinutes(11));
		this.provider.fail("b0", "two", Kind.FAILED);
		this.provider.fail("b0", "lost", null);
		this.provider.end("b0");
		pass(Duration.ofMinutes(13));
		assertThat(state(1)).isEqualTo(State.DONE);
		assertThat(this.provider.sent.get("b1").values()).containsExactlyInAnyOrder("two", "lost");
		assertThat(this.provider.sent.get("b1").keySet()).allMatch((id) -> id.endsWith("-2"));
		this.provider.end("b1");
		pass(Duration.ofMinutes(2));
		assertThat(state(2)).isEqualTo(State.DONE);
		assertThat(state(3)).isEqualTo(State.DONE);
	}

	@Test
	void backsOffWhenTheProviderTakesNothing() {
		this.provider.refusals.addAll(List.of(BatchTransportException.Kind.LATER, BatchTransportException.Kind.LATER,
				BatchTransportException.Kind.LATER));
		add(1, "one");
		pass(Duration.ofMinutes(10).plusSeconds(10));
		assertThat(this.provider.creations).isEqualTo(1);
		assertThat(state(1)).isEqualTo(State.QUEUED);
		assertThat(this.store.submissions()).isEmpty();
		pass(Duration.ofSeconds(15));
		assertThat(this.provider.creations).isEqualTo(1);
		pass(Duration.ofMinutes(5));
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
		assertThat(this.provider.creations).isEqualTo(4);
	}

	@Test
	void halvesBatchesThatAreRefusedForNow() {
		for (int number = 0; number < 40; number++) {
			add(number, "body " + number);
		}
		reopen(new BatchEngineSettings(40, 1_000_000, Duration.ofMinutes(10), Duration.ofSeconds(30),
				Duration.ofMinutes(10), Duration.ofMinutes(30), Duration.ofHours(1), true), null);
		pass(Duration.ofSeconds(10));
		assertThat(this.provider.sent.get("b0")).hasSize(40);
		this.provider.states.put("b0", BatchStatus.State.REFUSED_FOR_NOW);
		pass(Duration.ofMinutes(3));
		assertThat(this.provider.sent.get("b1")).hasSize(20);
		assertThat(this.provider.sent.get("b2")).hasSize(20);
	}

	@Test
	void looksForABatchBeforeItIsSentAgain() {
		this.provider.refusals.add(BatchTransportException.Kind.UNKNOWN);
		this.provider.found = new BatchTransport.Match(BatchTransport.Match.Kind.UNDECIDED, null);
		add(1, "one");
		pass(Duration.ofMinutes(14));
		assertThat(this.provider.looks).isPositive();
		assertThat(this.provider.creations).isEqualTo(1);
		assertThat(state(1)).isEqualTo(State.SUBMITTING);
		this.provider.found = new BatchTransport.Match(BatchTransport.Match.Kind.ABSENT, null);
		pass(Duration.ofMinutes(5));
		assertThat(this.provider.creations).isEqualTo(2);
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
	}

	@Test
	void adoptsABatchThatIsFound() {
		this.provider.refusals.add(BatchTransportException.Kind.UNKNOWN);
		this.provider.found = new BatchTransport.Match(BatchTransport.Match.Kind.FOUND, "b7");
		add(1, "one");
		pass(Duration.ofMinutes(12));
		assertThat(this.provider.creations).isEqualTo(1);
		assertThat(state(1)).isEqualTo(State.SUBMITTED);
		assertThat(this.engine.overview().submitted()).extracting(BatchOverview.Submitted::id).containsExactly("b7");
	}

	@Test
	void whatIsRefusedAsAWholeIsAskedLiveOrFails() {
		this.provider.refusals.add(BatchTransportException.Kind.REFUSED);
		add(1, "one");
		pass(Duration.ofMinutes(11));
		assertThat(state(1)).isEqualTo(State.EXPIRED);
		reopen(new BatchEngineSettings(100, 1_000_000, Duration.ofMinutes(10), Duration.ofSeconds(30),
				Duration.ofMinutes(10), Duration.ofMinutes(30), Duration.ofHours(1), false), null);
		this.provider.refusals.add(BatchTransportException.Kind.REFUSED);
		add(2, "two");
		pass(Duration.ofMinutes(11));
		assertThat(this.engine.find(key(2))).extracting(Entry::state, Entry::error)
			.containsExactly(State.FAILED, "scripted");
	}

	@Test
	void pausesGrow() {
		add(1, "one");
		pass(Duration.ofMinutes(11));
		pass(Duration.ofHours(2));
		// 30 s, then half as much again each time, up to 10 min
		assertThat(this.provider.polls).isBetween(15, 23);
	}

	@Test
	void deletesAnswersAfterTheirUse() {
		add(1, "one");
		add(2, "two");
		pass(Duration.ofMinutes(11));
		this.provider.end("b0");
		pass(Duration.ofMinutes(2));
		assertThat(this.store.bodies(List.of(key(1)))).isEmpty();
		this.engine.claimPayment(key(1));
		pass(Duration.ofMinutes(59));
		assertThat(state(1)).isEqualTo(State.DONE);
		pass(Duration.ofMinutes(2));
		assertThat(this.engine.find(key(1))).isNull();
		assertThat(state(2)).isEqualTo(State.DONE);
		passTo(DEADLINE.plus(Duration.ofMinutes(61)));
		assertThat(this.engine.find(key(2))).isNull();
		assertThat(this.unused).containsExactly("w p small answer to two");
	}

	@Test
	void bodiesAndAnswersAreEncryptedOnDisk() throws Exception {
		byte[] key = "0123456789abcdef".getBytes();
		reopen(SETTINGS, key);
		add(1, "a secret question");
		pass(Duration.ofMinutes(11));
		assertThat(this.provider.sent.get("b0")).containsValue("a secret question");
		this.provider.end("b0");
		pass(Duration.ofMinutes(2));
		assertThat(this.engine.find(key(1)).body()).asString().isEqualTo("answer to a secret question");
		StringBuilder disk = new StringBuilder();
		try (Stream<Path> files = Files.list(this.directory)) {
			for (Path file : files.toList()) {
				disk.append(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
			}
		}
		assertThat(disk).contains(key(1)).doesNotContain("secret");
		reopen(SETTINGS, null);
		assertThat(state(1)).isEqualTo(State.EXPIRED);
	}

	@Test
	void requestsOfAnotherKeyAreAskedLive() {
		add(1, "one");
		reopen(SETTINGS, new byte[32]);
		add(2, "two");
		pass(Duration.ofMinutes(11));
		assertThat(state(1)).isEqualTo(State.EXPIRED);
		assertThat(this.provider.sent.get("b0")).containsOnlyKeys(BatchIds.customId(key(2), 1));
	}

	@Test
	void overviewHasNoTextOfRequests() {
		add(1, "one");
		add(2, "bad");
		pass(Duration.ofMinutes(11));
		add(3, "three");
		BatchOverview overview = this.engine.overview();
		assertThat(overview.queued()).isEqualTo(1);
		assertThat(overview.submitted()).hasSize(1);
		assertThat(overview.submitted().get(0))
			.extracting(BatchOverview.Submitted::id, BatchOverview.Submitted::provider, BatchOverview.Submitted::model,
					BatchOverview.Submitted::lines, BatchOverview.Submitted::deadline)
			.containsExactly("b0", "some", "small", 2, DEADLINE);
		this.provider.end("b0");
		pass(Duration.ofMinutes(2));
		overview = this.engine.overview();
		assertThat(overview.submitted()).isEmpty();
		assertThat(overview.answered()).isEqualTo(1);
		assertThat(overview.failed()).isEqualTo(1);
		assertThat(overview.liveFallbacks()).isZero();
	}

	@Test
	void filesThatCannotBeDeletedAreTriedAgainAFewTimes() {
		this.provider.keeps = true;
		add(1, "one");
		pass(Duration.ofMinutes(11));
		this.provider.end("b0");
		pass(Duration.ofMinutes(5));
		assertThat(this.provider.deletions).isBetween(2, 9);
		assertThat(this.store.submissions()).hasSize(1);
		pass(Duration.ofHours(2));
		assertThat(this.provider.deletions).isEqualTo(10);
		assertThat(this.store.submissions()).isEmpty();
	}

	@Test
	void idsAreThoseOfTheDocumentedForm() {
		// Base32 of the SHA-256 of "abc", from another implementation
		assertThat(BatchIds.customId("abc", 12)).isEqualTo("XJ4BNP4PAHH6UQKBIDPF3LRCEOYAGYNDSYLXVHFU-12");
		assertThat(BatchIds.customId(key(1), Integer.MAX_VALUE)).hasSizeLessThan(64);
	}

	@Test
	void worksOnThreadsOfItsOwn() throws Exception {
		Path own = this.directory.resolve("own");
		CountDownLatch called = new CountDownLatch(1);
		List<String> threads = new ArrayList<>();
		BatchTransport immediate = new Provider() {

			@Override
			public String create(BatchTarget target, String submission, Iterable<BatchLine> lines) {
				threads.add(Thread.currentThread().getName());
				called.countDown();
				return super.create(target, submission, lines);
			}

		};
		BatchEngineSettings settings = new BatchEngineSettings(1, 1000, Duration.ZERO, Duration.ofMillis(1),
				Duration.ofMillis(1), Duration.ZERO, Duration.ofHours(1), true);
		try (FileBatchStore files = new FileBatchStore(own, java.time.Clock.systemUTC());
				BatchEngine real = BatchEngine.builder(files, () -> List.of(immediate)).settings(settings).build()) {
			real.start();
			real.add(key(1), "w", "p", TARGET, "one".getBytes(), Instant.now().plusSeconds(3600));
			assertThat(called.await(30, TimeUnit.SECONDS)).isTrue();
			assertThat(threads).containsExactly("token-saving-batch-provider");
		}
	}

	private void add(int number, String body) {
		this.engine.add(key(number), "w", "p", TARGET, body.getBytes(StandardCharsets.UTF_8), DEADLINE);
	}

	private State state(int number) {
		return this.engine.find(key(number)).state();
	}

	private void pass(Duration duration) {
		passTo(this.clock.instant().plus(duration));
	}

	private void passTo(Instant instant) {
		this.work.runUntil(instant, () -> {
		});
	}

	private static String key(int number) {
		return "%064x".formatted(number);
	}

	/**
	 * Does what it is told.
	 */
	private static class Provider implements BatchTransport {

		private final Map<String, Map<String, String>> sent = new LinkedHashMap<>();

		private final Map<String, BatchStatus.State> states = new LinkedHashMap<>();

		private final Map<String, Kind> failures = new LinkedHashMap<>();

		private final List<String> lost = new ArrayList<>();

		private final List<String> cancelled = new ArrayList<>();

		private final List<String> deleted = new ArrayList<>();

		private final List<BatchTransportException.Kind> refusals = new ArrayList<>();

		private Match found = new Match(Match.Kind.ABSENT, null);

		private Limits limits = new Limits(1000, 10_000_000);

		private int creations;

		private int looks;

		private int polls;

		private int deletions;

		private boolean keeps;

		private boolean silent;

		// So many times the last line of a result is missing, and its end
		private int unreadable;

		void end(String batch) {
			this.states.put(batch, BatchStatus.State.ENDED);
		}

		void fail(String batch, String body, @Nullable Kind kind) {
			if (kind != null) {
				this.failures.put(batch + body, kind);
			}
			else {
				this.lost.add(batch + body);
			}
		}

		@Override
		public boolean serves(BatchTarget target) {
			return target.provider().equals("some");
		}

		@Override
		public Limits limits(BatchTarget target) {
			return this.limits;
		}

		@Override
		public String create(BatchTarget target, String submission, Iterable<BatchLine> lines) {
			this.creations++;
			if (!this.refusals.isEmpty()) {
				throw new BatchTransportException(this.refusals.remove(0), "scripted", null);
			}
			Map<String, String> bodies = new LinkedHashMap<>();
			lines.forEach((line) -> bodies.put(line.customId(), new String(line.body(), StandardCharsets.UTF_8)));
			String id = "b" + this.sent.size();
			this.sent.put(id, bodies);
			return id;
		}

		@Override
		public Match find(BatchTarget target, String submission, Instant since, Set<String> customIds) {
			this.looks++;
			return this.found;
		}

		@Override
		public BatchStatus status(BatchTarget target, String id) {
			this.polls++;
			if (this.silent) {
				throw new BatchTransportException(BatchTransportException.Kind.UNKNOWN, "scripted", null);
			}
			return new BatchStatus(this.states.getOrDefault(id, BatchStatus.State.RUNNING), 0, 0, null);
		}

		@Override
		public void results(BatchTarget target, String id, Consumer<BatchAnswer> answers) {
			Map<String, String> lines = new LinkedHashMap<>(this.sent.get(id));
			boolean breaksOff = this.unreadable > 0;
			if (breaksOff) {
				this.unreadable--;
				lines.remove(List.copyOf(lines.keySet()).get(lines.size() - 1));
			}
			lines.forEach((customId, body) -> {
				Kind failure = this.failures.get(id + body);
				if (failure != null) {
					answers.accept(new BatchAnswer(customId, failure, null, "failed"));
				}
				else if (body.equals("bad")) {
					answers.accept(new BatchAnswer(customId, Kind.REJECTED, null, "bad request"));
				}
				else if (!this.lost.contains(id + body)) {
					answers.accept(new BatchAnswer(customId, Kind.ANSWERED, ("answer to " + body).getBytes(), null));
				}
			});
			if (breaksOff) {
				throw new BatchTransportException(BatchTransportException.Kind.UNKNOWN, "scripted", null);
			}
		}

		@Override
		public void cancel(BatchTarget target, String id) {
			this.cancelled.add(id);
		}

		@Override
		public void delete(BatchTarget target, String id) {
			this.deletions++;
			if (this.keeps) {
				throw new BatchTransportException(BatchTransportException.Kind.UNKNOWN, "scripted", null);
			}
			this.deleted.add(id);
		}

	}

}
