package io.tokensaving.compression;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import io.tokensaving.SavingsReport;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingTestChain;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.ledger.TokenScale;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeTypeUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is left of random conversations is accepted by servers that reject what providers
 * reject, through Spring AI's own models, and is within the limit. For every engine;
 * {@code -Dtoken-saving.providers.conversations=5000} is the long run.
 */
@Timeout(value = 3, unit = TimeUnit.HOURS)
class AcceptedByProvidersTests {

	private static final int CONVERSATIONS = Integer.getInteger("token-saving.providers.conversations", 40);

	private static final long SEED = Long.getLong("token-saving.providers.seed", 20_261_129L);

	private static final int PRINTED = 20;

	private static final TokenCounter COUNTER = new TokenCounter();

	// What a tool result of the last turn costs when it is cut as far as it may be
	private static final int CUT_RESULT = 2 * TrimCompressor.MIN_RESULT_TOKENS + 100;

	private static StrictProvider provider;

	@BeforeAll
	static void start() throws IOException {
		provider = new StrictProvider();
	}

	@AfterAll
	static void stop() {
		provider.close();
	}

	@ParameterizedTest
	@CsvSource({ "trim", "text_rank", "lex_rank", "lsa", "summary" })
	void acceptsWhatIsLeftOfAnyConversation(String engine) {
		List<ChatModel> models = List.of(provider.openAi(), provider.anthropic(), provider.google());
		ScriptedChatModel summariser = ScriptedChatModel
			.answering(ScriptedChatModel.answer("They spoke about this and that. Order 4711 was returned."));
		Random random = new Random(SEED);
		long compressed = 0;
		List<String> problems = new ArrayList<>();
		for (int i = 0; i < CONVERSATIONS; i++) {
			long seed = random.nextLong();
			ChatModel model = models.get(i % models.size());
			boolean google = i % models.size() == 2;
			Conversation conversation = new Conversation(new Random(seed), google);
			List<Message> messages = conversation.create();
			TokenScale scale = COUNTER.scale(model.getOptions());
			long before = messages.stream().mapToLong((message) -> COUNTER.count(message, scale)).sum();
			long least = least(messages, scale) + 100;
			long limit = least + (long) (random.nextDouble() * Math.max(1, before - least));
			try (TokenSavingTestChain chain = new TokenSavingTestChain(plan(engine, (int) limit, random))
				.compression((builder) -> builder.rewritingEngines(
						Map.of(CompressionAdvisor.SUMMARY, new SummaryEngine((name) -> summariser, COUNTER))))) {
				provider.requireTurns(conversation.takesTurns);
				ChatClientResponse response = chain.client(model)
					.prompt()
					.messages(messages)
					.call()
					.chatClientResponse();
				SavingsReport report = (SavingsReport) response.context().get(SavingsReport.CONTEXT_KEY);
				assertThat(report.counted()).as("%s, seed %d, limit %d of %d", engine, seed, limit, before)
					.doesNotContain("over_budget");
				assertThat(chain.statistics().totals().errors()).as("errors with seed %d", seed).isZero();
				compressed += (before > limit) ? 1 : 0;
			}
			catch (Exception | AssertionError ex) {
				problems.add("%s, conversation %d with seed %d, limit %d of %d: %s"
					.formatted(model.getClass().getSimpleName(), i, seed, limit, before, root(ex).getMessage()));
			}
		}
		System.out.printf("%s: %d conversations, %d over the limit, %d not as they should be%n", engine, CONVERSATIONS,
				compressed, problems.size());
		problems.stream().limit(PRINTED).forEach(System.out::println);
		assertThat(problems).isEmpty();
		assertThat(compressed).isGreaterThan(CONVERSATIONS / 2);
	}

	private static Throwable root(Throwable failure) {
		return (failure.getCause() != null) ? root(failure.getCause()) : failure;
	}

	private static Plan plan(String engine, int limit, Random random) {
		return Plan.builder("p")
			.with(CompressionSettings.builder(engine, limit)
				.summaryModel("cheap")
				.keepLastMessages(random.nextInt(6))
				.lowMark(0.2 + 0.8 * random.nextDouble())
				.stablePrefix(CompressionSettings.StablePrefix.values()[random
					.nextInt(CompressionSettings.StablePrefix.values().length)])
				.lossless(random.nextBoolean())
				.tidy(random.nextBoolean())
				.maxTime(Duration.ZERO)
				.build())
			.build();
	}

	// The least that must stay: system messages, the last message of the user and what
	// follows it, with results cut
	private static long least(List<Message> messages, TokenScale scale) {
		int question = messages.size() - 1;
		while (!(messages.get(question) instanceof UserMessage)) {
			question--;
		}
		long least = 0;
		for (int i = 0; i < messages.size(); i++) {
			Message message = messages.get(i);
			if (message instanceof SystemMessage || i >= question) {
				long tokens = COUNTER.count(message, scale);
				least += (message instanceof ToolResponseMessage tool)
						? Math.min(tokens, 8 + (long) (scale.factor() * CUT_RESULT) * tool.getResponses().size())
						: tokens;
			}
		}
		return least;
	}

	/**
	 * A random conversation.
	 */
	private static final class Conversation {

		private static final String[] SENTENCES = { "The order 4711 was returned on Monday. ", "Nobody knows why. ",
				"It costs 12.50 EUR, does it not? ", "See https://example.org/a?b=c for more. ", "\uD83D\uDE00 Fine! ",
				"Die Rechnung ist noch offen. ", "\u4F60\u597D\uFF0C\u4E16\u754C\u3002", "The card ends in 1234. ",
				"We agreed to meet at noon, as far as I remember it. " };

		private final Random random;

		private final boolean google;

		private final boolean takesTurns;

		private final List<Message> messages = new ArrayList<>();

		private int ids;

		Conversation(Random random, boolean google) {
			this.random = random;
			this.google = google;
			this.takesTurns = random.nextBoolean();
		}

		List<Message> create() {
			if (this.random.nextBoolean()) {
				this.messages.add(new SystemMessage("Be brief. " + prose(3)));
			}
			int turns = 2 + this.random.nextInt(12);
			for (int i = 0; i < turns; i++) {
				system();
				if (!this.takesTurns && this.random.nextInt(4) == 0) {
					this.messages.add(new UserMessage(content()));
				}
				this.messages.add(user());
				system();
				for (int round = this.random.nextInt(3); round > 0; round--) {
					tools();
				}
				this.messages.add(new AssistantMessage(content()));
			}
			if (!this.takesTurns && this.random.nextBoolean()) {
				this.messages.add(new UserMessage("Here is a document.\n\n" + prose(60)));
			}
			this.messages.add(new UserMessage("What about the order 4711? " + prose(2)));
			for (int round = this.random.nextInt(3); round > 0; round--) {
				tools();
			}
			return this.messages;
		}

		// Google's model takes one system message only, and no results of tools but JSON
		private void system() {
			if (!this.google && this.random.nextInt(6) == 0) {
				this.messages.add(new SystemMessage("Note: " + prose(2)));
			}
		}

		private Message user() {
			if (this.random.nextInt(8) > 0) {
				return new UserMessage(content());
			}
			return UserMessage.builder()
				.text("Look at this. " + prose(3))
				.media(Media.builder()
					.mimeType(MimeTypeUtils.IMAGE_PNG)
					.data("picture".getBytes(StandardCharsets.UTF_8))
					.build())
				.build();
		}

		private void tools() {
			List<ToolCall> calls = new ArrayList<>();
			List<ToolResponse> responses = new ArrayList<>();
			for (int i = this.random.nextInt(3); i >= 0; i--) {
				String id = "call_" + this.ids++;
				calls.add(new ToolCall(id, "function", "lookup", "{\"id\": " + this.ids + "}"));
				responses.add(new ToolResponse(id, "lookup", result()));
			}
			this.messages.add(AssistantMessage.builder()
				.content(this.random.nextBoolean() ? "" : "Let me see. " + prose(2))
				.toolCalls(calls)
				.build());
			system();
			this.messages.add(ToolResponseMessage.builder().responses(responses).build());
		}

		private String result() {
			return switch (this.random.nextInt(this.google ? 4 : 6)) {
				case 0 -> "{\"ok\": true}";
				case 1 -> "\"" + prose(40).replace("\"", "") + "\"";
				case 2 -> records();
				case 3 -> "{\"page\": 1, \"items\": " + records() + ", \"next\": null}";
				case 4 -> prose(50);
				default -> "ERROR The server at 10.0.0.1 does not answer.\n".repeat(40) + prose(5);
			};
		}

		private String records() {
			List<String> records = new ArrayList<>();
			for (int i = this.random.nextInt(60); i >= 0; i--) {
				records.add("  {\n    \"id\": %d,\n    \"note\": \"%s\"\n  }".formatted(1000 + i,
						prose(1).strip().replace("\"", "")));
			}
			return "[\n" + String.join(",\n", records) + "\n]";
		}

		private String content() {
			return switch (this.random.nextInt(8)) {
				case 0 -> prose(80);
				case 1 -> "# Heading\n\n- " + prose(1) + "\n- " + prose(1) + "\n\n| a | b |\n|---|---|\n| " + prose(1)
						+ "| 2 |\n";
				case 2 -> "Look:\n```java\nclass A {\n\n\tint a() {\n\t\treturn 4711;\n\t}\n\n}\n```\n" + prose(3);
				case 3 -> "```\n" + "x = 1\n".repeat(1 + this.random.nextInt(100)) + "```";
				case 4 -> records();
				case 5 -> "<order id=\"4711\">\n  <sku>A</sku>\n</order>";
				default -> prose(4);
			};
		}

		private String prose(int sentences) {
			StringBuilder text = new StringBuilder();
			for (int i = this.random.nextInt(sentences); i >= 0; i--) {
				text.append(SENTENCES[this.random.nextInt(SENTENCES.length)]);
			}
			return text.toString();
		}

	}

}
