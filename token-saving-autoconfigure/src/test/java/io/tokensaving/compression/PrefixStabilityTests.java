package io.tokensaving.compression;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.Plan;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that the prompts of a long conversation stay in the provider's prompt cache: how
 * much of each repeats the beginning of the one before. With five seeds it prints the
 * figures of docs/benchmarks.md.
 */
class PrefixStabilityTests {

	private static final int LIMIT = 4096;

	private static final int SEEDS = Integer.getInteger("token-saving.stability.seeds", 1);

	private static final String NAIVE = "sliding window";

	private final TokenCounter counter = new TokenCounter();

	@ParameterizedTest
	@ValueSource(strings = { "trim", "text_rank", "lex_rank", "lsa" })
	void promptsOfTwoHundredTurnsRepeatTheirBeginning(String engine) {
		assertThat(averageShare(engine, 1)).isGreaterThanOrEqualTo(0.85);
	}

	@ParameterizedTest
	@ValueSource(strings = { "trim", "text_rank", "lex_rank", "lsa" })
	void promptsOfLongTurnsRepeatTheirBeginningToo(String engine) {
		assertThat(averageShare(engine, 3)).isGreaterThanOrEqualTo(0.80);
	}

	@Test
	void promptsOfSlidingWindowDoNot() {
		assertThat(averageShare(NAIVE, 1)).isLessThan(0.5);
		assertThat(averageShare(NAIVE, 3)).isLessThan(0.5);
	}

	private double averageShare(String engine, int scale) {
		double share = 0;
		for (int seed = 1; seed <= SEEDS; seed++) {
			List<Message> conversation = Conversations.support(new Random(seed), 200, scale);
			share += averageShare(engine.equals(NAIVE) ? naive(conversation) : sent(engine, conversation)) / SEEDS;
		}
		System.out.printf(Locale.ROOT,
				"Share of bytes that repeat the previous prompt: %s, turns of length %d: %.1f %%%n", engine, scale,
				100 * share);
		return share;
	}

	// What the model is sent, turn by turn and in every round of a tool loop
	private List<List<Message>> sent(String engine, List<Message> conversation) {
		ScriptedChatModel model = ScriptedChatModel.echoing();
		model.options(ChatOptions.builder().model("gpt-4o").build());
		Plan plan = Plan.builder("plan").with(new CompressionSettings(engine, LIMIT)).build();
		ChatClient client = ChatClient.builder(model)
			.defaultAdvisors(CompressionAdvisor.builder().plan(plan).ticker(() -> 0).build())
			.build();
		List<List<Message>> sent = new ArrayList<>();
		for (int length = 2; length <= conversation.size(); length++) {
			if (isRequest(conversation.get(length - 1))) {
				client.prompt().messages(conversation.subList(0, length)).call().content();
				List<Message> messages = model.lastPrompt().getInstructions();
				assertThat(tokens(messages)).isLessThanOrEqualTo(LIMIT);
				assertThat(messages).contains(conversation.get(0), conversation.get(length - 1));
				sent.add(messages);
			}
		}
		return sent;
	}

	// Drops the oldest messages until the rest fits, as a sliding window does
	private List<List<Message>> naive(List<Message> conversation) {
		List<List<Message>> sent = new ArrayList<>();
		for (int length = 2; length <= conversation.size(); length++) {
			if (isRequest(conversation.get(length - 1))) {
				List<Message> messages = new ArrayList<>(conversation.subList(0, length));
				long tokens = tokens(messages);
				while (tokens > LIMIT) {
					tokens -= tokens(List.of(messages.remove(1)));
				}
				sent.add(messages);
			}
		}
		return sent;
	}

	private static boolean isRequest(Message message) {
		return message instanceof UserMessage || message instanceof ToolResponseMessage;
	}

	private long tokens(List<Message> messages) {
		return messages.stream().mapToLong((message) -> this.counter.count(message, 1)).sum();
	}

	private static double averageShare(List<List<Message>> prompts) {
		double sum = 0;
		for (int i = 1; i < prompts.size(); i++) {
			byte[] before = bytes(prompts.get(i - 1));
			byte[] after = bytes(prompts.get(i));
			int mismatch = Arrays.mismatch(before, after);
			sum += (double) ((mismatch < 0) ? after.length : mismatch) / after.length;
		}
		return sum / (prompts.size() - 1);
	}

	private static byte[] bytes(List<Message> messages) {
		StringBuilder text = new StringBuilder();
		for (Message message : messages) {
			text.append(message.getMessageType()).append(':').append(message.getText());
			if (message instanceof ToolResponseMessage tool) {
				text.append(tool.getResponses());
			}
			text.append((message instanceof SystemMessage) ? "\n\n" : "\n");
		}
		return text.toString().getBytes(StandardCharsets.UTF_8);
	}

}
