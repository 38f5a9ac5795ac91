package io.tokensaving.shadow;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.tokensaving.Eventually;
import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheFeature;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.HitTally;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.semantic.InMemorySemanticCacheStore;
import io.tokensaving.cache.semantic.SemanticCacheFeature;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.compression.CompressionSettings;
import io.tokensaving.dedup.DedupSettings;
import io.tokensaving.dedup.DedupWaiting;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.promptcache.PromptCacheAdvisor;
import io.tokensaving.promptcache.PromptCacheFeature;
import io.tokensaving.promptcache.PromptCacheSettings;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.sampling.Judge;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.StatisticsCounters;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link ShadowAdvisor}: a plan in shadow serves and changes nothing, and shows
 * what it would have done.
 */
class ShadowAdvisorTests {

	private static final ModelPrice PRICE = new ModelPrice("scripted-model", BigDecimal.ONE, BigDecimal.TEN, null,
			null);

	private final List<AutoCloseable> closed = new ArrayList<>();

	private TokenSavingTestChain chain;

	@AfterEach
	void close() throws Exception {
		for (AutoCloseable closeable : this.closed) {
			closeable.close();
		}
	}

	@Test
	void callsGoToTheModelAsTheyAre() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		ChatClient client = client(model, plan().with(new CacheSettings("in_memory")));
		for (int i = 1; i <= 3; i++) {
			ChatClientResponse response = client.prompt().user("Where is my parcel?").call().chatClientResponse();
			assertThat(text(response)).isEqualTo("Answer %d to: Where is my parcel?", i);
			assertThat(response.context().get(SavingsReport.CONTEXT_KEY)).isInstanceOfSatisfying(SavingsReport.class,
					(report) -> {
						assertThat(report.outcome()).isEqualTo(Outcome.BYPASS);
						assertThat(report.tokensBought()).isEqualTo(120);
						assertThat(report.costSavedUsd()).isZero();
					});
			awaitRequests(i);
		}
		assertThat(model.calls()).isEqualTo(3);
		assertThat(statistics().snapshot().tokensSaved()).isZero();
		Map<String, Object> forecast = forecast();
		assertThat(forecast).containsEntry("outcomes", Map.of("miss", 1L, "exact_hit", 2L));
		// Each of 100 tokens of input at 1 dollar and 20 of output at 10 dollars a
		// million
		assertThat((BigDecimal) forecast.get("spent_usd")).isEqualByComparingTo("0.0009");
		assertThat((BigDecimal) forecast.get("would_save_usd")).isEqualByComparingTo("0.0006");
		assertThat(forecast).containsEntry("would_save_tokens", 240L);
	}

	@Test
	void streamsGoToTheModelAsTheyAre() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		ChatClient client = client(model, plan().with(new CacheSettings("in_memory")));
		for (int i = 1; i <= 3; i++) {
			List<String> words = client.prompt().user("Where is it?").stream().content().collectList().block();
			assertThat(String.join("", words)).isEqualTo("Answer %d to: Where is it?", i);
			assertThat(words).hasSizeGreaterThan(4);
			awaitRequests(i);
		}
		assertThat(model.calls()).isEqualTo(3);
		assertThat(forecast()).containsEntry("outcomes", Map.of("miss", 1L, "exact_hit", 2L));
	}

	@Test
	void whatCompressionWouldLeaveOutIsSent() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		ChatClient client = client(model, plan().with(new CompressionSettings("trim", 200)));
		List<Message> messages = new ArrayList<>();
		for (int i = 0; i < 40; i++) {
			messages.add(new UserMessage("Question number " + i + " about the parcel and the way that it takes"));
			messages.add(new AssistantMessage("Answer number " + i + " about the parcel and the way that it takes"));
		}
		messages.add(new UserMessage("Where is it?"));
		client.prompt().messages(messages).call().content();
		awaitRequests(1);
		assertThat(model.lastPrompt().getInstructions()).isEqualTo(messages);
		Map<String, Object> forecast = forecast();
		// A compressed call buys fewer tokens, not none, of the 100 that the model
		// reports
		assertThat((Long) forecast.get("would_save_tokens")).isPositive();
		assertThat(statistics().snapshot().tokensSaved()).isZero();
		assertThat(statistics().snapshot().tokensBought()).isEqualTo(120);
	}

	@Test
	void equalRequestsInFlightAreNotJoined() throws Exception {
		CountDownLatch called = new CountDownLatch(2);
		AtomicBoolean joined = new AtomicBoolean();
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			called.countDown();
			try {
				assertThat(called.await(30, TimeUnit.SECONDS)).isTrue();
				Eventually.await("one waits for the other in shadow",
						() -> joined.get() || DedupWaiting.count(List.of(this.chain)) == 2);
				joined.set(true);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			return ScriptedChatModel.answer("It is here.");
		});
		ChatClient client = client(model, plan().with(DedupSettings.DEFAULTS));
		Thread other = new Thread(() -> client.prompt().user("Where is it?").call().content());
		other.start();
		client.prompt().user("Where is it?").call().content();
		other.join();
		awaitRequests(2);
		assertThat(model.calls()).isEqualTo(2);
		assertThat(forecast()).containsEntry("outcomes", Map.of("bypass", 1L, "dedup_hit", 1L));
	}

	@Test
	void everySemanticHitIsComparedWithTheAnswerOfTheModel() {
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> ScriptedChatModel
			.answer(prompt.getUserMessage().getText().contains("arrive") ? "Never." : "On Monday."));
		this.chain = new TokenSavingTestChain(plan()
			.with(CacheSettings.builder("in_memory_semantic")
				.similarityThreshold(0.6)
				.judge("equal")
				.semanticTimeout(Duration.ofSeconds(30))
				.guards(List.of())
				.maxErrorRate(1)
				.build())
			.build());
		WordsEmbeddingModel embeddings = new WordsEmbeddingModel();
		this.chain.semantic(embeddings, new InMemorySemanticCacheStore(), (builder) -> builder.judges(Map.of("equal",
				(question, given, fresh) -> new Judge.Verdict(given.equals(fresh), null, TokenUsage.ZERO))));
		ChatClient client = client(model);
		for (String question : List.of("When does my parcel come to me", "When does the parcel come to me",
				"When does my parcel arrive to me")) {
			client.prompt().user(question).call().content();
			awaitRequests(model.calls());
		}
		assertThat(model.calls()).isEqualTo(3);
		Map<String, Object> forecast = forecast();
		assertThat(forecast.get("outcomes")).isEqualTo(Map.of("miss", 1L, "semantic_hit", 2L));
		Eventually.await("both hits are verified",
				() -> statistics().state(SemanticCacheFeature.ERROR_RATE).snapshot().verified() == 2);
		assertThat(statistics().state(SemanticCacheFeature.ERROR_RATE).snapshot().wrong()).isEqualTo(1);
		assertThat(model.calls()).isEqualTo(3);
		// The embeddings: the answer of the model is the one that the caller was given
		assertThat(statistics().snapshot().overheadTokens()).isEqualTo(10L * embeddings.calls());
		assertThat(statistics().snapshot().unpricedModels()).containsExactly("words");
	}

	@Test
	void whatALowerThresholdWouldServeIsJudgedAndIsNoHit() {
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> ScriptedChatModel
			.answer(prompt.getUserMessage().getText().contains("arrive") ? "Never." : "On Monday."));
		ChatClient client = semantic(model, 0.93, 1);
		askForParcels(client, model);
		assertThat(forecast().get("outcomes")).isEqualTo(Map.of("miss", 3L));
		Eventually.await("both are judged", () -> similar().judged() == 2);
		assertThat(similar().hits()).isEqualTo(2);
		assertThat(similar().wrong()).isEqualTo(1);
		assertThat(similar().picoUsd()).isPositive();
		assertThat(statistics().state(SemanticCacheFeature.ERROR_RATE).snapshot().verified()).isZero();
		assertThat(forecast()).containsEntry("hits_by_similarity", Map.of());
		assertThat(model.calls()).isEqualTo(3);
	}

	@Test
	void nothingIsLookedForFarBelowTheThreshold() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		ChatClient client = semantic(model, 1, 1);
		askForParcels(client, model);
		assertThat(similar().hits()).isZero();
	}

	@Test
	void aSuspendedCacheServesNothingAndGoesOnToBeJudged() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		ChatClient client = semantic(model, 0.6, 0);
		client.prompt().user("When does my parcel come to me").call().content();
		awaitRequests(1);
		client.prompt().user("When does the parcel come to me").call().content();
		awaitRequests(2);
		Eventually.await("the first wrong answer suspends the cache",
				() -> statistics().state(SemanticCacheFeature.ERROR_RATE).isSuspended());
		client.prompt().user("When does a parcel come to me").call().content();
		awaitRequests(3);
		assertThat(forecast().get("outcomes")).isEqualTo(Map.of("miss", 2L, "semantic_hit", 1L));
		Eventually.await("what it would have served is judged", () -> similar().judged() == 2);
		assertThat(similar().hits()).isEqualTo(2);
		assertThat(statistics().state(SemanticCacheFeature.ERROR_RATE).snapshot().verified()).isEqualTo(1);
	}

	// What compares a hit with the answer of the model sends nothing
	@Test
	void onlyWhatWouldBeSentIsForeseenToBeCached() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		ChatClient client = semantic(model, 0.7, 1);
		askForParcels(client, model);
		Eventually.await("both hits are judged", () -> similar().judged() == 2);
		Map<String, Object> foreseen = new PromptCacheFeature()
			.forecast(plan().with(PromptCacheSettings.DEFAULTS).build(), statistics().snapshot());
		assertThat(foreseen.get("prompt_cache")).asInstanceOf(InstanceOfAssertFactories.MAP)
			.containsEntry("requests", 1L);
	}

	private void askForParcels(ChatClient client, ScriptedChatModel model) {
		for (String question : List.of("When does my parcel come to me", "When does the parcel come to me",
				"When does my parcel arrive to me")) {
			client.prompt().user(question).call().content();
			awaitRequests(model.calls());
		}
	}

	private ChatClient semantic(ScriptedChatModel model, double threshold, double maxErrorRate) {
		this.chain = new TokenSavingTestChain(plan().with(PromptCacheSettings.DEFAULTS)
			.with(CacheSettings.builder("in_memory_semantic")
				.similarityThreshold(threshold)
				.judge("equal")
				.semanticTimeout(Duration.ofSeconds(30))
				.guards(List.of())
				.maxErrorRate(maxErrorRate)
				.build())
			.build());
		this.chain.semantic(new WordsEmbeddingModel(), new InMemorySemanticCacheStore(), (builder) -> builder
			.prices(new PriceTable(List.of(PRICE)))
			.judges(Map.of("equal",
					(question, given, fresh) -> new Judge.Verdict(given.equals(fresh), null, TokenUsage.ZERO))));
		return client(model);
	}

	private HitTally.Point similar() {
		HitTally.Figures figures = CacheFeature.HITS
			.figures(new StatisticsCounters(statistics().state(CacheFeature.HITS).sums(), Set.of()), false);
		HitTally.Point sum = new HitTally.Point(0, 0, 0, 0);
		for (HitTally.Point point : figures.similarities()) {
			sum = new HitTally.Point(sum.hits() + point.hits(), sum.judged() + point.judged(),
					sum.wrong() + point.wrong(), sum.picoUsd() + point.picoUsd());
		}
		return sum;
	}

	@Test
	void whatFailsReachesNobody() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		this.chain = new TokenSavingTestChain(plan().with(new CacheSettings("in_memory")).build());
		TokenCounter broken = new TokenCounter();
		ShadowAdvisor advisor = new ShadowAdvisor(this.chain.statistics(), null, broken);
		this.closed.add(advisor);
		this.closed.add(this.chain);
		ChatClient client = this.chain.client(model, advisor);
		assertThat(client.prompt().user("Where is it?").call().content()).startsWith("Answer 1");
		Eventually.await("the failure is counted", () -> this.chain.statistics().errors(ShadowFeature.COMPONENT) == 1);
		assertThat(forecast()).containsEntry("failed", 1L).containsEntry("requests", 0L);
	}

	@Test
	void failureOfTheModelReachesTheCallerAndIsNoForecast() {
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			throw new IllegalStateException("The model is away");
		});
		ChatClient client = client(model, plan().with(new CacheSettings("in_memory")));
		assertThatIllegalStateException().isThrownBy(() -> client.prompt().user("Where is it?").call().content())
			.withMessage("The model is away");
		assertThat(forecast()).containsEntry("skipped", 1L).containsEntry("failed", 0L);
	}

	@Test
	void cancelledStreamIsNoForecast() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		model.streaming((prompt) -> Flux.concat(Flux.just(ScriptedChatModel.answer("Once", "")), Flux.never()));
		ChatClient client = client(model, plan().with(new CacheSettings("in_memory")));
		assertThat(client.prompt().user("Where is it?").stream().content().blockFirst(Duration.ofSeconds(30)))
			.isEqualTo("Once");
		Eventually.await(() -> forecast().get("skipped").equals(1L));
	}

	@Test
	void planThatIsOffOnlyCounts() {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		ChatClient client = client(model,
				Plan.builder("plan").with(new ModeSettings(PlanMode.OFF)).with(new CacheSettings("in_memory")));
		client.prompt().user("Where is it?").call().content();
		client.prompt().user("Where is it?").call().content();
		assertThat(model.calls()).isEqualTo(2);
		assertThat(statistics().snapshot().tokensBought()).isEqualTo(240);
		assertThat(forecast()).containsEntry("requests", 0L).containsEntry("skipped", 0L);
	}

	private void awaitRequests(long requests) {
		Eventually.await("%d requests are counted".formatted(requests),
				() -> forecast().get("requests").equals(requests));
	}

	private Map<String, Object> forecast() {
		return ShadowFeature.OBSERVED.describe(new Forecast(statistics().state(ShadowFeature.OBSERVED).sums()));
	}

	private PlanStatistics statistics() {
		return this.chain.statistics().plan(new PlanKey("default", "plan"));
	}

	private static Plan.Builder plan() {
		return Plan.builder("plan").with(new ModeSettings(PlanMode.SHADOW));
	}

	private ChatClient client(ScriptedChatModel model, Plan.Builder plan) {
		this.chain = new TokenSavingTestChain(plan.build()).store(new CaffeineExactCacheStore());
		return client(model);
	}

	private ChatClient client(ScriptedChatModel model) {
		this.chain.price(PRICE);
		ShadowAdvisor advisor = new ShadowAdvisor(this.chain.statistics(), new PriceTable(List.of(PRICE)),
				new TokenCounter());
		this.closed.add(advisor);
		this.closed.add(this.chain);
		PromptCacheAdvisor promptCache = PromptCacheAdvisor.builder().statistics(this.chain.statistics()).build();
		return this.chain.client(model, advisor, promptCache);
	}

	private static String text(ChatClientResponse response) {
		return response.chatResponse().getResult().getOutput().getText();
	}

}
