package io.tokensaving.batch;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

import io.tokensaving.batch.BatchWorker.Job;
import io.tokensaving.batch.BatchWorker.Kind;
import io.tokensaving.simulator.BatchRules;
import io.tokensaving.simulator.BatchScript;
import io.tokensaving.simulator.Provider;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.SimulatedError;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

/**
 * Batches from the application to simulated providers and back, with each of the faults
 * that providers have: all is answered in time, and paid once.
 */
class BatchFaultTests {

	private static final Instant START = Instant.parse("2026-11-02T09:00:00Z");

	private static final int WORKS = 12;

	@TempDir
	private Path directory;

	private final SteppedClock clock = new SteppedClock(START);

	private final Map<String, Instant> answeredAt = new HashMap<>();

	private final Map<String, CompletableFuture<String>> results = new HashMap<>();

	private List<BatchScript> scripts;

	private BatchPayments payments;

	private BatchWorker worker;

	private static BatchRules rules() {
		BatchRules rules = BatchRules.defaults();
		for (Provider provider : List.of(Provider.OPENAI, Provider.ANTHROPIC, Provider.GEMINI)) {
			rules = rules.withLimits(provider, new BatchRules.Limits(50_000, 100_000_000, Duration.ofHours(2)));
		}
		return rules;
	}

	private static List<BatchScript> scripts(Fault fault) {
		BatchScript.Builder script = BatchScript.builder();
		switch (fault) {
			case NONE -> {
			}
			case RATE_LIMITED -> script.createError(SimulatedError.of(SimulatedError.Kind.RATE_LIMITED));
			case OVERLOADED_LINES -> script.lineErrors(SimulatedError.Kind.OVERLOADED, 0.3)
				.lineErrors(SimulatedError.Kind.SERVER_ERROR, 0.3);
			case EXPIRED -> script.expiresAfter(0.5);
			case ALL_EXPIRED -> script.expiresAfter(0);
			case CANCELLED -> script.cancelAfter(Duration.ofMinutes(4));
			case CUT_BEFORE_ACCEPT -> script.cut(BatchScript.Cut.BEFORE_ACCEPT);
			case CUT_AFTER_ACCEPT -> script.cut(BatchScript.Cut.AFTER_ACCEPT);
			case CUT_IN_RESPONSE -> script.cut(BatchScript.Cut.IN_RESPONSE);
			case DUPLICATES -> script.duplicates(0.7).shuffled(true);
			case TRUNCATED -> script.truncatedDownloads(3);
			case STUCK -> script.stuckAfter(0);
			case STUCK_IN_THE_MIDDLE -> script.stuckAfter(0.5);
			case STUCK_AND_SLOW_TO_CANCEL -> script.stuckAfter(0.5).cancelling(Duration.ofHours(2));
			case FAILED -> script.fail("invalid_json_line");
			case QUEUE_FULL -> script.fail("token_limit_exceeded");
			case LOST_LINES -> script.lost(0.5);
			case NO_POLL -> script.pollErrors(5);
		}
		return List.of(script.build(), script.build());
	}

	private void run(Kind kind, List<Job> jobs, BatchScript... scripts) throws Exception {
		try (ProviderSimulator simulator = ProviderSimulator.builder()
			.clock(this.clock)
			.batches(rules())
			.logged(10_000)
			.start()) {
			this.scripts = List.of(scripts);
			simulator.enqueueBatch(scripts);
			this.payments = new BatchPayments(simulator, List.of(scripts));
			try (BatchWorker started = new BatchWorker(kind, simulator.baseUrl(kind.provider()),
					new FileBatchStore(this.directory, this.clock), this.clock, new CrashPoints(new Random(), 0),
					(what, batch) -> this.payments.remember())) {
				this.worker = started;
				for (Job job : jobs) {
					CompletableFuture<String> result = started.submit(job);
					this.results.put(job.id(), result);
					var unused = result.whenComplete((text, failure) -> {
						synchronized (this.answeredAt) {
							assertThat(this.answeredAt.put(job.id(), this.clock.instant())).isNull();
						}
					});
				}
				assertThat(started.run(START.plus(Duration.ofDays(3)), this.clock::moveTo)).as("all is done").isTrue();
				assertThat(started.figures().errors()).isZero();
				this.payments.remember();
			}
		}
	}

	private static List<Job> jobs() {
		List<Job> jobs = new ArrayList<>();
		for (int i = 0; i < WORKS; i++) {
			// Two of them ask the same
			jobs.add(new Job("work-" + i, "Question " + Math.min(i, WORKS - 2) + "?", Duration.ofHours(12)));
		}
		return jobs;
	}

	@ParameterizedTest
	@EnumSource(Fault.class)
	void openAi(Fault fault) throws Exception {
		isAnsweredInTimeAndPaidOnce(Provider.OPENAI, fault);
	}

	@ParameterizedTest
	@EnumSource(Fault.class)
	void anthropic(Fault fault) throws Exception {
		isAnsweredInTimeAndPaidOnce(Provider.ANTHROPIC, fault);
	}

	@ParameterizedTest
	@EnumSource(Fault.class)
	void gemini(Fault fault) throws Exception {
		isAnsweredInTimeAndPaidOnce(Provider.GEMINI, fault);
	}

	private void isAnsweredInTimeAndPaidOnce(Provider provider, Fault fault) throws Exception {
		// Anthropic refuses lines, not batches
		assumeFalse(provider == Provider.ANTHROPIC && (fault == Fault.FAILED || fault == Fault.QUEUE_FULL));
		List<Job> jobs = jobs();
		run(Kind.of(provider), jobs, scripts(fault).toArray(BatchScript[]::new));
		Map<String, List<BatchPayments.Line>> billed = this.payments.billed();
		Map<String, Integer> live = this.payments.live();
		BigDecimal lost = BigDecimal.ZERO;
		for (Job job : jobs) {
			assertThat(this.results.get(job.id())).isCompleted();
			assertThat(this.results.get(job.id()).join()).endsWith(" to " + job.question());
			assertThat(this.answeredAt.get(job.id())).isBeforeOrEqualTo(START.plus(job.within()));
		}
		for (String question : jobs.stream().map(Job::question).distinct().toList()) {
			List<BatchPayments.Line> lines = billed.getOrDefault(question, List.of());
			int calls = live.getOrDefault(question, 0);
			switch (fault) {
				case LOST_LINES -> {
					// All but the last one were lost by the provider
					assertThat(lines.size()).isBetween(1, 3);
					assertThat(lines.subList(0, lines.size() - 1))
						.allSatisfy((line) -> assertThat(this.payments.script(line.batch())).isIn(this.scripts));
					for (BatchPayments.Line line : lines.subList(0, lines.size() - 1)) {
						lost = lost.add(line.usd());
					}
					assertThat(calls).isZero();
				}
				case STUCK_AND_SLOW_TO_CANCEL -> {
					assertThat(calls).isEqualTo(1);
					assertThat(lines).hasSizeLessThanOrEqualTo(1);
				}
				default -> assertThat(lines.size() + calls).as(question).isEqualTo(1);
			}
		}
		assertThat(live.isEmpty()).isEqualTo(!fault.isLive(provider));
		assertThat(this.worker.paid().add(lost)).isEqualByComparingTo(this.payments.bill());
		assertThat(this.worker.figures().requests(BatchFeature.SHARED)).isEqualTo(1);
	}

	@ParameterizedTest
	@CsvSource({ "OPENAI", "ANTHROPIC", "GEMINI" })
	void aResultThatIsThereIsReadBeforeAnythingIsAskedLive(Provider provider) throws Exception {
		List<Job> jobs = new ArrayList<>(jobs());
		// Due just when the batch ends, which the others have time to wait for
		for (int i = 0; i < WORKS / 2; i++) {
			jobs.set(i, new Job(jobs.get(i).id(), jobs.get(i).question(), Duration.ofMinutes(185 + i)));
		}
		run(Kind.of(provider), jobs,
				BatchScript.builder().turnaround(Duration.ofMinutes(115)).truncatedDownloads(4).build());
		assertThat(this.payments.live()).isEmpty();
		for (Job job : jobs) {
			assertThat(this.results.get(job.id()).join()).endsWith(" to " + job.question());
			assertThat(this.answeredAt.get(job.id())).isBeforeOrEqualTo(START.plus(job.within()));
		}
		assertThat(this.worker.paid()).isEqualByComparingTo(this.payments.bill());
	}

	@ParameterizedTest
	@CsvSource({ "OPENAI", "ANTHROPIC", "GEMINI" })
	void aRequestThatIsRejectedFailsAndTheOthersAreAnswered(Provider provider) throws Exception {
		run(Kind.of(provider), jobs(),
				BatchScript.builder().lineErrors(SimulatedError.Kind.INVALID_REQUEST, 0.5).build());
		int failed = 0;
		for (CompletableFuture<String> result : this.results.values()) {
			assertThat(result).isDone();
			if (result.isCompletedExceptionally()) {
				assertThatThrownBy(result::join).hasRootCauseInstanceOf(RejectedRequestException.class);
				failed++;
			}
		}
		assertThat(failed).isBetween(1, WORKS - 1);
		assertThat(this.payments.live()).isEmpty();
		assertThat(this.worker.paid()).isEqualByComparingTo(this.payments.bill());
	}

	/**
	 * What goes wrong with the first two batches.
	 */
	enum Fault {

		NONE, RATE_LIMITED, OVERLOADED_LINES, EXPIRED, ALL_EXPIRED, CANCELLED, CUT_BEFORE_ACCEPT, CUT_AFTER_ACCEPT,
		CUT_IN_RESPONSE, DUPLICATES, TRUNCATED, STUCK, STUCK_IN_THE_MIDDLE, STUCK_AND_SLOW_TO_CANCEL, FAILED,
		QUEUE_FULL, LOST_LINES, NO_POLL;

		// Whether some requests are asked at once
		boolean isLive(Provider provider) {
			return switch (this) {
				// Only OpenAI says of a batch that failed that it may be sent later
				case QUEUE_FULL -> provider != Provider.OPENAI;
				case STUCK, STUCK_IN_THE_MIDDLE, STUCK_AND_SLOW_TO_CANCEL, FAILED -> true;
				default -> false;
			};
		}

	}

}
