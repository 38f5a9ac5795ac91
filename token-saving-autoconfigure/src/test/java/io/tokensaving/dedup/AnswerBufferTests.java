package io.tokensaving.dedup;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what an {@link AnswerBuffer} keeps.
 */
class AnswerBufferTests {

	private final BufferBudget budget = new BufferBudget(10_000, 100_000);

	private final AnswerBuffer buffer = new AnswerBuffer(this.budget, null, (ex) -> {
	});

	@Test
	void countsWhatElementsHoldBesideTheirTexts() {
		String raw = "x".repeat(16 * 1024);
		for (int i = 0; i < 300; i++) {
			this.buffer.add(element("", raw));
		}
		assertThat(this.buffer.isOpen()).as("4.7 MiB of raw events are too much").isFalse();
		assertThat(this.buffer.bytes()).isGreaterThan(300L * 16 * 1024);
	}

	@Test
	void countsElementsThatAreNearlyEmpty() {
		for (int i = 0; i < 5000; i++) {
			this.buffer.add(element("a", "{}"));
		}
		assertThat(this.buffer.isOpen()).as("5,000 elements of more than 1 KB each").isFalse();
	}

	@Test
	void keepsAnAnswerOfUsualLength() {
		for (int i = 0; i < 2000; i++) {
			this.buffer.add(element("word ", "{\"choices\":[{\"delta\":{\"content\":\"word \"}}]}".repeat(3)));
		}
		assertThat(this.buffer.isOpen()).isTrue();
		this.buffer.close();
		assertThat(this.budget.used()).isZero();
	}

	@Test
	void asksForNoMoreInAdvanceThanAFewKilobytes() {
		FlightDemand demand = new FlightDemand();
		long asked = demand.next();
		for (int i = 0; i < asked; i++) {
			demand.arrived(2000);
		}
		demand.read(asked);
		assertThat(demand.next()).isBetween(16L, 64L);
	}

	private static ChatClientResponse element(String text, String raw) {
		return new ChatClientResponse(
				new ChatResponse(List.of(new Generation(new AssistantMessage(text))),
						ChatResponseMetadata.builder().keyValue("raw", raw).keyValue("n", List.of(1)).build()),
				Map.of());
	}

}
