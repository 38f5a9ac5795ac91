package io.tokensaving.compression;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for the engines, and for {@link SentenceSelector}, {@link TermMatrix} and
 * {@link TruncatedSvd}.
 */
class CompressionEngineTests {

	static Stream<CompressionEngine> engines() {
		return Stream.of(new TextRankEngine(), new LexRankEngine(), new LsaEngine());
	}

	@ParameterizedTest
	@MethodSource("engines")
	void ranksSentenceThatOthersAreAboutHighestWithoutQuestion(CompressionEngine engine) {
		double[] scores = engine.rank(request(List.of(), "card bank", "card payment bank transfer", "payment transfer",
				"weather", "card payment"));
		assertThat(IntStream.range(0, 5).boxed().max((a, b) -> Double.compare(scores[a], scores[b]))).contains(1);
		assertThat(scores[3]).isLessThan(scores[1]);
	}

	@ParameterizedTest
	@MethodSource("engines")
	void ranksWhatTheQuestionIsAboutHigherAndItsSurroundings(CompressionEngine engine) {
		String[] sentences = new String[400];
		Random random = new Random(1);
		for (int i = 0; i < sentences.length; i++) {
			sentences[i] = "a" + random.nextInt(50) + " b" + random.nextInt(50) + " c" + random.nextInt(50);
		}
		sentences[300] = "penguin ice b7";
		double[] scores = engine.rank(request(List.of("penguin"), sentences));
		assertThat(scores[300]).isEqualTo(Arrays.stream(scores).max().orElseThrow());
		assertThat(average(scores, 295, 306)).isGreaterThan(2 * average(scores, 50, 61));
	}

	@ParameterizedTest
	@MethodSource("engines")
	void ranksAsWithoutQuestionIfNothingIsAboutIt(CompressionEngine engine) {
		String[] sentences = { "card bank", "card payment bank", "weather today" };
		assertThat(engine.rank(request(List.of("penguin"), sentences)))
			.isEqualTo(engine.rank(request(List.of(), sentences)));
	}

	@ParameterizedTest
	@MethodSource("engines")
	void bearsNothingOneSentenceAndSentencesWithoutTerms(CompressionEngine engine) {
		assertThat(engine.rank(request(List.of("a")))).isEmpty();
		assertThat(engine.rank(request(List.of("a"), "a"))).hasSize(1);
		assertThat(engine.rank(request(List.of("a"), "", ""))).hasSize(2).doesNotContain(Double.NaN);
		assertThat(engine.rank(request(List.of(), "", "a b", "", "c"))).hasSize(4).doesNotContain(Double.NaN);
	}

	@ParameterizedTest
	@MethodSource("engines")
	void givesUpWhenTimeIsOver(CompressionEngine engine) {
		AtomicLong time = new AtomicLong();
		Deadline deadline = Deadline.after(Duration.ofMillis(1), time::get);
		time.set(1_000_001);
		RankingRequest request = new RankingRequest(request(List.of(), "a b", "b c").sentences(), List.of(), 10,
				deadline);
		assertThatExceptionOfType(Deadline.ExceededException.class).isThrownBy(() -> engine.rank(request));
	}

	@Test
	void textRankIsTheStationaryDistributionOfItsFormula() {
		// Edges: 0-1 share one term of lengths 2 and 3, 1-2 share one of lengths 3 and 2
		double[] scores = new TextRankEngine().rank(request(List.of(), "a b", "b c d", "d e"));
		double middle = (0.15 / 3 + 0.85 * 2 * 0.15 / 3) / (1 - 0.85 * 0.85);
		assertThat(scores[1]).isCloseTo(middle, within(1e-5));
		assertThat(scores[0]).isCloseTo(0.15 / 3 + 0.85 * middle / 2, within(1e-5)).isCloseTo(scores[2], within(1e-12));
	}

	@Test
	void selectorPrefersWhatIsNewAndFillsTheBudget() {
		RankingRequest request = request(List.of(), "a b c", "a b c", "d e f", "g");
		double[] scores = { 1, 0.9, 0.5, 0.1 };
		assertThat(new SentenceSelector(request, scores, 1, 0).select(20)).containsExactly(0, 2);
		assertThat(new SentenceSelector(request, scores, 0, 0).select(20)).containsExactly(0, 1);
		assertThat(new SentenceSelector(request, scores, 1, 0).select(45)).containsExactly(0, 2, 3, 1);
		assertThat(new SentenceSelector(request, scores, 1, 0).select(9)).isEmpty();
		assertThat(new SentenceSelector(request, new double[] { Double.NaN, -1, 0, 0 }, 1, 0).select(100)).hasSize(4);
		assertThatIllegalArgumentException().isThrownBy(() -> new SentenceSelector(request, new double[3], 1, 0));
	}

	@Test
	void selectorCountsOverheadOfMessageOnce() {
		List<Sentence> sentences = List.of(new Sentence("", List.of("a"), 10, 0), new Sentence("", List.of("b"), 10, 0),
				new Sentence("", List.of("c"), 10, 1));
		RankingRequest request = new RankingRequest(sentences, List.of(), 0, Deadline.NONE);
		double[] scores = { 3, 1, 2 };
		assertThat(new SentenceSelector(request, scores, 0, 4).select(27)).containsExactly(0, 1);
		assertThat(new SentenceSelector(request, scores, 0, 4).select(28)).containsExactly(0, 2);
	}

	@Test
	void selectorThatContinuesSelectsWhatANewOneDoes() {
		Random random = new Random(4);
		for (int round = 0; round < 60; round++) {
			List<Sentence> sentences = sentences(random, 1 + random.nextInt(120));
			RankingRequest request = new RankingRequest(sentences, List.of(), 0, Deadline.NONE);
			double[] scores = random.doubles(sentences.size()).toArray();
			double penalty = random.nextInt(3) / 2.0;
			SentenceSelector selector = new SentenceSelector(request, scores, penalty, 3);
			for (int i = 0; i < 12; i++) {
				int limit = random.nextInt(10 * sentences.size());
				assertThat(selector.select(limit)).as("round %d, limit %d", round, limit)
					.containsExactly(new SentenceSelector(request, scores, penalty, 3).select(limit));
			}
		}
	}

	private static List<Sentence> sentences(Random random, int count) {
		List<Sentence> sentences = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			List<String> terms = random.ints(random.nextInt(9), 0, 30).mapToObj((term) -> "t" + term).toList();
			int parent = (i > 0 && random.nextInt(4) == 0) ? random.nextInt(i) : -1;
			sentences.add(new Sentence("", terms, random.nextInt(20), i / 5,
					new Sentence.Place(List.of(), random.nextInt(2), parent)));
		}
		return sentences;
	}

	@Test
	void lexRankKnowsNeighboursWithoutComparingThem() {
		Random random = new Random(5);
		for (int words : new int[] { 15, 60, 2000 }) {
			List<Sentence> sentences = new ArrayList<>();
			for (int i = 0; i < 200; i++) {
				List<String> terms = random.ints(1 + random.nextInt(12), 0, words)
					.mapToObj((word) -> "w" + word * word / words)
					.toList();
				sentences.add(new Sentence("", terms, 10, 0));
			}
			RankingRequest request = new RankingRequest(sentences, List.of(), 0, Deadline.NONE);
			double[][] neighbours = neighbours(sentences);
			double[] degrees = Arrays.stream(neighbours).mapToDouble((row) -> Arrays.stream(row).sum()).toArray();
			double[] expected = RandomWalk.rank((x) -> Arrays.stream(neighbours)
				.mapToDouble((row) -> IntStream.range(0, x.length).mapToDouble((i) -> row[i] * x[i]).sum())
				.toArray(), degrees, request);
			assertThat(new LexRankEngine().rank(request)).containsExactly(expected, within(1e-12));
		}
	}

	private static double[][] neighbours(List<Sentence> sentences) {
		int n = sentences.size();
		Map<String, Integer> frequencies = new HashMap<>();
		sentences.forEach(
				(sentence) -> Set.copyOf(sentence.terms()).forEach((term) -> frequencies.merge(term, 1, Integer::sum)));
		List<Map<String, Double>> vectors = new ArrayList<>();
		for (Sentence sentence : sentences) {
			Map<String, Double> vector = new HashMap<>();
			sentence.terms()
				.forEach((term) -> vector.merge(term, Math.log((double) n / frequencies.getOrDefault(term, 1)),
						Double::sum));
			vectors.add(vector);
		}
		double[] norms = vectors.stream().mapToDouble((vector) -> Math.sqrt(product(vector, vector))).toArray();
		double[][] neighbours = new double[n][n];
		for (int i = 0; i < n; i++) {
			for (int j = 0; j < n; j++) {
				double product = product(vectors.get(i), vectors.get(j));
				neighbours[i][j] = (i != j && product > LexRankEngine.THRESHOLD * norms[i] * norms[j]) ? 1 : 0;
			}
		}
		return neighbours;
	}

	private static double product(Map<String, Double> one, Map<String, Double> other) {
		return one.entrySet()
			.stream()
			.mapToDouble((entry) -> entry.getValue() * other.getOrDefault(entry.getKey(), 0.0))
			.sum();
	}

	@Test
	void matrixTellsTermsWithOneHashCodeApart() {
		List<String> terms = new ArrayList<>(List.of(""));
		for (int i = 0; i < 11; i++) {
			terms = terms.stream().flatMap((term) -> Stream.of(term + "Aa", term + "BB")).toList();
		}
		assertThat(terms).hasSize(2048).extracting(String::hashCode).containsOnly(terms.get(0).hashCode());
		TermMatrix matrix = TermMatrix.of(List.of(terms, List.of("other"), terms));
		assertThat(matrix.termCount()).isEqualTo(2049);
		for (int i = 0; i < 2048; i++) {
			assertThat(matrix.number(terms.get(i))).isEqualTo(i);
			assertThat(matrix.documentFrequency(i)).isEqualTo(2);
		}
		assertThat(matrix.number("other")).isEqualTo(2048);
		assertThat(matrix.number("AaB")).isEqualTo(-1);
	}

	@Test
	void svdFindsSingularValuesOfMatrixWithMoreColumnsThanItsBasis() {
		// Diagonal: the squares are the eigenvalues of A'A
		double[] diagonal = IntStream.range(0, 500)
			.mapToDouble((i) -> (i < 5) ? 100 - i * 10 : 10.0 / (i + 1))
			.toArray();
		TruncatedSvd svd = TruncatedSvd.of((x) -> {
			double[] y = new double[x.length];
			for (int i = 0; i < x.length; i++) {
				y[i] = diagonal[i] * diagonal[i] * x[i];
			}
			return y;
		}, 500, 0.5, request(List.of()));
		assertThat(svd.dimensions()).isEqualTo(5);
		for (int k = 0; k < 5; k++) {
			assertThat(svd.singularValue(k)).isCloseTo(100 - k * 10, within(1e-6));
			assertThat(Math.abs(svd.vector(k)[k])).isCloseTo(1, within(1e-6));
		}
	}

	@Test
	void svdFindsEqualSingularValues() {
		TruncatedSvd svd = TruncatedSvd.of(double[]::clone, 4, 0.5, request(List.of()));
		assertThat(svd.dimensions()).isEqualTo(4);
		assertThat(IntStream.range(0, 4)
			.mapToDouble((i) -> IntStream.range(0, 4).mapToDouble((k) -> svd.vector(k)[i] * svd.vector(k)[i]).sum()))
			.allSatisfy((sum) -> assertThat(sum).isCloseTo(1, within(1e-9)));
	}

	private static double average(double[] scores, int from, int to) {
		return Arrays.stream(scores, from, to).average().orElseThrow();
	}

	private static RankingRequest request(List<String> question, String... sentences) {
		List<Sentence> list = Stream.of(sentences)
			.map((text) -> new Sentence(text, text.isEmpty() ? List.of() : List.of(text.split(" ")), 10, 0))
			.toList();
		return new RankingRequest(list, question, 100, Deadline.NONE);
	}

}
