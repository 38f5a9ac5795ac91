package io.tokensaving.simulator.run;

import java.util.List;

import io.tokensaving.simulator.traffic.TrafficShape;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The table that the command line prints. */
class TrafficTableTests {

	@Test
	void hasALineForEachShapeAndItsMean() {
		String text = new TrafficTable(1, 0)
			.text(List.of(TrafficShape.named("one-shot-90min"), TrafficShape.named("below-minimum")));
		assertThat(text.lines().toList()).satisfiesExactly(
				(line) -> assertThat(line).matches("shape +none +last +tools +system +S\\+T +CH +CH1h +LL"),
				(line) -> assertThat(line).matches("one-shot-90min +0% 1.00 .*0% 1.99 +0% 1.25"),
				(line) -> assertThat(line).matches("below-minimum( +0% 1.00){8}"),
				(line) -> assertThat(line).matches("mean cost +1.00 +1.13 +1.06 .*"),
				(line) -> assertThat(line).matches("worst cost of a run +1.00 +1.25 .*"),
				(line) -> assertThat(line).isEmpty());
	}

}
