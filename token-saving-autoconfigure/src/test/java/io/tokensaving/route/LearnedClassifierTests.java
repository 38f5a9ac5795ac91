package io.tokensaving.route;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.learning.PairLearner;
import io.tokensaving.sampling.GradedJudge.Grade;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests of {@link LearnedClassifier}.
 */
class LearnedClassifierTests {

	private static final PlanKey PLAN = RouteTestRequests.PLAN;

	private static final List<String> TWO = List.of("nano", "frontier");

	private static final RouteSettings SETTINGS = RouteTestRequests.settings(LearnedClassifier.NAME, TWO, 0.95);

	private static final String EASY = "Hello there";

	private static final String HARD = "Solve 12 + 7 * 93 - 4 / 5 = 3 x ^ 2 and 44 - 3 y = 12";

	private final SplittableRandom random = new SplittableRandom(1);

	@Test
	void choosesTheDefaultTierWhileItLearnsAndTheCheaperOneForEasyRequestsThen() {
		LearnedClassifier classifier = classifier();
		RouteChoice first = classifier.choose(RouteTestRequests.ask(EASY, TWO), SETTINGS);
		assertThat(first.tier()).isEqualTo("frontier");
		assertThat(first.reason()).isEqualTo("learning");
		assertThat(first.score()).isNaN();
		assertThat(first.features()).hasSize(1 + SurfaceFeatures.NAMES.size());
		for (int i = 0; i < 150; i++) {
			learnOne(classifier, SETTINGS, "nano");
		}
		RouteChoice learning = classifier.choose(RouteTestRequests.ask(EASY, TWO), SETTINGS);
		assertThat(learning.tier()).isEqualTo("frontier");
		assertThat(learning.reason()).isEqualTo("learning");
		assertThat(learning.score()).isLessThan(0.2);
		learn(classifier, SETTINGS, 600, "nano");
		RouteChoice easy = classifier.choose(RouteTestRequests.ask(EASY, TWO), SETTINGS);
		assertThat(easy.tier()).isEqualTo("nano");
		assertThat(easy.reason()).isEqualTo("learned");
		assertThat(easy.score()).isBetween(0.0, 0.2);
		RouteChoice hard = classifier.choose(RouteTestRequests.ask(HARD, TWO), SETTINGS);
		assertThat(hard.tier()).isEqualTo("frontier");
		assertThat(hard.reason()).isEqualTo("learned");
		assertThat(hard.score()).isBetween(0.8, 1.0);
	}

	@Test
	void tellsWhatItHasLearned() {
		LearnedClassifier classifier = classifier();
		assertThat(classifier.figures(PLAN)).isEmpty();
		learn(classifier, SETTINGS, 600, "nano");
		assertThat(classifier.figures(PLAN)).containsOnlyKeys("nano");
		PairLearner.Figures figures = classifier.figures(PLAN).get("nano");
		assertThat(figures.labels()).isEqualTo(600);
		assertThat(figures.refits()).isEqualTo(11);
		assertThat(figures.heldOut()).isEqualTo(500);
		assertThat(figures.performanceGapRecovered()).isGreaterThan(0.7);
		assertThat(figures.eValue()).isGreaterThan(20);
		assertThat(figures.acts()).isTrue();
	}

	@Test
	void theGenerationChangesWhenItBeginsOrCeasesToActAndNotOtherwise() {
		LearnedClassifier classifier = classifier();
		List<Long> generations = new ArrayList<>(List.of(classifier.generation(PLAN)));
		for (int i = 0; i < 1000; i++) {
			learnOne(classifier, SETTINGS, "nano");
			noteGeneration(classifier, generations);
		}
		assertThat(generations).containsExactly(0L, 1L);
		for (int i = 0; i < 300; i++) {
			learnOne(classifier, SETTINGS, "nano", true);
			noteGeneration(classifier, generations);
		}
		assertThat(generations).containsExactly(0L, 1L, 0L);
		assertThat(classifier.choose(RouteTestRequests.ask(EASY, TWO), SETTINGS).reason()).isEqualTo("learning");
		for (int i = 0; i < 4000; i++) {
			learnOne(classifier, SETTINGS, "nano");
			noteGeneration(classifier, generations);
		}
		assertThat(generations).containsExactly(0L, 1L, 0L, 3L);
		assertThat(classifier.generation(new PlanKey("acme", "other"))).isZero();
	}

	private static void noteGeneration(LearnedClassifier classifier, List<Long> generations) {
		long generation = classifier.generation(PLAN);
		if (generation != generations.get(generations.size() - 1)) {
			generations.add(generation);
		}
	}

	@Test
	void sharesWhatMayBeLostAmongTheCheaperTiers() {
		RouteSettings three = RouteTestRequests.settings(LearnedClassifier.NAME, RouteTestRequests.TIERS, 0.9);
		LearnedClassifier classifier = classifier();
		learn(classifier, three, 1500, "nano");
		learn(classifier, three, 1500, "mid");
		assertThat(classifier.choose(RouteTestRequests.ask(EASY), three).tier()).isEqualTo("nano");
		// Where the cheapest cannot serve, the next one is chosen
		assertThat(classifier.choose(RouteTestRequests.ask(EASY, List.of("mid", "frontier")), three).tier())
			.isEqualTo("mid");
		assertThat(classifier.choose(RouteTestRequests.ask(EASY, List.of("frontier")), three).tier())
			.isEqualTo("frontier");
		// What was shown for a share is not shown for another one
		RouteSettings other = RouteTestRequests.settings(LearnedClassifier.NAME, RouteTestRequests.TIERS, 0.99);
		assertThat(classifier.choose(RouteTestRequests.ask(EASY), other).reason()).isEqualTo("learning");
	}

	@Test
	void ignoresLabelsThatAreOfNoUse() {
		LearnedClassifier classifier = classifier();
		float[] features = { 1, 2 };
		List<RouteLabel> useless = List.of(new RouteLabel(PLAN, "nano", "mid", features, Grade.SAME, 1),
				new RouteLabel(PLAN, "frontier", "frontier", features, Grade.SAME, 1),
				new RouteLabel(PLAN, "unknown", "frontier", features, Grade.SAME, 1),
				new RouteLabel(PLAN, "nano", "frontier", features, Grade.SAME, 0),
				new RouteLabel(PLAN, "nano", "frontier", features, Grade.SAME, Double.NaN),
				new RouteLabel(PLAN, "nano", "frontier", features, Grade.SAME, Double.POSITIVE_INFINITY),
				new RouteLabel(PLAN, "nano", "frontier", new float[0], Grade.SAME, 1),
				new RouteLabel(PLAN, "nano", "frontier", new float[100_000], Grade.SAME, 1),
				new RouteLabel(PLAN, "nano", "frontier", new float[] { 1, Float.NaN }, Grade.SAME, 1));
		useless.forEach((label) -> classifier.learn(label, SETTINGS));
		assertThat(classifier.figures(PLAN)).isEmpty();
	}

	@Test
	void choosesTheDefaultTierWhereThereIsNothingToChooseOrToRead() {
		LearnedClassifier surface = classifier();
		RouteSettings onlyDearer = RouteTestRequests.settings(LearnedClassifier.NAME, List.of("frontier", "max"), 0.95);
		assertThat(surface.choose(RouteTestRequests.ask(EASY), onlyDearer).reason()).isEqualTo("nothing_cheaper");
		try (LearnedClassifier loading = new LearnedClassifier(() -> null)) {
			RouteChoice choice = loading.choose(RouteTestRequests.ask(EASY, TWO), SETTINGS);
			assertThat(choice.reason()).isEqualTo("loading");
			assertThat(choice.features()).isNull();
			assertThat(loading.choose(RouteTestRequests.ask(" ", TWO), SETTINGS).reason()).isEqualTo("no_question");
		}
		assertThat(surface.choose(RouteTestRequests.ask("", TWO), SETTINGS).features()).isNotNull();
	}

	@Test
	void plansAndTiersThatAreForgottenBeginAnew() {
		LearnedClassifier classifier = classifier();
		learn(classifier, SETTINGS, 1000, "nano");
		assertThat(classifier.generation(PLAN)).isEqualTo(1);
		classifier.forget(PLAN, "nano");
		assertThat(classifier.generation(PLAN)).isZero();
		assertThat(classifier.figures(PLAN)).isEmpty();
		learn(classifier, SETTINGS, 1000, "nano");
		long generation = classifier.generation(PLAN);
		assertThat(generation).isGreaterThan(1);
		classifier.forget(PLAN);
		assertThat(classifier.choose(RouteTestRequests.ask(EASY, TWO), SETTINGS).reason()).isEqualTo("learning");
		learn(classifier, SETTINGS, 1000, "nano");
		assertThat(classifier.generation(PLAN)).isGreaterThan(generation);
	}

	@Test
	void whatWasExportedActsAgain() {
		LearnedClassifier classifier = classifier();
		learn(classifier, SETTINGS, 1000, "nano");
		byte[] bytes = classifier.export(PLAN);
		LearnedClassifier other = classifier();
		other.restore(PLAN, bytes);
		assertThat(other.figures(PLAN).get("nano").eValue()).isEqualTo(classifier.figures(PLAN).get("nano").eValue());
		assertThat(other.generation(PLAN)).isEqualTo(1);
		assertThat(other.choose(RouteTestRequests.ask(EASY, TWO), SETTINGS).tier()).isEqualTo("nano");
		assertThat(other.choose(RouteTestRequests.ask(HARD, TWO), SETTINGS).tier()).isEqualTo("frontier");
		for (byte[] broken : List.of(new byte[0], new byte[50], Arrays.copyOf(bytes, bytes.length - 1),
				Arrays.copyOf(bytes, bytes.length + 1))) {
			assertThatIllegalArgumentException().isThrownBy(() -> other.restore(PLAN, broken));
		}
		assertThat(other.figures(PLAN).get("nano").acts()).isTrue();
		LearnedClassifier empty = classifier();
		empty.restore(PLAN, empty.export(PLAN));
		assertThat(empty.figures(PLAN)).isEmpty();
	}

	@Test
	void keepsWithinItsMemory() {
		long labelBytes = 64 + 4L * (1 + SurfaceFeatures.NAMES.size());
		LearnedClassifier classifier = new LearnedClassifier(null, Runnable::run, 500 * labelBytes);
		RouteSettings three = RouteTestRequests.settings(LearnedClassifier.NAME, RouteTestRequests.TIERS, 0.9);
		learn(classifier, three, 700, "nano");
		assertThat(classifier.figures(PLAN).get("nano").labels()).isEqualTo(500);
		learn(classifier, three, 700, "mid");
		assertThat(classifier.figures(PLAN).get("nano").labels()).isEqualTo(250);
		assertThat(classifier.figures(PLAN).get("mid").labels()).isEqualTo(250);
	}

	@Test
	void fitsInTheBackground() {
		Queue<Runnable> work = new ArrayDeque<>();
		LearnedClassifier classifier = new LearnedClassifier(null, work::add, LearnedClassifier.MAX_BYTES);
		learn(classifier, SETTINGS, 200, "nano");
		assertThat(work).hasSize(1);
		assertThat(classifier.choose(RouteTestRequests.ask(EASY, TWO), SETTINGS).score()).isNaN();
		work.remove().run();
		assertThat(classifier.choose(RouteTestRequests.ask(EASY, TWO), SETTINGS).score()).isNotNaN();
		assertThat(classifier.figures(PLAN).get("nano").heldOut()).isZero();
	}

	@Test
	void canBeAskedWhileItLearns() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(4);
		try (LearnedClassifier classifier = new LearnedClassifier(null)) {
			CountDownLatch start = new CountDownLatch(1);
			AtomicBoolean done = new AtomicBoolean();
			List<Future<?>> learning = new ArrayList<>();
			for (int i = 0; i < 2; i++) {
				SplittableRandom random = new SplittableRandom(i);
				learning.add(threads.submit(() -> {
					start.await();
					for (int j = 0; j < 1500; j++) {
						classifier.learn(label(classifier, "nano", random, false), SETTINGS);
					}
					return true;
				}));
			}
			List<Future<?>> asking = new ArrayList<>();
			for (int i = 0; i < 2; i++) {
				asking.add(threads.submit(() -> {
					start.await();
					while (!done.get()) {
						RouteChoice choice = classifier.choose(RouteTestRequests.ask(EASY, TWO), SETTINGS);
						assertThat(choice.tier()).isIn(TWO);
						if (choice.tier().equals("nano")) {
							assertThat(choice.reason()).isEqualTo("learned");
						}
						classifier.figures(PLAN);
						classifier.export(new PlanKey("acme", "other"));
					}
					return true;
				}));
			}
			start.countDown();
			for (Future<?> future : learning) {
				future.get(60, TimeUnit.SECONDS);
			}
			done.set(true);
			for (Future<?> future : asking) {
				future.get(60, TimeUnit.SECONDS);
			}
			assertThat(classifier.figures(PLAN).get("nano").labels()).isEqualTo(3000);
		}
		finally {
			threads.shutdownNow();
		}
	}

	private static LearnedClassifier classifier() {
		return new LearnedClassifier(null, Runnable::run, LearnedClassifier.MAX_BYTES);
	}

	private void learn(LearnedClassifier classifier, RouteSettings settings, int labels, String tier) {
		for (int i = 0; i < labels; i++) {
			learnOne(classifier, settings, tier);
		}
	}

	private void learnOne(LearnedClassifier classifier, RouteSettings settings, String tier) {
		learnOne(classifier, settings, tier, false);
	}

	private void learnOne(LearnedClassifier classifier, RouteSettings settings, String tier, boolean bad) {
		classifier.learn(label(classifier, tier, this.random, bad), settings);
	}

	private static RouteLabel label(LearnedClassifier classifier, String tier, SplittableRandom random, boolean bad) {
		boolean hard = random.nextInt(3) == 0;
		RouteRequest request = RouteTestRequests.ask(hard ? HARD : EASY);
		float[] features = classifier.choose(request, SETTINGS).features();
		assertThat(features).isNotNull();
		boolean worse = random.nextDouble() < (hard ? 0.9 : (bad ? 0.5 : 0.005));
		return new RouteLabel(PLAN, tier, "frontier", features, worse ? Grade.WORSE : Grade.SAME, 50);
	}

}
