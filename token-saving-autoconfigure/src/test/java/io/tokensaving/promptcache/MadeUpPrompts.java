package io.tokensaving.promptcache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.Media;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.DefaultToolDefinition;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.MimeTypeUtils;

/**
 * Conversations as an application might have them, made up from a seed.
 */
final class MadeUpPrompts {

	private final Random random;

	private final boolean media;

	private int calls;

	MadeUpPrompts(long seed, boolean media) {
		this.random = new Random(seed);
		this.media = media;
	}

	static String words(String word, int tokens) {
		return (word + " ").repeat(tokens).strip();
	}

	List<Message> messages() {
		List<Message> messages = new ArrayList<>();
		for (int i = this.random.nextInt(3); i > 0; i--) {
			messages.add(new SystemMessage(words("rule" + i, 1 + this.random.nextInt(1500))));
		}
		for (int turns = this.random.nextInt(4); turns > 0; turns--) {
			messages.add(user());
			toolRounds(messages);
			messages.add(new AssistantMessage(words("answer", 1 + this.random.nextInt(300))));
		}
		messages.add(user());
		if (this.random.nextBoolean()) {
			toolRounds(messages);
		}
		return messages;
	}

	private UserMessage user() {
		String text = words("question", 1 + this.random.nextInt(400));
		UserMessage.Builder message = UserMessage.builder().text(text);
		if (this.media && this.random.nextInt(4) == 0) {
			message.media(new Media(MimeTypeUtils.IMAGE_PNG, new org.springframework.core.io.ByteArrayResource(
					new byte[] { 1, 2, 3, (byte) this.random.nextInt(5) })));
		}
		return message.build();
	}

	private void toolRounds(List<Message> messages) {
		for (int rounds = this.random.nextInt(3); rounds > 0; rounds--) {
			List<AssistantMessage.ToolCall> asked = new ArrayList<>();
			List<ToolResponseMessage.ToolResponse> results = new ArrayList<>();
			for (int i = 1 + this.random.nextInt(3); i > 0; i--) {
				String id = "call_" + this.calls++;
				asked.add(new AssistantMessage.ToolCall(id, "function", "tool" + i, "{\"a\":" + i + "}"));
				String data = (this.random.nextInt(6) == 0) ? "" : "{\"r\":\"" + words("result", 200) + "\"}";
				results.add(new ToolResponseMessage.ToolResponse(id, "tool" + i, data));
			}
			messages.add(AssistantMessage.builder().content("").toolCalls(asked).build());
			messages.add(ToolResponseMessage.builder().responses(results).build());
		}
	}

	List<ToolCallback> tools(int number) {
		List<ToolCallback> tools = new ArrayList<>();
		for (int i = 0; i < number; i++) {
			tools.add(tool("tool" + i,
					"{\"type\":\"object\",\"properties\":{\"z\":{\"type\":\"string\"},\"a\":{\"type\":"
							+ "\"integer\",\"description\":\"" + words("meaning", 60)
							+ "\"}},\"required\":[\"z\",\"a\"]}"));
		}
		Collections.shuffle(tools, this.random);
		return tools;
	}

	static ToolCallback tool(String name, String schema) {
		ToolDefinition definition = new DefaultToolDefinition(name, "Does what " + name + " does", schema);
		return new ToolCallback() {

			@Override
			public ToolDefinition getToolDefinition() {
				return definition;
			}

			@Override
			public String call(String toolInput) {
				return "{\"done\":\"" + name + "\"}";
			}

		};
	}

	/**
	 * Marks that the rules allow, of those boundaries that can be marked.
	 */
	List<CacheMark> marks(CacheRules rules, List<PrefixBoundary> boundaries) {
		Map<Integer, CacheTtl> marks = new LinkedHashMap<>();
		int longest = this.random.nextInt(rules.ttls().size());
		int front = longest;
		boolean messages = false;
		for (int i = 0; i < boundaries.size(); i++) {
			PrefixBoundary boundary = boundaries.get(i);
			if (boundary.markable() && rules.markable().contains(boundary.segment()) && this.random.nextInt(3) > 0) {
				if (!boundary.segment().isFront()) {
					longest = this.random.nextInt(longest + 1);
					messages = true;
				}
				marks.put(i, rules.ttls().get(longest));
			}
		}
		if (messages && boundaries.get(0).segment() == Segment.TOOLS) {
			marks.put(0, rules.ttls().get(front));
		}
		return marks.entrySet()
			.stream()
			.sorted(Map.Entry.comparingByKey())
			.map((mark) -> new CacheMark(mark.getKey(), mark.getValue()))
			.toList();
	}

}
