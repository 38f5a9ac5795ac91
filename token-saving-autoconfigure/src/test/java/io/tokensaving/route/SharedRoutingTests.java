package io.tokensaving.route;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;

import io.tokensaving.Eventually;
import io.tokensaving.cache.EntryCodec;
import io.tokensaving.cache.ReadLimit;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.log.RouteTextCipher;
import io.tokensaving.route.state.InMemoryRouteStateStore;
import io.tokensaving.route.state.RouteStateStore;
import io.tokensaving.route.state.SealedRouteStateStore;
import io.tokensaving.sampling.AdaptiveRate;
import io.tokensaving.sampling.GradedJudge;
import io.tokensaving.sampling.QualityAlarm;
import io.tokensaving.sampling.QualityKey;
import io.tokensaving.sampling.QualityStanding;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SharedRouting}.
 */
class SharedRoutingTests {

	private static final PlanKey PLAN = SharedInstance.PLAN;

	private static final List<String> TIERS = SharedInstance.TIERS;

	private static final RouteSettings SETTINGS = SharedInstance.SETTINGS;

	private static final QualityKey NANO = SharedInstance.NANO;

	private static final String EASY = SharedInstance.EASY;

	private static final String HARD = SharedInstance.HARD;

	private final InMemoryRouteStateStore store = new InMemoryRouteStateStore();

	private final SplittableRandom random = new SplittableRandom(1);

	private final List<SharedInstance> instances = new ArrayList<>();

	private final Map<String, String> definitions = new HashMap<>();

	@AfterEach
	void closeAll() {
		this.instances.forEach(SharedInstance::close);
	}

	private SharedInstance start() {
		return start(this.store);
	}

	private SharedInstance start(RouteStateStore store) {
		SharedInstance instance = new SharedInstance(store, this.definitions, Duration.ofHours(1));
		this.instances.add(instance);
		instance.shared().used(PLAN, SETTINGS);
		instance.shared().exchange();
		return instance;
	}

	private void learn(SharedInstance instance, int labels) {
		for (int i = 0; i < labels; i++) {
			assertThat(instance.shared().learn(instance.label(this.random), SETTINGS)).isTrue();
			if (i % 40 == 39) {
				instance.shared().exchange();
			}
		}
		instance.shared().exchange();
	}

	@Test
	void allLearnFromTheLabelsOfEach() {
		SharedInstance one = start();
		SharedInstance other = start();
		for (int i = 0; i < 10; i++) {
			learn(one, 40);
			learn(other, 40);
		}
		one.shared().exchange();
		assertThat(one.classifier().figures(PLAN).get("nano").labels()).isEqualTo(800);
		assertThat(one.classifier().figures(PLAN)).isEqualTo(other.classifier().figures(PLAN));
		assertThat(one.choose(EASY)).isEqualTo("nano").isEqualTo(other.choose(EASY));
		assertThat(one.choose(HARD)).isEqualTo("frontier").isEqualTo(other.choose(HARD));
		assertThat(one.classifier().generation(PLAN)).isNotZero().isEqualTo(other.classifier().generation(PLAN));
		assertThat(one.errors() + other.errors()).isZero();
	}

	@Test
	void whatWasLearnedOutlivesTheInstance() {
		SharedInstance before = start();
		learn(before, 800);
		var figures = before.classifier().figures(PLAN).get("nano");
		assertThat(figures.acts()).isTrue();
		before.shared().close();
		SharedInstance after = start();
		var restored = after.classifier().figures(PLAN).get("nano");
		assertThat(restored.labels()).isEqualTo(800);
		assertThat(restored.acts()).isTrue();
		assertThat(restored.eValue()).isEqualTo(figures.eValue());
		assertThat(after.choose(EASY)).isEqualTo("nano");
		assertThat(after.choose(HARD)).isEqualTo("frontier");
		assertThat(after.classifier().generation(PLAN)).isEqualTo(before.classifier().generation(PLAN));
		assertThat(after.errors()).isZero();
	}

	@Test
	void labelsAfterTheEvidenceAreEvidence() {
		SharedInstance one = start();
		learn(one, 300);
		// As if its instance had ended before it could write the evidence
		Map<String, byte[]> old = this.store.values(PLAN, SharedRouting.LEARNED);
		learn(one, 100);
		this.store.put(PLAN, SharedRouting.LEARNED, old);
		SharedInstance other = start();
		assertThat(other.classifier().figures(PLAN).get("nano").labels()).isEqualTo(400);
		assertThat(other.classifier().figures(PLAN).get("nano").heldOut()).isBetween(50L, 100L);
	}

	@Test
	void noMoreLabelsAreKeptThanAnInstanceKeeps() {
		SharedInstance one = start();
		learn(one, LearnedClassifier.MAX_LABELS + 200);
		assertThat(this.store.entries("labels-")).isEqualTo(LearnedClassifier.MAX_LABELS);
		assertThat(start().classifier().figures(PLAN).get("nano").labels()).isEqualTo(LearnedClassifier.MAX_LABELS);
	}

	@Test
	void aTierOfAnotherModelIsLearnedAnew() {
		SharedInstance one = start();
		learn(one, 800);
		this.definitions.put("nano", "another model");
		SharedInstance other = start();
		assertThat(other.classifier().figures(PLAN)).isEmpty();
		assertThat(other.choose(EASY)).isEqualTo("frontier");
		// Also while it runs
		one.shared().exchange();
		assertThat(one.classifier().figures(PLAN)).isEmpty();
		this.definitions.clear();
		one.shared().exchange();
		assertThat(one.classifier().figures(PLAN).get("nano").labels()).isEqualTo(800);
	}

	@Test
	void nothingIsLostOrLearnedTwiceIfTheStoreIsAwayOrItsReplyLost() {
		SharedInstance one = start();
		learn(one, 10);
		this.store.away(true);
		for (int i = 0; i < 50; i++) {
			assertThat(one.shared().learn(one.label(this.random), SETTINGS)).isTrue();
		}
		assertThat(one.shared().exchange()).isFalse();
		assertThat(one.errors()).isPositive();
		this.store.away(false);
		this.store.loseReply();
		assertThat(one.shared().exchange()).isFalse();
		assertThat(one.shared().exchange()).isTrue();
		assertThat(this.store.entries("labels-")).isEqualTo(110);
		assertThat(one.classifier().figures(PLAN).get("nano").labels()).isEqualTo(60);
		assertThat(start().classifier().figures(PLAN).get("nano").labels()).isEqualTo(60);
	}

	@Test
	void whatWaitsIsBounded() {
		this.store.away(true);
		SharedInstance one = start();
		for (int i = 0; i < SharedRouting.MAX_WAITING + 10; i++) {
			assertThat(one.shared().learn(one.label(this.random), SETTINGS)).isTrue();
			one.shared().judged(PLAN, NANO, false);
		}
		assertThat(one.errors()).isGreaterThanOrEqualTo(20);
		this.store.away(false);
		one.shared().exchange();
		assertThat(this.store.entries("labels-")).isEqualTo(SharedRouting.MAX_WAITING);
		assertThat(this.store.entries("verdicts")).isEqualTo(SharedRouting.MAX_WAITING);
	}

	@Test
	void aSuspendedTierIsSuspendedEverywhereUntilItIsResumedAnywhere() {
		SharedInstance one = start();
		SharedInstance other = start();
		one.monitors().setStanding(NANO, QualityStanding.SUSPENDED);
		one.shared().exchange();
		other.shared().exchange();
		assertThat(other.monitors().standing(NANO)).isEqualTo(QualityStanding.SUSPENDED);
		one.shared().close();
		SharedInstance later = start();
		assertThat(later.monitors().standing(NANO)).isEqualTo(QualityStanding.SUSPENDED);
		assertThat(later.monitors().standings()).containsOnlyKeys(NANO);
		assertThat(later.monitors().resume()).isTrue();
		later.shared().exchange();
		other.shared().exchange();
		assertThat(other.monitors().standings()).isEmpty();
		assertThat(start().monitors().standings()).isEmpty();
		// And again
		other.monitors().setStanding(NANO, QualityStanding.RAISED);
		other.shared().exchange();
		later.shared().exchange();
		assertThat(later.monitors().standing(NANO)).isEqualTo(QualityStanding.RAISED);
	}

	@Test
	void whatIsResumedBeforeThePlanIsUsedIsResumed() {
		SharedInstance one = start();
		one.monitors().setStanding(NANO, QualityStanding.SUSPENDED);
		one.shared().exchange();
		SharedInstance other = new SharedInstance(this.store, this.definitions, Duration.ofHours(1));
		this.instances.add(other);
		other.monitors().resume();
		other.shared().used(PLAN, SETTINGS);
		other.shared().exchange();
		one.shared().exchange();
		assertThat(one.monitors().standings()).isEmpty();
		assertThat(other.monitors().standings()).isEmpty();
	}

	@Test
	void aStoreThatHasLostEverythingGetsTheStandingsAgain() {
		SharedInstance one = start();
		one.monitors().setStanding(NANO, QualityStanding.SUSPENDED);
		one.shared().exchange();
		one.monitors().resume();
		one.shared().exchange();
		one.monitors().setStanding(NANO, QualityStanding.SUSPENDED);
		one.shared().exchange();
		this.store.clear();
		one.shared().exchange();
		assertThat(one.monitors().standing(NANO)).isEqualTo(QualityStanding.SUSPENDED);
		assertThat(start().monitors().standing(NANO)).isEqualTo(QualityStanding.SUSPENDED);
	}

	@Test
	void verdictsOfAllInstancesAreOneTest() {
		int alone = verdictsUntilAlarm(1);
		this.store.clear();
		int each = verdictsUntilAlarm(3);
		assertThat(3 * each).isBetween(alone, alone + 3);
	}

	private int verdictsUntilAlarm(int count) {
		List<SharedInstance> all = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			all.add(start());
		}
		for (int judged = 1; judged < 100; judged++) {
			for (SharedInstance instance : all) {
				QualityAlarm alarm = instance.judge(GradedJudge.Grade.WORSE);
				instance.shared().exchange();
				if (alarm != null || !instance.alarms().isEmpty()) {
					return judged;
				}
			}
		}
		throw new AssertionError("There was no alarm");
	}

	@Test
	void evidenceAgainstATierOutlivesTheInstanceAndCountsDoNotGrowByIt() {
		SharedInstance before = start();
		double evidence = 1;
		for (int i = 0; i < 2; i++) {
			assertThat(before.judge(GradedJudge.Grade.WORSE)).isNull();
			evidence = before.monitors().evidence(NANO);
		}
		before.shared().exchange();
		SharedInstance after = start();
		assertThat(evidence).isGreaterThan(2);
		assertThat(after.monitors().evidence(NANO)).isEqualTo(evidence);
		assertThat(after.monitors().snapshot().total().judged()).isZero();
		assertThat(after.alarms()).isEmpty();
		// That of another model, or of before a resume, is none
		this.definitions.put("nano", "another model");
		assertThat(start().monitors().evidence(NANO)).isEqualTo(1);
		this.definitions.clear();
		after.monitors().resume();
		after.shared().exchange();
		before.shared().exchange();
		assertThat(before.monitors().evidence(NANO)).isEqualTo(1);
		assertThat(start().monitors().evidence(NANO)).isEqualTo(1);
	}

	@Test
	void theFirstDecisionsAreThoseOfTheFirstInstance() {
		SharedInstance before = start();
		for (int i = 0; i < AdaptiveRate.RAISED_DECISIONS; i++) {
			assertThat(before.monitors().rate(NANO, "one", 0.02).propensity()).isEqualTo(0.2);
		}
		before.shared().exchange();
		SharedInstance after = start();
		assertThat(after.monitors().rate(NANO, "one", 0.02).propensity()).isEqualTo(0.02);
		// What changed meanwhile is a change
		assertThat(after.monitors().rate(NANO, "two", 0.02)).isEqualTo(new AdaptiveRate.Rate(0.2, 1, true));
	}

	@Test
	void theBudgetOfADayIsThatOfAllInstances() {
		SharedInstance one = start();
		SharedInstance other = start();
		one.pay(3);
		one.shared().exchange();
		other.shared().exchange();
		assertThat(other.budget().spentUsd(PLAN)).isEqualByComparingTo("3");
		other.pay(2);
		other.shared().exchange();
		one.shared().exchange();
		assertThat(one.budget().spentUsd(PLAN)).isEqualByComparingTo("5");
		assertThat(one.budget().isUsedUp(PLAN, BigDecimal.valueOf(5))).isTrue();
		assertThat(one.budget().begin(PLAN, BigDecimal.valueOf(5))).isNull();
		assertThat(start().budget().spentUsd(PLAN)).isEqualByComparingTo("5");
	}

	@Test
	void whatMeansHarmIsLeftOutAndCounted() {
		SharedInstance one = start();
		learn(one, 800);
		one.judge(GradedJudge.Grade.WORSE);
		one.monitors().setStanding(NANO, QualityStanding.SUSPENDED);
		one.pay(1);
		one.shared().exchange();
		this.store.replaceAll((content) -> {
			byte[] changed = content.clone();
			changed[this.random.nextInt(2)] ^= 0x40;
			return changed;
		});
		SharedInstance other = start();
		assertThat(other.errors()).isGreaterThan(800);
		assertThat(other.classifier().figures(PLAN)).isEmpty();
		assertThat(other.monitors().standings()).isEmpty();
		assertThat(other.monitors().evidence(NANO)).isEqualTo(1);
		assertThat(other.budget().spentUsd(PLAN)).isZero();
		// It goes on as if there were nothing
		learn(other, 10);
		assertThat(other.classifier().figures(PLAN).get("nano").labels()).isEqualTo(10);
	}

	@Test
	void whatIsChangedAtRandomNeverStopsTheExchange() {
		SharedInstance one = start();
		learn(one, 120);
		one.judge(GradedJudge.Grade.WORSE);
		one.monitors().setStanding(NANO, QualityStanding.SUSPENDED);
		one.pay(1);
		one.shared().exchange();
		for (int round = 0; round < 50; round++) {
			this.store.replaceAll((content) -> {
				byte[] changed = content.clone();
				if (changed.length > 0) {
					changed[this.random.nextInt(changed.length)] ^= (byte) (1 << this.random.nextInt(8));
				}
				return changed;
			});
			SharedInstance other = start();
			assertThat(other.shared().exchange()).isTrue();
			other.shared().close();
		}
	}

	@Test
	void aStoreThatIsSealedHoldsNothingThatCanBeReadOrMoved() {
		RouteStateStore sealed = new SealedRouteStateStore(this.store, new Cipher(new byte[32]));
		SharedInstance one = start(sealed);
		learn(one, 150);
		one.monitors().setStanding(NANO, QualityStanding.SUSPENDED);
		one.shared().exchange();
		assertThat(this.store.contents()).hasSizeGreaterThan(150)
			.noneMatch((content) -> new String(content, StandardCharsets.ISO_8859_1).contains("nano"));
		SharedInstance other = start(sealed);
		assertThat(other.errors()).isZero();
		assertThat(other.classifier().figures(PLAN).get("nano").labels()).isEqualTo(150);
		assertThat(other.monitors().standing(NANO)).isEqualTo(QualityStanding.SUSPENDED);
		byte[] key = new byte[32];
		key[0] = 1;
		SharedInstance foreign = start(new SealedRouteStateStore(this.store, new Cipher(key)));
		assertThat(foreign.errors()).isGreaterThanOrEqualTo(150);
		assertThat(foreign.classifier().figures(PLAN)).isEmpty();
		assertThat(foreign.monitors().standings()).isEmpty();
	}

	@Test
	void aStoreThatHangsHoldsUpNobody() throws Exception {
		CountDownLatch asked = new CountDownLatch(1);
		CountDownLatch answers = new CountDownLatch(1);
		RouteStateStore hanging = new RouteStateStore() {

			@Override
			public List<Entry> exchange(PlanKey plan, Journal journal, List<byte[]> added, Position after) {
				return SharedRoutingTests.this.store.exchange(plan, journal, added, after);
			}

			@Override
			public Map<String, byte[]> values(PlanKey plan, Group group) {
				asked.countDown();
				try {
					answers.await();
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException(ex);
				}
				return SharedRoutingTests.this.store.values(plan, group);
			}

			@Override
			public void put(PlanKey plan, Group group, Map<String, byte[]> values) {
				SharedRoutingTests.this.store.put(plan, group, values);
			}

		};
		SharedInstance one = new SharedInstance(hanging, this.definitions, Duration.ofMillis(1));
		this.instances.add(one);
		one.shared().used(PLAN, SETTINGS);
		asked.await();
		for (int i = 0; i < 2 * SharedRouting.MAX_WAITING; i++) {
			one.shared().used(PLAN, SETTINGS);
			one.shared().used(new PlanKey("acme", "plan-" + i), SETTINGS);
			assertThat(one.shared().learn(one.label(this.random), SETTINGS)).isTrue();
			one.judge(GradedJudge.Grade.SAME);
		}
		assertThat(one.choose(EASY)).isEqualTo("frontier");
		assertThat(one.monitors().snapshot().total().judged()).isEqualTo(2 * SharedRouting.MAX_WAITING);
		answers.countDown();
		Eventually.await("what waited has come back", () -> one.classifier().figures(PLAN).containsKey("nano")
				&& one.classifier().figures(PLAN).get("nano").labels() == SharedRouting.MAX_WAITING);
	}

	@Test
	void plansThatAreNotUsedAreNotAskedFor() {
		SharedInstance one = start();
		this.store.away(true);
		one.pass(Duration.ofMinutes(11));
		assertThat(one.shared().exchange()).isTrue();
		one.shared().used(PLAN, SETTINGS);
		assertThat(one.shared().exchange()).isFalse();
	}

	@Test
	void labelsOfPlansThatAreNotSharedAreLearnedHere() {
		SharedInstance one = start();
		RouteLabel label = one.label(this.random);
		RouteLabel foreign = new RouteLabel(new PlanKey("acme", "unknown"), "nano", "frontier", label.features(),
				GradedJudge.Grade.WORSE, 1);
		assertThat(one.shared().learn(foreign, SETTINGS)).isFalse();
		RouteSettings byRules = RouteTestRequests.settings(RulesClassifier.NAME, TIERS, 0.95);
		assertThat(one.shared().learn(label, byRules)).isFalse();
	}

	/**
	 * Encrypts as stored answers are.
	 */
	private static final class Cipher implements RouteTextCipher {

		private final EntryCodec codec;

		Cipher(byte[] key) {
			this.codec = new EntryCodec(4096, key);
		}

		@Override
		public byte[] seal(byte[] content, String name) {
			return this.codec.seal(content, name);
		}

		@Override
		public byte @Nullable [] open(byte[] sealed, String name) {
			return this.codec.open(sealed, name, ReadLimit.ofBytes(1024 * 1024));
		}

	}

}
