package io.tokensaving.cache.semantic;

import java.time.Instant;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.ReviewPair;
import io.tokensaving.feature.ReviewPoint;
import io.tokensaving.feature.Reviews;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * Keeps pairs of questions that the semantic cache took for one, with the stored answers,
 * for people to judge: a {@linkplain ReviewSample sample} of those that were served and
 * of near misses. <strong>They are texts of requests and answers, readable in the memory
 * of this process</strong>: up to {@value ReviewedPair#MAX_TEXT} characters of each, of
 * up to {@value #MAX_PLANS} plans, at most 64 MiB together. They go when they are
 * replaced, when their answer is evicted, or when the plan is deleted.
 * <p>
 * A look-up decides under a lock whether its pair is kept, and cuts texts only then. That
 * takes about a microsecond, so it is done where the answer is found. Thread-safe.
 */
public final class SemanticReviews implements Reviews {

	/**
	 * The default number of pairs of a plan.
	 */
	public static final int DEFAULT_MAX_PAIRS = 200;

	/**
	 * The largest number of pairs of a plan.
	 */
	public static final int MAX_PAIRS = 10_000;

	/**
	 * The number of plans whose pairs are kept.
	 */
	static final int MAX_PLANS = 100;

	private static final long MAX_BYTES = 64L << 20;

	private static final Comparator<ReviewedPair> LATEST_FIRST = Comparator.comparing(ReviewedPair::time)
		.thenComparingLong(ReviewedPair::number)
		.reversed();

	private final SavingsStatistics statistics;

	private final int maxPairs;

	private final long maxBytes;

	private final DoubleSupplier chance;

	// By the statistics of plans, so that a plan which is deleted and created again
	// starts with nothing
	private final Cache<PlanStatistics, PlanPairs> plans;

	private final AtomicLong bytes = new AtomicLong();

	private final AtomicLong evictions = new AtomicLong();

	private final AtomicLong numbers = new AtomicLong();

	/**
	 * Create an empty list.
	 * @param statistics the statistics of the semantic cache, to which the pairs belong
	 * @param maxPairs the number of pairs of a plan, 1 to {@value #MAX_PAIRS}
	 */
	public SemanticReviews(SavingsStatistics statistics, int maxPairs) {
		this(statistics, maxPairs, MAX_BYTES, () -> ThreadLocalRandom.current().nextDouble());
	}

	SemanticReviews(SavingsStatistics statistics, int maxPairs, long maxBytes, DoubleSupplier chance) {
		Assert.isTrue(maxPairs >= 1 && maxPairs <= MAX_PAIRS,
				() -> "'maxPairs' must be from 1 to %d but was '%d'".formatted(MAX_PAIRS, maxPairs));
		this.statistics = statistics;
		this.maxPairs = maxPairs;
		this.maxBytes = maxBytes;
		this.chance = chance;
		this.plans = Caffeine.newBuilder()
			.weakKeys()
			.maximumSize(MAX_PLANS)
			.executor(Runnable::run)
			.<PlanStatistics, PlanPairs>removalListener((plan, pairs, cause) -> {
				if (pairs != null) {
					pairs.close();
				}
			})
			.build();
		Cache<PlanStatistics, PlanPairs> known = this.plans;
		statistics.addListener(new SavingsStatistics.Listener() {

			@Override
			public void planRemoved(PlanStatistics removed) {
				known.invalidate(removed);
			}

		});
	}

	/**
	 * Return the number of evictions so far, for {@link #record}.
	 * @return the number at the start of a look-up
	 */
	long evictions() {
		return this.evictions.get();
	}

	/**
	 * Count an answer that was found, and keep it if it is part of the sample.
	 * @param plan the plan and its workspace
	 * @param evictions the number of evictions at the start of the look-up: a pair is not
	 * kept if there was one since
	 * @param similarity the cosine similarity of the questions
	 * @param served whether the answer is served
	 * @param now the present time
	 * @param found supplies what was found; called only if it is kept
	 * @return the id of the pair, or {@code null} if it is not kept
	 */
	@Nullable String record(PlanKey plan, long evictions, double similarity, boolean served, Instant now,
			Supplier<ReviewedPair.Found> found) {
		PlanPairs pairs = this.plans.get(this.statistics.plan(plan), (key) -> new PlanPairs());
		if (!pairs.offer(similarity, served, now) || this.evictions.get() != evictions) {
			return null;
		}
		ReviewedPair pair = new ReviewedPair(HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong()),
				this.numbers.incrementAndGet(), found.get());
		return pairs.add(pair, evictions) ? pair.id() : null;
	}

	/**
	 * Keep whether verification found a served answer to be right.
	 * @param plan the plan and its workspace
	 * @param id the id of the pair, which may be gone
	 * @param right whether it is right
	 */
	void verified(PlanKey plan, String id, boolean right) {
		PlanPairs pairs = pairs(plan);
		if (pairs != null) {
			pairs.verified(id, right);
		}
	}

	/**
	 * Remove the pairs whose stored answer an eviction selects, and those that may be
	 * selected because their tags are not known. Pairs of look-ups that are under way are
	 * not kept. What people have judged stays in the {@link #curve}.
	 * @param eviction selects the answers
	 */
	public void evict(Eviction eviction) {
		this.evictions.incrementAndGet();
		this.plans.asMap().forEach((plan, pairs) -> {
			if (plan.key().workspace().equals(eviction.workspace())) {
				pairs.removeIf((pair) -> pair.matches(eviction));
			}
		});
	}

	private @Nullable PlanPairs pairs(PlanKey plan) {
		PlanStatistics counted = this.statistics.find(plan);
		return (counted != null) ? this.plans.getIfPresent(counted) : null;
	}

	@Override
	public Page find(PlanKey plan, int page, int size) {
		Assert.isTrue(page >= 0, () -> "'page' must not be negative but was '%d'".formatted(page));
		Assert.isTrue(size >= 1, () -> "'size' must be at least 1 but was '%d'".formatted(size));
		PlanPairs pairs = pairs(plan);
		return (pairs != null) ? pairs.find(page, size) : new Page(0, List.of());
	}

	@Override
	public @Nullable ReviewPair judge(PlanKey plan, String id, ReviewPair.Verdict verdict) {
		PlanPairs pairs = pairs(plan);
		return (pairs != null) ? pairs.judge(id, verdict) : null;
	}

	@Override
	public List<ReviewPoint> curve(PlanKey plan) {
		PlanPairs pairs = pairs(plan);
		return (pairs != null) ? pairs.curve() : List.of();
	}

	/**
	 * Return the memory that the pairs of all plans take up.
	 * @return the size in bytes
	 */
	long bytes() {
		return this.bytes.get();
	}

	/**
	 * The pairs of a plan.
	 */
	private final class PlanPairs {

		private final ReviewSample sample = new ReviewSample(SemanticReviews.this.maxPairs,
				SemanticReviews.this.chance);

		private boolean closed;

		private long left() {
			return SemanticReviews.this.maxBytes - SemanticReviews.this.bytes.get();
		}

		synchronized boolean offer(double similarity, boolean served, Instant now) {
			return this.sample.offer(SimilarityStep.of(similarity), served, ReviewedPair.day(now),
					left() < ReviewedPair.MAX_BYTES) && !this.closed;
		}

		// An eviction adds to its number first and removes afterwards
		synchronized boolean add(ReviewedPair pair, long evictions) {
			if (this.closed || SemanticReviews.this.evictions.get() != evictions
					|| this.sample.find(pair.id()) != null) {
				return false;
			}
			long before = this.sample.bytes();
			this.sample.add(pair, left());
			SemanticReviews.this.bytes.addAndGet(this.sample.bytes() - before);
			return this.sample.find(pair.id()) != null;
		}

		synchronized void removeIf(Predicate<ReviewedPair> selected) {
			long before = this.sample.bytes();
			this.sample.removeIf(selected);
			SemanticReviews.this.bytes.addAndGet(this.sample.bytes() - before);
		}

		synchronized void close() {
			this.closed = true;
			removeIf((pair) -> true);
		}

		synchronized void verified(String id, boolean right) {
			ReviewedPair pair = this.sample.find(id);
			if (pair != null) {
				pair.verified(right);
			}
		}

		Page find(int page, int size) {
			List<ReviewedPair> pairs;
			synchronized (this) {
				pairs = List.copyOf(this.sample.pairs());
			}
			// Look-ups wait for the lock, and not for the order
			List<ReviewedPair> shown = pairs.stream()
				.sorted(LATEST_FIRST)
				.skip((long) page * size)
				.limit(size)
				.toList();
			synchronized (this) {
				return new Page(pairs.size(), shown.stream().map(ReviewedPair::shown).toList());
			}
		}

		synchronized @Nullable ReviewPair judge(String id, ReviewPair.Verdict verdict) {
			ReviewedPair pair = this.sample.find(id);
			if (pair == null) {
				return null;
			}
			ReviewPair.Verdict before = pair.human();
			pair.human(verdict);
			this.sample.judged(pair, before);
			return pair.shown();
		}

		synchronized List<ReviewPoint> curve() {
			return this.sample.curve();
		}

	}

}
