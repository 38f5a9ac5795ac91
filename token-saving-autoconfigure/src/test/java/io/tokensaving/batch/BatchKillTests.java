package io.tokensaving.batch;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

import io.tokensaving.batch.BatchWorker.Job;
import io.tokensaving.simulator.BatchRules;
import io.tokensaving.simulator.BatchScript;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A process that is killed at any point and started again, in front of a provider that
 * has faults: all of its work is answered once and in time, and no request is paid twice.
 * What may be paid for nothing is what nobody can prevent, and each of it is counted:
 * <ul>
 * <li>results that the provider loses,</li>
 * <li>the answer of a live call whose process was killed before it had it,</li>
 * <li>lines of a batch that others of it could still wait for, that the provider took
 * long to cancel, or that the process was not there to cancel in time.</li>
 * </ul>
 * Figures are in memory. A kill loses those of the moment: of answers that were claimed,
 * or bought live, since the clock was moved last, and of answers that came too late with
 * a batch that was read since then, as they are booked while it is read.
 * <p>
 * The number of runs is that of the system property {@code token-saving.kill.runs}, the
 * first seed that of {@code token-saving.kill.seed}.
 */
@Timeout(36_000)
class BatchKillTests {

	private static final int RUNS = Integer.getInteger("token-saving.kill.runs", 3);

	private static final long SEED = Long.getLong("token-saving.kill.seed", 1);

	private static final Instant START = Instant.parse("2026-11-02T09:00:00Z");

	private static final List<Provider> PROVIDERS = List.of(Provider.OPENAI, Provider.ANTHROPIC, Provider.GEMINI);

	@TempDir
	private Path directory;

	private final Map<String, Integer> totals = new TreeMap<>();

	@Test
	void everyWorkIsAnsweredOnceInTimeAndPaidOnce() throws Exception {
		// A series tells all that goes wrong in it, not only what does so first
		List<AssertionError> failures = new ArrayList<>();
		for (long seed = SEED; seed < SEED + RUNS; seed++) {
			try (Run run = new Run(seed)) {
				run.play();
				run.check();
			}
			catch (AssertionError ex) {
				System.out.println(ex.getMessage());
				failures.add(ex);
			}
		}
		System.out.println(this.totals);
		assertThat(failures).isEmpty();
		assertThat(this.totals.get("runs")).isEqualTo(RUNS);
	}

	/**
	 * One directory, from its first process to its last.
	 */
	private final class Run implements AutoCloseable {

		private final long seed;

		private final Random random;

		private final Provider provider;

		private final SteppedClock clock = new SteppedClock(START);

		private final List<Job> jobs;

		private final boolean cached;

		private final boolean encrypted;

		private final int batchSize;

		private final List<String> names = new ArrayList<>();

		private final List<BatchScript> scripts = new ArrayList<>();

		private final ProviderSimulator simulator;

		private final BatchPayments payments;

		private final Map<String, Instant> submittedAt = new HashMap<>();

		private final Map<String, Instant> answeredAt = new HashMap<>();

		// By question: the answers that any process got
		private final Map<String, Set<String>> answers = new LinkedHashMap<>();

		private final Map<String, Integer> deliveries = new HashMap<>();

		// Questions whose figures may be lost with a process that was killed
		private final Set<String> unreported = new HashSet<>();

		// Batches that were read by a process that was killed before it told its figures
		private final Set<String> unreportedReads = new HashSet<>();

		private final List<Instant> restarts = new ArrayList<>();

		private final List<Integer> kills = new ArrayList<>();

		private BigDecimal paid = BigDecimal.ZERO;

		Run(long seed) {
			this.seed = seed;
			this.random = new Random(seed * 7919);
			this.provider = PROVIDERS.get((int) (seed % PROVIDERS.size()));
			this.jobs = Job.of(seed, 4 + this.random.nextInt(30));
			this.cached = this.random.nextInt(3) == 0;
			this.encrypted = this.random.nextInt(3) == 0;
			this.batchSize = 3 + this.random.nextInt(20);
			BatchRules rules = BatchRules.defaults();
			for (Provider each : PROVIDERS) {
				rules = rules.withLimits(each, new BatchRules.Limits(50_000, 100_000_000, Duration.ofHours(3)));
			}
			this.simulator = ProviderSimulator.builder()
				.clock(this.clock)
				.seed(seed)
				.batches(rules.withTurnaround(Duration.ofMinutes(2 + this.random.nextInt(60))))
				.logged(100_000)
				.start();
			List<BatchScript> made = new ArrayList<>();
			for (int i = this.random.nextInt(6); i >= 0; i--) {
				int fault = this.random.nextInt(Fault.values().length);
				BatchScript script = Fault.values()[fault].script(this.random);
				this.names.add(Fault.values()[fault].name().toLowerCase(Locale.ROOT));
				this.scripts.add(script);
				if (Fault.values()[fault].makes()) {
					made.add(script);
				}
			}
			this.simulator.enqueueBatch(this.scripts.toArray(BatchScript[]::new));
			this.payments = new BatchPayments(this.simulator, made);
		}

		void play() throws Exception {
			Path store = BatchKillTests.this.directory.resolve("run-" + this.seed);
			int left = this.random.nextInt(4);
			while (true) {
				// Early points more often than late ones
				int range = (this.random.nextBoolean()) ? 20 : 40 + 6 * this.jobs.size();
				int point = (left > 0) ? this.random.nextInt(range) : -1;
				int from = (left > 0 && this.random.nextInt(3) == 0) ? this.random.nextInt(60) : -1;
				if (start(store, (from >= 0) ? -1 : point, from)) {
					return;
				}
				left--;
				this.clock.advance(Duration.ofMinutes(this.random.nextInt(40)));
				this.restarts.add(this.clock.instant());
			}
		}

		/**
		 * Returns whether the process has ended by itself; otherwise it was killed.
		 */
		private boolean start(Path store, int point, int killedAtQuestion) throws Exception {
			Process process = new ProcessBuilder(BatchProcess
				.command(List.of(this.provider.name(), this.simulator.baseUrl(this.provider), store.toString(),
						Long.toString(this.clock.instant().toEpochMilli()), Long.toString(this.seed),
						Integer.toString(this.jobs.size()), Boolean.toString(this.cached),
						Boolean.toString(this.encrypted), Integer.toString(this.batchSize), Integer.toString(point))))
				.redirectError(BatchKillTests.this.directory.resolve("log-" + this.seed).toFile())
				.start();
			Set<String> sinceReport = new HashSet<>();
			Set<String> readSinceReport = new HashSet<>();
			BigDecimal reported = BigDecimal.ZERO;
			boolean ended = false;
			int questions = 0;
			try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
					BufferedWriter in = process.outputWriter(StandardCharsets.UTF_8)) {
				for (String line = out.readLine(); line != null; line = out.readLine()) {
					String[] words = line.split(" ", 3);
					switch (words[0]) {
						case "submitted" -> this.submittedAt.putIfAbsent(words[1], this.clock.instant());
						case "answered" -> {
							answered(words[1], words[2]);
							sinceReport.add(question(words[1]));
						}
						case "paid" -> {
							reported = new BigDecimal(words[1]);
							sinceReport.clear();
							readSinceReport.clear();
						}
						case "reading" -> readSinceReport.add(words[1]);
						case "errors" -> assertThat(words[1]).as(toString()).isEqualTo("0");
						case "end" -> {
							ended = true;
						}
						case "at", "deleting" -> {
							this.payments.remember();
							if (questions++ == killedAtQuestion) {
								process.destroyForcibly();
							}
							else {
								if (words[0].equals("at")) {
									this.clock.moveTo(Instant.ofEpochMilli(Long.parseLong(words[1])));
								}
								reply(in);
							}
						}
						default -> throw new AssertionError(this + ": " + line);
					}
				}
			}
			catch (IOException ex) {
				// It was killed
			}
			int code = process.waitFor();
			this.paid = this.paid.add(reported);
			if (ended && code == 0) {
				return true;
			}
			assertThat(code)
				.as(this + " " + Files.readString(BatchKillTests.this.directory.resolve("log-" + this.seed)))
				.isEqualTo(137);
			this.kills.add((killedAtQuestion >= 0) ? killedAtQuestion : point);
			this.unreported.addAll(sinceReport);
			this.unreportedReads.addAll(readSinceReport);
			for (Job job : this.jobs) {
				if (!this.deliveries.containsKey(job.id())) {
					this.unreported.add(job.question());
				}
			}
			this.deliveries.clear();
			this.simulator.awaitIdle(Duration.ofSeconds(10));
			return false;
		}

		private static void reply(BufferedWriter in) {
			try {
				in.write("ok\n");
				in.flush();
			}
			catch (IOException ex) {
				// It is read that it has ended
			}
		}

		private String question(String job) {
			return this.jobs.stream().filter((each) -> each.id().equals(job)).findFirst().orElseThrow().question();
		}

		private void answered(String job, String text) {
			String question = question(job);
			assertThat(text).as(this + " " + job).endsWith(" to " + question);
			assertThat(this.deliveries.merge(job, 1, Integer::sum)).as(this + " " + job).isEqualTo(1);
			this.answeredAt.putIfAbsent(job, this.clock.instant());
			this.answers.computeIfAbsent(question, (key) -> new HashSet<>()).add(text);
		}

		void check() {
			this.payments.remember();
			Map<String, List<BatchPayments.Line>> billed = this.payments.billed();
			Map<String, Integer> live = this.payments.live();
			assertThat(this.deliveries).as(toString()).hasSize(this.jobs.size());
			for (Job job : this.jobs) {
				inTime(job);
			}
			Set<String> questions = new HashSet<>();
			this.jobs.forEach((job) -> questions.add(job.question()));
			int lost = 0;
			int late = 0;
			int lines = 0;
			BigDecimal lostUsd = BigDecimal.ZERO;
			BigDecimal unknownUsd = BigDecimal.ZERO;
			for (String question : questions) {
				List<BatchPayments.Line> own = billed.getOrDefault(question, List.of());
				int calls = live.getOrDefault(question, 0);
				List<BatchPayments.Line> kept = new ArrayList<>(own);
				boolean loses = false;
				for (BatchPayments.Line line : own) {
					loses |= isLosing(line);
				}
				// Nothing is asked again while a line that was done has its result
				for (int i = 0; i < own.size() - 1; i++) {
					assertThat(isLosing(own.get(i))).as(this + " paid twice: " + own).isTrue();
					kept.remove(own.get(i));
					lostUsd = lostUsd.add(own.get(i).usd());
					lost++;
				}
				assertThat(kept.size() + calls).as(this + " " + question).isPositive();
				// A live call is repeated only by a process that has not seen its answer
				assertThat(calls).as(this + " live " + question).isLessThanOrEqualTo(1 + this.kills.size());
				if (calls > 0 && !kept.isEmpty()) {
					if (loses) {
						lostUsd = lostUsd.add(kept.get(0).usd());
						lost++;
					}
					else {
						late++;
					}
				}
				assertThat(this.answers.get(question).size()).as(this + " " + question + this.answers.get(question))
					.isLessThanOrEqualTo(Math.max(1, calls));
				if (this.unreported.contains(question)) {
					for (BatchPayments.Line line : kept) {
						unknownUsd = unknownUsd.add(line.usd());
					}
					unknownUsd = unknownUsd.add(liveUsd(question));
				}
				else if (calls > 0) {
					// The answer was asked live before, so that the line was late
					for (BatchPayments.Line line : kept) {
						if (this.unreportedReads.contains(line.batch())) {
							unknownUsd = unknownUsd.add(line.usd());
						}
					}
				}
				lines += own.size();
			}
			BigDecimal missing = this.payments.bill().subtract(this.paid);
			assertThat(missing).as(this + " figures").isBetween(BigDecimal.ZERO, lostUsd.add(unknownUsd));
			// Of a line and a live call it is not known whether the line was lost or late
			if (this.kills.isEmpty() && (lost == 0 || live.isEmpty())) {
				assertThat(missing).as(this + " figures").isEqualByComparingTo(lostUsd);
			}
			if (!this.names.contains("stuck") && !this.names.contains("slow_to_cancel") && this.kills.isEmpty()) {
				assertThat(late).as(this + " late").isZero();
			}
			int calls = live.values().stream().mapToInt(Integer::intValue).sum();
			System.out.printf(
					"%s, %d distinct, %d lines billed, %d live, %d lost, %d late, figures miss %s of %s USD%n", this,
					questions.size(), lines, calls, lost, late, missing.stripTrailingZeros().toPlainString(),
					this.payments.bill().toPlainString());
			count("runs", 1);
			count("processes", 1 + this.kills.size());
			count("works", this.jobs.size());
			count("distinct", questions.size());
			count("lines billed", lines);
			count("live", calls);
			count("lost by provider", lost);
			count("late", late);
			count("runs whose figures are whole", (missing.compareTo(lostUsd) == 0) ? 1 : 0);
		}

		private boolean isLosing(BatchPayments.Line line) {
			return Fault.LOST_LINES.scripted(this.payments.script(line.batch()), this);
		}

		private BigDecimal liveUsd(String question) {
			return this.simulator.requests()
				.stream()
				.filter((request) -> request.body().contains(question))
				.map((request) -> request.bill().usd())
				.reduce(BigDecimal.ZERO, BigDecimal::add);
		}

		private void count(String what, int by) {
			BatchKillTests.this.totals.merge(what, by, Integer::sum);
		}

		private void inTime(Job job) {
			Instant submitted = this.submittedAt.get(job.id());
			Instant deadline = submitted.plus(job.within());
			Instant answered = this.answeredAt.get(job.id());
			// Who is not there in time answers at once when he is
			Instant restarted = this.restarts.stream()
				.filter((restart) -> restart.isAfter(deadline))
				.findFirst()
				.orElse(deadline);
			assertThat(answered).as(this + " " + job).isBeforeOrEqualTo(restarted);
		}

		@Override
		public String toString() {
			return "seed %d, %s, %d works, %s%s, batches of %d, %s, killed at %s".formatted(this.seed, this.provider,
					this.jobs.size(), this.cached ? "cached, " : "", this.encrypted ? "encrypted" : "plain",
					this.batchSize, this.names, this.kills);
		}

		@Override
		public void close() {
			this.simulator.close();
		}

	}

	/**
	 * What goes wrong with a batch.
	 */
	private enum Fault {

		NONE, RATE_LIMITED, PARTIAL_ERRORS, EXPIRED, CANCELLED, CUT_BEFORE_ACCEPT, CUT_AFTER_ACCEPT, CUT_IN_RESPONSE,
		DUPLICATES, TRUNCATED, STUCK, SLOW_TO_CANCEL, LOST_LINES, POLL_ERRORS;

		boolean makes() {
			return this != RATE_LIMITED && this != CUT_BEFORE_ACCEPT;
		}

		BatchScript script(Random random) {
			BatchScript.Builder script = BatchScript.builder();
			switch (this) {
				case NONE -> {
				}
				case RATE_LIMITED -> script.createError(SimulatedError.of(SimulatedError.Kind.RATE_LIMITED));
				case PARTIAL_ERRORS -> script.lineErrors(SimulatedError.Kind.OVERLOADED, random.nextDouble() / 2)
					.lineErrors(SimulatedError.Kind.SERVER_ERROR, random.nextDouble() / 2);
				case EXPIRED -> script.expiresAfter(random.nextDouble());
				case CANCELLED -> script.cancelAfter(Duration.ofMinutes(1 + random.nextInt(30)));
				case CUT_BEFORE_ACCEPT -> script.cut(BatchScript.Cut.BEFORE_ACCEPT);
				case CUT_AFTER_ACCEPT -> script.cut(BatchScript.Cut.AFTER_ACCEPT);
				case CUT_IN_RESPONSE -> script.cut(BatchScript.Cut.IN_RESPONSE);
				case DUPLICATES -> script.duplicates(random.nextDouble()).shuffled(true);
				case TRUNCATED -> script.truncatedDownloads(1 + random.nextInt(4));
				case STUCK -> script.stuckAfter(random.nextDouble());
				case SLOW_TO_CANCEL ->
					script.stuckAfter(random.nextDouble()).cancelling(Duration.ofMinutes(20 + random.nextInt(100)));
				case LOST_LINES -> script.lost(random.nextDouble());
				case POLL_ERRORS -> script.pollErrors(1 + random.nextInt(8));
			}
			return script.build();
		}

		boolean scripted(BatchScript script, Run run) {
			int index = run.scripts.indexOf(script);
			return index >= 0 && run.names.get(index).equals(name().toLowerCase(Locale.ROOT));
		}

	}

}
