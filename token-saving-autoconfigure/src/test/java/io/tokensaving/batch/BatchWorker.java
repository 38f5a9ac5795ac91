package io.tokensaving.batch;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.batch.anthropic.AnthropicBatchModels;
import io.tokensaving.batch.google.GoogleBatchModels;
import io.tokensaving.batch.openai.OpenAiBatchModels;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.simulator.Provider;
import io.tokensaving.statistics.StatisticsSnapshot;
import io.tokensaving.tier.TierModelAdvisor;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;

/**
 * An application whose answers may come later: one of Spring AI's models behind all that
 * batches need, on a clock that is moved.
 */
final class BatchWorker implements AutoCloseable {

	/**
	 * How long before its deadline a request is given up.
	 */
	static final Duration MARGIN = Duration.ofHours(1);

	private static final PlanKey KEY = new PlanKey("default", "enrichment");

	private static final Duration SETTLING = Duration.ofMinutes(2);

	private final SteppedClock clock;

	private final BatchStore store;

	private final SteppedThreads threads;

	private final TokenSavingTestChain chain;

	private final BatchEngine engine;

	private final TokenSavingBatch batch;

	private final ChatClient client;

	/**
	 * Start an application.
	 * @param kind what it is like
	 * @param url where the provider is
	 * @param store keeps the batches; closed with the application
	 * @param clock the clock
	 * @param points may end the process
	 * @param announced is told before a batch is read or deleted: "reading" or
	 * "deleting", and the id of the batch
	 */
	BatchWorker(Kind kind, String url, BatchStore store, SteppedClock clock, CrashPoints points,
			BiConsumer<String, String> announced) {
		this.clock = clock;
		this.store = new CrashingStore(store, points);
		this.threads = new SteppedThreads(clock, 4);
		ChatModel model = model(kind.provider(), url);
		BatchCapabilities capabilities = new BatchCapabilities(List.of(new OpenAiBatchModels(clock, SETTLING),
				new AnthropicBatchModels(clock, SETTLING), new GoogleBatchModels(clock, SETTLING)),
				UnaryOperator.identity(), () -> List.of(model));
		Plan.Builder plan = Plan.builder(KEY.plan());
		if (kind.cached()) {
			plan.with(CacheSettings.builder(CaffeineExactCacheStore.BACKEND).build()).with(DedupSettings.DEFAULTS);
		}
		this.chain = new TokenSavingTestChain(plan.build());
		PriceTable prices = new PriceTable(List.of());
		TokenCounter counter = new TokenCounter();
		this.engine = BatchEngine.builder(this.store, () -> transports(capabilities, points, announced))
			.settings(new BatchEngineSettings(kind.batchSize(), 1_000_000, Duration.ofMinutes(10),
					Duration.ofMinutes(1), Duration.ofMinutes(10), MARGIN, Duration.ofDays(3), true))
			.clock(clock)
			.scheduling(this.threads)
			.encryptionKey(kind.encrypted() ? new byte[16] : null)
			.unusedAnswers(new UnusedAnswers(capabilities, this.chain.statistics(), counter, prices))
			.random(new Random(kind.batchSize()))
			.build();
		this.batch = new TokenSavingBatch(this.engine, this.threads, clock);
		this.client = this.chain.client(
				model, new DeferredAnswerAdvisor(this.chain.statistics()), new BatchAdvisor(capabilities, this.engine,
						true, new FlexCalls(prices, this.chain.statistics()), this.chain.statistics(), counter),
				new TierModelAdvisor());
		this.engine.start();
	}

	private static ChatModel model(Provider provider, String url) {
		return switch (provider) {
			case OPENAI -> RealBatchModels.openAi(url, UnaryOperator.identity());
			case ANTHROPIC -> RealBatchModels.anthropic(url, UnaryOperator.identity());
			case GEMINI -> RealBatchModels.google(url, UnaryOperator.identity());
			default -> throw new IllegalArgumentException(provider + " has no batches");
		};
	}

	private static List<BatchTransport> transports(BatchCapabilities capabilities, CrashPoints points,
			BiConsumer<String, String> announced) {
		List<BatchTransport> transports = new ArrayList<>();
		for (BatchTransport transport : capabilities.transports()) {
			transports.add(new CrashingTransport(transport, points, announced));
		}
		return transports;
	}

	CompletableFuture<String> submit(Job job) {
		return this.batch.submit(job.id(), job.within(), () -> this.client.prompt(job.question()).call().content());
	}

	/**
	 * Let time pass until all work is done and no batch is left.
	 * @param end until when, at most
	 * @param mover moves the clock
	 * @return whether all is done
	 */
	boolean run(Instant end, Consumer<Instant> mover) throws InterruptedException {
		this.threads.run(end, this::isDone, mover);
		return isDone();
	}

	private boolean isDone() {
		return this.batch.open() == 0 && this.store.submissions().isEmpty();
	}

	/**
	 * Whether all work is done, and all that is left are batches of which nobody can tell
	 * whose they are before they end, which they never do.
	 * @return whether
	 */
	boolean isLeftWithUnknownBatches() {
		return this.batch.open() == 0 && this.store.submissions()
			.stream()
			.allMatch((submission) -> submission.phase() == BatchStore.Submission.Phase.INTENT);
	}

	/**
	 * Return what the statistics say that was paid.
	 * @return what was spent for answers that were used, and for others
	 */
	BigDecimal paid() {
		StatisticsSnapshot figures = figures();
		return figures.spentUsd().add(figures.overheadUsd());
	}

	StatisticsSnapshot figures() {
		return this.chain.statistics().plan(KEY).snapshot();
	}

	SteppedClock clock() {
		return this.clock;
	}

	@Override
	public String toString() {
		return this.batch.open() + " open, " + this.store.submissions() + ", " + this.store.counts() + ", "
				+ this.engine.overview();
	}

	@Override
	public void close() throws Exception {
		this.engine.close();
		this.store.close();
		this.chain.close();
	}

	/**
	 * What an application is like.
	 *
	 * @param provider whom it asks
	 * @param cached whether it has an exact cache and asks once for all who wait
	 * @param encrypted whether what is kept of batches is encrypted
	 * @param batchSize how many requests a batch has at most
	 */
	record Kind(Provider provider, boolean cached, boolean encrypted, int batchSize) {

		static Kind of(Provider provider) {
			return new Kind(provider, false, false, 50);
		}

	}

	/**
	 * A piece of work.
	 *
	 * @param id its name
	 * @param question what it asks
	 * @param within how long it may take
	 */
	record Job(String id, String question, Duration within) {

		static List<Job> of(long seed, int count) {
			Random random = new Random(seed);
			List<Job> jobs = new ArrayList<>();
			for (int i = 0; i < count; i++) {
				// Some ask the same
				int question = random.nextInt(count);
				jobs.add(new Job("work-" + i, "Question " + question + "?",
						Duration.ofMinutes(4 * 60 + random.nextInt(16 * 60))));
			}
			return jobs;
		}

	}

}
