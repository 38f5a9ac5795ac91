package io.tokensaving.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.tokensaving.compression.CompressionEngine;
import io.tokensaving.compression.Deadline;
import io.tokensaving.compression.LexRankEngine;
import io.tokensaving.compression.LsaEngine;
import io.tokensaving.compression.RankingRequest;
import io.tokensaving.compression.Sentence;
import io.tokensaving.compression.TextRankEngine;
import io.tokensaving.compression.text.TermExtractor;
import io.tokensaving.compression.text.TextSpan;
import io.tokensaving.text.Language;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Ranking of sentences whose terms are known, by engine and number of sentences.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class RankingBenchmark {

	@Param({ "text_rank", "lex_rank", "lsa" })
	String engine;

	@Param({ "300", "5000" })
	int sentences;

	@Param({ "true", "false" })
	boolean focus;

	private CompressionEngine ranking = new TextRankEngine();

	private final List<Sentence> input = new ArrayList<>();

	private List<String> question = List.of();

	@Setup
	public void setUp() {
		this.ranking = switch (this.engine) {
			case "lex_rank" -> new LexRankEngine();
			case "lsa" -> new LsaEngine();
			default -> new TextRankEngine();
		};
		MadeUpText text = new MadeUpText(42);
		TermExtractor extractor = new TermExtractor(Language.EN);
		for (int i = 0; i < this.sentences; i++) {
			String sentence = text.sentence();
			TextSpan whole = new TextSpan(0, sentence.length(), TextSpan.Kind.SENTENCE);
			List<String> terms = extractor.terms(sentence, List.of(whole)).get(0);
			this.input.add(new Sentence(sentence, terms, sentence.length() / 4, i));
		}
		this.question = this.focus ? this.input.get(this.sentences / 3).terms() : List.of();
	}

	@Benchmark
	public double[] rank() {
		return this.ranking.rank(new RankingRequest(this.input, this.question, 1, Deadline.NONE));
	}

}
