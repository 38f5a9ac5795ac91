package io.tokensaving.benchmarks;

import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import io.tokensaving.benchmarks.RoutingProtocol.Part;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests that the splits stay what was laid down.
 */
class RoutingProtocolTests {

	@Test
	void splitIsTheOneThatWasLaidDown() {
		// printf '3\nwhat is 2 2' | sha256sum begins with d904a5, which is 0.848 of the
		// range
		assertThat(IntStream.rangeClosed(1, 10).mapToObj((seed) -> RoutingProtocol.part(seed, "What is 2 + 2?")))
			.containsExactly(Part.LEARN, Part.LEARN, Part.TEST, Part.LEARN, Part.LEARN, Part.LEARN, Part.VALIDATION,
					Part.VALIDATION, Part.VALIDATION, Part.VALIDATION);
		assertThat(RoutingProtocol.SEEDS).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
		assertThat(RoutingProtocol.QUALITY).isEqualTo(0.95);
		assertThat(RoutingProtocol.RESAMPLES).isGreaterThanOrEqualTo(2000);
	}

	@Test
	void threeFifthsAreToLearnFromAndOneFifthToTestOn() {
		for (int seed : RoutingProtocol.SEEDS) {
			Map<Part, Integer> counts = new EnumMap<>(Part.class);
			for (int i = 0; i < 5000; i++) {
				counts.merge(RoutingProtocol.part(seed, "Prompt " + i), 1, Integer::sum);
			}
			assertThat(counts.get(Part.LEARN) / 5000.0).isCloseTo(0.6, within(0.03));
			assertThat(counts.get(Part.VALIDATION) / 5000.0).isCloseTo(0.2, within(0.03));
			assertThat(counts.get(Part.TEST) / 5000.0).isCloseTo(0.2, within(0.03));
		}
	}

	@Test
	void promptsThatDifferInWritingOnlyAreInOnePart() {
		for (int seed : RoutingProtocol.SEEDS) {
			for (int i = 0; i < 50; i++) {
				assertThat(RoutingProtocol.part(seed, "Is it " + i + "\nor not?"))
					.isEqualTo(RoutingProtocol.part(seed, " IS IT, '" + i + "' -- or not"));
			}
		}
	}

	@Test
	void groupsAreSplitAsAWholeAndInEveryPart() {
		List<String> groups = IntStream.range(0, 14).mapToObj((i) -> "task-" + i).toList();
		Map<String, Integer> tested = new HashMap<>();
		for (int seed : RoutingProtocol.SEEDS) {
			Collection<Part> parts = RoutingProtocol.parts(seed, groups).values();
			assertThat(parts).filteredOn(Part.LEARN::equals).hasSize(8);
			assertThat(parts).filteredOn(Part.VALIDATION::equals).hasSize(3);
			assertThat(parts).filteredOn(Part.TEST::equals).hasSize(3);
			RoutingProtocol.parts(seed, groups)
				.forEach((group, part) -> tested.merge(group, (part == Part.TEST) ? 1 : 0, Integer::sum));
		}
		assertThat(tested.values()).filteredOn((times) -> times > 0).hasSizeGreaterThan(9);
	}

}
