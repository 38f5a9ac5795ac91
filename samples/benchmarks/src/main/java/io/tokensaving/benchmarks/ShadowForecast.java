package io.tokensaving.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.SavingsReport;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.benchmarks.QuestionPairs.Arguments;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheAdvisor;
import io.tokensaving.feature.Features;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.sampling.Judge;
import io.tokensaving.shadow.ModeSettings;
import io.tokensaving.shadow.PlanMode;
import io.tokensaving.shadow.ShadowAdvisor;
import io.tokensaving.shadow.ShadowFeature;
import io.tokensaving.statistics.InMemoryStatisticsRepository;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsAggregator;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.Advisor;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;

/**
 * What a plan in shadow forecasts from one half of a stream of questions with known
 * intents, and what the same plan then does, active, on the other half. The model answers
 * with the intent, so a hit with another answer is wrong. Each split starts at another
 * place of the file.
 */
public final class ShadowForecast {

	private static final PlanKey KEY = new PlanKey("default", "plan");

	private static final int BATCH = 20;

	private ShadowForecast() {
	}

	public static void main(String[] arguments) throws Exception {
		Arguments given = new Arguments(arguments);
		int questions = (int) given.number("questions", 8000);
		int splits = (int) given.number("splits", 100);
		List<String> stream = new ArrayList<>();
		Map<String, String> intents = new HashMap<>();
		for (String line : Files.readAllLines(Path.of(given.files().get(0)))) {
			String[] columns = line.split("\t", -1);
			if (!columns[1].equals("intent") && stream.size() < questions) {
				stream.add(columns[0].strip());
				intents.put(columns[0].strip(), columns[1].strip());
			}
		}
		int hitRates = 0;
		int wrongRates = 0;
		try (QuestionVectors vectors = new QuestionVectors(Path.of(given.text("vectors", "question-vectors.bin")))) {
			for (int split = 1; split <= splits; split++) {
				int start = new Random(split).nextInt(stream.size());
				List<String> traffic = new ArrayList<>(stream.subList(start, stream.size()));
				traffic.addAll(stream.subList(0, start));
				Result result = replay(traffic, intents, vectors, given.number("threshold", 0.85));
				hitRates += result.hitRate.isWithin() ? 1 : 0;
				wrongRates += result.wrongRate.isWithin() ? 1 : 0;
				System.out.println("split " + split + ": hits " + result.hitRate + ", wrong " + result.wrongRate);
			}
		}
		System.out.println("Within the interval, of " + splits + ": hits " + hitRates + ", wrong hits " + wrongRates);
	}

	private static Result replay(List<String> traffic, Map<String, String> intents, QuestionVectors vectors,
			double threshold) throws Exception {
		SavingsStatistics statistics = new SavingsStatistics();
		// A request a second, so that all hits are verified
		AtomicLong seconds = new AtomicLong();
		EmbeddingModel embeddings = new StoredEmbeddings(vectors);
		Judge judge = (question, served, fresh) -> new Judge.Verdict(served.equals(fresh), null, TokenUsage.ZERO);
		CacheSettings cache = CacheSettings.builder("in_memory_semantic")
			.similarityThreshold(threshold)
			.semanticTimeout(Duration.ofSeconds(30))
			.judge("intent")
			.maxErrorRate(1)
			.verifySampleRate(0)
			.build();
		CaffeineExactCacheStore exact = new CaffeineExactCacheStore();
		ExactCacheAdvisor exactCache = ExactCacheAdvisor.builder(exact)
			.exactBackend("in_memory_semantic", exact.backend())
			.statistics(statistics)
			.build();
		SemanticCacheAdvisor semanticCache = SemanticCacheAdvisor.builder(embeddings, new InMemorySemanticCacheStore())
			.judges(Map.of("intent", judge))
			.ticker(seconds::get)
			.statistics(statistics)
			.build();
		Plan shadow = Plan.builder("plan").with(cache).with(new ModeSettings(PlanMode.SHADOW)).build();
		Plan active = Plan.builder("plan").with(cache).build();
		int half = traffic.size() / 2;
		try (ShadowAdvisor shadowAdvisor = new ShadowAdvisor(statistics, new PriceTable(List.of()), Fixture.COUNTER);
				StatisticsAggregator aggregator = new StatisticsAggregator(statistics,
						new InMemoryStatisticsRepository(Clock.systemUTC()), Clock.systemUTC(), Duration.ofDays(1))) {
			ShadowFeature feature = new ShadowFeature(() -> aggregator,
					() -> new InMemoryPlanRepository(List.of(shadow)), () -> new Features(List.of()));
			ChatModel model = new IntentModel(intents);
			ChatClient observed = client(model, shadow, statistics, shadowAdvisor, exactCache, semanticCache);
			Map<?, ?> forecast = Map.of();
			for (int i = 0; i < half; i++) {
				seconds.addAndGet(TimeUnit.SECONDS.toNanos(1));
				ask(observed, traffic.get(i));
				if (i % BATCH == 0 || i == half - 1) {
					forecast = await(feature, aggregator, i + 1);
				}
			}
			ChatClient served = client(model, active, statistics, exactCache, semanticCache);
			int hits = 0;
			int wrong = 0;
			for (String question : traffic.subList(half, traffic.size())) {
				ChatClientResponse response = ask(served, question);
				SavingsReport report = (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
				if (report.outcome().isHit()) {
					hits++;
					wrong += response.chatResponse().getResult().getOutput().getText().equals(intents.get(question)) ? 0
							: 1;
				}
			}
			Map<?, ?> risk = (Map<?, ?>) ((Map<?, ?>) forecast.get("risks")).get("semantic_verification");
			Map<?, ?> wrongShare = (Map<?, ?>) risk.get("wrong_share");
			Map<?, ?> hitRate = (Map<?, ?>) forecast.get("hit_rate");
			return new Result(
					new Compared((double) hits / (traffic.size() - half), number(hitRate, "lower"),
							number(hitRate, "upper")),
					new Compared((double) wrong / Math.max(1, hits), number(wrongShare, "lower"),
							number(wrongShare, "upper")));
		}
		finally {
			semanticCache.close();
			exactCache.close();
		}
	}

	private static double number(Map<?, ?> figures, String name) {
		return ((Number) figures.get(name)).doubleValue();
	}

	private static ChatClientResponse ask(ChatClient client, String question) {
		return client.prompt(question).advisors(TokenSaving.plan("plan")).call().chatClientResponse();
	}

	private static Map<?, ?> await(ShadowFeature feature, StatisticsAggregator aggregator, long requests)
			throws InterruptedException {
		while (true) {
			aggregator.flush();
			Map<?, ?> forecast = (Map<?, ?>) feature.planViews().get("forecast").apply(KEY);
			if (number(forecast, "requests") + number(forecast, "skipped") + number(forecast, "failed") >= requests) {
				return forecast;
			}
			Thread.sleep(1);
		}
	}

	private static ChatClient client(ChatModel model, Plan plan, SavingsStatistics statistics, Advisor... advisors) {
		List<Advisor> all = new ArrayList<>(List.of(advisors));
		all.add(PlanAdvisor.builder(plan).tokenCounter(Fixture.COUNTER).statistics(statistics).build());
		return ChatClient.builder(model).defaultAdvisors(new TokenSavingAdvisors(all)).build();
	}

	private record Result(Compared hitRate, Compared wrongRate) {

	}

	private record Compared(double seen, double lower, double upper) {

		boolean isWithin() {
			return this.lower <= this.seen && this.seen <= this.upper;
		}

		@Override
		public String toString() {
			return String.format(Locale.ROOT, "%.1f %% (forecast %.1f to %.1f %%%s)", 100 * this.seen, 100 * this.lower,
					100 * this.upper, isWithin() ? "" : ", outside");
		}

	}

	private record IntentModel(Map<String, String> intents) implements ChatModel {

		@Override
		public ChatResponse call(Prompt prompt) {
			return new ChatResponse(
					List.of(new Generation(new AssistantMessage(this.intents.get(prompt.getUserMessage().getText())),
							ChatGenerationMetadata.builder().finishReason("STOP").build())),
					ChatResponseMetadata.builder().id("1").model("intents").usage(new DefaultUsage(100, 10)).build());
		}

		@Override
		public ChatOptions getOptions() {
			return ChatOptions.builder().model("intents").build();
		}

	}

	private record StoredEmbeddings(QuestionVectors vectors) implements EmbeddingModel {

		@Override
		public EmbeddingResponse call(EmbeddingRequest request) {
			List<Embedding> embeddings = new ArrayList<>();
			for (String text : request.getInstructions()) {
				embeddings.add(new Embedding(vector(text), embeddings.size()));
			}
			return new EmbeddingResponse(embeddings);
		}

		@Override
		public float[] embed(Document document) {
			return vector(document.getText());
		}

		private synchronized float[] vector(String text) {
			try {
				return this.vectors.vector(text).clone();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
