package io.tokensaving.promptcache;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import io.tokensaving.promptcache.CacheRules.MarkLayout;
import io.tokensaving.promptcache.CacheRules.TtlSharing;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.statistics.Statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link CachePlanner}: what must hold for any traffic, and what must be
 * learned from simple traffic.
 */
class CachePlannerTests {

	private static final CacheTtl FIVE_MINUTES = new CacheTtl(Duration.ofMinutes(5), 1.25);

	private static final CacheTtl ONE_HOUR = new CacheTtl(Duration.ofHours(1), 2);

	private static final CacheRules RULES = new CacheRules(1024, 0.1, List.of(FIVE_MINUTES, ONE_HOUR), 4, 20,
			EnumSet.allOf(Segment.class), TtlSharing.FRONT, MarkLayout.MESSAGES_WITH_TOOLS, false);

	private static final CacheScope SCOPE = new CacheScope("default", "", "a-model");

	private final CachePlanner planner = new CachePlanner();

	private Instant now = Instant.parse("2026-11-02T09:00:00Z");

	private void pass(Duration duration) {
		this.now = this.now.plus(duration);
	}

	private CacheDecision plan(CacheRules rules, PrefixBoundary... boundaries) {
		return this.planner.plan(SCOPE, rules, List.of(boundaries), this.now);
	}

	/** Tools, system text and a question. */
	private static PrefixBoundary[] oneShot(long system, long question) {
		return new PrefixBoundary[] { new PrefixBoundary(Segment.TOOLS, 1, 1, 1500),
				new PrefixBoundary(Segment.SYSTEM, 2, system, 3000),
				new PrefixBoundary(Segment.TAIL, 3, question, 3060) };
	}

	private MissCause report(CacheDecision decision, long input, long read, long written) {
		return this.planner.observed(decision, new CacheUsage(input, read, written, this.now));
	}

	@Property(tries = 200)
	void marksKeepTheRules(@ForAll long seed) {
		Random random = new Random(seed);
		CacheRules rules = new CacheRules(random.nextInt(3) * 512, 0.1, List.of(FIVE_MINUTES, ONE_HOUR),
				random.nextInt(5), 20, EnumSet.allOf(Segment.class), TtlSharing.values()[random.nextInt(3)],
				MarkLayout.values()[random.nextInt(3)], false);
		CachePlanner anyPlanner = new CachePlanner();
		Instant time = this.now;
		for (int request = 0; request < 60; request++) {
			time = time.plusMillis(random.nextInt(4) * (long) Math.exp(random.nextInt(15)));
			List<PrefixBoundary> boundaries = new ArrayList<>();
			int tokens = 0;
			int messages = 1 + random.nextInt(8);
			for (int index = 0; index < messages + 2; index++) {
				tokens += random.nextInt(3) * random.nextInt(2000);
				Segment segment = (index == 0) ? Segment.TOOLS
						: ((index == 1) ? Segment.SYSTEM : ((index == messages + 1) ? Segment.TAIL : Segment.HISTORY));
				boolean markable = segment != Segment.HISTORY || index == messages;
				boundaries.add(new PrefixBoundary(segment, index, random.nextInt(4), tokens, index + 1, markable));
			}
			CacheDecision decision = anyPlanner.plan(SCOPE, rules, boundaries, time);
			assertThat(decision.marks()).hasSizeLessThanOrEqualTo(rules.maxMarks());
			assertThat(decision.reasons()).hasSameSizeAs(boundaries);
			assertThat(decision.reasons().stream().filter(MarkReason::isMarked)).hasSameSizeAs(decision.marks());
			int before = -1;
			Duration longest = Duration.ofDays(1);
			for (CacheMark mark : decision.marks()) {
				PrefixBoundary boundary = boundaries.get(mark.boundary());
				assertThat(mark.boundary()).isGreaterThan(before);
				assertThat(mark.ttl().duration()).isLessThanOrEqualTo(longest);
				assertThat(boundary.markable()).isTrue();
				assertThat(boundary.tokens() * 1.2).isGreaterThanOrEqualTo(rules.minimumTokens());
				before = mark.boundary();
				longest = mark.ttl().duration();
			}
			if (rules.sharing() == TtlSharing.ALL) {
				assertThat(decision.marks().stream().map(CacheMark::ttl).distinct().count()).isLessThanOrEqualTo(1);
			}
			if (rules.sharing() == TtlSharing.FRONT) {
				assertThat(decision.marks()
					.stream()
					.filter((mark) -> mark.boundary() < 2)
					.map(CacheMark::ttl)
					.distinct()
					.count()).isLessThanOrEqualTo(1);
			}
			if (rules.layout() == MarkLayout.FRONT_OR_MESSAGES) {
				assertThat(decision.marks().stream().map((mark) -> mark.boundary() < 2).distinct().count())
					.isLessThanOrEqualTo(1);
			}
			switch (random.nextInt(4)) {
				case 0 -> anyPlanner.failed(decision);
				case 1 -> anyPlanner.begun(decision);
				default -> anyPlanner.observed(decision,
						new CacheUsage((long) tokens, (long) random.nextInt(tokens + 1), 0L, time.plusSeconds(1)));
			}
		}
	}

	/** What is said of a response that does not tell the times apart is right. */
	@Property(tries = 100)
	void writesThatNobodyTellsApartAreWorkedOut(@ForAll long seed) {
		Random random = new Random(seed);
		CachePlanner anyPlanner = new CachePlanner();
		CacheRules untold = RULES.withWritesTold(false);
		Map<Long, Instant> kept = new HashMap<>();
		long tokenFactor = 2 + random.nextInt(4);
		Instant time = this.now;
		for (int request = 0; request < 200; request++) {
			time = time.plusSeconds((random.nextInt(10) == 0) ? random.nextInt(3000) : random.nextInt(200));
			if (random.nextInt(20) == 0) {
				kept.clear();
			}
			long system = random.nextInt(2);
			long turn = random.nextInt(6);
			List<PrefixBoundary> boundaries = new ArrayList<>();
			boundaries.add(new PrefixBoundary(Segment.TOOLS, 1, 0, 1500));
			boundaries.add(new PrefixBoundary(Segment.SYSTEM, 2, system, 3000 + (int) system * 700));
			for (int index = 0; index <= turn; index++) {
				boundaries.add(new PrefixBoundary((index < turn) ? Segment.HISTORY : Segment.TAIL, 3 + index,
						10 * system + random.nextInt(1 + request / 100), 4000 + index * 900, 3 + index, index == turn));
			}
			CacheDecision decision = anyPlanner.plan(SCOPE, untold, boundaries, time);
			long covered = 0;
			long forAnHour = 0;
			long read = 0;
			Set<Duration> times = new HashSet<>();
			for (CacheMark mark : decision.marks()) {
				long tokens = counted(boundaries.get(mark.boundary()), tokenFactor);
				covered = tokens;
				times.add(mark.ttl().duration());
				forAnHour = mark.ttl().equals(ONE_HOUR) ? tokens : forAnHour;
			}
			for (PrefixBoundary boundary : boundaries) {
				long tokens = counted(boundary, tokenFactor);
				Instant until = kept.get(31 * boundary.high() + boundary.low());
				read = (until != null && time.isBefore(until) && tokens <= covered) ? tokens : read;
			}
			for (CacheMark mark : decision.marks()) {
				PrefixBoundary boundary = boundaries.get(mark.boundary());
				Instant until = time.plus(mark.ttl().duration());
				kept.merge(31 * boundary.high() + boundary.low(), until, (one, other) -> other);
			}
			CacheUsage usage = new CacheUsage(counted(boundaries.get(boundaries.size() - 1), tokenFactor), read,
					covered - read, time.plusSeconds(1));
			Long longer = anyPlanner.writtenForLonger(decision, usage);
			if (times.size() < 2) {
				assertThat(longer).isNull();
			}
			else if (longer != null) {
				assertThat(longer).isEqualTo(Math.max(0, forAnHour - read));
				Statistics.label("several times").collect("worked out");
			}
			else {
				Statistics.label("several times").collect("not known");
			}
			anyPlanner.observed(decision, usage);
		}
	}

	private static long counted(PrefixBoundary boundary, long factor) {
		return boundary.tokens() + boundary.tokens() / factor + boundary.high() * 7 + boundary.low();
	}

	@Example
	void whatIsRememberedIsBounded() {
		int requests = CachePlanner.MAX_PREFIXES / 2;
		for (int request = 0; request < requests; request++) {
			pass(Duration.ofMillis(40));
			CacheScope scope = new CacheScope("default", "", "model-" + request % (2 * CachePlanner.MAX_SCOPES));
			PrefixBoundary[] boundaries = { new PrefixBoundary(Segment.TOOLS, 1, request, 1500),
					new PrefixBoundary(Segment.SYSTEM, 2, request, 3000),
					new PrefixBoundary(Segment.TAIL, 3, request, 3060) };
			CacheDecision decision = this.planner.plan(scope, RULES, List.of(boundaries), this.now);
			this.planner.observed(decision, new CacheUsage(3060L, 0L, 3000L, this.now));
		}
		CachePlanner.Size size = this.planner.size();
		assertThat(size.prefixes()).isEqualTo(CachePlanner.MAX_PREFIXES);
		assertThat(size.scopes()).isEqualTo(CachePlanner.MAX_SCOPES);
		assertThat(size.fronts()).isEqualTo(CachePlanner.MAX_FRONTS);
		assertThat(size.sightings()).isBetween(1, ReuseModel.MAX_SIGHTINGS);
	}

	/** A provider that takes every write and grants no read is the worst there is. */
	@Property(tries = 30)
	void noTrafficCostsMuchMoreThanWithoutMarks(@ForAll long seed) {
		Random random = new Random(seed);
		CachePlanner anyPlanner = new CachePlanner();
		Instant time = this.now;
		double cost = 0;
		double plain = 0;
		int kinds = 1 + random.nextInt(20);
		long gap = (long) Math.exp(random.nextInt(16));
		for (int request = 0; request < 80; request++) {
			time = time.plusMillis(gap);
			PrefixBoundary[] boundaries = oneShot(random.nextInt(kinds), request);
			CacheDecision decision = anyPlanner.plan(SCOPE, RULES, List.of(boundaries), time);
			int covered = 0;
			for (CacheMark mark : decision.marks()) {
				int tokens = boundaries[mark.boundary()].tokens();
				cost += (tokens - covered) * mark.ttl().writeMultiplier();
				covered = tokens;
			}
			cost += 3060 - covered;
			plain += 3060;
			anyPlanner.observed(decision, new CacheUsage(3060L, 0L, (long) covered, time.plusSeconds(1)));
		}
		assertThat(cost / plain).isLessThan(1.10);
	}

	@Example
	void aSharedFrontIsMarkedAndOneQuestionIsNot() {
		CacheDecision decision = null;
		for (int request = 0; request < 60; request++) {
			pass(Duration.ofSeconds(10));
			decision = plan(RULES, oneShot(1, request));
			boolean first = request == 0;
			int written = decision.marks().isEmpty() ? 0 : oneShot(1, 0)[last(decision)].tokens();
			report(decision, 3060, first ? 0 : 3000, first ? written : written - 3000);
		}
		assertThat(decision.reasons()).containsExactly(MarkReason.READ, MarkReason.READ, MarkReason.NO_REUSE);
		assertThat(decision.expectedRead()).isEqualTo(3000);
	}

	private static int last(CacheDecision decision) {
		return decision.marks().get(decision.marks().size() - 1).boundary();
	}

	@Example
	void gapsOfFiftyMinutesAreWorthAnHour() {
		for (int request = 0; request < 4; request++) {
			CacheDecision decision = plan(RULES, oneShot(1, request));
			if (request >= 2) {
				assertThat(decision.marks().get(1)).isEqualTo(new CacheMark(1, ONE_HOUR));
			}
			pass(Duration.ofMinutes(50));
		}
	}

	@Example
	void gapsOfNinetyMinutesAreWorthNothing() {
		for (int request = 0; request < 20; request++) {
			CacheDecision decision = plan(RULES, oneShot(1, request));
			report(decision, 3060, 0, decision.marks().isEmpty() ? 0 : 3060);
			if (request >= 2) {
				assertThat(decision.marks()).isEmpty();
			}
			pass(Duration.ofMinutes(90));
		}
	}

	@Example
	void whatHasNotPassedYetIsNoFailure() {
		// Two uses 50 minutes apart, then one that has had no time to be repeated
		plan(RULES, oneShot(1, 0));
		pass(Duration.ofMinutes(50));
		plan(RULES, oneShot(1, 1));
		pass(Duration.ofMinutes(50));
		CacheDecision soon = plan(RULES, oneShot(1, 2));
		assertThat(soon.marks().get(1).ttl()).isEqualTo(ONE_HOUR);
		this.planner.begun(soon);
		pass(Duration.ofMinutes(30));
		assertThat(plan(RULES, oneShot(1, 3)).expectedRead()).isEqualTo(3000);
	}

	@Example
	void onlyOneOfEqualPrefixesIsWrittenAtATime() {
		CacheDecision first = plan(RULES, oneShot(1, 0));
		assertThat(first.marks()).isNotEmpty();
		CacheDecision second = plan(RULES, oneShot(1, 1));
		assertThat(second.marks()).isEmpty();
		assertThat(second.reasons()).startsWith(MarkReason.IN_FLIGHT, MarkReason.IN_FLIGHT);
		assertThat(report(second, 3060, 0, 0)).isEqualTo(MissCause.IN_FLIGHT);
		this.planner.begun(first);
		CacheDecision third = plan(RULES, oneShot(1, 2));
		assertThat(third.reasons()).startsWith(MarkReason.READ, MarkReason.READ);
	}

	@Example
	void whatNeverWentThroughIsNotExpected() {
		CacheDecision first = plan(RULES, oneShot(1, 0));
		this.planner.failed(first);
		this.planner.failed(first);
		assertThat(report(first, 3060, 3000, 60)).isNull();
		pass(Duration.ofSeconds(1));
		CacheDecision second = plan(RULES, oneShot(1, 0));
		assertThat(second.expectedRead()).isZero();
		assertThat(second.marks()).isNotEmpty();
	}

	@Example
	void onlyTheFirstOutcomeCounts() {
		CacheDecision first = plan(RULES, oneShot(1, 0));
		report(first, 3060, 0, 3060);
		this.planner.failed(first);
		report(first, 3060, 0, 0);
		pass(Duration.ofSeconds(10));
		assertThat(plan(RULES, oneShot(1, 1)).expectedRead()).isEqualTo(3000);
	}

	@Example
	void aMinimumThatIsTooLowIsLearned() {
		for (int request = 0; request < 3; request++) {
			CacheDecision decision = plan(RULES, oneShot(request, request));
			assertThat(decision.marks()).isNotEmpty();
			report(decision, 3060, 0, 0);
			pass(Duration.ofSeconds(10));
		}
		assertThat(plan(RULES, oneShot(5, 5)).reasons()).containsOnly(MarkReason.BELOW_MINIMUM);
	}

	@Example
	void aClockThatGoesBackStopsNothing() {
		for (int request = 0; request < 10; request++) {
			pass(Duration.ofSeconds(20));
			CacheDecision decision = plan(RULES, oneShot(1, request));
			report(decision, 3060, (request > 0) ? 3000 : 0, (request > 0) ? 60 : 3060);
		}
		pass(Duration.ofHours(-1));
		for (int request = 10; request < 13; request++) {
			pass(Duration.ofSeconds(20));
			assertThat(plan(RULES, oneShot(1, request)).expectedRead()).isEqualTo(3000);
		}
	}

	@Example
	void missesAreExplained() {
		assertThat(report(plan(RULES, oneShot(1, 0)), 3060, 0, 3060)).isNull();
		pass(Duration.ofSeconds(10));
		assertThat(report(plan(RULES, oneShot(1, 1)), 3060, 3000, 60)).isNull();
		pass(Duration.ofSeconds(10));
		assertThat(report(plan(RULES, oneShot(1, 2)), 3060, 0, 3060)).isEqualTo(MissCause.PROVIDER);
		assertThat(report(plan(RULES, oneShot(2, 3)), 3060, 1500, 1560)).isEqualTo(MissCause.SYSTEM);
		PrefixBoundary[] otherTools = { new PrefixBoundary(Segment.TOOLS, 1, 9, 1500),
				new PrefixBoundary(Segment.SYSTEM, 2, 9, 3000), new PrefixBoundary(Segment.TAIL, 3, 9, 3060) };
		assertThat(report(plan(RULES, otherTools), 3060, 0, 3060)).isEqualTo(MissCause.TOOLS);
		CacheDecision other = this.planner.plan(new CacheScope("default", "", "b-model"), RULES, List.of(oneShot(1, 4)),
				this.now);
		assertThat(report(other, 3060, 0, 3060)).isEqualTo(MissCause.MODEL);
		assertThat(report(plan(RULES, new PrefixBoundary(Segment.TAIL, 4, 4, 900)), 900, 0, 0))
			.isEqualTo(MissCause.BELOW_MINIMUM);
		pass(Duration.ofHours(1));
		assertThat(report(plan(RULES, oneShot(1, 5)), 3060, 0, 0)).isEqualTo(MissCause.EXPIRED);
	}

	@Example
	void whatNoMarkSteersIsOnlyWatched() {
		CacheDecision decision = plan(CacheRules.NONE, oneShot(1, 0));
		assertThat(decision.marks()).isEmpty();
		assertThat(decision.reasons()).containsOnly(MarkReason.NOT_MARKABLE);
		assertThat(plan(RULES).marks()).isEmpty();
	}

	@Example
	void writesUnaskedAreAllowedOnlyIfTheyPay() {
		CacheRules implicit = new CacheRules(1024, 0.1, List.of(new CacheTtl(Duration.ofMinutes(30), 1.25)), 1,
				Integer.MAX_VALUE, EnumSet.of(Segment.TAIL), TtlSharing.ALL, MarkLayout.ANY, true);
		CacheDecision last = null;
		for (int request = 0; request < 12; request++) {
			last = plan(implicit, oneShot(request, request));
			report(last, 3060, 0, last.marks().isEmpty() ? 0 : 3060);
			pass(Duration.ofMinutes(61));
		}
		assertThat(last.marks()).isEmpty();
	}

	@Example
	void tokensDoNotFall() {
		assertThatIllegalArgumentException().isThrownBy(() -> plan(RULES, new PrefixBoundary(Segment.TOOLS, 1, 1, 10),
				new PrefixBoundary(Segment.TAIL, 1, 2, 9)));
	}

	@Example
	void manyThreadsPlanAtOnce() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(4);
		try {
			List<Future<?>> running = new ArrayList<>();
			for (int thread = 0; thread < 4; thread++) {
				long seed = thread;
				running.add(threads.submit(() -> {
					Random random = new Random(seed);
					for (int request = 0; request < 2000; request++) {
						Instant time = this.now.plusSeconds(request);
						CacheDecision decision = this.planner.plan(
								new CacheScope("default", "", "model" + random.nextInt(600)), RULES,
								List.of(oneShot(random.nextInt(3), random.nextInt())), time);
						if (random.nextBoolean()) {
							this.planner.begun(decision);
						}
						report(decision, 3060, random.nextInt(3060), 0);
					}
				}));
			}
			for (Future<?> each : running) {
				each.get(60, TimeUnit.SECONDS);
			}
		}
		finally {
			threads.shutdownNow();
		}
	}

}
