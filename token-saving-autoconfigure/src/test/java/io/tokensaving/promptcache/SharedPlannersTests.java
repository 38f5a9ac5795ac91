package io.tokensaving.promptcache;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

import com.github.benmanes.caffeine.cache.Caffeine;
import io.tokensaving.promptcache.CacheRules.MarkLayout;
import io.tokensaving.promptcache.CacheRules.TtlSharing;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for instances whose {@link CachePlanner planners} tell each other what they sent.
 */
class SharedPlannersTests {

	private static final CacheTtl FIVE_MINUTES = new CacheTtl(Duration.ofMinutes(5), 1.25);

	private static final CacheRules RULES = new CacheRules(1024, 0.1, List.of(FIVE_MINUTES), 4, 20,
			EnumSet.allOf(Segment.class), TtlSharing.FRONT, MarkLayout.MESSAGES_WITH_TOOLS, false);

	private static final CacheScope SCOPE = new CacheScope("default", "", "a-model");

	private final List<Instance> instances = new ArrayList<>();

	private final List<byte[]> messages = new ArrayList<>();

	private final List<Throwable> failures = new ArrayList<>();

	private Instant now = Instant.parse("2026-11-02T09:00:00Z");

	private Instance instance() {
		Instance instance = new Instance();
		instance.planner.listen();
		this.instances.add(instance);
		return instance;
	}

	private static List<PrefixBoundary> question(long system, long question) {
		return List.of(new PrefixBoundary(Segment.SYSTEM, 2, system, 3000),
				new PrefixBoundary(Segment.TAIL, 3, question, 3060));
	}

	/** Whether the system text is marked. */
	private boolean ask(CachePlanner planner, CacheScope scope, long system, long question) {
		CacheDecision decision = planner.plan(scope, RULES, question(system, question), this.now);
		boolean marked = !decision.marks().isEmpty();
		this.now = this.now.plusSeconds(1);
		long read = decision.expectedRead();
		planner.observed(decision, new CacheUsage(3060L, read, (marked && read == 0) ? 3000L : 0L, this.now));
		return marked;
	}

	private int marked(CachePlanner one, CachePlanner other) {
		int marked = 0;
		for (int request = 0; request < 60; request++) {
			boolean mark = ask((request % 2 == 0) ? one : other, SCOPE, 7, 100 + request);
			marked += (mark && request >= 30) ? 1 : 0;
			this.now = this.now.plusSeconds(200);
		}
		return marked;
	}

	@Test
	void requestsInTurnAreSeenAsOften() {
		// Each alone sees a request every seven minutes, when nothing is kept any more
		assertThat(marked(new CachePlanner(), new CachePlanner())).isZero();
		assertThat(marked(instance().planner, instance().planner)).isGreaterThan(28);
		assertThat(this.failures).isEmpty();
	}

	@Test
	void whatAnotherHasWrittenIsExpected() {
		CachePlanner one = instance().planner;
		CachePlanner other = instance().planner;
		assertThat(ask(one, SCOPE, 7, 100)).isTrue();
		CacheDecision decision = other.plan(SCOPE, RULES, question(7, 101), this.now.plusSeconds(30));
		assertThat(decision.expectedRead()).isEqualTo(3000);
	}

	@Test
	void nothingIsLearnedForAnotherWorkspaceOrModel() {
		CachePlanner one = instance().planner;
		CachePlanner other = instance().planner;
		ask(one, SCOPE, 7, 100);
		for (CacheScope scope : List.of(new CacheScope("others", "", "a-model"),
				new CacheScope("default", "", "b-model"), new CacheScope("default", "https://a.example", "a-model"))) {
			assertThat(other.plan(scope, RULES, question(7, 101), this.now.plusSeconds(30)).expectedRead()).isZero();
		}
	}

	@Test
	void whoComesLaterLearnsFromWhatWasSentBefore() {
		marked(instance().planner, instance().planner);
		List<byte[]> sent = List.copyOf(this.messages);
		Instance later = instance();
		sent.forEach((message) -> later.listener.received(message, this.now));
		assertThat(ask(later.planner, SCOPE, 7, 1000)).isTrue();
		assertThat(later.planner.plan(SCOPE, RULES, question(7, 1001), this.now).expectedRead()).isEqualTo(3000);
		assertThat(this.failures).isEmpty();
	}

	@Test
	void whatIsOldIsLeftOut() {
		ask(instance().planner, SCOPE, 7, 100);
		Instance later = instance();
		later.listener.received(this.messages.get(0), this.now.plus(Duration.ofMinutes(66)));
		assertThat(later.planner.size().scopes()).isZero();
	}

	@Test
	void anInstanceWhoseClockIsAheadIsBelievedNoMore() {
		Instance behind = instance();
		Instance ahead = instance();
		Instant right = this.now;
		this.now = right.plus(Duration.ofDays(3));
		ask(ahead.planner, SCOPE, 7, 100);
		this.now = right;
		this.instances.clear();
		behind.listener.received(this.messages.get(0), right);
		assertThat(behind.planner.plan(SCOPE, RULES, question(7, 101), right.plusSeconds(30)).expectedRead())
			.isEqualTo(3000);
		assertThat(
				behind.planner.plan(SCOPE, RULES, question(7, 102), right.plus(Duration.ofMinutes(20))).expectedRead())
			.isZero();
	}

	@Test
	void aFailedRequestIsNotTold() {
		CachePlanner one = instance().planner;
		CacheDecision decision = one.plan(SCOPE, RULES, question(7, 100), this.now);
		one.failed(decision);
		one.observed(decision, new CacheUsage(3060L, 0L, 3000L, this.now));
		assertThat(this.messages).isEmpty();
	}

	@Test
	void aMessageIsToldOnceAndIsSmall() {
		CachePlanner one = instance().planner;
		List<PrefixBoundary> boundaries = new ArrayList<>();
		for (int index = 0; index < 400; index++) {
			Segment segment = (index < 12) ? Segment.SYSTEM : ((index < 399) ? Segment.HISTORY : Segment.TAIL);
			boundaries.add(new PrefixBoundary(segment, 9, index, 2000 + 100 * index));
		}
		for (int request = 0; request < 2; request++) {
			CacheDecision decision = one.plan(SCOPE, RULES, boundaries, this.now);
			CacheUsage usage = new CacheUsage(42_000L, 0L, 42_000L, this.now);
			one.observed(decision, usage);
			one.observed(decision, usage);
			this.now = this.now.plusSeconds(20);
		}
		assertThat(this.messages).hasSize(2).allSatisfy((message) -> assertThat(message).hasSizeLessThan(1024));
	}

	@Test
	void messagesThatMeanHarmChangeNothing() {
		ask(instance().planner, SCOPE, 7, 100);
		byte[] message = this.messages.get(0);
		Instance other = instance();
		Random random = new Random(42);
		int refused = 0;
		for (int round = 0; round < 20_000; round++) {
			byte[] hostile = (round % 2 == 0) ? Arrays.copyOf(message, random.nextInt(message.length + 20))
					: message.clone();
			for (int change = random.nextInt(4); change > 0 && hostile.length > 1; change--) {
				// Of another version than this one it is left out
				hostile[1 + random.nextInt(hostile.length - 1)] = (byte) random.nextInt(256);
			}
			other.listener.received(hostile, this.now);
			assertThat(this.failures.size() - refused).isBetween(0, 1);
			refused = this.failures.size();
		}
		assertThat(this.failures).hasSizeGreaterThan(1000)
			.allSatisfy((failure) -> assertThat(failure).isInstanceOf(IllegalArgumentException.class));
		assertThat(other.planner.size().scopes()).isLessThanOrEqualTo(CachePlanner.MAX_SCOPES);
		assertThat(ask(other.planner, SCOPE, 7, 101)).isTrue();
	}

	@Test
	void aTimeThatIsNoneIsRefused() {
		Instance one = instance();
		ask(one.planner, SCOPE, 7, 100);
		int waiting = one.planner.size().sightings();
		assertThat(waiting).isPositive();
		for (long at : List.of(Long.MIN_VALUE, Long.MIN_VALUE / 2, -1L)) {
			byte[] message = this.messages.get(0).clone();
			// Behind the version and the digest of the scope
			ByteBuffer.wrap(message).putLong(17, at);
			one.listener.received(message, this.now);
		}
		// Otherwise all uses would count as if nothing had followed them
		assertThat(one.planner.size().sightings()).isEqualTo(waiting);
	}

	@Test
	void aScopeThatWasForgottenMeanwhileTakesNoRoom() {
		AtomicInteger sightings = new AtomicInteger();
		ScopePlanner planner = new ScopePlanner(SCOPE.digest(), 1, Caffeine.newBuilder().build(), sightings, true);
		SentPrefixes sent = new SentPrefixes(SCOPE.digest(), 0,
				List.of(new SentPrefixes.Use(PrefixKind.SYSTEM, new PrefixHash().text("s").at(), null, 0, 0)));
		planner.heard(sent, 0);
		assertThat(sightings).hasValue(1);
		planner.close();
		// By who had got the planner before
		planner.heard(sent, 10_000);
		planner.plan(RULES, question(7, 100), 20_000, false);
		assertThat(sightings).hasValue(0);
	}

	@Test
	void anotherVersionIsLeftOut() {
		ask(instance().planner, SCOPE, 7, 100);
		byte[] message = this.messages.get(0).clone();
		message[0]++;
		Instance other = instance();
		other.listener.received(message, this.now);
		assertThat(other.planner.size().scopes()).isZero();
		assertThat(this.failures).isEmpty();
	}

	/**
	 * An instance whose messages arrive at once.
	 */
	private final class Instance implements PrefixExchange {

		private Listener listener;

		private final CachePlanner planner = new CachePlanner(this, SharedPlannersTests.this.failures::add);

		@Override
		public void send(byte[] message) {
			SharedPlannersTests.this.messages.add(message);
			for (Instance each : SharedPlannersTests.this.instances) {
				if (each != this) {
					each.listener.received(message, SharedPlannersTests.this.now);
				}
			}
		}

		@Override
		public void listen(Listener listener) {
			this.listener = listener;
		}

	}

}
