package io.tokensaving.benchmarks;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.benchmarks.RoutingProtocol.Part;
import io.tokensaving.benchmarks.RoutingQuality.Figures;
import io.tokensaving.benchmarks.RoutingQuality.Result;
import io.tokensaving.benchmarks.RoutingRows.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests the measurement of routing with 200 made-up rows in the formats of the public
 * data.
 */
class RoutingQualityTests {

	// Fewer than in the protocol, to be fast
	private static final List<Integer> SEEDS = List.of(1, 2, 3);

	private static final String LEARNED = "`learned`";

	private static final Path FIXTURE = Path.of("src/test/resources/routing");

	@Test
	void readsTheFormatsOfTheDataAndLeavesOutWhatIsListedOrRepeated() {
		List<RoutingRows> data = RoutingRows.read(FIXTURE);
		assertThat(data).extracting(RoutingRows::name).containsExactly("MMLU", "GSM8K", "LLMRouter");
		assertThat(data).extracting((rows) -> rows.rows().size()).containsExactly(89, 50, 59);
		assertThat(data).extracting(RoutingRows::listed).containsExactly(1, 0, 0);
		assertThat(data).extracting(RoutingRows::repeated).containsExactly(0, 0, 1);
		assertThat(data.get(0).rows()).extracting(Row::group)
			.containsOnly("made_up_algebra", "made_up_geography", "made_up_statistics");
		assertThat(data.get(1).rows()).filteredOn((row) -> row.prompt().contains("said \"net\"")).hasSize(25);
		assertThat(data.get(2).rows()).extracting(Row::group)
			.containsOnly("made-up-facts", "made-up-proofs", "made-up-stories");
		assertThat(data.get(2).rows()).extracting(Row::weak).containsOnly(0.0, 0.75);
		assertThat(data.stream().flatMap((rows) -> rows.rows().stream()).map(Row::id)).doesNotHaveDuplicates();
	}

	@Test
	void readsQuotedFields() {
		assertThat(RoutingRows.csv("a,b\r\n\"x, \"\"y\"\"\nz\",True\n,\n")).containsExactly(List.of("a", "b"),
				List.of("x, \"y\"\nz", "True"), List.of("", ""));
		assertThat(RoutingRows.csv("a,b")).containsExactly(List.of("a", "b"));
	}

	@Test
	void learnedBeatsChanceOnRequestsThatItHasNotSeenAndTheOracleIsNotReached(@TempDir Path directory) {
		RoutingRows rows = RoutingRows.read(FIXTURE).get(0);
		Path vectors = directory.resolve("vectors.bin");
		Result result = RoutingQuality.of(List.of(rows), vectors, Map.of(), Part.TEST)
			.measure(rows, rows, false, SEEDS);
		assertThat(result.apgr("oracle")).isGreaterThan(result.apgr(LEARNED));
		assertThat(result.apgr(LEARNED)).isGreaterThan(0.7);
		assertThat(result.apgr("random")).isCloseTo(0.5, within(0.15));
		assertThat(result.share("oracle")).isLessThan(result.share(LEARNED));
		assertThat(result.share(LEARNED)).isLessThan(result.share("random"));
		// Again, with the vectors that were kept
		Result again = RoutingQuality.of(List.of(rows), vectors, Map.of(), Part.TEST).measure(rows, rows, false, SEEDS);
		assertThat(again.apgr(LEARNED)).isEqualTo(result.apgr(LEARNED));
	}

	@Test
	void nothingOfTheTestPartIsLearned(@TempDir Path directory) {
		RoutingRows rows = RoutingRows.read(FIXTURE).get(0);
		// What is wrong in the test part of a run must not change what the run does
		RoutingRows wrong = new RoutingRows(rows.name(), rows.costRatio(),
				rows.rows()
					.stream()
					.map((row) -> (RoutingProtocol.part(1, row.prompt()) == Part.TEST)
							? new Row(row.id(), row.group(), row.prompt(), 1 - row.weak(), row.weak()) : row)
					.toList(),
				0, 0);
		Path vectors = directory.resolve("vectors.bin");
		RoutingQuality.Run run = RoutingQuality.of(List.of(rows), vectors, Map.of(), Part.TEST)
			.measure(rows, rows, false, SEEDS)
			.runs()
			.get(0);
		RoutingQuality.Run other = RoutingQuality.of(List.of(wrong), vectors, Map.of(), Part.TEST)
			.measure(wrong, wrong, false, SEEDS)
			.runs()
			.get(0);
		assertThat(other.thresholds().get(LEARNED)).isEqualTo(run.thresholds().get(LEARNED));
		assertThat(other.thresholds().get("oracle")).isEqualTo(run.thresholds().get("oracle"));
		assertThat(other.tested()).isEqualTo(run.tested());
	}

	@Test
	void drawingRowsAnewKeepsRoutersPaired(@TempDir Path directory) {
		RoutingRows rows = RoutingRows.read(FIXTURE).get(0);
		Map<String, double[]> baselines = new HashMap<>();
		rows.rows().forEach((row) -> baselines.put(row.id(), new double[] { 1, row.prompt().length(), 2 }));
		Result result = RoutingQuality.of(List.of(rows), directory.resolve("vectors.bin"), baselines, Part.TEST)
			.measure(rows, rows, false, SEEDS);
		Map<String, List<Figures>> draws = result.resample();
		assertThat(draws.get("LiteLLM, score")).hasSize(RoutingProtocol.RESAMPLES);
		// A constant score is chance, in every draw with a gap between the models
		assertThat(draws.get("LiteLLM, score")).filteredOn((figures) -> !Double.isNaN(figures.apgr()))
			.hasSizeGreaterThan(RoutingProtocol.RESAMPLES * 9 / 10)
			.allSatisfy((figures) -> assertThat(figures.apgr()).isCloseTo(0.5, within(1e-9)));
		assertThat(draws.get("LiteLLM, v2")).isEqualTo(draws.get("LiteLLM, score"));
		assertThat(result.apgr("LiteLLM, tier and score")).isGreaterThan(0.7);
	}

}
