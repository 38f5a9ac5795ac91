package io.tokensaving.samples.supportbot.batch;

import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

import io.tokensaving.TokenSaving;
import io.tokensaving.batch.BatchEngine;
import io.tokensaving.batch.BatchOverview;
import io.tokensaving.batch.TokenSavingBatch;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.samples.supportbot.SupportBotApplication;
import io.tokensaving.samples.supportbot.batch.BatchOptions.Question;
import io.tokensaving.samples.supportbot.batch.SimulatedProvider.Bill;
import io.tokensaving.samples.supportbot.replay.ProgressBar;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.ExitCodeGenerator;
import org.springframework.context.annotation.Profile;
import org.springframework.stereotype.Component;

/**
 * Classifies questions by batch with the plan {@value #PLAN}, and prints what token
 * saving says of it beside the bill of the simulated provider. Killed and started again,
 * it goes on where it was, as long as the simulator is a process of its own.
 */
@Component
@Profile(BatchOptions.ARGUMENT)
class BatchRunner implements ApplicationRunner, ExitCodeGenerator {

	static final String PLAN = "classify";

	private static final Duration WITHIN = Duration.ofHours(24);

	private static final Duration LOOK = Duration.ofMillis(100);

	private final ChatClient chatClient;

	private final TokenSavingBatch batch;

	private final BatchEngine engine;

	private final SimulatedProvider provider;

	private final SavingsStatistics statistics;

	private final BatchOptions options;

	private final PrintStream out = System.out;

	private int exitCode;

	BatchRunner(ChatClient.Builder builder, TokenSavingBatch batch, BatchEngine engine, SimulatedProvider provider,
			SavingsStatistics statistics, BatchOptions options) {
		this.chatClient = builder.build();
		this.batch = batch;
		this.engine = engine;
		this.provider = provider;
		this.statistics = statistics;
		this.options = options;
	}

	@Override
	public void run(ApplicationArguments arguments) throws IOException {
		try {
			this.provider.bill();
		}
		catch (IOException ex) {
			System.err.println(BatchOptions
				.refused(BatchOptions.SIMULATOR, this.provider.address().toString(), BatchOptions.REACHABLE)
				.getMessage());
			this.exitCode = SupportBotApplication.EXIT_CODE_BAD_ARGUMENT;
			return;
		}
		Classified classified = classify();
		Bill bill = this.provider.bill();
		this.out.print(classified.toTable());
		this.out.printf(Locale.ROOT, "Bill of the provider since its start: %s USD for %,d requests%n",
				bill.usd().stripTrailingZeros().toPlainString(), bill.requests());
	}

	Classified classify() {
		List<Question> questions = this.options.questions();
		String instructions = "Say what the question of a customer of a bank is about. The intents are: "
				+ this.options.known()
					.stream()
					.map(Question::intent)
					.distinct()
					.sorted()
					.collect(Collectors.joining(", "));
		List<CompletableFuture<Answer>> answers = new ArrayList<>(questions.size());
		for (int i = 0; i < questions.size(); i++) {
			String text = questions.get(i).text();
			answers.add(this.batch.submit("question " + i, WITHIN,
					() -> this.chatClient.prompt()
						.system(instructions)
						.user(text)
						.advisors(TokenSaving.plan(PLAN))
						.call()
						.entity(Answer.class)));
		}
		this.out.printf(Locale.ROOT, "%,d questions are submitted%n", answers.size());
		await(answers);
		int right = 0;
		int failed = 0;
		for (int i = 0; i < questions.size(); i++) {
			try {
				right += answers.get(i).join().intent().equals(questions.get(i).intent()) ? 1 : 0;
			}
			catch (CompletionException ex) {
				failed++;
			}
		}
		return Classified.of(questions.size() - failed, right, failed, figures());
	}

	private void await(List<CompletableFuture<Answer>> answers) {
		ProgressBar progress = new ProgressBar(this.out, System.console() != null, answers.size());
		int shown = 0;
		while (true) {
			int done = (int) answers.stream().filter(CompletableFuture::isDone).count();
			shown = Math.max(shown, Math.max(done, Math.min(ready(), answers.size() - 1)));
			progress.update(shown);
			if (done == answers.size()) {
				return;
			}
			LockSupport.parkNanos(LOOK.toNanos());
		}
	}

	// Answers come to the application when a batch has ended, but the provider says
	// before
	// how far it is
	private int ready() {
		BatchOverview overview = this.engine.overview();
		return overview.answered() + overview.submitted().stream().mapToInt(BatchOverview.Submitted::completed).sum();
	}

	private StatisticsSnapshot figures() {
		return this.statistics.plan(new PlanKey("default", PLAN)).snapshot();
	}

	@Override
	public int getExitCode() {
		return this.exitCode;
	}

	/**
	 * What the model says of a question.
	 *
	 * @param intent what it is about
	 */
	record Answer(String intent) {

	}

	/**
	 * What came of the questions, as token saving counts it since the start.
	 *
	 * @param answered the questions that were answered
	 * @param right those that were given their intent
	 * @param failed those that were not answered
	 * @param fromBatch the answers that came with a batch and were paid
	 * @param deduplicated the questions answered by the line of an equal one, or by one
	 * that was paid before the restart
	 * @param fromCache the questions that the cache answered
	 * @param live the questions that were asked at once
	 * @param spentUsd what was spent
	 * @param savedUsd what was saved
	 */
	record Classified(int answered, int right, int failed, long fromBatch, long deduplicated, long fromCache, long live,
			BigDecimal spentUsd, BigDecimal savedUsd) {

		static Classified of(int answered, int right, int failed, StatisticsSnapshot figures) {
			long deduplicated = figures.requestsByOutcome().getOrDefault("batch_hits", 0L);
			long live = figures.counters()
				.stream()
				.filter((counter) -> counter.name().equals("batch_live"))
				.flatMap((counter) -> figures.counts(counter).values().stream())
				.mapToLong(Long::longValue)
				.sum();
			long fromCache = figures.cacheHits();
			return new Classified(answered, right, failed, answered - deduplicated - fromCache - live, deduplicated,
					fromCache, live, figures.spentUsd(), figures.costSavedUsd());
		}

		String toTable() {
			return String.format(Locale.ROOT, """
					%nanswered            %,10d
					  by a batch        %,10d
					  deduplicated      %,10d
					  from the cache    %,10d
					  at once           %,10d
					failed              %,10d
					right               %,10d
					spent in USD        %10s
					saved in USD        %10s
					""", this.answered, this.fromBatch, this.deduplicated, this.fromCache, this.live, this.failed,
					this.right, usd(this.spentUsd), usd(this.savedUsd));
		}

		private static String usd(BigDecimal amount) {
			return (amount.signum() != 0) ? amount.stripTrailingZeros().toPlainString() : "0";
		}

	}

}
