package io.tokensaving.benchmarks;

import java.util.concurrent.TimeUnit;

import io.tokensaving.cache.semantic.LangChain4jEmbeddingModel;
import io.tokensaving.cache.semantic.guard.EnglishGuards;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The steps of a semantic look-up on their own: embedding a question of 12 words in this
 * process, and having all guards look at one candidate.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SemanticStepsBenchmark {

	private static final String QUESTION = "Why was I charged a fee when I withdrew cash abroad yesterday?";

	private static final String CANDIDATE = "I withdrew cash abroad yesterday, why did you charge me a fee?";

	private final LangChain4jEmbeddingModel model = LangChain4jEmbeddingModel.allMiniLmL6V2();

	private final Question asked = Question.of(QUESTION);

	@Benchmark
	public float[] embed() {
		return this.model.embed(QUESTION);
	}

	@Benchmark
	public int guards() {
		Question stored = Question.of(CANDIDATE);
		int vetoes = 0;
		for (SemanticGuard guard : EnglishGuards.all()) {
			vetoes += guard.vetoes(this.asked, stored) ? 1 : 0;
		}
		return vetoes;
	}

}
