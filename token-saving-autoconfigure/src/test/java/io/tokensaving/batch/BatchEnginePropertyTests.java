package io.tokensaving.batch;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import io.tokensaving.batch.BatchQueue.Entry;
import io.tokensaving.batch.BatchQueue.Entry.State;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs of {@link BatchEngine} with a provider that goes wrong and a process that ends at
 * any write and at any call of the provider. Each run follows from its seed;
 * {@code token-saving.batch.runs} sets their number, {@code token-saving.batch.seed} the
 * first one.
 */
class BatchEnginePropertyTests {

	private static final Instant START = Instant.parse("2026-12-01T00:00:00Z");

	private static final int RUNS = Integer.getInteger("token-saving.batch.runs", 240);

	private static final int SEED = Integer.getInteger("token-saving.batch.seed", 1);

	@TempDir
	Path directory;

	@Test
	void everyRequestIsAnsweredOnceOrDueInTimeAndNoneIsPaidTwice() {
		Totals totals = new Totals();
		for (int seed = SEED; seed < SEED + RUNS; seed++) {
			try {
				new Run(seed, this.directory.resolve("run" + seed)).check(totals);
			}
			catch (AssertionError | RuntimeException ex) {
				throw new AssertionError("The run with seed " + seed + " fails", ex);
			}
		}
		System.out.println(totals);
		assertThat(totals.crashes).isGreaterThan(RUNS);
		assertThat(totals.live).isPositive();
		assertThat(totals.rejected).isPositive();
		assertThat(totals.unused).isPositive();
		assertThat(totals.served).isGreaterThan(totals.live);
	}

	private static final class Totals {

		private int requests;

		private int served;

		private int rejected;

		private int live;

		private int unused;

		private int crashes;

		private int batches;

		@Override
		public String toString() {
			return "%d requests, %d batches, %d crashes: %d served, %d rejected, %d live, %d paid and unused".formatted(
					this.requests, this.batches, this.crashes, this.served, this.rejected, this.live, this.unused);
		}

	}

	private static final class Run {

		private final int seed;

		private final Path directory;

		private final Random random;

		private final SteppedClock clock = new SteppedClock(START);

		private final SteppedWork work;

		private final CrashPoints points;

		private final ScriptedProvider provider;

		private final double trouble;

		private final int crashes;

		private final BatchEngineSettings settings;

		private final Map<String, Request> requests = new HashMap<>();

		private final List<String> unused = new ArrayList<>();

		private int crashed;

		private @Nullable BatchStore store;

		private @Nullable BatchEngine engine;

		Run(int seed, Path directory) {
			this.seed = seed;
			this.directory = directory;
			this.random = new Random(seed * 7_919L);
			this.trouble = (seed % 4 == 0) ? 0 : (seed % 4 == 1) ? 0.2 : 0.6;
			this.crashes = (seed % 5 == 0) ? 0 : 1 + this.random.nextInt(8);
			this.points = new CrashPoints(this.random, this.crashes);
			this.provider = new ScriptedProvider(this.clock, this.random, this.points, this.trouble);
			this.work = new SteppedWork(this.clock, () -> Duration.ofMillis(this.random.nextInt(20_000)));
			this.settings = new BatchEngineSettings(10, 15_000, Duration.ofMinutes(this.random.nextInt(20)),
					Duration.ofSeconds(30), Duration.ofMinutes(10), Duration.ofMinutes(10 + this.random.nextInt(30)),
					Duration.ofHours(1), true);
		}

		void check(Totals totals) {
			String description = "seed %d, trouble %.1f, %d crashes".formatted(this.seed, this.trouble, this.crashes);
			open();
			int count = 1 + this.random.nextInt(40);
			for (int number = 0; number < count; number++) {
				Request request = new Request(number, this.random);
				this.requests.put(request.key, request);
				int askers = 1 + this.random.nextInt(2);
				for (int asker = 0; asker < askers; asker++) {
					this.work.at(START.plusSeconds(this.random.nextInt(3600)), () -> ask(request));
				}
				// A process that starts at the last moment takes a minute for its first
				// look
				Instant last = request.deadline.minus(this.settings.margin().dividedBy(4)).plusSeconds(75);
				this.work.at(last, () -> {
					assertThat(request.outcome(this)).as("%s: %s at its deadline", description, request.key)
						.isNotIn(State.QUEUED, State.SUBMITTING, State.SUBMITTED);
					ask(request);
				});
			}
			this.work.runUntil(START.plus(Duration.ofHours(17)), this::restart);
			Map<String, Integer> bill = this.provider.bill();
			assertThat(bill.values()).as("%s: lines paid more than once", description).allMatch((times) -> times == 1);
			Set<String> paid = new HashSet<>();
			for (Request request : this.requests.values()) {
				assertThat(request.end).as("%s: what became of a request", description).isNotNull();
				if (request.end == State.DONE) {
					assertThat(request.claims).as("%s: who paid", description).isLessThanOrEqualTo(1);
					assertThat(bill).as(description).containsKey(request.body);
					paid.add(request.body);
				}
				if (request.end == State.FAILED) {
					assertThat(request.body).as(description).startsWith("bad");
				}
				if (this.trouble == 0 && request.end != State.FAILED) {
					assertThat(request.end).as("%s: without trouble", description).isEqualTo(State.DONE);
				}
			}
			assertThat(this.unused).as("%s: booked twice", description).doesNotHaveDuplicates();
			Set<String> booked = new HashSet<>(this.unused);
			assertThat(claimedBodies()).as("%s: used, and booked as unused", description)
				.noneMatch(this.unused::contains);
			booked.addAll(paid);
			assertThat(bill.keySet()).as("%s: booked without being paid", description).containsAll(booked);
			if (this.crashed == 0) {
				assertThat(booked).as("%s: paid and not booked", description).isEqualTo(this.provider.billRead());
				if (this.trouble == 0) {
					assertThat(bill.keySet()).as("%s: distinct requests", description).isEqualTo(paid);
				}
			}
			assertThat(this.store.counts()).as("%s: what is left", description).isEmpty();
			assertThat(this.store.submissions()).as("%s: what is left", description).isEmpty();
			this.store.close();
			totals.requests += count;
			totals.batches += this.provider.created();
			totals.crashes += this.crashed;
			totals.unused += this.unused.size();
			for (Request request : this.requests.values()) {
				totals.served += (request.end == State.DONE) ? 1 : 0;
				totals.rejected += (request.end == State.FAILED) ? 1 : 0;
				totals.live += (request.end == State.LIVE) ? 1 : 0;
			}
		}

		private Set<String> claimedBodies() {
			Set<String> bodies = new HashSet<>();
			for (Request request : this.requests.values()) {
				if (request.claims > 0) {
					bodies.add(request.body);
				}
			}
			return bodies;
		}

		private void open() {
			this.store = new CrashingStore(new FileBatchStore(this.directory, this.clock, 20_000, false), this.points);
			this.engine = BatchEngine.builder(this.store, () -> List.of(this.provider))
				.clock(this.clock)
				.settings(this.settings)
				.scheduling(this.work.newProcess())
				.encryptionKey((this.seed % 2 == 0) ? new byte[16] : null)
				.random(this.random)
				.keepLate(Duration.ofHours(5))
				.unusedAnswers((workspace, plan, target, body) -> {
					assertThat(plan).isEqualTo("plan");
					this.unused.add(new String(body, StandardCharsets.UTF_8).substring("answer to ".length()));
				})
				.build();
			this.engine.start();
		}

		private void restart() {
			this.crashed++;
			this.store.close();
			open();
			for (Request request : this.requests.values()) {
				request.waiting = false;
				if (request.asked && request.end == null) {
					this.work.at(this.clock.instant(), () -> ask(request));
				}
			}
		}

		private void ask(Request request) {
			request.asked = true;
			if (request.end != null) {
				return;
			}
			Entry entry = this.engine.find(request.key);
			if (entry == null) {
				entry = this.engine.add(request.key, "workspace", "plan", request.target,
						request.body.getBytes(StandardCharsets.UTF_8), request.deadline);
			}
			switch (entry.state()) {
				case DONE -> {
					assertThat(new String(entry.body(), StandardCharsets.UTF_8)).isEqualTo("answer to " + request.body);
					request.end = State.DONE;
					if (this.engine.claimPayment(request.key)) {
						request.claims++;
					}
				}
				case FAILED -> {
					assertThat(entry.error()).isEqualTo("bad");
					request.end = State.FAILED;
				}
				case EXPIRED, LIVE -> {
					assertThat(this.clock.instant()).as("asked live in time").isBefore(request.deadline);
					this.engine.askedLive(request.key);
					request.end = State.LIVE;
				}
				default -> {
					if (!request.waiting) {
						BatchEngine current = this.engine;
						request.waiting = true;
						var unused = this.engine.settled(request.key).thenAccept((settled) -> {
							request.waiting = false;
							assertThat(settled.state()).isIn(State.DONE, State.FAILED, State.EXPIRED, State.LIVE);
							this.work.at(this.clock.instant(), () -> {
								if (current == this.engine) {
									ask(request);
								}
							});
						});
					}
				}
			}
		}

	}

	private static final class Request {

		private final String key;

		private final String body;

		private final BatchTarget target;

		private final Instant deadline;

		private int claims;

		private boolean asked;

		private boolean waiting;

		private @Nullable State end;

		Request(int number, Random random) {
			this.key = "%064x".formatted(number);
			this.body = ((random.nextInt(15) == 0) ? "bad " : "good ") + number + "x".repeat(random.nextInt(3000));
			this.target = new BatchTarget("some", "https://api.example.com", "a", "/v1/chat",
					"model-" + random.nextInt(2), Map.of());
			this.deadline = START.plus(Duration.ofMinutes(180 + random.nextInt(300)));
		}

		@Nullable State outcome(Run run) {
			if (this.end != null) {
				return this.end;
			}
			Entry entry = run.engine.find(this.key);
			return (entry != null) ? entry.state() : null;
		}

	}

}
