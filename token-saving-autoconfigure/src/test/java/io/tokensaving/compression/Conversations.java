package io.tokensaving.compression;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Makes up conversations.
 */
final class Conversations {

	private static final String[] WORDS = ("account card transfer payment please help the a my is was not when how why "
			+ "today yesterday money bank app phone number code error message see screen still waiting pending fee "
			+ "charge exchange rate cash machine abroad order new lost stolen limit change address verify identity")
		.split(" ");

	private Conversations() {
	}

	/**
	 * Make up any conversation that an application could send, sensible or not.
	 * @param random decides
	 * @param length the number of steps
	 * @return the messages
	 */
	static List<Message> any(RandomGenerator random, int length) {
		List<Message> messages = new ArrayList<>();
		if (random.nextInt(4) > 0) {
			messages.add(new SystemMessage(text(random, random.nextInt(60))));
		}
		for (int i = 0; i < length; i++) {
			switch (random.nextInt(10)) {
				case 0 -> messages.add(new SystemMessage(text(random, random.nextInt(10))));
				case 1, 2, 3, 4 -> messages.add(new UserMessage(anyText(random, random.nextInt(80))));
				case 5, 6, 7 -> messages.add(new AssistantMessage(anyText(random, random.nextInt(120))));
				default -> addToolCalls(messages, random, 1 + random.nextInt(3), 1 + random.nextInt(400));
			}
		}
		return messages;
	}

	static void addToolCalls(List<Message> messages, RandomGenerator random, int calls, int words) {
		List<ToolCall> toolCalls = new ArrayList<>();
		List<ToolResponse> results = new ArrayList<>();
		for (int i = 0; i < calls; i++) {
			String id = "call-" + messages.size() + "-" + i;
			toolCalls.add(new ToolCall(id, "function", "lookup", "{\"query\":\"" + text(random, 3) + "\"}"));
			results.add(new ToolResponse(id, "lookup", text(random, words)));
		}
		messages.add(AssistantMessage.builder().content("").toolCalls(toolCalls).build());
		messages.add(ToolResponseMessage.builder().responses(results).build());
	}

	/**
	 * Make up a support conversation: a system prompt, then turns of a question and an
	 * answer, every tenth of them with a tool call.
	 * @param random decides
	 * @param turns the number of turns
	 * @return the messages, ending in an answer
	 */
	static List<Message> support(RandomGenerator random, int turns) {
		return support(random, turns, 1);
	}

	/**
	 * Make up a support conversation whose questions and answers are longer.
	 * @param random decides
	 * @param turns the number of turns
	 * @param scale how many times longer
	 * @return the messages, ending in an answer
	 */
	static List<Message> support(RandomGenerator random, int turns, int scale) {
		List<Message> messages = new ArrayList<>();
		messages.add(new SystemMessage(text(random, 150)));
		for (int turn = 1; turn <= turns; turn++) {
			messages.add(new UserMessage(sentences(random, scale * (8 + random.nextInt(25)))));
			if (turn % 10 == 0) {
				addToolCalls(messages, random, 1, scale * 60);
			}
			messages.add(new AssistantMessage(sentences(random, scale * (15 + random.nextInt(60)))));
		}
		return messages;
	}

	private static String sentences(RandomGenerator random, int words) {
		StringBuilder text = new StringBuilder();
		for (int left = words; left > 0; left -= 12) {
			String sentence = text(random, Math.min(left, 12));
			text.append(text.isEmpty() ? "" : " ")
				.append(Character.toUpperCase(sentence.charAt(0)))
				.append(sentence, 1, sentence.length())
				.append('.');
		}
		return text.toString();
	}

	static String text(RandomGenerator random, int words) {
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < words; i++) {
			text.append((i > 0) ? " " : "").append(WORDS[random.nextInt(WORDS.length)]);
		}
		return text.toString();
	}

	/**
	 * Make up sentences.
	 * @param random decides
	 * @param sentences the number of sentences
	 * @return the text
	 */
	static String prose(RandomGenerator random, int sentences) {
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < sentences; i++) {
			String sentence = text(random, 3 + random.nextInt(12));
			text.append(Character.toUpperCase(sentence.charAt(0))).append(sentence.substring(1)).append(". ");
		}
		return text.toString();
	}

	static List<Message> systemMessages(List<Message> messages) {
		return messages.stream().filter(SystemMessage.class::isInstance).toList();
	}

	static void assertToolPairsAreWhole(List<Message> messages) {
		Set<String> called = new HashSet<>();
		Set<String> answered = new HashSet<>();
		for (Message message : messages) {
			if (message instanceof AssistantMessage assistant) {
				assistant.getToolCalls().forEach((call) -> called.add(call.id()));
			}
			if (message instanceof ToolResponseMessage tool) {
				tool.getResponses().forEach((response) -> {
					answered.add(response.id());
					assertThat(called).contains(response.id());
				});
			}
		}
		assertThat(answered).isEqualTo(called);
	}

	private static String anyText(RandomGenerator random, int words) {
		return switch (random.nextInt(5)) {
			case 0 -> text(random, words);
			case 1 -> prose(random, words / 8) + "\n```\n" + text(random, words / 4) + "\n```\n" + prose(random, 1);
			case 2 -> "{\n  \"text\": \"" + text(random, words) + "\"\n}";
			default -> prose(random, words / 8);
		};
	}

}
