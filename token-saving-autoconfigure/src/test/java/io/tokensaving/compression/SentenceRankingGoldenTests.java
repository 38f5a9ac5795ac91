package io.tokensaving.compression;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.tokensaving.TestData;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests that the reference modes of the engines give the scores of the Python library
 * sumy.
 */
class SentenceRankingGoldenTests {

	private static final double RELATIVE = 1e-6;

	static Stream<JsonNode> documents() throws IOException {
		String json = Files.readString(TestData.file("sentence-ranking-golden.json"));
		List<JsonNode> documents = new ArrayList<>();
		new JsonMapper().readTree(json).get("documents").forEach(documents::add);
		assertThat(documents).hasSize(13);
		return documents.stream();
	}

	@ParameterizedTest
	@MethodSource("documents")
	void textRank(JsonNode document) {
		assertThatScoresEqual(TextRankEngine.reference(), document, "text_rank");
	}

	@ParameterizedTest
	@MethodSource("documents")
	void lexRank(JsonNode document) {
		assertThatScoresEqual(LexRankEngine.reference(), document, "lex_rank");
	}

	@ParameterizedTest
	@MethodSource("documents")
	void lsaWithAllDimensions(JsonNode document) {
		assertThatScoresEqual(LsaEngine.reference(), document, "lsa_sumy");
	}

	@ParameterizedTest
	@MethodSource("documents")
	void lsaWithDimensionsOfSteinbergerAndJezek(JsonNode document) {
		assertThatScoresEqual(LsaEngine.truncatedReference(), document, "lsa_steinberger");
	}

	private static void assertThatScoresEqual(CompressionEngine engine, JsonNode document, String field) {
		List<Sentence> sentences = new ArrayList<>();
		for (JsonNode sentence : document.get("sentences")) {
			List<String> terms = new ArrayList<>();
			sentence.get("terms").forEach((term) -> terms.add(term.asString()));
			sentences.add(new Sentence(sentence.get("text").asString(), terms, 1, 0));
		}
		double[] scores = engine.rank(new RankingRequest(sentences, List.of(), 100, Deadline.NONE));
		JsonNode expected = document.get(field);
		assertThat(scores).hasSize(sentences.size());
		if (expected == null || expected.isNull()) {
			// sumy fails on a document without words
			assertThat(scores).containsOnly(0);
			return;
		}
		for (int i = 0; i < scores.length; i++) {
			if (expected.get(i).isNull()) {
				assertThat(scores[i]).isNaN();
			}
			else {
				double score = expected.get(i).asDouble();
				assertThat(scores[i]).as("%s of sentence %d", field, i)
					.isCloseTo(score, within(Math.max(1e-9, RELATIVE * Math.abs(score))));
			}
		}
	}

}
