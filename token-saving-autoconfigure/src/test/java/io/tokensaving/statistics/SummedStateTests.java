package io.tokensaving.statistics;

import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SummedState}.
 */
class SummedStateTests {

	private final Sums plan = new Sums();

	private final Sums others = new Sums();

	@Test
	void addsUpByName() {
		this.plan.add("a", 2);
		this.plan.add("a", -3);
		this.plan.add("b", 0);
		assertThat(this.plan.sums()).isEqualTo(Map.of("a", -1L));
		assertThat(this.plan.value("a")).isEqualTo(-1);
		assertThat(this.plan.value("b")).isZero();
	}

	@Test
	void callThatEndsAfterItsPlanIsFoldedIsCountedThere() {
		this.others.add("a", 1);
		this.plan.add("a", 2);
		this.plan.foldInto(this.others);
		this.plan.add("a", 4);
		this.plan.add("b", 8);
		assertThat(this.plan.sums()).isEmpty();
		assertThat(this.others.sums()).isEqualTo(Map.of("a", 7L, "b", 8L));
	}

	private static final class Sums extends SummedState<Sums> {

	}

}
