package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.ledger.TokenScale;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TrimCompressor}.
 */
class TrimCompressorTests {

	private static final int LARGEST_TURN = 250;

	private static final TokenCounter COUNTER = new TokenCounter();

	private static final TrimCompressor ENGINE = new TrimCompressor();

	@Property(tries = 3_000, shrinking = ShrinkingMode.OFF)
	void holdsItsPromisesOverAnyConversation(@ForAll long seed, @ForAll @IntRange(min = 0, max = 40) int length,
			@ForAll @IntRange(min = 1, max = 3000) int limit, @ForAll @DoubleRange(min = 0.1, max = 1) double lowMark) {
		List<Message> messages = Conversations.any(new Random(seed), length);
		CompressionBudget budget = budget(limit, lowMark);
		List<Message> result = ENGINE.compress(messages, budget);
		assertThat(budget.count(result)).isLessThanOrEqualTo(budget.count(messages));
		assertThat(Conversations.systemMessages(result)).isEqualTo(Conversations.systemMessages(messages));
		Conversations.assertToolPairsAreWhole(result);
		assertThatTailIsKept(messages, result);
		if (budget.count(result) > limit) {
			assertThatNothingMoreCouldGo(messages, result, budget);
		}
		assertThat(ENGINE.compress(result, budget)).isEqualTo(result);
		assertThat(new TrimCompressor().compress(List.copyOf(messages), budget)).isEqualTo(result);
	}

	@Property(tries = 1_000, shrinking = ShrinkingMode.OFF)
	void growsAtItsEndOnlyUntilItCutsAgain(@ForAll long seed, @ForAll @IntRange(min = 1200, max = 4000) int limit) {
		List<Message> conversation = Conversations.support(new Random(seed), 30);
		CompressionBudget budget = budget(limit, 0.5);
		List<Message> before = List.of();
		long cuts = 0;
		for (int length = 2; length <= conversation.size(); length++) {
			List<Message> result = ENGINE.compress(conversation.subList(0, length), budget);
			boolean grew = result.size() >= before.size() && result.subList(0, before.size()).equals(before);
			if (!grew) {
				cuts++;
				assertThat(budget.count(result)).isLessThanOrEqualTo(limit);
			}
			before = result;
		}
		// A cut frees half of the room, less a part of a turn, and that much must come
		// before the next one
		long freed = (limit - budget.count(Conversations.systemMessages(conversation))) / 2 - LARGEST_TURN;
		assertThat(cuts).isLessThanOrEqualTo(budget.count(conversation) / freed + 1);
	}

	@Test
	void dropsOldestTurnsFirstAndStartsWithUserMessage() {
		List<Message> messages = new ArrayList<>(List.of(new SystemMessage("Be brief.")));
		for (int i = 0; i < 20; i++) {
			messages.add(new UserMessage("question " + i));
			messages.add(new AssistantMessage("answer " + i));
		}
		messages.add(new UserMessage("last"));
		List<Message> result = ENGINE.compress(messages, budget(100, 0.5));
		assertThat(result.get(0)).isSameAs(messages.get(0));
		assertThat(result.get(1)).isInstanceOf(UserMessage.class);
		assertThat(messages).endsWith(result.subList(1, result.size()).toArray(Message[]::new));
		assertThat(result).hasSizeLessThan(messages.size());
	}

	@Test
	void shortensLargestToolResultOfLastTurnWithVisibleMarker() {
		String large = "\uD83D\uDE00 data ".repeat(2_000);
		List<Message> messages = List.of(new UserMessage("look it up"),
				AssistantMessage.builder()
					.content("")
					.toolCalls(
							List.of(new ToolCall("1", "function", "a", "{}"), new ToolCall("2", "function", "b", "{}")))
					.build(),
				ToolResponseMessage.builder()
					.responses(List.of(new ToolResponse("1", "a", "small"), new ToolResponse("2", "b", large)))
					.build());
		CompressionBudget budget = budget(1_000, 0.5);
		List<Message> result = ENGINE.compress(messages, budget);
		assertThat(budget.count(result)).isLessThanOrEqualTo(1_000);
		assertThat(result.subList(0, 2)).isEqualTo(messages.subList(0, 2));
		List<ToolResponse> responses = ((ToolResponseMessage) result.get(2)).getResponses();
		assertThat(responses.get(0).responseData()).isEqualTo("small");
		assertThat(responses.get(1).id()).isEqualTo("2");
		assertThat(responses.get(1).responseData()).startsWith("\uD83D\uDE00 data")
			.contains("characters of this tool result were cut")
			.endsWith("data ");
		assertThat(responses.get(1).responseData().codePoints())
			.noneMatch((point) -> point >= 0xD800 && point < 0xE000);
	}

	@Test
	void returnsWhatCannotBeShortenedAsItIs() {
		List<Message> messages = List.of(new UserMessage("word ".repeat(1_000)));
		assertThat(ENGINE.compress(messages, budget(100, 0.5))).isEqualTo(messages);
		assertThat(ENGINE.compress(messages, budget(-5, 0.5))).isEqualTo(messages);
		assertThat(ENGINE.compress(List.of(), budget(100, 0.5))).isEmpty();
		List<Message> withoutUser = List.of(new SystemMessage("x ".repeat(200)), new AssistantMessage("y"));
		assertThat(ENGINE.compress(withoutUser, budget(100, 0.5))).isEqualTo(withoutUser);
	}

	private static CompressionBudget budget(int limit, double lowMark) {
		return new CompressionBudget(limit, lowMark, 1, TokenScale.DEFAULT_ENCODING, (text) -> COUNTER.count(text, 1),
				(message) -> COUNTER.count(message, 1));
	}

	// The last user message and what follows it is there, but for shortened tool results
	private static void assertThatTailIsKept(List<Message> messages, List<Message> result) {
		List<Message> tail = tail(messages);
		assertThat(result).hasSizeGreaterThanOrEqualTo(tail.size());
		List<Message> kept = result.subList(result.size() - tail.size(), result.size());
		for (int i = 0; i < tail.size(); i++) {
			if (tail.get(i) instanceof ToolResponseMessage) {
				assertThat(kept.get(i)).isInstanceOf(ToolResponseMessage.class);
			}
			else {
				assertThat(kept.get(i)).isEqualTo(tail.get(i));
			}
		}
	}

	private static void assertThatNothingMoreCouldGo(List<Message> messages, List<Message> result,
			CompressionBudget budget) {
		long turns = result.stream().filter(UserMessage.class::isInstance).count();
		assertThat(turns).isLessThanOrEqualTo(1);
		for (Message message : tail(result)) {
			if (message instanceof ToolResponseMessage tool) {
				tool.getResponses()
					.forEach((response) -> assertThat(COUNTER.count(response.responseData(), 1))
						.isLessThanOrEqualTo(2 * TrimCompressor.MIN_RESULT_TOKENS + 60));
			}
		}
	}

	private static List<Message> tail(List<Message> messages) {
		for (int i = messages.size() - 1; i >= 0; i--) {
			if (messages.get(i) instanceof UserMessage) {
				return messages.subList(i, messages.size());
			}
		}
		return messages;
	}

}
