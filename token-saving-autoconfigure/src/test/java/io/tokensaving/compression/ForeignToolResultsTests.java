package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.ledger.TokenScale;
import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for messages with results of tools that hold more than is known here.
 */
class ForeignToolResultsTests {

	private static final TokenCounter COUNTER = new TokenCounter();

	private static CompressionBudget budget(int limit) {
		return new CompressionBudget(limit, 0.9, 1, TokenScale.DEFAULT_ENCODING, (text) -> COUNTER.count(text, 1),
				(message) -> COUNTER.count(message, 1));
	}

	private static List<Message> conversation(int results) {
		List<Message> messages = new ArrayList<>(List.of(new UserMessage("Look it up.")));
		for (int i = 0; i < results; i++) {
			StringBuilder found = new StringBuilder();
			for (int k = 0; k < 60; k++) {
				found.append("Depot %d has %d boxes of goods number %d. ".formatted(k, i, k * i));
			}
			messages.add(AssistantMessage.builder()
				.content("")
				.toolCalls(List.of(new ToolCall("c" + i, "function", "find", "{}")))
				.build());
			messages.add(new Foreign(List.of(new ToolResponse("c" + i, "find", found.toString()))));
		}
		return messages;
	}

	private static void assertThatForeignAreWhole(List<Message> before, List<Message> after) {
		assertThat(after).filteredOn((message) -> message instanceof ToolResponseMessage)
			.allSatisfy((message) -> assertThat(before).anyMatch((given) -> given == message));
	}

	@Test
	void trimmingLeavesThemAsTheyAre() {
		List<Message> messages = conversation(2);
		assertThatForeignAreWhole(messages, new TrimCompressor().compress(messages, budget(400)));
	}

	@Test
	void extractionLeavesThemAsTheyAre() {
		List<Message> messages = conversation(6);
		messages.add(new AssistantMessage("Done."));
		messages.add(new UserMessage("Which depot has most boxes?"));
		for (CompressionEngine engine : List.of(new TextRankEngine(), new LexRankEngine(), new LsaEngine())) {
			for (int limit : new int[] { 400, 1500, 4000 }) {
				List<Message> result = new ExtractiveCompressor().compress(messages, engine,
						CompressionSettings.builder("engine", limit).build(), budget(limit), Deadline.NONE);
				assertThatForeignAreWhole(messages, result);
			}
		}
	}

	private static final class Foreign extends ToolResponseMessage {

		Foreign(List<ToolResponse> responses) {
			super(responses, Map.of());
		}

	}

}
