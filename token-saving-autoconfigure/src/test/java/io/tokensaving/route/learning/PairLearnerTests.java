package io.tokensaving.route.learning;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests of {@link PairLearner}.
 */
class PairLearnerTests {

	private static final double LIMIT = 0.05;

	private static final double ALARM = 20;

	private static final ToDoubleFunction<float[]> INFORMATIVE = (features) -> logistic(2 * features[1] - 1.5);

	@ParameterizedTest
	@CsvSource({ "0.0525, 0, 1", "0.0525, 0, 7", "0.3, 0, 1", "0.1525, 0.1, 1", "0.1525, 0.1, 7", "0.4, 0.3475, 1" })
	void hardlyEverActsOnFeaturesThatSayNothing(double worse, double better, int heaviest) {
		int runs = (heaviest == 1) ? 2000 : 500;
		int acted = 0;
		SplittableRandom random = new SplittableRandom(1);
		for (int run = 0; run < runs; run++) {
			PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
			for (int i = 0; i < 700; i++) {
				// Requests of a kind that says nothing are judged less often
				float[] features = features(random, 2);
				learn(learner, features, loss(random, worse, better), (features[1] > 0) ? heaviest : 1);
				if (learner.policy().acts()) {
					acted++;
					break;
				}
			}
		}
		assertThat(acted).isLessThanOrEqualTo(runs / 20);
	}

	@Test
	void actsOnFeaturesThatSaySomethingAndKeepsToTheLimit() {
		int runs = 300;
		int acted = 0;
		int good = 0;
		double share = 0;
		int[] labels = new int[runs];
		SplittableRandom random = new SplittableRandom(2);
		for (int run = 0; run < runs; run++) {
			PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
			boolean above = false;
			labels[run] = Integer.MAX_VALUE;
			for (int i = 0; i < 2000; i++) {
				float[] features = features(random, 4);
				learn(learner, features, loss(random, INFORMATIVE.applyAsDouble(features), 0), 1);
				if (learner.policy().acts() && labels[run] == Integer.MAX_VALUE) {
					labels[run] = i + 1;
					above = fresh(learner, INFORMATIVE, 2000).loss > LIMIT;
				}
			}
			Fresh end = fresh(learner, INFORMATIVE, 2000);
			share += end.share;
			acted += learner.policy().acts() ? 1 : 0;
			good += (!above && end.loss <= LIMIT) ? 1 : 0;
		}
		Arrays.sort(labels);
		assertThat(acted).isGreaterThanOrEqualTo(runs * 95 / 100);
		assertThat(good).isGreaterThanOrEqualTo(runs * 95 / 100);
		assertThat(labels[runs / 2]).isLessThan(500);
		// At the limit it would be 0.58
		assertThat(share / runs).isGreaterThan(0.4);
	}

	@Test
	void countsBetterAnswersForTheRequestsThatItLeavesToTheCheaperTier() {
		// Of all requests 28 % would lose and 9 % would gain. Up to 0.81 of them do not
		// lose
		// too much net; if gains did not count, it would be 0.58
		ToDoubleFunction<float[]> better = (features) -> 0.2 * logistic(-3 * features[1] - 0.5);
		ToDoubleFunction<float[]> net = (features) -> INFORMATIVE.applyAsDouble(features)
				- better.applyAsDouble(features);
		int runs = 200;
		int acted = 0;
		int good = 0;
		double share = 0;
		SplittableRandom random = new SplittableRandom(12);
		for (int run = 0; run < runs; run++) {
			PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
			boolean above = false;
			for (int i = 0; i < 2000; i++) {
				boolean before = learner.policy().acts();
				float[] features = features(random, 4);
				learn(learner, features,
						loss(random, INFORMATIVE.applyAsDouble(features), better.applyAsDouble(features)), 1);
				above |= !before && learner.policy().acts() && fresh(learner, net, 2000).loss > LIMIT;
			}
			Fresh end = fresh(learner, net, 2000);
			share += end.share;
			acted += learner.policy().acts() ? 1 : 0;
			good += (!above && end.loss <= LIMIT) ? 1 : 0;
		}
		assertThat(acted).isGreaterThanOrEqualTo(runs * 95 / 100);
		assertThat(good).isGreaterThanOrEqualTo(runs * 95 / 100);
		assertThat(share / runs).isGreaterThan(0.58);
	}

	@Test
	void actsOnACheaperTierThatIsWorseAboutAsOftenAsBetter() {
		SplittableRandom random = new SplittableRandom(13);
		PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
		for (int i = 0; i < 3000; i++) {
			learn(learner, features(random, 3), loss(random, 0.1, 0.1), 1);
		}
		assertThat(learner.policy().acts()).isTrue();
		PairLearner worseOnly = new PairLearner(LIMIT, ALARM, 5000);
		for (int i = 0; i < 3000; i++) {
			learn(worseOnly, features(random, 3), loss(random, 0.1, 0), 1);
		}
		assertThat(worseOnly.policy().acts()).isFalse();
	}

	@ParameterizedTest
	@ValueSource(doubles = { -1.01, 1.01, Double.NaN })
	void rejectsALossThatIsNone(double loss) {
		PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
		assertThatIllegalArgumentException().isThrownBy(() -> learner.learn(new float[] { 1 }, loss, 1))
			.withMessageContaining("'loss'");
	}

	@Test
	void actsWithoutAnOrderIfTheCheaperTierIsGoodEnough() {
		SplittableRandom random = new SplittableRandom(3);
		PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
		for (int i = 0; i < 1500; i++) {
			learn(learner, features(random, 3), (random.nextInt(100) == 0) ? 1 : 0, 1);
		}
		assertThat(learner.policy().acts()).isTrue();
		assertThat(fresh(learner, (features) -> 0.01, 1000).share).isGreaterThan(0.95);
	}

	@Test
	void stopsActingWhenTheCheaperTierGetsWorseAndHasToShowMore() {
		int runs = 100;
		int[] delays = new int[runs];
		for (int run = 0; run < runs; run++) {
			SplittableRandom random = new SplittableRandom(run);
			PairLearner learner = acting(random, 1000);
			delays[run] = 0;
			while (learner.policy().acts() && delays[run] < 3000) {
				// What was easy fails in one of four cases
				float[] features = features(random, 4);
				learn(learner, features, loss(random, Math.max(0.25, INFORMATIVE.applyAsDouble(features)), 0), 1);
				delays[run]++;
			}
			assertThat(learner.policy().acts()).isFalse();
			assertThat(learner.figures().labels()).isLessThanOrEqualTo(201);
		}
		Arrays.sort(delays);
		assertThat(delays[runs / 2]).isLessThan(200);
		assertThat(delays[runs * 9 / 10]).isLessThan(400);
	}

	@Test
	void actsAgainAfterTheCheaperTierHasRecovered() {
		SplittableRandom random = new SplittableRandom(4);
		PairLearner learner = acting(random, 1000);
		while (learner.policy().acts()) {
			learn(learner, features(random, 4), loss(random, 0.5, 0), 1);
		}
		learner = again(learner, random, 4000);
		assertThat(learner.policy().acts()).isTrue();
		assertThat(learner.figures().eValue()).isGreaterThan(4 * ALARM);
	}

	@Test
	void doesNotCountLabelsWhileHardlyAnythingWouldBeRouted() {
		SplittableRandom random = new SplittableRandom(5);
		PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
		for (int i = 0; i < 1000; i++) {
			learn(learner, features(random, 3), loss(random, 0.9, 0), 1);
		}
		assertThat(learner.policy().threshold().share()).isLessThan(PairLearner.MIN_SHARE);
		assertThat(learner.figures().eValue()).isLessThan(2);
		assertThat(learner.policy().acts()).isFalse();
	}

	@Test
	void fitsAtTheFirstHundredLabelsAndEveryFifty() {
		SplittableRandom random = new SplittableRandom(6);
		PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
		for (int i = 1; i <= 300; i++) {
			learn(learner, features(random, 3), loss(random, 0.1, 0), 1);
			assertThat(learner.figures().refits()).isEqualTo((i < 100) ? 0 : 1 + (i - 100) / 50);
		}
		assertThat(learner.figures().heldOut()).isEqualTo(200);
	}

	@Test
	void keepsTheNewestLabelsOnly() {
		SplittableRandom random = new SplittableRandom(7);
		PairLearner learner = new PairLearner(LIMIT, ALARM, 150);
		for (int i = 0; i < 400; i++) {
			learn(learner, features(random, 3), loss(random, 0.1, 0), 1);
		}
		assertThat(learner.figures().labels()).isEqualTo(150);
		assertThat(learner.bytes()).isEqualTo(150 * (64 + 3 * 4));
		learner.forgetOldest();
		assertThat(learner.figures().labels()).isEqualTo(149);
	}

	@Test
	void beginsAnewWhenSomethingElseIsRequired() {
		SplittableRandom random = new SplittableRandom(8);
		PairLearner learner = acting(random, 1000);
		int labels = learner.figures().labels();
		learner.require(LIMIT, ALARM);
		assertThat(learner.policy().acts()).isTrue();
		PairLearner.Refit before = begin(learner, random);
		learner.require(0.02, ALARM);
		assertThat(learner.policy().acts()).isFalse();
		assertThat(learner.figures().eValue()).isCloseTo(1, within(1e-9));
		assertThat(learner.figures().labels()).isGreaterThanOrEqualTo(labels);
		// A fit for what was required before comes too late
		before.run();
		learner.accept(before);
		assertThat(learner.policy().head()).isNull();
		learn(learner, features(random, 4), 0, 1);
		assertThat(learner.policy().limit()).isEqualTo(0.02);
		assertThat(learner.policy().head()).isNotNull();
	}

	@Test
	void ignoresAFewLabelsOfOtherFeaturesAndTurnsToThemIfTheyGoOn() {
		SplittableRandom random = new SplittableRandom(9);
		PairLearner learner = acting(random, 1000);
		int labels = learner.figures().labels();
		for (int i = 0; i < 10; i++) {
			learn(learner, features(random, 7), 0, 1);
			float[] other = features(random, 4);
			other[0] = 2;
			learn(learner, other, 0, 1);
			learn(learner, features(random, 4), 0, 1);
		}
		assertThat(learner.figures().labels()).isEqualTo(labels + 10);
		assertThat(learner.policy().score(features(random, 7))).isNaN();
		for (int i = 0; i < 120; i++) {
			learn(learner, features(random, 7), (i % 9 == 0) ? 1 : 0, 1);
		}
		assertThat(learner.figures().labels()).isEqualTo(101);
		assertThat(learner.policy().acts()).isFalse();
		assertThat(learner.policy().score(features(random, 7))).isNotNaN();
	}

	@Test
	void aFitThatFailsIsTriedAgainLater() {
		SplittableRandom random = new SplittableRandom(10);
		PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
		PairLearner.Refit failed = begin(learner, random);
		assertThat(learner.beginRefit()).isNull();
		learner.accept(failed);
		for (int i = 0; i < 50; i++) {
			assertThat(learner.policy().head()).isNull();
			learn(learner, features(random, 4), 0, 1);
		}
		assertThat(learner.policy().head()).isNotNull();
	}

	@Test
	void actsAgainOnceItIsReadAndFitted() throws IOException {
		SplittableRandom random = new SplittableRandom(11);
		PairLearner learner = acting(random, 1000);
		PairLearner read = read(written(learner));
		assertThat(read.figures().labels()).isEqualTo(learner.figures().labels());
		assertThat(read.figures().eValue()).isEqualTo(learner.figures().eValue());
		assertThat(read.policy().acts()).isTrue();
		assertThat(read.policy().accepts(read.policy().score(features(random, 4)))).isFalse();
		PairLearner.Refit refit = read.beginRefit();
		assertThat(refit).isNotNull();
		refit.run();
		read.accept(refit);
		assertThat(fresh(read, INFORMATIVE, 1000).share).isGreaterThan(0.3);
	}

	@Test
	void readsLossesAndGainsAsTheyWereWritten() throws IOException {
		SplittableRandom random = new SplittableRandom(14);
		PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
		for (int i = 0; i < 300; i++) {
			learn(learner, features(random, 3), loss(random, 0.2, 0.2), 1 + random.nextInt(50));
		}
		byte[] bytes = written(learner);
		assertThat(written(read(bytes))).isEqualTo(bytes);
		// The first label is behind the evidence, in front of 299 others of 20 bytes each
		byte[] beyond = bytes.clone();
		ByteBuffer.wrap(beyond).putFloat(bytes.length - 300 * 20, 1.5F);
		assertThatIllegalArgumentException().isThrownBy(() -> read(beyond));
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3 })
	void rejectsWhatWasNotWritten(long seed) throws IOException {
		SplittableRandom random = new SplittableRandom(seed);
		PairLearner learner = new PairLearner(LIMIT, ALARM, 5000);
		for (int i = 0; i < 20; i++) {
			learner.learn(features(random, 2), i % 3 - 1, 1);
		}
		byte[] bytes = written(learner);
		for (int length = 0; length < bytes.length; length += 1 + random.nextInt(20)) {
			byte[] cut = Arrays.copyOf(bytes, length);
			assertThatThrownBy(() -> read(cut)).isInstanceOfAny(IOException.class, IllegalArgumentException.class);
		}
		// Other numbers may be the labels of another learner, and are read without harm
		int rejected = 0;
		for (int i = 0; i < 2000; i++) {
			byte[] changed = bytes.clone();
			random.nextBytes(changed);
			System.arraycopy(bytes, 0, changed, 0, random.nextInt(bytes.length));
			try {
				PairLearner read = read(changed);
				assertThat(read.figures().labels()).isEqualTo(20);
				assertThat(read.figures().eValue()).isFinite();
			}
			catch (IOException | IllegalArgumentException ex) {
				rejected++;
			}
		}
		assertThat(rejected).isGreaterThan(500);
	}

	private static PairLearner acting(SplittableRandom random, int labels) {
		PairLearner learner = again(new PairLearner(LIMIT, ALARM, 5000), random, labels);
		for (int i = 0; i < 5000 && !learner.policy().acts(); i += 100) {
			again(learner, random, 100);
		}
		assertThat(learner.policy().acts()).isTrue();
		return learner;
	}

	private static PairLearner again(PairLearner learner, SplittableRandom random, int labels) {
		for (int i = 0; i < labels; i++) {
			float[] features = features(random, 4);
			learn(learner, features, loss(random, INFORMATIVE.applyAsDouble(features), 0), 1);
		}
		return learner;
	}

	// Learn until a fit is due, and do not run it
	private static PairLearner.Refit begin(PairLearner learner, SplittableRandom random) {
		PairLearner.Refit refit = null;
		while (refit == null) {
			float[] features = features(random, 4);
			learner.learn(features, loss(random, INFORMATIVE.applyAsDouble(features), 0), 1);
			refit = learner.beginRefit();
		}
		return refit;
	}

	private static int loss(SplittableRandom random, double worse, double better) {
		double chance = random.nextDouble();
		return (chance < worse) ? 1 : (chance < worse + better) ? -1 : 0;
	}

	private static void learn(PairLearner learner, float[] features, double loss, double weight) {
		learner.learn(features, loss, weight);
		PairLearner.Refit refit = learner.beginRefit();
		if (refit != null) {
			refit.run();
			learner.accept(refit);
		}
	}

	private static float[] features(SplittableRandom random, int count) {
		float[] features = new float[count];
		features[0] = 1;
		for (int i = 1; i < count; i++) {
			features[i] = (float) random.nextGaussian();
		}
		return features;
	}

	private static double logistic(double value) {
		return 1 / (1 + Math.exp(-value));
	}

	private static Fresh fresh(PairLearner learner, ToDoubleFunction<float[]> net, int count) {
		SplittableRandom random = new SplittableRandom(99);
		LearnedPolicy policy = learner.policy();
		double loss = 0;
		double share = 0;
		for (int i = 0; i < count; i++) {
			float[] features = features(random, policy.features());
			if (policy.accepts(policy.score(features))) {
				share += 1.0 / count;
				loss += net.applyAsDouble(features) / count;
			}
		}
		return new Fresh(loss, share);
	}

	private static byte[] written(PairLearner learner) throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		learner.write(new DataOutputStream(bytes));
		return bytes.toByteArray();
	}

	private static PairLearner read(byte[] bytes) throws IOException {
		return PairLearner.read(new DataInputStream(new ByteArrayInputStream(bytes)), 5000, 100);
	}

	private record Fresh(double loss, double share) {

	}

}
