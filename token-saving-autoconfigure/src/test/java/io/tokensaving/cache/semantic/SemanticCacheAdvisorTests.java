package io.tokensaving.cache.semantic;

import java.math.BigDecimal;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.tokensaving.Eventually;
import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.ThreadLocalTenant;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.cache.CacheHistory;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.cache.exact.CaffeineExactCacheStore;
import io.tokensaving.cache.exact.ExactCacheAdvisor;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.cache.semantic.guard.Question;
import io.tokensaving.cache.semantic.guard.SemanticGuard;
import io.tokensaving.feature.Eviction;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.TokenUsage;
import io.tokensaving.request.PlanAdvisor;
import io.tokensaving.sampling.ChatModelJudge;
import io.tokensaving.sampling.EmbeddingJudge;
import io.tokensaving.sampling.Judge;
import io.tokensaving.sampling.Sampler;
import io.tokensaving.statistics.SavingsStatistics;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.util.MimeTypeUtils;

import static io.tokensaving.SavingsReportAssert.assertThatReport;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Tests for {@link SemanticCacheAdvisor}.
 */
@Timeout(60)
class SemanticCacheAdvisorTests {

	private ScriptedChatModel model = ScriptedChatModel.echoing();

	private final WordsEmbeddingModel embeddingModel = new WordsEmbeddingModel();

	private final SavingsStatistics statistics = new SavingsStatistics();

	private final List<SemanticCacheAdvisor> advisors = new ArrayList<>();

	private SemanticCacheStore store = new InMemorySemanticCacheStore();

	@AfterEach
	void close() {
		this.advisors.forEach(SemanticCacheAdvisor::close);
	}

	private ChatClient client(UnaryOperator<CacheSettings.Builder> settings,
			Consumer<SemanticCacheAdvisor.Builder> customizer) {
		CacheSettings.Builder cache = CacheSettings.builder(this.store.backend())
			.similarityThreshold(0.7)
			.verifySampleRate(0)
			.semanticTimeout(Duration.ofSeconds(30));
		Plan plan = Plan.builder("p").with(settings.apply(cache).build()).build();
		PriceTable prices = new PriceTable(
				List.of(new ModelPrice("scripted-model", BigDecimal.ONE, BigDecimal.ONE, null, null),
						new ModelPrice("words", new BigDecimal("0.1"), BigDecimal.ZERO, null, null)));
		SemanticCacheAdvisor.Builder builder = SemanticCacheAdvisor.builder(this.embeddingModel, this.store)
			.prices(prices)
			.statistics(this.statistics);
		customizer.accept(builder);
		SemanticCacheAdvisor semantic = builder.build();
		this.advisors.add(semantic);
		CaffeineExactCacheStore exact = new CaffeineExactCacheStore();
		return ChatClient.builder(this.model)
			.defaultAdvisors(new TokenSavingAdvisors(List.of(
					PlanAdvisor.builder(plan).defaultPlan("p").prices(prices).statistics(this.statistics).build(),
					ExactCacheAdvisor.builder(exact)
						.exactBackend(this.store.backend(), exact.backend())
						.statistics(this.statistics)
						.build(),
					semantic)))
			.build();
	}

	private ChatClient client(UnaryOperator<CacheSettings.Builder> settings) {
		return client(settings, (builder) -> {
		});
	}

	private ChatClient client() {
		return client(UnaryOperator.identity());
	}

	private StatisticsSnapshot stats() {
		return this.statistics.plan(new PlanKey("default", "p")).snapshot();
	}

	@Test
	void servesTheAnswerToASimilarQuestion() {
		ChatClient client = client();
		ChatClientResponse first = client.prompt("How do I reset my password?").call().chatClientResponse();
		ChatClientResponse second = client.prompt("how do i reset the password").call().chatClientResponse();
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(text(second)).isEqualTo(text(first));
		assertThatReport(first).hasOutcome(Outcome.MISS).bought(120).saved(0);
		assertThatReport(second).hasOutcome(SemanticCacheFeature.HIT).bought(0).saved(120);
		ChatResponse served = second.chatResponse();
		assertThat(served.getMetadata().<String>get("token_saving_outcome")).isEqualTo("semantic_hit");
		assertThat(served.getMetadata().<Double>get("token_saving_similarity")).isBetween(0.7, 0.999);
		assertThat(served.getMetadata().<Long>get("token_saving_age_seconds")).isZero();
		assertThat(served.getMetadata().getUsage().getTotalTokens()).isZero();
		assertThat(stats().requests(SemanticCacheFeature.HIT)).isEqualTo(1);
		assertThat(stats().tokensSavedByTechnique()).containsEntry("semantic_cache", 120L);
	}

	@Test
	void servesCallFromStreamAndStreamFromCall() {
		ChatClient client = client();
		String streamed = String.join("",
				client.prompt("How do I reset my password?").stream().content().collectList().block());
		assertThat(client.prompt("how do i reset the password").call().content()).isEqualTo(streamed);
		String called = client.prompt("Where can I find my invoices?").call().content();
		List<ChatClientResponse> elements = client.prompt("where can i find invoices")
			.stream()
			.chatClientResponse()
			.collectList()
			.block();
		assertThat(elements).singleElement().satisfies((element) -> {
			assertThat(text(element)).isEqualTo(called);
			assertThatReport(element).hasOutcome(SemanticCacheFeature.HIT).saved(120);
		});
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@Test
	void embedsOnceARequestAndRemembersTexts() {
		ChatClient client = client();
		client.prompt("How do I reset my password?").call().content();
		assertThat(this.embeddingModel.calls()).isEqualTo(1);
		client.prompt("how do i reset the password").call().content();
		client.prompt("how do i reset the password").call().content();
		client.prompt("how do i reset the password").call().content();
		assertThat(this.embeddingModel.calls()).isEqualTo(2);
		assertThat(this.model.calls()).isEqualTo(1);
	}

	@Test
	void chargesEmbeddingsAgainstTheSavings() {
		ChatClient client = client();
		ChatClientResponse first = client.prompt("How do I reset my password?").call().chatClientResponse();
		ChatClientResponse second = client.prompt("how do i reset the password").call().chatClientResponse();
		ChatClientResponse third = client.prompt("how do i reset the password").call().chatClientResponse();
		assertThat(report(first).overheadTokens()).isEqualTo(10);
		assertThat(report(first).overheadUsd()).isEqualByComparingTo("0.000001");
		assertThat(report(first).costSavedUsd()).isEqualByComparingTo("-0.000001");
		assertThat(report(second).costSavedUsd()).isEqualByComparingTo("0.000119");
		assertThat(report(third).overheadTokens()).isZero();
		assertThat(stats().overheadTokens()).isEqualTo(20);
		assertThat(stats().overheadUsd()).isEqualByComparingTo("0.000002");
		assertThat(stats().costSavedUsd()).isEqualByComparingTo("0.000238");
	}

	@Test
	void exactCacheIsAskedFirstAndDoesNotKeepSemanticHits() {
		ChatClient client = client();
		client.prompt("How do I reset my password?").call().content();
		assertThatReport(client.prompt("How do I reset my password?").call().chatClientResponse())
			.hasOutcome(ExactCacheFeature.HIT);
		for (int i = 0; i < 2; i++) {
			assertThatReport(client.prompt("how do i reset the password").call().chatClientResponse())
				.hasOutcome(SemanticCacheFeature.HIT);
			assertThatReport(client.prompt("how do i reset the password").stream().chatClientResponse().blockLast())
				.hasOutcome(SemanticCacheFeature.HIT);
		}
	}

	@Test
	void guardsVetoAndTheNextCandidateIsTried() {
		ChatClient client = client();
		client.prompt("How do I pay 500 euros in cash into my account?").call().content();
		client.prompt("how do i pay 50 euros in cash into an account right now please").call().content();
		ChatClientResponse response = client.prompt("How do I pay 50 euros in cash into my account?")
			.call()
			.chatClientResponse();
		assertThatReport(response).hasOutcome(SemanticCacheFeature.HIT);
		assertThat(text(response)).contains("50 euros").doesNotContain("500");
		assertThat(stats().counts(SemanticCacheFeature.GUARD_VETOES)).containsEntry("numbers", 2L);
		List<Map<String, Object>> misses = this.advisors.get(0).nearMisses().describe("default");
		assertThat(misses).hasSize(2)
			.allSatisfy((miss) -> assertThat(miss)
				.containsOnlyKeys("time", "plan", "feature", "similarity", "threshold", "reason", "verdict")
				.containsEntry("plan", "p")
				.containsEntry("feature", "p")
				.containsEntry("threshold", 0.7)
				.containsEntry("reason", "numbers")
				.containsEntry("verdict", "vetoed"));
		assertThat(misses.get(0).get("similarity")).asInstanceOf(InstanceOfAssertFactories.DOUBLE).isBetween(0.7, 1.0);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void countsWhatItServesByTheSimilarity(boolean stream) {
		ChatClient client = client();
		client.prompt("How do I reset my password?").call().content();
		double similarity = 0;
		for (int i = 0; i < 3; i++) {
			ChatClient.ChatClientRequestSpec request = client.prompt("how do i reset the password");
			ChatClientResponse response = stream ? request.stream().chatClientResponse().blockLast()
					: request.call().chatClientResponse();
			similarity = report(response).similarity();
		}
		client.prompt("Where can I find my invoices?").call().content();
		assertThat(stats().counts(SemanticCacheFeature.HITS_BY_SIMILARITY))
			.containsExactly(Map.entry(SimilarityStep.label(similarity), 3L));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void anAnswerThatIsTooOldForTheRequestIsANearMiss(boolean stream) {
		TestClock clock = new TestClock();
		ChatClient client = client(UnaryOperator.identity(), (builder) -> builder.clock(clock));
		client.prompt("How do I reset my password?").call().content();
		clock.now = clock.now.plusSeconds(60);
		ChatClient.ChatClientRequestSpec request = client.prompt("how do i reset the password")
			.advisors(TokenSaving.plan("p").feature("faq").maxAge(Duration.ofSeconds(5)));
		if (stream) {
			request.stream().content().blockLast();
		}
		else {
			request.call().content();
		}
		assertThat(this.advisors.get(0).nearMisses().describe("default")).singleElement()
			.satisfies((miss) -> assertThat(miss).containsEntry("time", "2026-01-01T00:01:00Z")
				.containsEntry("feature", "faq")
				.containsEntry("reason", "age")
				.containsEntry("verdict", "too_old"));
	}

	@Test
	void planSelectsGuards() {
		ChatClient client = client((cache) -> cache.guards(List.of("negation")));
		client.prompt("How do I pay 500 euros into my account?").call().content();
		assertThatReport(client.prompt("How do I pay 50 euros into my account?").call().chatClientResponse())
			.hasOutcome(SemanticCacheFeature.HIT);
	}

	@Test
	void guardOfTheApplicationIsAsked() {
		SemanticGuard guard = new SemanticGuard() {

			@Override
			public String name() {
				return "mine";
			}

			@Override
			public boolean vetoes(Question asked, Question stored) {
				return asked.has("chef");
			}

		};
		ChatClient client = client(UnaryOperator.identity(), (builder) -> builder.guards(List.of(guard)));
		client.prompt("What does the cook eat?").call().content();
		client.prompt("What does the chef eat?").call().content();
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(stats().counts(SemanticCacheFeature.GUARD_VETOES)).containsExactly(Map.entry("mine", 1L));
	}

	@Test
	void failingGuardHoldsTheAnswerBack() {
		SemanticGuard guard = new SemanticGuard() {

			@Override
			public String name() {
				return "broken";
			}

			@Override
			public boolean vetoes(Question asked, Question stored) {
				throw new IllegalStateException("broken");
			}

		};
		ChatClient client = client(UnaryOperator.identity(), (builder) -> builder.guards(List.of(guard)));
		client.prompt("How do I reset my password?").call().content();
		client.prompt("how do i reset the password").call().content();
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(this.statistics.errors(SemanticCacheFeature.COMPONENT)).isEqualTo(1);
		assertThat(this.advisors.get(0).nearMisses().describe("default")).singleElement()
			.satisfies((miss) -> assertThat(miss).containsEntry("reason", "broken").containsEntry("verdict", "failed"));
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void answersCanBeEvictedByWorkspacePlanScopeAndTag(boolean stream) {
		ChatClient client = client();
		Eviction eviction = Eviction.ofWorkspace("default").plan("p").scope("u1").tag("faq");
		Runnable ask = () -> {
			ChatClient.ChatClientRequestSpec request = client.prompt("How do I reset my password?")
				.advisors(TokenSaving.plan("p").scope("u1").tags("faq", "docs"));
			if (stream) {
				request.stream().content().blockLast();
			}
			else {
				request.call().content();
			}
		};
		ask.run();
		for (Eviction other : List.of(Eviction.ofWorkspace("other"), eviction.plan("other"), eviction.scope("u2"),
				eviction.tag("other"))) {
			assertThat(this.store.evict(other)).isZero();
		}
		Eventually.await(() -> this.store.evict(eviction) == 1);
		assertThat(this.store.evict(eviction)).isZero();
	}

	@Test
	void honoursDirectives() {
		ChatClient client = client();
		client.prompt("How do I reset my password?").call().content();
		String similar = "how do i reset the password";
		client.prompt(similar).advisors(TokenSaving.plan("p").noStore()).call().content();
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(this.embeddingModel.calls()).isEqualTo(1);
		client.prompt(similar).advisors(TokenSaving.plan("p").similarityThreshold(0.99)).call().content();
		assertThat(this.model.calls()).isEqualTo(3);
		client.prompt("how do i reset a password").advisors(TokenSaving.plan("p").scope("u1")).call().content();
		assertThat(this.model.calls()).isEqualTo(4);
		ChatClientResponse fresh = client.prompt("how can i reset my password")
			.advisors(TokenSaving.plan("p").noCache())
			.call()
			.chatClientResponse();
		assertThatReport(fresh).bought(120);
		Eventually.await(() -> this.embeddingModel.calls() == 4);
		Eventually.await(() -> text(client.prompt("how can i reset my password?").call().chatClientResponse())
			.equals(text(fresh)));
		assertThat(stats().overheadTokens()).isGreaterThanOrEqualTo(40);
	}

	@Test
	void whatCannotBeReadOrIsFromTheFutureIsAMissThatIsCounted() {
		InMemorySemanticCacheStore target = new InMemorySemanticCacheStore();
		AtomicReference<SemanticQuery> asked = new AtomicReference<>();
		this.store = new SemanticCacheStore() {

			@Override
			public String backend() {
				return target.backend();
			}

			@Override
			public List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold) {
				return target.search(partition, vector, limit, threshold);
			}

			@Override
			public List<SemanticMatch> search(SemanticQuery query) {
				asked.set(query);
				query.unreadable().accept(new IllegalArgumentException("broken"));
				return target.search(query).stream().map((match) -> {
					CachedResponse found = match.response();
					return new SemanticMatch(
							match.question(), new CachedResponse(found.id(), found.model(), found.generations(),
									found.metadata(), found.usage(), found.createdAt().plusSeconds(3600)),
							match.similarity());
				}).toList();
			}

			@Override
			public void store(SemanticCacheEntry entry, Duration ttl) {
				target.store(entry, ttl);
			}

			@Override
			public long evict(Eviction eviction) {
				return target.evict(eviction);
			}

			@Override
			public CacheStoreStatus status() {
				return target.status();
			}

			@Override
			public boolean isBlocking() {
				return false;
			}

		};
		ChatClient client = client((cache) -> cache.maxEntryBytes(5000).maxQuestionLength(100));
		client.prompt("How do I reset my password?").call().content();
		assertThat(this.statistics.errors(SemanticCacheFeature.COMPONENT)).isEqualTo(1);
		client.prompt("how do i reset the password").call().content();
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(this.statistics.errors(SemanticCacheFeature.COMPONENT)).isEqualTo(3);
		assertThat(asked.get().answerLimit().maxBytes()).isEqualTo(5000);
		assertThat(asked.get().questionLimit().maxBytes()).isEqualTo(456);
	}

	@Test
	void maxAgeAndTtlAreHonoured() {
		TestClock clock = new TestClock();
		ChatClient client = client(UnaryOperator.identity(), (builder) -> builder.clock(clock));
		client.prompt("How do I reset my password?").call().content();
		clock.now = clock.now.plusSeconds(30);
		ChatClientResponse response = client.prompt("how do i reset the password")
			.advisors(TokenSaving.plan("p").maxAge(Duration.ofSeconds(60)))
			.call()
			.chatClientResponse();
		assertThat(report(response).ageSeconds()).isEqualTo(30);
		client.prompt("how do i reset the password")
			.advisors(TokenSaving.plan("p").maxAge(Duration.ofSeconds(20)))
			.call()
			.content();
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@Test
	void aShorterTimeToLiveHoldsForWhatIsStoredAlready() {
		TestClock clock = new TestClock();
		ChatClient before = client(UnaryOperator.identity(), (builder) -> builder.clock(clock));
		ChatClient after = client((cache) -> cache.ttl(Duration.ofSeconds(60)), (builder) -> builder.clock(clock));
		before.prompt("How do I reset my password?").call().content();
		clock.now = clock.now.plusSeconds(59);
		assertThat(after.prompt("how do i reset the password").call().content()).startsWith("Answer 1");
		clock.now = clock.now.plusSeconds(1);
		assertThat(before.prompt("how do i reset the password").call().content()).startsWith("Answer 1");
		assertThat(after.prompt("how do i reset the password").call().content()).startsWith("Answer 2");
	}

	@Test
	void whatWasAskedForBeforeAnEvictionIsNotStored() {
		List<Boolean> evictions = new ArrayList<>();
		ScriptedChatModel evicting = new ScriptedChatModel((prompt) -> {
			if (evictions.size() < 2) {
				evictions.add(this.advisors.get(0).beginEviction(Eviction.ofWorkspace("default")));
			}
			return ScriptedChatModel.answer("Answer");
		});
		this.model = evicting;
		ChatClient client = client();
		client.prompt("How do I reset my password?").call().content();
		client.prompt("how do i reset the password").stream().content().collectList().block();
		assertThat(evictions).containsExactly(true, true);
		assertThat(this.advisors.get(0).drain()).isTrue();
		assertThat(this.store.status().entries()).isZero();
		client.prompt("how can i reset the password").call().content();
		assertThat(this.advisors.get(0).drain()).isTrue();
		assertThat(this.store.status().entries()).isOne();
		assertThat(this.statistics.errors(SemanticCacheFeature.COMPONENT)).isZero();
	}

	@Test
	void historyIsPartOfThePartitionByDefault() {
		ChatClient client = client();
		ask(client, "I have a phone", "How do I reset my password?");
		ask(client, "I have a laptop", "how do i reset the password");
		assertThat(this.model.calls()).isEqualTo(2);
		ask(client, "I have a phone", "how do i reset the password");
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@Test
	void windowEmbedsTheLastUserMessagesTogether() {
		ChatClient client = client((cache) -> cache.history(CacheHistory.window(2)));
		ask(client, "I have a brand new blue phone", "How do I reset it?");
		ask(client, "i have the brand new blue phone", "How do I reset it?");
		assertThat(this.model.calls()).isEqualTo(1);
		ask(client, "My car broke down yesterday evening in rain", "How do I reset it?");
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@Test
	void standaloneIgnoresHistoryOnlyOfQuestionsThatStandAlone() {
		ChatClient client = client((cache) -> cache.history(CacheHistory.STANDALONE));
		ask(client, "I have a phone", "How do I reset my account password?");
		ask(client, "Good morning", "how do i reset the account password");
		client.prompt().system("Be kind").user("How can I reset my account password?").call().content();
		assertThat(this.model.calls()).isEqualTo(1);
		ask(client, "I have a phone", "How do I switch the screen of it off?");
		ask(client, "I have a lamp", "How do I switch the screen of it off now?");
		assertThat(this.model.calls()).isEqualTo(3);
	}

	@ParameterizedTest
	@ValueSource(strings = { "How do I reset it?", "And what about my card payment fees?", "Why?",
			"Does the same apply to foreign transfers?", "Wie setze ich mein Passwort zurück?",
			"Explain that again please", "\u4F60\u597D\u5417" })
	void questionDoesNotStandAlone(String question) {
		assertThat(StandaloneQuestion.test(Question.of(question))).isFalse();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "?!", "\uD83D\uDE00" })
	void questionWithoutWordsGoesPast(String question) {
		ChatClient client = client();
		client.prompt(new Prompt(new UserMessage(question))).call().content();
		client.prompt(new Prompt(new SystemMessage("only system"))).call().content();
		assertThat(this.embeddingModel.calls()).isZero();
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@Test
	void longQuestionGoesPast() {
		ChatClient client = client((cache) -> cache.maxQuestionLength(30));
		client.prompt("How do I reset my password if I have lost my phone?").call().content();
		assertThat(this.embeddingModel.calls()).isZero();
	}

	@Test
	void mediaAndToolResultsGoPast() {
		ChatClient client = client();
		UserMessage media = UserMessage.builder()
			.text("What is on this picture?")
			.media(new Media(MimeTypeUtils.IMAGE_PNG, URI.create("https://example.com/a.png")))
			.build();
		client.prompt(new Prompt(media)).call().content();
		AssistantMessage toolCall = AssistantMessage.builder()
			.content("")
			.toolCalls(List.of(new ToolCall("1", "function", "weather", "{}")))
			.build();
		ToolResponseMessage result = ToolResponseMessage.builder()
			.responses(List.of(new ToolResponseMessage.ToolResponse("1", "weather", "sunny")))
			.build();
		client.prompt(new Prompt(List.of(new UserMessage("How is the weather?"), toolCall, result))).call().content();
		client
			.prompt(new Prompt(List.of(media, new AssistantMessage("A cat"), new UserMessage("Which colour has it?"))))
			.call()
			.content();
		assertThat(this.embeddingModel.calls()).isZero();
		assertThat(this.model.calls()).isEqualTo(3);
	}

	@Test
	void toolCallsAreNotStored() {
		AssistantMessage toolCall = AssistantMessage.builder()
			.content("let me see")
			.toolCalls(List.of(new ToolCall("1", "function", "unknown", "{}")))
			.build();
		ScriptedChatModel calling = ScriptedChatModel.answering(ScriptedChatModel.response(new Generation(toolCall)));
		SemanticCacheAdvisor advisor = SemanticCacheAdvisor.builder(this.embeddingModel, this.store)
			.plan(Plan.builder("p").with(new CacheSettings(this.store.backend())).build())
			.build();
		this.advisors.add(advisor);
		ChatClient client = ChatClient.builder(calling).defaultAdvisors(advisor).build();
		client.prompt("How is the weather in Ulm?").call().chatResponse();
		client.prompt("How is the weather in Ulm?").call().chatResponse();
		assertThat(calling.calls()).isEqualTo(2);
	}

	@ParameterizedTest
	@ValueSource(strings = { "LENGTH", "CONTENT_FILTER", "refusal" })
	void unfinishedAnswersAreNotStored(String finishReason) {
		ScriptedChatModel failing = ScriptedChatModel.answering(ScriptedChatModel.answer("I cannot", finishReason));
		SemanticCacheAdvisor advisor = SemanticCacheAdvisor.builder(this.embeddingModel, this.store)
			.plan(Plan.builder("p").with(new CacheSettings(this.store.backend())).build())
			.build();
		this.advisors.add(advisor);
		ChatClient client = ChatClient.builder(failing).defaultAdvisors(advisor).build();
		client.prompt("How is the weather in Ulm?").call().content();
		client.prompt("How is the weather in Ulm?").call().content();
		client.prompt("How is the weather in Ulm?").stream().content().blockLast();
		assertThat(failing.calls()).isEqualTo(3);
	}

	@Test
	void worksAloneAndSaysWhatItDid() {
		SemanticCacheAdvisor advisor = SemanticCacheAdvisor.builder(this.embeddingModel, this.store)
			.plan(Plan.builder("p")
				.with(CacheSettings.builder(this.store.backend())
					.similarityThreshold(0.7)
					.semanticTimeout(Duration.ofSeconds(30))
					.build())
				.build())
			.build();
		this.advisors.add(advisor);
		ChatClient client = ChatClient.builder(this.model).defaultAdvisors(advisor).build();
		client.prompt("How do I reset my password?").call().content();
		ChatResponse served = client.prompt("how do i reset the password").call().chatResponse();
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(served.getMetadata().<String>get("token_saving_outcome")).isEqualTo("semantic_hit");
		assertThat(served.getMetadata().<Double>get("token_saving_similarity")).isPositive();
	}

	@Test
	void nobodyWaitsWhileTheEmbeddingModelIsLoaded() {
		CountDownLatch loading = new CountDownLatch(1);
		SlowlyLoaded slow = new SlowlyLoaded(() -> {
			awaitUninterrupted(loading);
			return this.embeddingModel;
		});
		// Longer than the test may take
		ChatClient client = clientOf(slow, Duration.ofMinutes(5));
		assertThat(client.prompt("How do I reset my password?").call().content()).startsWith("Answer 1");
		assertThat(client.prompt("how do i reset the password").stream().content().collectList().block()).isNotEmpty();
		assertThat(this.model.calls()).isEqualTo(2);
		assertThat(this.statistics.errors(SemanticCacheFeature.EMBEDDING)).isZero();
		loading.countDown();
		Eventually.await(slow::isLoaded);
		client.prompt("How do I close my account?").call().content();
		client.prompt("how do i close the account").call().content();
		assertThat(this.model.calls()).isEqualTo(3);
		assertThat(slow.loads).hasValue(1);
	}

	static List<Throwable> failuresOfLoading() {
		return List.of(new IllegalStateException("no model"), new UnsatisfiedLinkError("no library"),
				new OutOfMemoryError("made up"));
	}

	@ParameterizedTest
	@MethodSource("failuresOfLoading")
	void anEmbeddingModelThatCannotBeLoadedIsCountedOnceAMinute(Throwable failure) {
		SlowlyLoaded broken = new SlowlyLoaded(() -> {
			if (failure instanceof Error error) {
				throw error;
			}
			throw (RuntimeException) failure;
		});
		ChatClient client = clientOf(broken, Duration.ofMinutes(5));
		for (int i = 0; i < 5; i++) {
			assertThat(client.prompt("question " + i).call().content()).startsWith("Answer");
			Eventually.await(() -> this.statistics.errors(SemanticCacheFeature.EMBEDDING) == 1);
		}
		assertThat(broken.loads).hasValue(1);
	}

	private ChatClient clientOf(EmbeddingModel embeddings, Duration timeout) {
		SemanticCacheAdvisor advisor = SemanticCacheAdvisor.builder(embeddings, this.store)
			.plan(Plan.builder("p")
				.with(CacheSettings.builder(this.store.backend())
					.similarityThreshold(0.7)
					.verifySampleRate(0)
					.semanticTimeout(timeout)
					.build())
				.build())
			.statistics(this.statistics)
			.build();
		this.advisors.add(advisor);
		return ChatClient.builder(this.model).defaultAdvisors(advisor).build();
	}

	private static void awaitUninterrupted(CountDownLatch latch) {
		try {
			latch.await();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@ParameterizedTest
	@EnumSource(EmbeddingFault.class)
	void faultOfTheEmbeddingModelGoesToTheModelInTime(EmbeddingFault fault) {
		ChatClient client = client((cache) -> cache.semanticTimeout(Duration.ofMillis(200)));
		client.prompt("How do I reset my password?").call().content();
		this.embeddingModel.fault(fault::apply);
		assertThat(client.prompt("how do i reset the password").call().content()).startsWith("Answer 2");
		assertThat(client.prompt("how do i reset a password").stream().content().collectList().block()).isNotEmpty();
		assertThat(this.model.calls()).isEqualTo(3);
		assertThat(this.statistics.errors(SemanticCacheFeature.EMBEDDING)).isPositive();
		assertThat(this.embeddingModel.calls()).isEqualTo(3);
		this.embeddingModel.fault(UnaryOperator.identity());
		client.prompt("how can i reset the password").call().content();
		client.prompt("How can I reset my password").call().content();
		client.prompt("please how can i reset my password").call().content();
		assertThat(this.model.calls()).isLessThanOrEqualTo(4);
	}

	@ParameterizedTest
	@EnumSource(value = StoreFault.class, names = { "THROWS", "FAILS_TO_LINK", "HANGS", "RETURNS_NULL" })
	void faultOfTheStoreGoesToTheModelInTime(StoreFault fault) {
		FaultyStore faulty = new FaultyStore(fault);
		this.store = faulty;
		ChatClient client = client((cache) -> cache.semanticTimeout(Duration.ofMillis(200)));
		assertThat(client.prompt("How do I reset my password?").call().content()).startsWith("Answer 1");
		assertThat(client.prompt("how do i reset the password").call().content()).startsWith("Answer 2");
		assertThat(client.prompt("how do i reset a password").stream().content().collectList().block()).isNotEmpty();
		assertThat(this.model.calls()).isEqualTo(3);
		Eventually.await(() -> this.statistics.errors(SemanticCacheFeature.COMPONENT) >= 3);
		faulty.release.countDown();
	}

	@Test
	void eventLoopIsNotBlocked() {
		this.store = new FaultyStore(StoreFault.CHECKS_THREAD);
		ChatClient client = client();
		String answer = Mono.defer(() -> client.prompt("How do I reset my password?").stream().content().collectList())
			.subscribeOn(Schedulers.parallel())
			.map((parts) -> String.join("", parts))
			.block();
		assertThat(answer).startsWith("Answer 1");
		assertThat(this.statistics.errors(SemanticCacheFeature.COMPONENT)).isZero();
		assertThat(((FaultyStore) this.store).searches).isEqualTo(1);
	}

	@Test
	void aStreamGoesOnWithTheThreadLocalsOfItsCaller() {
		try (ThreadLocalTenant tenant = ThreadLocalTenant.register()) {
			List<String> seen = new ArrayList<>();
			ScriptedChatModel echoing = this.model;
			this.model = new ScriptedChatModel(echoing::call).streaming((prompt) -> {
				seen.add(tenant.getValue() + " " + Thread.currentThread().getName());
				return echoing.stream(prompt);
			});
			tenant.setValue("anna");
			client().prompt("How do I reset my password?").stream().content().collectList().block();
			assertThat(seen).singleElement()
				.asString()
				.startsWith("anna ")
				.doesNotContain(Thread.currentThread().getName());
		}
	}

	@Test
	void storesAndClosesAgainWithFewRequestsAfterAnOutage() {
		FaultyStore remote = new FaultyStore(StoreFault.NONE);
		this.store = remote;
		CircuitBreakers breakers = new CircuitBreakers();
		ChatClient client = client(UnaryOperator.identity(), (builder) -> builder.circuitBreakers(breakers));
		for (String backend : List.of("faulty_semantic", "embedding_model")) {
			breakers.of(backend).transitionToOpenState();
			breakers.of(backend).transitionToHalfOpenState();
		}
		for (int i = 1; i <= 3; i++) {
			client.prompt("How do I reset password " + i).call().content();
			assertThat(this.advisors.get(0).drain()).isTrue();
			assertThat(remote.stored).isEqualTo(i);
		}
		assertThat(breakers.states()).hasSize(2).containsValue(State.CLOSED).doesNotContainValue(State.HALF_OPEN);
	}

	@Test
	void probesThatNobodyWaitsForAreMadeAgain() throws Exception {
		FaultyStore hanging = new FaultyStore(StoreFault.HANGS_FOR_GOOD);
		this.store = hanging;
		CircuitBreakers breakers = new CircuitBreakers();
		ChatClient client = client((cache) -> cache.semanticTimeout(Duration.ofSeconds(50)),
				(builder) -> builder.circuitBreakers(breakers));
		breakers.of("faulty_semantic").transitionToOpenState();
		breakers.of("faulty_semantic").transitionToHalfOpenState();
		for (int i = 1; i <= 5; i++) {
			int number = i;
			Thread caller = new Thread(() -> client.prompt("How do I reset password " + number)
				.advisors(TokenSaving.plan("p"))
				.call()
				.content());
			caller.start();
			Eventually.await(() -> hanging.searches == number);
			caller.interrupt();
			caller.join();
		}
		assertThat(breakers.states()).containsEntry("faulty_semantic", State.HALF_OPEN);
		hanging.release.countDown();
	}

	@ParameterizedTest
	@EnumSource(value = StoreFault.class, names = { "THROWS", "FAILS_TO_LINK", "HANGS", "RETURNS_NULL" })
	void aSearchThatFailsIsNoMiss(StoreFault fault) {
		FaultyStore faulty = new FaultyStore(fault);
		this.store = faulty;
		assertThatNothingIsLookedUp();
		faulty.release.countDown();
	}

	// Not OTHER_DIMENSION: the first dimension is the right one
	@ParameterizedTest
	@EnumSource(value = EmbeddingFault.class, mode = EnumSource.Mode.EXCLUDE, names = "OTHER_DIMENSION")
	void anEmbeddingThatFailsIsNoMiss(EmbeddingFault fault) {
		this.embeddingModel.fault(fault::apply);
		assertThatNothingIsLookedUp();
	}

	// Without an exact cache, whose miss is one whatever becomes of the semantic look-up
	private void assertThatNothingIsLookedUp() {
		Plan plan = Plan.builder("p")
			.with(CacheSettings.builder(this.store.backend()).semanticTimeout(Duration.ofMillis(200)).build())
			.build();
		SemanticCacheAdvisor advisor = SemanticCacheAdvisor.builder(this.embeddingModel, this.store)
			.statistics(this.statistics)
			.build();
		this.advisors.add(advisor);
		ChatClient client = ChatClient.builder(this.model)
			.defaultAdvisors(PlanAdvisor.builder(plan).defaultPlan("p").statistics(this.statistics).build(), advisor)
			.build();
		ChatResponse called = client.prompt("How do I reset my password?").call().chatResponse();
		ChatResponse streamed = client.prompt("How do I close my account?").stream().chatResponse().blockLast();
		assertThat(List.of(called, streamed))
			.extracting((response) -> response.getMetadata().<String>get("token_saving_outcome"))
			.containsOnly("bypass");
	}

	@Test
	void interruptedCallerGoesOnToTheModel() {
		this.store = new FaultyStore(StoreFault.HANGS);
		ChatClient client = client((cache) -> cache.semanticTimeout(Duration.ofSeconds(30)));
		Thread.currentThread().interrupt();
		String answer = client.prompt("How do I reset my password?").call().content();
		assertThat(Thread.interrupted()).isTrue();
		assertThat(answer).startsWith("Answer 1");
		((FaultyStore) this.store).release.countDown();
	}

	@Test
	void verifiesHitsAndSuspendsItselfWhenTooManyAreWrong() {
		Judge judge = (question, served, fresh) -> new Judge.Verdict(false, "scripted-model",
				new TokenUsage(50, 1, 0, 0, false));
		ChatClient client = client((cache) -> cache.verifySampleRate(1).judge("strict"),
				(builder) -> builder.judges(Map.of("strict", judge)));
		client.prompt("How do I reset my password?").call().content();
		for (int i = 1; i <= 3; i++) {
			int verified = i;
			assertThatReport(client.prompt("how do i reset the password").call().chatClientResponse())
				.hasOutcome(SemanticCacheFeature.HIT);
			Eventually.await(() -> stats().figures(SemanticCacheFeature.ERROR_RATE).verified() == verified);
		}
		assertThat(stats().figures(SemanticCacheFeature.ERROR_RATE).wrong()).isEqualTo(3);
		assertThat(stats().figures(SemanticCacheFeature.ERROR_RATE).suspended()).isTrue();
		assertThat(this.model.calls()).isEqualTo(4);
		assertThat(stats().overheadTokens()).isEqualTo(2 * 10 + 3 * (120 + 51));
		assertThat(stats().costSavedUsd().doubleValue()).isCloseTo(3 * 120e-6 - 2e-6 - 3 * 171e-6, within(1e-9));
		assertThatReport(client.prompt("how do i reset the password").call().chatClientResponse()).bought(120);
		this.statistics.plan(new PlanKey("default", "p")).state(SemanticCacheFeature.ERROR_RATE).resume();
		assertThatReport(client.prompt("how do i reset the password please").call().chatClientResponse())
			.hasOutcome(SemanticCacheFeature.HIT);
	}

	@Test
	void verifiesStreamsAndTakesEqualAnswersAsRight() {
		ScriptedChatModel constant = ScriptedChatModel.answering(ScriptedChatModel.answer("Click on forgot password."));
		Plan plan = Plan.builder("p")
			.with(CacheSettings.builder(this.store.backend())
				.similarityThreshold(0.7)
				.verifySampleRate(1)
				.semanticTimeout(Duration.ofSeconds(30))
				.build())
			.build();
		SemanticCacheAdvisor advisor = SemanticCacheAdvisor.builder(this.embeddingModel, this.store)
			.plan(plan)
			.statistics(this.statistics)
			.build();
		this.advisors.add(advisor);
		ChatClient client = ChatClient.builder(constant).defaultAdvisors(advisor).build();
		client.prompt("How do I reset my password?").call().content();
		client.prompt("how do i reset the password").stream().content().blockLast();
		Eventually.await(() -> stats().figures(SemanticCacheFeature.ERROR_RATE).verified() == 1);
		assertThat(stats().figures(SemanticCacheFeature.ERROR_RATE).wrong()).isZero();
		assertThat(constant.calls()).isEqualTo(2);
	}

	@Test
	void verificationIsSampledAndBounded() {
		ChatClient client = client((cache) -> cache.verifySampleRate(0.3), (builder) -> builder.chance(() -> 0.3));
		client.prompt("How do I reset my password?").call().content();
		client.prompt("how do i reset the password").call().content();
		assertThat(this.model.calls()).isEqualTo(1);
		ChatClient always = client((cache) -> cache.verifySampleRate(1), (builder) -> builder.ticker(() -> 0));
		for (int i = 0; i < 500; i++) {
			always.prompt("how do i reset the password").call().content();
		}
		Eventually.await(() -> stats().figures(SemanticCacheFeature.ERROR_RATE).verified() > 0);
		assertThat(this.model.calls()).isLessThanOrEqualTo(1 + Sampler.MAX_PER_MINUTE);
	}

	@Test
	void failureOfVerificationIsCountedOnly() {
		Judge judge = (question, served, fresh) -> {
			throw new IllegalStateException("no verdict");
		};
		ChatClient client = client((cache) -> cache.verifySampleRate(1).judge("broken"),
				(builder) -> builder.judges(Map.of("broken", judge)));
		client.prompt("How do I reset my password?").call().content();
		client.prompt("how do i reset the password").call().content();
		Eventually.await(() -> this.statistics.errors(SemanticCacheFeature.VERIFICATION) == 1);
		assertThat(stats().figures(SemanticCacheFeature.ERROR_RATE).verified()).isZero();
	}

	@Test
	void judgesByEmbeddingAndByModel() {
		EmbeddingJudge byEmbedding = new EmbeddingJudge(this.embeddingModel);
		assertThat(byEmbedding.judge("q", "Go to settings and security", "go to Settings, and Security").right())
			.isTrue();
		assertThat(byEmbedding.judge("q", "Go to settings and security", "Call our office tomorrow").right()).isFalse();
		ScriptedChatModel same = ScriptedChatModel.answering(ScriptedChatModel.answer("same."));
		assertThat(new ChatModelJudge(same).judge("q", "a", "b").right()).isTrue();
		assertThat(same.lastPrompt().getUserMessage().getText()).contains("<question>\nq\n</question>");
		ScriptedChatModel different = ScriptedChatModel.answering(ScriptedChatModel.answer("DIFFERENT"));
		assertThat(new ChatModelJudge(different).judge("q", "a", "b").right()).isFalse();
	}

	private static void ask(ChatClient client, String earlier, String question) {
		List<Message> messages = List.of(new SystemMessage("Be kind"), new UserMessage(earlier),
				new AssistantMessage("Good to know"), new UserMessage(question));
		client.prompt(new Prompt(messages)).call().content();
	}

	private static String text(ChatClientResponse response) {
		return response.chatResponse().getResult().getOutput().getText();
	}

	private static SavingsReport report(ChatClientResponse response) {
		return (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
	}

	/**
	 * A model that takes its time to be loaded.
	 */
	private static final class SlowlyLoaded implements LoadableEmbeddingModel {

		private final AtomicInteger loads = new AtomicInteger();

		private final Supplier<EmbeddingModel> loader;

		private volatile EmbeddingModel loaded;

		SlowlyLoaded(Supplier<EmbeddingModel> loader) {
			this.loader = loader;
		}

		@Override
		public void check() {
		}

		@Override
		public boolean isLoaded() {
			return this.loaded != null;
		}

		@Override
		public synchronized EmbeddingModel load() {
			if (this.loaded == null) {
				this.loads.incrementAndGet();
				this.loaded = this.loader.get();
			}
			return this.loaded;
		}

		@Override
		public EmbeddingResponse call(EmbeddingRequest request) {
			return load().call(request);
		}

		@Override
		public float[] embed(Document document) {
			return load().embed(document);
		}

	}

	enum EmbeddingFault {

		THROWS, HANGS, OTHER_DIMENSION, NOT_A_NUMBER, INFINITE, ZERO, EMPTY;

		float[] apply(float[] vector) {
			return switch (this) {
				case THROWS -> throw new IllegalStateException("no embedding today");
				case HANGS -> {
					try {
						new CountDownLatch(1).await();
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
					throw new IllegalStateException("interrupted");
				}
				case OTHER_DIMENSION -> {
					float[] other = new float[vector.length + FaultCount.next()];
					other[0] = 1;
					yield other;
				}
				case NOT_A_NUMBER -> {
					vector[5] = Float.NaN;
					yield vector;
				}
				case INFINITE -> {
					vector[5] = Float.POSITIVE_INFINITY;
					yield vector;
				}
				case ZERO -> new float[vector.length];
				case EMPTY -> new float[0];
			};
		}

	}

	private static final class FaultCount {

		private static int count;

		static int next() {
			return ++count;
		}

	}

	enum StoreFault {

		NONE, THROWS, FAILS_TO_LINK, HANGS, HANGS_FOR_GOOD, RETURNS_NULL, CHECKS_THREAD

	}

	private static final class FaultyStore implements SemanticCacheStore {

		private final StoreFault fault;

		private final CountDownLatch release = new CountDownLatch(1);

		private volatile int searches;

		private volatile int stored;

		FaultyStore(StoreFault fault) {
			this.fault = fault;
		}

		@Override
		public String backend() {
			return "faulty_semantic";
		}

		@Override
		public List<SemanticMatch> search(String partition, float[] vector, int limit, double threshold) {
			this.searches++;
			fail();
			return (this.fault == StoreFault.RETURNS_NULL) ? null : List.of();
		}

		@Override
		public void store(SemanticCacheEntry entry, Duration ttl) {
			fail();
			this.stored++;
		}

		private void fail() {
			if (this.fault == StoreFault.THROWS) {
				throw new IllegalStateException("down");
			}
			if (this.fault == StoreFault.FAILS_TO_LINK) {
				throw new NoClassDefFoundError("com/example/Missing");
			}
			if (this.fault == StoreFault.HANGS_FOR_GOOD) {
				awaitRelease();
			}
			if (this.fault == StoreFault.CHECKS_THREAD) {
				assertThat(Schedulers.isInNonBlockingThread()).isFalse();
			}
			if (this.fault == StoreFault.HANGS) {
				try {
					this.release.await();
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException("interrupted");
				}
			}
		}

		private void awaitRelease() {
			while (this.release.getCount() > 0) {
				try {
					this.release.await();
				}
				catch (InterruptedException ex) {
					// Does not listen
				}
			}
		}

		@Override
		public long evict(Eviction eviction) {
			fail();
			return 0;
		}

		@Override
		public CacheStoreStatus status() {
			return CacheStoreStatus.UNAVAILABLE;
		}

	}

	private static final class TestClock extends Clock {

		private Instant now = Instant.parse("2026-01-01T00:00:00Z");

		@Override
		public ZoneId getZone() {
			return ZoneOffset.UTC;
		}

		@Override
		public Clock withZone(ZoneId zone) {
			return this;
		}

		@Override
		public Instant instant() {
			return this.now;
		}

	}

}
