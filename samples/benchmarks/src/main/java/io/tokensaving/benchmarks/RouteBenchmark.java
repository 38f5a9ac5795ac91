package io.tokensaving.benchmarks;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

import io.tokensaving.cache.semantic.LangChain4jEmbeddingModel;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.HeuristicClassifier;
import io.tokensaving.route.LearnedClassifier;
import io.tokensaving.route.RouteChoice;
import io.tokensaving.route.RouteLabel;
import io.tokensaving.route.RouteMode;
import io.tokensaving.route.RouteRequest;
import io.tokensaving.route.RouteSettings;
import io.tokensaving.sampling.GradedJudge;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import org.springframework.ai.chat.messages.UserMessage;

/**
 * How long it takes to choose a tier: by the heuristic, and by what was learned from a
 * thousand labels, with the embedding in this process. Each question is new, so that no
 * embedding is reused.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RouteBenchmark {

	private static final PlanKey PLAN = new PlanKey("default", "support-bot");

	private static final List<String> TIERS = List.of("nano", "frontier");

	private static final RouteSettings SETTINGS = RouteSettings.builder("nano", "frontier")
		.mode(RouteMode.ACTIVE)
		.classifier(LearnedClassifier.NAME)
		.build();

	private static final String SENTENCE = "Why was I charged a fee when I withdrew cash abroad yesterday? ";

	/**
	 * The length of the question in characters.
	 */
	@Param({ "60", "600", "60000" })
	private int characters;

	private final HeuristicClassifier heuristic = new HeuristicClassifier();

	private LearnedClassifier learned;

	private String rest;

	private long asked;

	@Setup
	public void learn() {
		LangChain4jEmbeddingModel model = LangChain4jEmbeddingModel.allMiniLmL6V2();
		this.learned = new LearnedClassifier(() -> model);
		this.rest = SENTENCE.repeat(1 + this.characters / SENTENCE.length()).substring(0, this.characters);
		float[] features = this.learned.features(request());
		SplittableRandom random = new SplittableRandom(1);
		for (int i = 0; i < 1000; i++) {
			float[] label = features.clone();
			for (int j = 1; j < label.length; j++) {
				label[j] += (float) (0.1 * random.nextGaussian());
			}
			GradedJudge.Grade grade = (random.nextInt(200) == 0) ? GradedJudge.Grade.WORSE : GradedJudge.Grade.SAME;
			this.learned.learn(new RouteLabel(PLAN, "nano", "frontier", label, grade, 50), SETTINGS);
		}
	}

	@TearDown
	public void close() {
		this.learned.close();
	}

	@Benchmark
	public RouteChoice heuristic() {
		return this.heuristic.choose(request(), SETTINGS);
	}

	@Benchmark
	public RouteChoice learned() {
		return this.learned.choose(request(), SETTINGS);
	}

	private RouteRequest request() {
		String question = this.asked++ + " " + this.rest;
		return new RouteRequest(PLAN, "triage", List.of(new UserMessage(question)), question, question.length() / 4, 0,
				false, TIERS, "frontier");
	}

}
