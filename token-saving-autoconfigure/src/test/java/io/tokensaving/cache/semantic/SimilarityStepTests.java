package io.tokensaving.cache.semantic;

import java.util.Set;
import java.util.TreeSet;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SimilarityStep}.
 */
class SimilarityStepTests {

	@ParameterizedTest
	@CsvSource({ "0.85, 0.85", "0.8599, 0.85", "0.86, 0.86", "0.9999, 0.99", "0.99999994, 1.00", "1, 1.00",
			"1.0000001, 1.00", "0.57, 0.57", "0.58, 0.58", "0.5, 0.50", "0.4999, 0.00", "-1, 0.00", "NaN, 0.00" })
	void aLabelIsTheSimilarityRoundedDown(double similarity, String label) {
		assertThat(SimilarityStep.label(similarity)).isEqualTo(label);
	}

	@Test
	void thereAreFewerLabelsThanACounterTellsApart() {
		Set<String> labels = new TreeSet<>();
		for (int i = -1000; i <= 1000; i++) {
			labels.add(SimilarityStep.label(i / 1000.0));
		}
		assertThat(labels).hasSize(52).startsWith("0.00", "0.50", "0.51").endsWith("0.99", "1.00");
	}

}
