package io.tokensaving.cache.semantic;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.cache.CacheRequest;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheTier;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.event.FeatureSuspendedEvent;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.CallerContext;
import io.tokensaving.sampling.Judge;
import io.tokensaving.sampling.NoVerdictException;
import io.tokensaving.sampling.QuestionJudge;
import io.tokensaving.statistics.DescribedException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Has a judge confirm that the answer to one question serves another, before it is
 * served. Remembers verdicts by the digest of both questions, their partition and the
 * judge, for a day. What a judge is paid for is charged to the call, or to its plan if
 * the call is over. Thread-safe; close it to end its threads.
 */
final class AnswerConfirmation implements AutoCloseable {

	/**
	 * What the names of judges among the circuit breakers start with.
	 */
	static final String BREAKER = "confirm_model";

	/**
	 * The name of what suspends itself if it does not pay.
	 */
	static final String CONFIRMING = "semantic-confirmation";

	private static final int MAX_REMEMBERED = 50_000;

	private static final Duration REMEMBERED = Duration.ofDays(1);

	private static final int MAX_THREADS = 64;

	private static final Log logger = LogFactory.getLog(AnswerConfirmation.class);

	private final Function<String, @Nullable QuestionJudge> judges;

	private final CacheTier tier;

	private final PriceTable prices;

	private final Cache<ByteBuffer, Boolean> verdicts;

	private final ThreadPoolExecutor threads = new ThreadPoolExecutor(0, MAX_THREADS, 30, TimeUnit.SECONDS,
			new SynchronousQueue<>(), new DaemonThreads("token-saving-semantic-confirm"));

	/**
	 * Create a confirmation.
	 * @param judges returns the judge of a name, or {@code null} if there is none; the
	 * empty name stands for the default
	 * @param tier what the cache has in common with others
	 * @param prices the prices of what is paid, and of what is saved
	 */
	AnswerConfirmation(Function<String, @Nullable QuestionJudge> judges, CacheTier tier, PriceTable prices) {
		this.judges = judges;
		this.tier = tier;
		this.prices = prices;
		this.verdicts = Caffeine.newBuilder()
			.maximumSize(MAX_REMEMBERED)
			.expireAfterWrite(REMEMBERED)
			.ticker(tier.ticker())
			.build();
	}

	private static String judgeName(CacheSettings settings) {
		return (settings.confirmModel() != null) ? settings.confirmModel() : "";
	}

	/**
	 * Whether there is a judge for a plan.
	 * @param settings how the plan caches
	 * @return whether it can have answers confirmed
	 */
	boolean hasJudge(CacheSettings settings) {
		return this.judges.apply(judgeName(settings)) != null;
	}

	/**
	 * Return the verdict on two questions if it is remembered.
	 * @param request the request of the look-up
	 * @param pair the questions
	 * @return the verdict, or {@code null}
	 */
	@Nullable Boolean remembered(CacheRequest request, Pair pair) {
		return this.verdicts.getIfPresent(key(pair, request.settings()));
	}

	/**
	 * Whether confirming is suspended for the plan of a request because it does not pay.
	 * @param request the request
	 * @return whether nothing new is confirmed
	 */
	boolean isSuspended(CacheRequest request) {
		return !monitor(request).mayAsk(this.tier.ticker().read());
	}

	private ConfirmationMonitor monitor(CacheRequest request) {
		return this.tier.statistics().plan(request.call().planKey()).state(SemanticCacheFeature.CONFIRMATION);
	}

	/**
	 * Ask the judge, for as long as the plan allows. Blocks.
	 * @param request the request of the look-up
	 * @param pair the questions
	 * @param caller the context of the caller
	 * @return whether the answer serves both; {@code false} if there is no verdict
	 * @throws InterruptedException if the thread is interrupted
	 */
	boolean confirm(CacheRequest request, Pair pair, CallerContext caller) throws InterruptedException {
		String judge = judgeName(request.settings());
		Attempt attempt = this.tier.attempt(judge.isEmpty() ? BREAKER : BREAKER + "_" + judge);
		if (attempt == null) {
			return false;
		}
		AtomicBoolean counted = new AtomicBoolean();
		try {
			Callable<Boolean> ask = () -> caller.call(() -> ask(request, pair, judge, counted));
			Future<Boolean> verdict = this.threads.submit(ask);
			Boolean confirmed = this.tier.await(verdict, request.settings().confirmTimeout(), (failure) -> {
				attempt.failed(failure);
				record(request, null, 0L, counted);
				fail(request, failure);
			});
			if (confirmed != null) {
				attempt.succeeded();
			}
			return Boolean.TRUE.equals(confirmed);
		}
		catch (RuntimeException | OutOfMemoryError ex) { // there may be no more threads
			fail(request, ex);
			return false;
		}
		finally {
			attempt.end();
		}
	}

	// A verdict that comes too late is charged and remembered all the same
	private boolean ask(CacheRequest request, Pair pair, String name, AtomicBoolean counted) {
		QuestionJudge judge = this.judges.apply(name);
		if (judge == null) {
			throw new DescribedException("There is no chat model to confirm answers with");
		}
		try {
			Judge.Verdict verdict = judge.judge(pair.asked(), pair.stored());
			// Before it is charged: what was paid for is of use from then on
			this.verdicts.put(key(pair, request.settings()), verdict.right());
			charge(request, verdict.model(), verdict.usage());
			record(request, verdict.right(), picoUsd(verdict.model(), verdict.usage()), counted);
			return verdict.right();
		}
		catch (NoVerdictException ex) {
			charge(request, ex.model(), ex.usage());
			record(request, null, picoUsd(ex.model(), ex.usage()), counted);
			fail(request, new DescribedException("The model that confirms " + ex.description(), ex));
			return false;
		}
	}

	private void charge(CacheRequest request, @Nullable String model, TokenUsage usage) {
		if (!request.ledger().recordOverhead(model, usage)) {
			this.tier.statistics().plan(request.call().planKey()).recordOverhead(model, usage, this.prices);
		}
	}

	private void record(CacheRequest request, @Nullable Boolean verdict, @Nullable Long picoUsd,
			AtomicBoolean counted) {
		if (counted.compareAndSet(false, true)
				&& monitor(request).recordAsked(verdict, picoUsd, this.tier.ticker().read())) {
			logger
				.warn(("Answers of the semantic cache of plan '%s' are not confirmed for %d minutes, because that costs "
						+ "more than it saves. What is less similar than 'cache.sure-similarity' goes to the model. Choose a "
						+ "cheaper 'cache.confirm-model' or raise 'cache.similarity-threshold'")
					.formatted(request.call().plan().id(), ConfirmationMonitor.PAUSE.toMinutes()));
			this.tier.statistics()
				.publish(new FeatureSuspendedEvent(request.call().workspace(), request.call().plan().id(), CONFIRMING,
						"Having answers confirmed costs more than it saves; it is tried again in %d minutes"
							.formatted(ConfirmationMonitor.PAUSE.toMinutes())));
		}
	}

	/**
	 * Count an answer that is served because it was confirmed.
	 * @param request the request of the look-up
	 * @param answer the answer
	 */
	void served(CacheRequest request, CachedResponse answer) {
		monitor(request).recordServed(picoUsd(answer.model().isEmpty() ? null : answer.model(), answer.usage()));
	}

	private @Nullable Long picoUsd(@Nullable String model, TokenUsage usage) {
		ModelPrice price = this.prices.find(model);
		return (price != null) ? price.picoUsd(usage) : null;
	}

	private void fail(CacheRequest request, Throwable failure) {
		this.tier.statistics().recordError(SemanticCacheFeature.CONFIRMING, request.call().planKey(), failure);
	}

	// The order of the questions does not matter
	private static ByteBuffer key(Pair pair, CacheSettings settings) {
		boolean inOrder = pair.asked().compareTo(pair.stored()) <= 0;
		try {
			MessageDigest digest = MessageDigest.getInstance("SHA-256");
			for (String part : new String[] { pair.partition(), judgeName(settings),
					inOrder ? pair.asked() : pair.stored(), inOrder ? pair.stored() : pair.asked() }) {
				byte[] bytes = part.getBytes(StandardCharsets.UTF_16BE);
				digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, bytes.length));
				digest.update(bytes);
			}
			return ByteBuffer.wrap(digest.digest());
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("SHA-256 is missing", ex);
		}
	}

	@Override
	public void close() {
		this.threads.shutdownNow();
	}

	/**
	 * Two questions. Immutable.
	 *
	 * @param partition what both were asked in
	 * @param asked the one that was asked
	 * @param stored the one whose answer is known
	 */
	record Pair(String partition, String asked, String stored) {

	}

}
