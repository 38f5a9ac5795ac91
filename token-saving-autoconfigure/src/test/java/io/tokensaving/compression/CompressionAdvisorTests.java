package io.tokensaving.compression;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.scheduler.Schedulers;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.MediaContent;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tokenizer.TokenCountEstimator;
import org.springframework.ai.tool.annotation.Tool;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CompressionAdvisor}.
 */
class CompressionAdvisorTests {

	private static final List<Message> HISTORY = List.of(new UserMessage("word ".repeat(300)),
			new AssistantMessage("ok"));

	private final ScriptedChatModel model = ScriptedChatModel.echoing();

	private final SavingsStatistics statistics = new SavingsStatistics();

	@Test
	void doesNotTokeniseRequestThatIsSurelyWithinLimit() {
		AtomicInteger tokenised = new AtomicInteger();
		ChatClient client = client(plan("trim", 4096), counting(tokenised), Map.of());
		client.prompt().messages(HISTORY).user("And now?").call().content();
		assertThat(tokenised).hasValue(0);
	}

	@Test
	void doesNotTokeniseMessageAgainEveryTurn() {
		AtomicInteger tokenised = new AtomicInteger();
		ChatClient client = client(plan("trim", 200), counting(tokenised), Map.of());
		client.prompt().messages(HISTORY).user("And now?").call().content();
		int first = tokenised.get();
		client.prompt()
			.messages(new UserMessage("word ".repeat(300)), new AssistantMessage("ok"))
			.user("And then, my friend, what do you think happened after that?")
			.call()
			.content();
		assertThat(first).isPositive();
		// All but the short texts, which are quicker to count than to look up
		assertThat(tokenised.get() - first).isLessThan(5);
	}

	@Test
	void compressesStreamsToo() {
		ChatClient client = client(plan("trim", 200), new TokenCounter(), Map.of());
		client.prompt().messages(HISTORY).user("And now?").stream().content().blockLast();
		assertThat(this.model.lastPrompt().getInstructions()).hasSize(1);
	}

	@Test
	void countsToolDefinitionsAgainstLimit() {
		class Tools {

			@Tool(description = "Looks something up. It has a long description so that the definition alone takes up "
					+ "a good part of the limit, which leaves less room for the messages of the conversation.")
			String lookup(String query) {
				return query;
			}

		}
		this.model.options(ToolCallingChatOptions.builder().model("gpt-4o").build());
		ChatClient client = client(plan("trim", 400), new TokenCounter(), Map.of());
		client.prompt().messages(HISTORY).user("And now?").call().content();
		assertThat(this.model.lastPrompt().getInstructions()).hasSize(3);
		client.prompt().messages(HISTORY).user("And now?").tools(new Tools()).call().content();
		assertThat(this.model.lastPrompt().getInstructions()).hasSize(1);
	}

	@Test
	void countsForTheModelOfTheRequest() {
		ChatClient client = client(plan("trim", 320), new TokenCounter(), Map.of());
		this.model.options(ChatOptions.builder().model("gpt-4o").build());
		client.prompt().messages(HISTORY).user("And now?").call().content();
		assertThat(this.model.lastPrompt().getInstructions()).hasSize(3);
		this.model.options(ChatOptions.builder().model("claude-sonnet-4-5").build());
		client.prompt().messages(HISTORY).user("And now?").call().content();
		assertThat(this.model.lastPrompt().getInstructions()).hasSize(1);
	}

	@Test
	void keepsOptionsAndKeptMessagesTheSameInstances() {
		ChatClient client = client(plan("trim", 200), new TokenCounter(), Map.of());
		ChatOptions options = ChatOptions.builder().model("m").temperature(0.1).build();
		this.model.options(options);
		UserMessage last = new UserMessage("And now?");
		client.prompt().messages(HISTORY).messages(last).call().content();
		assertThat(this.model.lastPrompt().getOptions()).isEqualTo(options);
		assertThat(this.model.lastPrompt().getInstructions()).singleElement().isSameAs(last);
	}

	@Test
	void sendsRequestThatCannotBeBroughtWithinLimitAndCountsIt() {
		TokenSavingTestChain chain = new TokenSavingTestChain(plan("trim", 100));
		ChatClientResponse response = chain.client(this.model)
			.prompt()
			.user("word ".repeat(500))
			.call()
			.chatClientResponse();
		assertThat(this.model.calls()).isEqualTo(1);
		assertThat(((SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY)).counted())
			.containsExactly("over_budget");
		assertThat(chain.statistics().totals().count(CompressionFeature.OVER_BUDGET)).isEqualTo(1);
	}

	@Test
	void bearsMessageOfFiveMegabytes() {
		TokenSavingTestChain chain = new TokenSavingTestChain(plan("trim", 4096));
		for (String text : List.of("word ".repeat(1_000_000), "a".repeat(5_000_000), "\u6F22".repeat(1_700_000))) {
			assertThat(chain.client(this.model).prompt().user(text).call().content()).isNotEmpty();
			List<Message> history = List.of(new UserMessage(text), new AssistantMessage("ok"));
			chain.client(this.model).prompt().messages(history).user("And now?").call().content();
			assertThat(this.model.lastPrompt().getInstructions()).hasSize(1);
		}
		assertThat(chain.statistics().totals().errors()).isZero();
	}

	@Test
	void passesPromptWithoutMessagesOrUserMessageThrough() {
		ChatClient client = client(plan("trim", 10), new TokenCounter(), Map.of());
		client.prompt(new Prompt(List.of())).call().chatResponse();
		client.prompt(new Prompt(List.of(new AssistantMessage("word ".repeat(100))))).call().chatResponse();
		assertThat(this.model.calls()).isEqualTo(2);
	}

	@Test
	void goesOnWithoutEngineThatFails() {
		CompressionEngine broken = (request) -> {
			throw new IllegalStateException("broken");
		};
		ChatClient client = client(keepingNone("broken", 100), new TokenCounter(), Map.of("broken", broken));
		client.prompt().messages(HISTORY).user("And now?").call().content();
		assertThat(this.model.lastPrompt().getInstructions()).hasSize(3);
		assertThat(this.statistics.errors(CompressionFeature.COMPONENT)).isEqualTo(1);
	}

	@Test
	void ranksWithEngineOfTheApplication() {
		CompressionEngine longest = (
				request) -> request.sentences().stream().mapToDouble((sentence) -> sentence.text().length()).toArray();
		ChatClient client = client(keepingNone("longest", 100), new TokenCounter(), Map.of("longest", longest));
		client.prompt()
			.messages(new UserMessage(
					"Short one. " + "This one is the longest of them all by far. " + "Nice. ".repeat(120)))
			.user("And now?")
			.call()
			.content();
		assertThat(this.model.lastPrompt().getInstructions()).hasSize(2);
		assertThat(this.model.lastPrompt().getInstructions().get(0).getText()).contains("This one is the longest")
			.hasSizeLessThan(500);
	}

	@Test
	void doesNotRankOnAnEventLoop() {
		List<String> threads = new CopyOnWriteArrayList<>();
		CompressionEngine engine = (request) -> {
			threads.add(Thread.currentThread().getName());
			return new double[request.sentences().size()];
		};
		ChatClient client = client(keepingNone("own", 100), new TokenCounter(), Map.of("own", engine));
		Flux.defer(() -> client.prompt().messages(HISTORY).user("And now?").stream().content())
			.subscribeOn(Schedulers.parallel())
			.blockLast(Duration.ofSeconds(30));
		assertThat(threads).singleElement().asString().startsWith("token-saving-stream");
		assertThat(this.model.lastPrompt().getInstructions().get(0).getText()).hasSizeLessThan(1500);
	}

	@Test
	void sendsRequestAsItIsIfEngineDoesNotScoreEverySentence() {
		ChatClient client = client(keepingNone("short", 100), new TokenCounter(),
				Map.of("short", (request) -> new double[1]));
		client.prompt().messages(new UserMessage("One more. ".repeat(200))).user("And now?").call().content();
		assertThat(this.model.lastPrompt().getInstructions().get(0).getText()).isEqualTo("One more. ".repeat(200));
		assertThat(this.statistics.errors(CompressionFeature.COMPONENT)).isEqualTo(1);
	}

	@Test
	void trimsAndCountsWhenRankingTakesTooLong() {
		AtomicLong time = new AtomicLong();
		CompressionEngine slow = (request) -> {
			time.addAndGet(Duration.ofMillis(501).toNanos());
			request.checkTime();
			return new double[request.sentences().size()];
		};
		ChatClient client = ChatClient.builder(this.model)
			.defaultAdvisors(CompressionAdvisor.builder()
				.plan(keepingNone("slow", 100))
				.engines(Map.of("slow", slow))
				.statistics(this.statistics)
				.ticker(time::get)
				.build())
			.build();
		client.prompt().messages(HISTORY).user("And now?").call().content();
		assertThat(this.model.lastPrompt().getInstructions()).hasSize(1);
		assertThat(this.statistics.totals().count(CompressionFeature.TIMEOUTS)).isEqualTo(1);
		assertThat(this.statistics.totals().errors()).isZero();
	}

	@Test
	void listsBuiltInEnginesAndThoseOfTheApplication() {
		CompressionAdvisor advisor = CompressionAdvisor.builder()
			.engines(Map.of("own", (request) -> new double[0]))
			.build();
		assertThat(advisor.engineNames()).containsExactly("lex_rank", "lsa", "own", "text_rank", "trim");
	}

	private static Plan keepingNone(String engine, int limit) {
		CompressionSettings settings = CompressionSettings.builder(engine, limit).keepLastMessages(0).build();
		return Plan.builder("plan").with(settings).build();
	}

	private static Plan plan(String engine, int limit) {
		return Plan.builder("plan").with(new CompressionSettings(engine, limit)).build();
	}

	private ChatClient client(Plan plan, TokenCounter counter, Map<String, CompressionEngine> engines) {
		return ChatClient.builder(this.model)
			.defaultAdvisors(CompressionAdvisor.builder()
				.plan(plan)
				.tokenCounter(counter)
				.engines(engines)
				.statistics(this.statistics)
				// A busy machine must not make a difference
				.ticker(() -> 0)
				.build())
			.build();
	}

	private static TokenCounter counting(AtomicInteger calls) {
		return new TokenCounter(new TokenCountEstimator() {

			@Override
			public int estimate(String text) {
				calls.incrementAndGet();
				return text.length() / 4;
			}

			@Override
			public int estimate(MediaContent content) {
				throw new UnsupportedOperationException();
			}

			@Override
			public int estimate(Iterable<MediaContent> messages) {
				throw new UnsupportedOperationException();
			}

		}, 1);
	}

}
