package io.tokensaving.cache.exact;

import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.tokensaving.Component;
import io.tokensaving.MadeUpChatOptions;
import io.tokensaving.Outcome;
import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSaving;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.cache.CacheFeature;
import io.tokensaving.cache.CacheKey;
import io.tokensaving.cache.CacheSettings;
import io.tokensaving.cache.CacheStoreStatus;
import io.tokensaving.cache.CachedResponse;
import io.tokensaving.feature.Eviction;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.util.MimeTypeUtils;

import static io.tokensaving.SavingsReportAssert.assertThatReport;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link ExactCacheAdvisor}.
 */
class ExactCacheAdvisorTests {

	private final Plan plan = Plan.builder("support-bot").with(new CacheSettings("in_memory")).build();

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	private final TokenSavingTestChain chain = new TokenSavingTestChain(this.plan);

	@Test
	void servesStoredAnswerWhenPromptRepeats() {
		ChatClient client = this.chain.client(this.model);
		ChatClientResponse first = client.prompt("Where is my card?").call().chatClientResponse();
		ChatClientResponse second = client.prompt("Where is my card?").call().chatClientResponse();
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(text(second)).isEqualTo(text(first)).isEqualTo("Answer 1 to: Where is my card?");
		assertThatReport(first).hasOutcome(Outcome.MISS).bought(120).saved(0);
		assertThatReport(second).hasOutcome(ExactCacheFeature.HIT).bought(0).saved(120);
		assertThat(second.chatResponse().getMetadata().<String>get("token_saving_outcome")).isEqualTo("exact_hit");
		assertThat(second.chatResponse().getMetadata().<Long>get("token_saving_age_seconds")).isZero();
		assertThat(second.chatResponse().getMetadata().getUsage().getTotalTokens()).isZero();
	}

	@Test
	void servesCallFromStreamAndStreamFromCall() {
		ChatClient client = this.chain.client(this.model);
		List<String> streamed = client.prompt("one").stream().content().collectList().block();
		assertThat(streamed).hasSizeGreaterThan(1);
		assertThat(client.prompt("one").call().content()).isEqualTo(String.join("", streamed));
		String called = client.prompt("two").call().content();
		assertThat(client.prompt("two").stream().content().collectList().block()).containsExactly(called);
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@Test
	void replayedStreamCarriesOutcomeReportAndZeroUsage() {
		ChatClient client = this.chain.client(this.model);
		client.prompt("one").call().content();
		List<ChatClientResponse> elements = client.prompt("one").stream().chatClientResponse().collectList().block();
		assertThat(elements).hasSize(1);
		assertThatReport(elements.get(0)).hasOutcome(ExactCacheFeature.HIT).saved(120);
		assertThat(elements.get(0).chatResponse().getMetadata().getUsage().getTotalTokens()).isZero();
		assertThat(elements.get(0).chatResponse().getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
	}

	@Test
	void replayedStreamCarriesReportEvenWithoutFinishReason() {
		ScriptedChatModel model = ScriptedChatModel
			.answering(new ChatResponse(List.of(new Generation(new AssistantMessage("x")))));
		ChatClient client = this.chain.client(model);
		client.prompt("one").call().content();
		List<ChatClientResponse> elements = client.prompt("one").stream().chatClientResponse().collectList().block();
		assertThat(elements).singleElement()
			.satisfies((element) -> assertThatReport(element).hasOutcome(ExactCacheFeature.HIT));
	}

	@Test
	void replaysAllThatMattersOfResponse() {
		AssistantMessage message = AssistantMessage.builder()
			.content("text")
			.properties(Map.of("index", 0, "annotations", List.of(Map.of("url", "u"))))
			.toolCalls(List.of(new ToolCall("call-1", "function", "lookup", "{\"a\":1}")))
			.media(List.of(new Media(MimeTypeUtils.IMAGE_PNG, URI.create("https://example.com/a.png"))))
			.build();
		ChatResponse response = new ChatResponse(
				List.of(new Generation(message,
						ChatGenerationMetadata.builder().finishReason("TOOL_CALLS").metadata("logprob", 0.5).build()),
						new Generation(new AssistantMessage("second"),
								ChatGenerationMetadata.builder().finishReason("stop").build())),
				ChatResponseMetadata.builder()
					.id("id-1")
					.model("m-1")
					.usage(new DefaultUsage(7, 5, 12))
					.keyValue("created", 17L)
					.build());
		ChatClient client = this.chain.client(ScriptedChatModel.answering(response));
		client.prompt("one").call().content();
		ChatResponse replayed = client.prompt("one").call().chatResponse();
		assertThat(replayed.getMetadata().getId()).isEqualTo("id-1");
		assertThat(replayed.getMetadata().getModel()).isEqualTo("m-1");
		assertThat(replayed.getMetadata().<Long>get("created")).isEqualTo(17L);
		assertThat(replayed.getResults()).hasSize(2);
		Generation first = replayed.getResults().get(0);
		assertThat(first.getOutput().getText()).isEqualTo("text");
		assertThat(first.getOutput().getToolCalls()).isEqualTo(message.getToolCalls());
		assertThat(first.getOutput().getMedia()).isEqualTo(message.getMedia());
		assertThat(first.getOutput().getMetadata()).containsEntry("annotations", List.of(Map.of("url", "u")));
		assertThat(first.getMetadata().getFinishReason()).isEqualTo("TOOL_CALLS");
		assertThat(first.getMetadata().<Double>get("logprob")).isEqualTo(0.5);
		assertThat(replayed.getResults().get(1).getOutput().getText()).isEqualTo("second");
	}

	@Test
	void doesNotStoreWhatItCouldNotReplay() {
		ScriptedChatModel model = ScriptedChatModel.answering(ScriptedChatModel.response(new Generation(
				AssistantMessage.builder().content("text").properties(Map.of("native", new Object())).build(),
				ChatGenerationMetadata.builder().finishReason("stop").build())));
		ChatClient client = this.chain.client(model);
		for (int i = 1; i <= 3; i++) {
			assertThat(client.prompt("one").call().content()).isEqualTo("text");
			assertThat(model.calls()).isEqualTo(i);
		}
		assertThat(this.chain.statistics()
			.plan(new PlanKey("default", this.plan.id()))
			.snapshot()
			.counts(CacheFeature.NOT_STORED)).containsExactly(Map.entry("content", 3L));
	}

	@Test
	void callerCannotChangeWhatOthersAreServed() {
		ChatClient client = this.chain.client(this.model);
		client.prompt("one").call().content();
		client.prompt("one").call().chatResponse().getResult().getOutput().getMetadata().put("mine", "x");
		assertThat(client.prompt("one").call().chatResponse().getResult().getOutput().getMetadata())
			.doesNotContainKey("mine");
	}

	@ParameterizedTest
	@ValueSource(strings = { "LENGTH", "max_tokens", "CONTENT_FILTER", "SAFETY", "refusal", "RECITATION",
			"tool_calls_later" })
	void doesNotStoreAnswerThatIsNotFinished(String finishReason) {
		ScriptedChatModel model = ScriptedChatModel.answering(ScriptedChatModel.answer("half", finishReason));
		ChatClient client = this.chain.client(model);
		client.prompt("one").call().content();
		client.prompt("one").call().content();
		client.prompt("one").stream().content().blockLast();
		assertThat(model.calls()).isEqualTo(3);
	}

	@Test
	void doesNotStoreEmptyRefusedFilteredOrPartlyUnfinishedAnswers() {
		ChatGenerationMetadata stop = ChatGenerationMetadata.builder().finishReason("stop").build();
		List<ChatResponse> responses = List.of(new ChatResponse(List.of()), ScriptedChatModel.answer("  "),
				ScriptedChatModel.response(new Generation(
						AssistantMessage.builder().content("no").properties(Map.of("refusal", "I won't")).build(),
						stop)),
				ScriptedChatModel.response(new Generation(new AssistantMessage("x"),
						ChatGenerationMetadata.builder().finishReason("stop").contentFilter("hate").build())),
				ScriptedChatModel.response(new Generation(new AssistantMessage("whole"), stop),
						new Generation(new AssistantMessage("half"),
								ChatGenerationMetadata.builder().finishReason("length").build())));
		for (ChatResponse response : responses) {
			ScriptedChatModel model = ScriptedChatModel.answering(response);
			ChatClient client = new TokenSavingTestChain(this.plan).client(model);
			client.prompt("one").call().chatResponse();
			client.prompt("one").call().chatResponse();
			assertThat(model.calls()).as(response.toString()).isEqualTo(2);
		}
	}

	@Test
	void storesCallWithoutFinishReasonButNotStream() {
		ChatResponse response = new ChatResponse(List.of(new Generation(new AssistantMessage("x"))));
		ScriptedChatModel model = ScriptedChatModel.answering(response);
		ChatClient client = this.chain.client(model);
		client.prompt("one").stream().content().blockLast();
		client.prompt("one").stream().content().blockLast();
		assertThat(model.calls()).isEqualTo(2);
		client.prompt("one").call().content();
		client.prompt("one").call().content();
		assertThat(model.calls()).isEqualTo(3);
	}

	@Test
	void doesNotStoreStreamThatFailsOrIsCancelled() {
		this.model.streaming((prompt) -> Flux.concat(Flux.just(ScriptedChatModel.answer("a")),
				Flux.error(new IllegalStateException("broken"))));
		ChatClient client = this.chain.client(this.model);
		StepVerifier.create(client.prompt("one").stream().content())
			.expectNext("a")
			.verifyErrorSatisfies(
					(ex) -> assertThat(ex).isInstanceOf(IllegalStateException.class).hasMessage("broken"));
		this.model.streaming((prompt) -> Flux.just("a ", "b ")
			.map((text) -> ScriptedChatModel.answer(text, null))
			.concatWith(Flux.never()));
		StepVerifier.create(client.prompt("one").stream().content()).expectNext("a ").thenCancel().verify();
		assertThat(client.prompt("one").call().content()).startsWith("Answer 1");
		assertThat(this.model.calls()).isEqualTo(3);
	}

	@Test
	void doesNotStoreStreamWhoseThoughtsWouldGetLost() {
		this.model.streaming((prompt) -> Flux.just(
				ScriptedChatModel.response(new Generation(
						AssistantMessage.builder().content("Hmm").properties(Map.of("thinking", true)).build())),
				ScriptedChatModel.answer("Yes")));
		ChatClient client = this.chain.client(this.model);
		client.prompt("one").stream().content().blockLast();
		client.prompt("one").stream().content().blockLast();
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@Test
	void doesNotStoreAnswerAboveMaxEntrySize() {
		Plan small = Plan.builder("small")
			.with(CacheSettings.builder("in_memory").maxEntryBytes(2_000).build())
			.build();
		ScriptedChatModel model = ScriptedChatModel.answering(ScriptedChatModel.answer("x".repeat(1_000)));
		ChatClient client = new TokenSavingTestChain(small).client(model);
		client.prompt("one").call().content();
		client.prompt("one").call().content();
		assertThat(model.calls()).isEqualTo(2);
	}

	@Test
	void keepsScopesPlansAndWorkspacesApart() {
		Plan other = Plan.builder("other").with(new CacheSettings("in_memory")).build();
		AtomicReference<String> workspace = new AtomicReference<>("a");
		ChatClient client = new TokenSavingTestChain(this.plan, other)
			.plan((builder) -> builder.workspaceResolver((request) -> workspace.get()))
			.client(this.model);
		client.prompt("one").call().content();
		client.prompt("one").advisors(TokenSaving.defaultPlan().scope("tenant-1")).call().content();
		client.prompt("one").advisors(TokenSaving.defaultPlan().scope("tenant-2")).call().content();
		client.prompt("one").advisors(TokenSaving.plan("other")).call().content();
		workspace.set("b");
		client.prompt("one").call().content();
		assertThat(this.model.calls()).isEqualTo(5);
		client.prompt("one").advisors(TokenSaving.defaultPlan().scope("tenant-1")).call().content();
		assertThat(this.model.calls()).isEqualTo(6);
		workspace.set("a");
		client.prompt("one").advisors(TokenSaving.defaultPlan().scope("tenant-1")).call().content();
		assertThat(this.model.calls()).isEqualTo(6);
	}

	@Test
	void noStoreNeitherReadsNorWrites() {
		ChatClient client = this.chain.client(this.model);
		client.prompt("one").advisors(TokenSaving.plan("support-bot").noStore()).call().content();
		ChatClientResponse second = client.prompt("one").call().chatClientResponse();
		assertThatReport(second).hasOutcome(Outcome.MISS);
		ChatClientResponse third = client.prompt("one")
			.advisors(TokenSaving.plan("support-bot").noStore())
			.call()
			.chatClientResponse();
		assertThatReport(third).hasOutcome(Outcome.BYPASS);
		assertThat(this.model.calls()).isEqualTo(3);
	}

	@Test
	void noCacheBuysFreshAnswerAndStoresIt() {
		ChatClient client = this.chain.client(this.model);
		client.prompt("one").call().content();
		ChatClientResponse fresh = client.prompt("one")
			.advisors(TokenSaving.defaultPlan().noCache())
			.call()
			.chatClientResponse();
		assertThatReport(fresh).hasOutcome(Outcome.BYPASS);
		assertThat(client.prompt("one").call().content()).isEqualTo(text(fresh)).startsWith("Answer 2");
	}

	@Test
	void servesOnlyAnswersYoungerThanMaxAge() {
		AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
		ChatClient client = this.chain.cache((builder) -> builder.clock(clock(now))).client(this.model);
		client.prompt("one").call().content();
		now.set(Instant.EPOCH.plusSeconds(60));
		ChatClientResponse hit = client.prompt("one")
			.advisors(TokenSaving.defaultPlan().maxAge(Duration.ofSeconds(61)))
			.call()
			.chatClientResponse();
		assertThat(((SavingsReport) hit.context().get("token_saving_report")).ageSeconds()).isEqualTo(60);
		client.prompt("one").advisors(TokenSaving.defaultPlan().maxAge(Duration.ofSeconds(60))).call().content();
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@Test
	void aShorterTimeToLiveHoldsForWhatIsStoredAlready() {
		AtomicReference<Instant> now = new AtomicReference<>(Instant.EPOCH);
		CaffeineExactCacheStore store = new CaffeineExactCacheStore();
		ChatClient before = client(store, Duration.ofHours(1), now);
		ChatClient after = client(store, Duration.ofSeconds(60), now);
		before.prompt("one").call().content();
		now.set(Instant.EPOCH.plusSeconds(59));
		assertThat(after.prompt("one").call().content()).startsWith("Answer 1");
		now.set(Instant.EPOCH.plusSeconds(60));
		assertThat(before.prompt("one").call().content()).startsWith("Answer 1");
		assertThat(String.join("",
				before.prompt("one")
					.advisors(TokenSaving.defaultPlan().ttl(Duration.ofSeconds(60)))
					.stream()
					.content()
					.collectList()
					.block()))
			.startsWith("Answer 2");
		assertThat(after.prompt("one").call().content()).as("the fresh answer").startsWith("Answer 2");
		now.set(Instant.EPOCH.plusSeconds(120));
		assertThat(after.prompt("one").advisors(TokenSaving.defaultPlan().ttl(Duration.ofSeconds(61))).call().content())
			.startsWith("Answer 2");
		assertThat(after.prompt("one").call().content()).startsWith("Answer 3");
	}

	private ChatClient client(ExactCacheStore store, Duration ttl, AtomicReference<Instant> now) {
		return new TokenSavingTestChain(
				Plan.builder("p").with(CacheSettings.builder("in_memory").ttl(ttl).build()).build())
			.store(store)
			.cache((builder) -> builder.clock(clock(now)))
			.client(this.model);
	}

	private static Clock clock(AtomicReference<Instant> now) {
		return ((InstantSource) now::get).withZone(ZoneOffset.UTC);
	}

	@Test
	void whatWasAskedForBeforeAnEvictionIsNotStored() {
		AtomicInteger evictions = new AtomicInteger();
		ScriptedChatModel evicting = new ScriptedChatModel((prompt) -> {
			if (evictions.getAndIncrement() < 2) {
				assertThat(this.chain.cacheAdvisor().beginEviction(Eviction.ofWorkspace("default"))).isTrue();
			}
			return ScriptedChatModel.answer("Answer");
		});
		ChatClient client = this.chain.client(evicting);
		client.prompt("one").call().content();
		client.prompt("one").stream().content().collectList().block();
		assertThat(evicting.calls()).isEqualTo(2);
		client.prompt("one").call().content();
		client.prompt("one").call().content();
		assertThat(evicting.calls()).isEqualTo(3);
	}

	@Test
	void readsStructuredOutputFromCacheAndKeepsFormatsApart() {
		record City(String name) {
		}
		record Town(String name, int people) {
		}
		ScriptedChatModel model = ScriptedChatModel
			.answering(ScriptedChatModel.answer("{\"name\":\"Bern\",\"people\":1}"));
		ChatClient client = this.chain.client(model);
		assertThat(client.prompt("Which?").call().entity(Town.class)).isEqualTo(new Town("Bern", 1));
		assertThat(client.prompt("Which?").call().entity(Town.class)).isEqualTo(new Town("Bern", 1));
		assertThat(model.calls()).isEqualTo(1);
		client.prompt("Which?").call().content();
		assertThat(model.calls()).isEqualTo(2);
		client.prompt("Which?").call().entity(City.class);
		assertThat(model.calls()).isEqualTo(3);
	}

	@Test
	void runsToolsAgainOnReplayedToolCallAndKeysAnswerByTheirResults() {
		AtomicInteger balance = new AtomicInteger(10);
		AtomicInteger toolCalls = new AtomicInteger();
		class Account {

			@Tool(description = "Returns the balance")
			int balance() {
				toolCalls.incrementAndGet();
				return balance.get();
			}

		}
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			var last = prompt.getInstructions().get(prompt.getInstructions().size() - 1);
			if (last instanceof ToolResponseMessage results) {
				return ScriptedChatModel.answer("You have " + results.getResponses().get(0).responseData());
			}
			return ScriptedChatModel.response(new Generation(AssistantMessage.builder()
				.content("")
				.toolCalls(List.of(new ToolCall("call-1", "function", "balance", "{}")))
				.build(), ChatGenerationMetadata.builder().finishReason("TOOL_CALLS").build()));
		});
		model.options(ToolCallingChatOptions.builder().model("m").build());
		ChatClient client = this.chain.client(model);
		assertThat(client.prompt("How much?").tools(new Account()).call().content()).isEqualTo("You have 10");
		assertThat(client.prompt("How much?").tools(new Account()).call().content()).isEqualTo("You have 10");
		assertThat(model.calls()).isEqualTo(2);
		assertThat(toolCalls).hasValue(2);
		balance.set(20);
		assertThat(client.prompt("How much?").tools(new Account()).call().content()).isEqualTo("You have 20");
		assertThat(model.calls()).isEqualTo(3);
		String streamed = String.join("",
				client.prompt("How much?").tools(new Account()).stream().content().collectList().block());
		assertThat(streamed).isEqualTo("You have 20");
		assertThat(model.calls()).isEqualTo(3);
	}

	@Test
	void goesToModelWhenStoreFails() {
		ChatClient client = this.chain.store(new FailingStore(false)).client(this.model);
		assertThat(client.prompt("one").call().content()).startsWith("Answer 1");
		assertThat(client.prompt("one").stream().content().collectList().block()).isNotEmpty();
		assertThat(this.chain.statistics().errors(ExactCacheFeature.COMPONENT)).isEqualTo(4);
		assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().bypasses())
			.isEqualTo(2);
	}

	@Test
	void asksBlockingStoreOnThreadThatMayBlock() {
		List<String> threads = new ArrayList<>();
		ExactCacheStore store = new FailingStore(true) {

			@Override
			public CachedResponse find(CacheKey key) {
				threads.add(Schedulers.isInNonBlockingThread() ? "non-blocking" : Thread.currentThread().getName());
				return null;
			}

		};
		ChatClient client = this.chain.store(store).client(this.model);
		Flux.defer(() -> client.prompt("one").stream().content())
			.subscribeOn(Schedulers.parallel())
			.collectList()
			.block();
		assertThat(threads).singleElement().asString().startsWith("token-saving-exact-lookup");
	}

	@Test
	void passesErrorOfModelUnchanged() {
		IllegalStateException failure = new IllegalStateException("model");
		ScriptedChatModel model = new ScriptedChatModel((prompt) -> {
			throw failure;
		}).streaming((prompt) -> Flux.error(failure));
		ChatClient client = this.chain.client(model);
		assertThatThrownBy(() -> client.prompt("one").call().content()).isSameAs(failure);
		StepVerifier.create(client.prompt("one").stream().content())
			.verifyErrorSatisfies((ex) -> assertThat(ex).isSameAs(failure));
		assertThat(this.chain.statistics().plan(new PlanKey("default", "support-bot")).snapshot().modelErrors())
			.isEqualTo(2);
	}

	@Test
	void goesToModelWhenRequestCannotBeFingerprinted() {
		this.model.options(new UnkeyableOptions());
		ChatClient client = this.chain.client(this.model);
		client.prompt("one").call().content();
		assertThat(client.prompt("one").call().content()).startsWith("Answer 2");
		assertThat(this.chain.statistics().errors(Component.FINGERPRINT)).isEqualTo(2);
	}

	@Test
	void worksAloneWithPlanOfItsOwn() {
		ChatClient client = ChatClient.builder(this.model)
			.defaultAdvisors(ExactCacheAdvisor.builder(new CaffeineExactCacheStore()).plan(this.plan).build())
			.build();
		client.prompt("one").call().content();
		assertThat(client.prompt("one").call().content()).startsWith("Answer 1");
		assertThat(client.prompt("one").advisors(TokenSaving.none()).call().content()).startsWith("Answer 2");
		assertThat(client.prompt("one").advisors(TokenSaving.defaultPlan().noStore()).call().content())
			.startsWith("Answer 3");
	}

	@Test
	void leavesNothingInternalInResponseWhenItWorksAlone() {
		ChatClient client = ChatClient.builder(this.model)
			.defaultAdvisors(ExactCacheAdvisor.builder(new CaffeineExactCacheStore()).plan(this.plan).build())
			.build();
		assertThat(client.prompt("one").call().chatClientResponse().context()).isEmpty();
		assertThat(client.prompt("two").stream().chatClientResponse().collectList().block())
			.allSatisfy((element) -> assertThat(element.context()).isEmpty());
	}

	@Test
	void countsEveryRequestOfManyThreadsOnce() throws InterruptedException {
		ScriptedChatModel model = new ScriptedChatModel(
				(prompt) -> ScriptedChatModel.answer("Answer to " + prompt.getUserMessage().getText()));
		ChatClient client = this.chain.client(model);
		int threads = 8;
		int requests = 200;
		AtomicInteger wrong = new AtomicInteger();
		CountDownLatch start = new CountDownLatch(1);
		CountDownLatch done = new CountDownLatch(threads);
		for (int i = 0; i < threads; i++) {
			boolean streaming = i % 2 == 0;
			Thread thread = new Thread(() -> {
				try {
					start.await();
					for (int j = 0; j < requests; j++) {
						String question = "question " + j % 10;
						ChatClient.ChatClientRequestSpec request = client.prompt(question);
						String answer = streaming ? String.join("", request.stream().content().collectList().block())
								: request.call().content();
						if (!("Answer to " + question).equals(answer)) {
							wrong.incrementAndGet();
						}
					}
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
				finally {
					done.countDown();
				}
			});
			thread.start();
		}
		start.countDown();
		assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
		StatisticsSnapshot snapshot = this.chain.statistics().totals();
		assertThat(wrong).hasValue(0);
		assertThat(snapshot.totalRequests()).isEqualTo((long) threads * requests);
		assertThat(snapshot.misses()).isEqualTo(model.calls()).isBetween(10L, 10L * threads);
		assertThat(snapshot.requests(ExactCacheFeature.HIT)).isEqualTo(snapshot.totalRequests() - snapshot.misses());
		assertThat(snapshot.tokensBought()).isEqualTo(120L * model.calls());
		assertThat(snapshot.tokensSaved()).isEqualTo(120L * snapshot.requests(ExactCacheFeature.HIT));
	}

	@Test
	void leavesNothingInternalInResponse() {
		ChatClient client = this.chain.client(this.model);
		for (int i = 0; i < 2; i++) {
			assertThat(client.prompt("one")
				.advisors((advisors) -> advisors.param("own", "kept"))
				.advisors(TokenSaving.defaultPlan().ttl(Duration.ofMinutes(1)))
				.call()
				.chatClientResponse()
				.context()).containsOnlyKeys("own", "token_saving_report");
			assertThat(client.prompt("two").stream().chatClientResponse().collectList().block()).allSatisfy(
					(element) -> assertThat(element.context().keySet()).isSubsetOf("own", "token_saving_report"));
		}
	}

	@Test
	void findsAnswerWhetherPromptHasUserMessageOrNot() {
		ScriptedChatModel model = ScriptedChatModel.answering(ScriptedChatModel.answer("x"));
		ChatClient client = this.chain.client(model);
		Prompt prompt = new Prompt(List.of(new AssistantMessage("I am first")));
		client.prompt(prompt).call().content();
		client.prompt(prompt).call().content();
		client.prompt(new Prompt(List.of())).call().content();
		client.prompt(new Prompt(List.of())).call().content();
		assertThat(model.calls()).isEqualTo(2);
	}

	private static String text(ChatClientResponse response) {
		return response.chatResponse().getResult().getOutput().getText();
	}

	private static class FailingStore implements ExactCacheStore {

		private final boolean blocking;

		FailingStore(boolean blocking) {
			this.blocking = blocking;
		}

		@Override
		public String backend() {
			return "in_memory";
		}

		@Override
		public CachedResponse find(CacheKey key) {
			throw new IllegalStateException("find");
		}

		@Override
		public void store(CacheKey key, CachedResponse response, Duration ttl, Set<String> tags) {
			throw new IllegalStateException("store");
		}

		@Override
		public long evict(Eviction eviction) {
			return 0;
		}

		@Override
		public boolean isBlocking() {
			return this.blocking;
		}

		@Override
		public CacheStoreStatus status() {
			return new CacheStoreStatus(false, null, null, null, null);
		}

	}

	private static final class UnkeyableOptions extends MadeUpChatOptions {

		@SuppressWarnings("unused")
		private final Runnable callback = () -> {
		};

	}

}
