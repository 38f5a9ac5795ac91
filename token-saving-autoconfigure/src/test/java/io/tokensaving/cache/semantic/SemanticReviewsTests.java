package io.tokensaving.cache.semantic;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.tokensaving.cache.EntryLabels;
import io.tokensaving.feature.Eviction;
import io.tokensaving.feature.ReviewPair;
import io.tokensaving.feature.ReviewPair.Verdict;
import io.tokensaving.feature.ReviewPoint;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link SemanticReviews} and {@link ReviewSample}.
 */
class SemanticReviewsTests {

	private static final PlanKey PLAN = new PlanKey("default", "p");

	private static final Instant NOON = Instant.parse("2026-03-31T12:00:00Z");

	private static final int MAX_PAIRS = 200;

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final Random random = new Random(1);

	private SemanticReviews reviews = reviews(MAX_PAIRS, 64L << 20);

	private SemanticReviews reviews(int maxPairs, long maxBytes) {
		return new SemanticReviews(this.statistics, maxPairs, maxBytes, this.random::nextDouble);
	}

	private @Nullable String record(PlanKey plan, double similarity, @Nullable String reason, String text) {
		return record(plan, similarity, reason, text, NOON);
	}

	private @Nullable String record(PlanKey plan, double similarity, @Nullable String reason, String text,
			Instant now) {
		return record(similarity, reason, text, now, EntryLabels.of(plan.workspace(), plan.plan()), true);
	}

	private @Nullable String record(double similarity, @Nullable String reason, String text, Instant now,
			EntryLabels labels, boolean tagsKnown) {
		return this.reviews.record(labels.planKey(), this.reviews.evictions(), similarity, reason == null, now,
				() -> new ReviewedPair.Found(now, "faq", similarity, 0.85, reason, "asked " + text, "stored " + text,
						"answer " + text, labels, tagsKnown));
	}

	private List<ReviewPair> all() {
		return all(PLAN);
	}

	private List<ReviewPair> all(PlanKey plan) {
		return this.reviews.find(plan, 0, Integer.MAX_VALUE).pairs();
	}

	@Test
	void aPairHasWhatWasFound() {
		String served = record(PLAN, 0.93, null, "one");
		String heldBack = record(PLAN, 0.91, "numbers", "two", NOON.plusSeconds(1));
		this.reviews.verified(PLAN, served, false);
		assertThat(all()).containsExactly(
				new ReviewPair(heldBack, NOON.plusSeconds(1), "p", "faq", 0.91, 0.85, false, "numbers", null, null,
						"asked two", "stored two", "answer two"),
				new ReviewPair(served, NOON, "p", "faq", 0.93, 0.85, true, null, false, null, "asked one", "stored one",
						"answer one"));
	}

	@Test
	void pagesAreTheLatestFirst() {
		for (int i = 0; i < 5; i++) {
			record(PLAN, 0.9, null, "" + i, NOON.plusSeconds(i / 2));
		}
		assertThat(this.reviews.find(PLAN, 0, 2).total()).isEqualTo(5);
		assertThat(IntStream.range(0, 4)
			.mapToObj((page) -> this.reviews.find(PLAN, page, 2).pairs().stream().map(ReviewPair::asked).toList()))
			.containsExactly(List.of("asked 4", "asked 3"), List.of("asked 2", "asked 1"), List.of("asked 0"),
					List.of());
		assertThat(this.reviews.find(PLAN, Integer.MAX_VALUE, Integer.MAX_VALUE).pairs()).isEmpty();
	}

	@Test
	void theLastVerdictOfAPersonCounts() {
		String id = record(PLAN, 0.93, null, "one");
		assertThat(this.reviews.judge(PLAN, id, Verdict.SAME)).extracting(ReviewPair::human).isEqualTo(Verdict.SAME);
		assertThat(this.reviews.judge(PLAN, id, Verdict.DIFFERENT)).isEqualTo(all().get(0))
			.extracting(ReviewPair::human)
			.isEqualTo(Verdict.DIFFERENT);
		assertThat(this.reviews.curve(PLAN).get(0)).satisfies((point) -> {
			assertThat(point.threshold()).isEqualTo(0.93);
			assertThat(point.same()).isZero();
			assertThat(point.different()).isEqualTo(1);
			assertThat(point.precision()).isZero();
		});
		assertThat(this.reviews.judge(PLAN, "none-such", Verdict.SAME)).isNull();
		assertThat(this.reviews.judge(new PlanKey("default", "q"), id, Verdict.SAME)).isNull();
	}

	@Test
	void verdictsOnWhatWasHeldBackAreNoPartOfTheCurve() {
		record(PLAN, 0.93, null, "one");
		this.reviews.judge(PLAN, record(PLAN, 0.93, "numbers", "two"), Verdict.DIFFERENT);
		assertThat(this.reviews.curve(PLAN).get(0)).isEqualTo(new ReviewPoint(0.93, 0, 0, null, null, null, 1));
	}

	@Test
	void aFloodDoesNotReplaceThePairsNearTheThreshold() {
		Set<String> near = new HashSet<>();
		for (int i = 0; i < 10; i++) {
			near.add(record(PLAN, 0.85 + i / 1000.0, null, "near " + i));
			near.add(record(PLAN, 0.86, "numbers", "near miss " + i));
		}
		for (int i = 0; i < 100_000; i++) {
			record(PLAN, 0.999, null, "sure " + i);
			assertThat(this.reviews.find(PLAN, 0, 1).total()).isLessThanOrEqualTo(MAX_PAIRS);
		}
		List<ReviewPair> pairs = all();
		assertThat(pairs).hasSize(MAX_PAIRS).extracting(ReviewPair::id).doesNotHaveDuplicates().containsAll(near);
		// What is kept of the flood is spread over all of it
		assertThat(pairs.stream()
			.filter((pair) -> pair.similarity() > 0.99)
			.mapToInt((pair) -> Integer.parseInt(pair.asked().substring("asked sure ".length())))
			.average()).hasValueCloseTo(50_000.0, within(7_500.0));
		assertThat(this.reviews.curve(PLAN).get(10).kept()).isCloseTo(100_000 / 100_010.0, within(1e-9));
	}

	@Test
	void whatComesLaterHasRoomBesideAFlood() {
		for (int i = 0; i < 100_000; i++) {
			record(PLAN, 0.999, null, "sure");
		}
		for (int i = 0; i < 1000; i++) {
			record(PLAN, 0.85, null, "near");
			record(PLAN, 0.87, "numbers", "near");
			record(PLAN, 0.999, null, "sure");
		}
		assertThat(all()).hasSize(MAX_PAIRS);
		assertThat(
				all().stream().collect(Collectors.groupingBy(ReviewPair::similarity, Collectors.counting())).values())
			.hasSize(3)
			.allMatch((count) -> count >= 66 && count <= 68);
	}

	@Test
	void aboutTheLastWeekIsSampled() {
		for (int i = 0; i < 60 * 1000; i++) {
			record(PLAN, 0.9, null, "one", NOON.plusSeconds(i * TimeUnit.DAYS.toSeconds(1) / 1000));
		}
		Instant end = NOON.plusSeconds(TimeUnit.DAYS.toSeconds(60));
		long latest = all().stream()
			.filter((pair) -> pair.time().isAfter(end.minusSeconds(TimeUnit.DAYS.toSeconds(14))))
			.count();
		// 1 - (6 / 7)^14 = 0.885
		assertThat(latest).isBetween((long) (0.8 * MAX_PAIRS), (long) (0.96 * MAX_PAIRS));
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 7, SemanticReviews.MAX_PAIRS })
	void noMorePairsAreKeptThanMayBe(int maxPairs) {
		this.reviews = reviews(maxPairs, 64L << 20);
		for (int i = 0; i < 20_000; i++) {
			record(PLAN, this.random.nextDouble(), this.random.nextBoolean() ? "numbers" : null, "one");
		}
		assertThat(all()).hasSize(maxPairs).extracting(ReviewPair::id).doesNotHaveDuplicates();
	}

	@Test
	void allPlansTogetherHaveABoundOfBytes() {
		this.reviews = reviews(MAX_PAIRS, 200_000);
		for (int i = 0; i < 20_000; i++) {
			String text = "\u4e2d".repeat(this.random.nextInt(3000));
			record(new PlanKey("default", "p-" + i % 7), 0.8 + 0.2 * this.random.nextDouble(), null, text);
			assertThat(this.reviews.bytes()).isBetween(1L, 200_000L);
		}
		assertThat(this.reviews.bytes()).isGreaterThan(150_000);
		this.reviews.evict(Eviction.ofWorkspace("default"));
		assertThat(this.reviews.bytes()).isZero();
	}

	@Test
	void aBoundedNumberOfPlansIsKept() {
		for (int i = 0; i < 5000; i++) {
			record(new PlanKey("default", "p-" + i % 500), 0.9, null, "one");
		}
		long kept = IntStream.range(0, 500).mapToLong((i) -> all(new PlanKey("default", "p-" + i)).size()).sum();
		assertThat(kept).isPositive().isLessThanOrEqualTo(10 * SemanticReviews.MAX_PLANS);
		assertThat(this.reviews.bytes()).isLessThan(kept * 1000);
	}

	@Test
	void longTextsAreCutBetweenCharacters() {
		for (int length = 990; length < 1010; length++) {
			record(PLAN, 0.9, null, "x".repeat(length % 2) + "\ud83d\ude00".repeat(length));
		}
		assertThat(all()).hasSize(20)
			.flatExtracting(ReviewPair::asked, ReviewPair::stored, ReviewPair::answer)
			.allSatisfy((text) -> assertThat((String) text).hasSizeLessThanOrEqualTo(ReviewedPair.MAX_TEXT)
				.satisfies((cut) -> assertThat(cut.codePoints()).noneMatch((each) -> each >= 0xd800 && each <= 0xdfff)))
			.anyMatch((text) -> ((String) text).endsWith("\u2026"));
	}

	@Test
	void plansOfOtherWorkspacesAndOtherPlansAreNotSeen() {
		String id = record(PLAN, 0.9, null, "mine");
		PlanKey sameId = new PlanKey("other", "p");
		record(sameId, 0.9, null, "theirs");
		assertThat(all()).extracting(ReviewPair::asked).containsExactly("asked mine");
		assertThat(all(sameId)).extracting(ReviewPair::asked).containsExactly("asked theirs");
		assertThat(this.reviews.judge(sameId, id, Verdict.SAME)).isNull();
		this.reviews.verified(sameId, id, true);
		assertThat(all().get(0).verified()).isNull();
		assertThat(all(new PlanKey("default", "q"))).isEmpty();
		assertThat(this.reviews.curve(new PlanKey("default", "q"))).isEmpty();
	}

	@Test
	void aPlanThatIsCreatedAgainStartsWithNone() {
		String id = record(PLAN, 0.9, null, "one");
		this.reviews.judge(PLAN, id, Verdict.SAME);
		this.statistics.forget(PLAN);
		assertThat(this.reviews.bytes()).isZero();
		assertThat(all()).isEmpty();
		this.statistics.plan(PLAN);
		assertThat(all()).isEmpty();
		assertThat(this.reviews.curve(PLAN)).isEmpty();
		assertThat(this.reviews.judge(PLAN, id, Verdict.SAME)).isNull();
		record(PLAN, 0.9, null, "two");
		assertThat(all()).extracting(ReviewPair::asked).containsExactly("asked two");
	}

	@Test
	void evictionRemovesThePairsOfTheAnswers() {
		record(0.9, null, "a", NOON, new EntryLabels("default", "p", "s", Set.of("t")), true);
		record(0.9, null, "b", NOON, new EntryLabels("default", "p", null, Set.of()), true);
		record(0.9, "numbers", "unknown", NOON, new EntryLabels("default", "p", null, Set.of()), false);
		record(0.9, null, "q", NOON, EntryLabels.of("default", "q"), true);
		record(0.9, null, "other", NOON, new EntryLabels("other", "p", "s", Set.of("t")), true);
		Eviction all = Eviction.ofWorkspace("default");
		this.reviews.evict(all.scope("s2"));
		assertThat(all()).hasSize(3);
		// It may have the tag
		this.reviews.evict(all.tag("none-such"));
		assertThat(all()).extracting(ReviewPair::asked).containsExactly("asked b", "asked a");
		this.reviews.evict(all.plan("p").tag("t"));
		assertThat(all()).extracting(ReviewPair::asked).containsExactly("asked b");
		this.reviews.evict(all.plan("p"));
		assertThat(all()).isEmpty();
		assertThat(all(new PlanKey("default", "q"))).hasSize(1);
		assertThat(all(new PlanKey("other", "p"))).hasSize(1);
	}

	@Test
	void whatALookUpFoundBeforeAnEvictionIsNotKept() {
		long before = this.reviews.evictions();
		EntryLabels labels = EntryLabels.of("default", "p");
		this.reviews.evict(Eviction.ofWorkspace("default"));
		String id = this.reviews.record(PLAN, before, 0.9, true, NOON,
				() -> new ReviewedPair.Found(NOON, "faq", 0.9, 0.85, null, "a", "b", "c", labels, true));
		assertThat(id).isNull();
		// Or while its texts were cut
		id = this.reviews.record(PLAN, this.reviews.evictions(), 0.9, true, NOON, () -> {
			this.reviews.evict(Eviction.ofWorkspace("default"));
			return new ReviewedPair.Found(NOON, "faq", 0.9, 0.85, null, "a", "b", "c", labels, true);
		});
		assertThat(id).isNull();
		assertThat(all()).isEmpty();
	}

	@Test
	void verdictsOutliveTheTextsOfTheirPairs() {
		this.reviews.judge(PLAN, record(PLAN, 0.9, null, "one"), Verdict.SAME);
		this.reviews.evict(Eviction.ofWorkspace("default"));
		assertThat(all()).isEmpty();
		assertThat(this.reviews.curve(PLAN).get(0).same()).isEqualTo(1);
	}

	@Test
	void textsAreReadOnlyOfPairsThatAreKept() {
		this.reviews = reviews(1, 64L << 20);
		EntryLabels labels = EntryLabels.of("default", "p");
		int[] read = new int[1];
		for (int i = 0; i < 10_000; i++) {
			this.reviews.record(PLAN, this.reviews.evictions(), 0.9, true, NOON, () -> {
				read[0]++;
				return new ReviewedPair.Found(NOON, "faq", 0.9, 0.85, null, "a", "b", "c", labels, true);
			});
		}
		// The harmonic number of 10,000 is 9.8
		assertThat(read[0]).isBetween(1, 40);
	}

	@Test
	void recordsSayNoText() {
		record(PLAN, 0.9, null, "secret");
		assertThat(all().get(0).asked()).contains("secret");
		assertThat(this.reviews.find(PLAN, 0, 10).toString()).contains("0.9").doesNotContain("secret");
		assertThat(new ReviewedPair.Found(NOON, "faq", 0.9, 0.85, null, "secret", "secret", "secret",
				EntryLabels.of("default", "p"), true)
			.toString()).doesNotContain("secret");
	}

	@Test
	void weightsMakeThePrecisionThatOfTheTraffic() {
		double[] share = new double[101];
		double[] right = new double[101];
		for (int step = 85; step <= 100; step++) {
			share[step] = (step < 90) ? 0.004 : (step < 98) ? 0.01 : 0.3;
			right[step] = (step < 90) ? 0.6 : (step < 98) ? 0.9 : 0.995;
		}
		double truth = 0.02 * 0.6 + 0.08 * 0.9 + 0.9 * 0.995;
		double sum = 0;
		double plain = 0;
		int covered = 0;
		int runs = 200;
		for (int run = 0; run < runs; run++) {
			PlanKey plan = new PlanKey("default", "p-" + run);
			for (int i = 0; i < 10_000; i++) {
				int step = step(share);
				boolean isRight = this.random.nextDouble() < right[step];
				record(plan, SimilarityStep.threshold(step), null, isRight ? "right" : "wrong");
			}
			all(plan).forEach((pair) -> this.reviews.judge(plan, pair.id(),
					pair.answer().equals("answer right") ? Verdict.SAME : Verdict.DIFFERENT));
			ReviewPoint lowest = this.reviews.curve(plan).get(0);
			assertThat(lowest.same() + lowest.different()).isEqualTo(MAX_PAIRS);
			sum += lowest.precision();
			plain += (double) lowest.same() / MAX_PAIRS;
			covered += (lowest.precisionLower() <= truth && truth <= lowest.precisionUpper()) ? 1 : 0;
			this.statistics.forget(plan);
		}
		assertThat(sum / runs).isCloseTo(truth, within(0.003));
		// What would be believed without weights
		assertThat(plain / runs).isLessThan(truth - 0.1);
		assertThat(covered).isGreaterThanOrEqualTo((int) (0.95 * runs));
	}

	private int step(double[] share) {
		double left = this.random.nextDouble();
		for (int step = 85; step < 100; step++) {
			left -= share[step];
			if (left < 0) {
				return step;
			}
		}
		return 100;
	}

	@Test
	void manyThreadsKeepTheBounds() throws Exception {
		this.reviews = new SemanticReviews(this.statistics, MAX_PAIRS);
		ExecutorService threads = Executors.newFixedThreadPool(8);
		try {
			List<Callable<Void>> tasks = new ArrayList<>();
			for (int thread = 0; thread < 8; thread++) {
				int seed = thread;
				tasks.add(() -> {
					Random own = new Random(seed);
					for (int i = 0; i < 5_000; i++) {
						String id = record(PLAN, 0.8 + 0.2 * own.nextDouble(), own.nextBoolean() ? "age" : null, "x");
						if (id != null) {
							this.reviews.judge(PLAN, id, own.nextBoolean() ? Verdict.SAME : Verdict.DIFFERENT);
							this.reviews.verified(PLAN, id, true);
						}
						if (i % 100 == 0) {
							assertThat(this.reviews.find(PLAN, 0, 1000).pairs().size()).isLessThanOrEqualTo(MAX_PAIRS);
							this.reviews.curve(PLAN);
						}
						if (i % 1000 == 999) {
							this.reviews.evict(Eviction.ofWorkspace("default").scope("none-such"));
						}
					}
					return null;
				});
			}
			for (Future<Void> task : threads.invokeAll(tasks)) {
				task.get(60, TimeUnit.SECONDS);
			}
		}
		finally {
			threads.shutdownNow();
		}
		assertThat(all()).hasSize(MAX_PAIRS);
		assertThat(this.reviews.curve(PLAN).get(0).kept()).isEqualTo(1);
		this.reviews.evict(Eviction.ofWorkspace("default"));
		assertThat(all()).isEmpty();
		assertThat(this.reviews.bytes()).isZero();
	}

	@Test
	void numbersThatMakeNoSenseAreRefused() {
		for (int pairs : new int[] { 0, -1, SemanticReviews.MAX_PAIRS + 1 }) {
			assertThatIllegalArgumentException().isThrownBy(() -> new SemanticReviews(this.statistics, pairs))
				.withMessage("'maxPairs' must be from 1 to 10000 but was '%d'", pairs);
		}
		assertThatIllegalArgumentException().isThrownBy(() -> this.reviews.find(PLAN, -1, 1));
		assertThatIllegalArgumentException().isThrownBy(() -> this.reviews.find(PLAN, 0, 0));
	}

}
