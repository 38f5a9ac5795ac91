package io.tokensaving.samples.supportbot.replay;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link ZipfSampler}.
 */
class ZipfSamplerTests {

	private static final List<Integer> ELEMENTS = IntStream.range(0, 100).boxed().toList();

	@Test
	void drawsTheSameForTheSameSeedOnly() {
		assertThat(draw(1)).isEqualTo(draw(1)).isNotEqualTo(draw(2));
	}

	@Test
	void drawsByRank() {
		ZipfSampler<Integer> sampler = new ZipfSampler<>(ELEMENTS, 1, 7);
		Map<Integer, Integer> counts = new HashMap<>();
		for (int i = 0; i < 200_000; i++) {
			counts.merge(sampler.next(), 1, Integer::sum);
		}
		double harmonic = IntStream.rangeClosed(1, 100).mapToDouble((rank) -> 1.0 / rank).sum();
		for (int rank = 1; rank <= 10; rank++) {
			double expected = 200_000 / harmonic / rank;
			assertThat((double) counts.get(sampler.byRank().get(rank - 1))).isCloseTo(expected, within(expected * 0.1));
		}
	}

	@Test
	void drawsEvenlyForExponentZeroAndTheOnlyElementAlways() {
		ZipfSampler<Integer> even = new ZipfSampler<>(ELEMENTS, 0, 7);
		assertThat(Stream.generate(even::next).limit(20_000).distinct()).hasSize(100);
		assertThat(new ZipfSampler<>(List.of("x"), 1, 7).next()).isEqualTo("x");
	}

	private static List<Integer> draw(long seed) {
		return Stream.generate(new ZipfSampler<>(ELEMENTS, 1, seed)::next).limit(50).toList();
	}

}
