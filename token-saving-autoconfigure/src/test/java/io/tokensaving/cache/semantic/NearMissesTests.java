package io.tokensaving.cache.semantic;

import java.time.Instant;

import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link NearMisses}.
 */
class NearMissesTests {

	private static final PlanKey PLAN = new PlanKey("default", "p");

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final NearMisses misses = new NearMisses(this.statistics);

	@Test
	void theLatestOfAPlanAreKept() {
		for (int i = 0; i < NearMisses.MAX_OF_PLAN + 50; i++) {
			record(PLAN, i);
		}
		assertThat(this.misses.describe("default")).hasSize(NearMisses.MAX_OF_PLAN)
			.first()
			.satisfies((miss) -> assertThat(miss).containsEntry("time", Instant.ofEpochSecond(149).toString()));
	}

	@Test
	void aWorkspaceShowsItsPlansTogetherTheLatestFirst() {
		record(PLAN, 1);
		record(new PlanKey("default", "q"), 2);
		record(PLAN, 3);
		record(new PlanKey("other", "p"), 4);
		assertThat(this.misses.describe("default")).extracting((miss) -> miss.get("plan"))
			.containsExactly("p", "q", "p");
		assertThat(this.misses.describe(PLAN).get("near_misses")).asList().hasSize(2);
		assertThat(this.misses.describe("none")).isEmpty();
	}

	@Test
	void aPlanThatIsCreatedAgainStartsWithNone() {
		record(PLAN, 1);
		this.statistics.forget(PLAN);
		assertThat(this.misses.describe("default")).isEmpty();
		this.statistics.plan(PLAN);
		assertThat(this.misses.describe("default")).isEmpty();
		record(PLAN, 2);
		assertThat(this.misses.describe("default")).hasSize(1);
	}

	@Test
	void aBoundedNumberOfPlansIsKept() {
		for (int i = 0; i < 5000; i++) {
			record(new PlanKey("default", "p-" + i % 500), i);
		}
		assertThat(this.misses.describe("default"))
			.hasSizeLessThanOrEqualTo(2 * NearMisses.MAX_PLANS * NearMisses.MAX_OF_PLAN / 10);
	}

	private void record(PlanKey plan, long seconds) {
		this.misses.record(plan,
				new NearMiss(Instant.ofEpochSecond(seconds), "f", 0.9, 0.85, "numbers", NearMiss.Verdict.VETOED));
	}

}
