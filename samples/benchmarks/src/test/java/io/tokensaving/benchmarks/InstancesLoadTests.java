package io.tokensaving.benchmarks;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link InstancesLoad}.
 */
class InstancesLoadTests {

	@Test
	void drawsRanksByTheirPopularity() {
		double[] cumulative = InstancesLoad.popularity(3, 1);
		// 1 + 1/2 + 1/3 = 11/6
		assertThat(cumulative).usingComparatorWithPrecision(1e-9).containsExactly(6 / 11.0, 9 / 11.0, 1);
		assertThat(InstancesLoad.rank(cumulative, 0)).isZero();
		assertThat(InstancesLoad.rank(cumulative, 0.54)).isZero();
		assertThat(InstancesLoad.rank(cumulative, 0.55)).isEqualTo(1);
		assertThat(InstancesLoad.rank(cumulative, 0.99)).isEqualTo(2);
	}

	@Test
	void drawsAllEquallyWithExponentZero() {
		assertThat(InstancesLoad.popularity(4, 0)[0]).isCloseTo(0.25, within(1e-9));
	}

	@Test
	void takesPercentileByNearestRank() {
		long[] sorted = { 1, 2, 3, 4, 0, 0 };
		assertThat(InstancesLoad.percentile(sorted, 4, 0.5)).isEqualTo(2);
		assertThat(InstancesLoad.percentile(sorted, 4, 0.99)).isEqualTo(4);
		assertThat(InstancesLoad.percentile(sorted, 0, 0.5)).isZero();
	}

}
