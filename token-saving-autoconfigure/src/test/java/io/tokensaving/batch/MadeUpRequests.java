package io.tokensaving.batch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import com.anthropic.models.messages.Metadata;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.anthropic.AnthropicCacheTtl;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.util.MimeTypeUtils;

/**
 * Prompts with all that a request can hold, made up from a seed.
 */
final class MadeUpRequests {

	private static final String[] WORDS = { "refund", "Ärger", "東京", "😀", "\"quoted\"", "back\\slash", "line\nfeed",
			"tab\t", "</system>", "0.1", "été", "order 4711", "\u2028", "ok" };

	private static final String SCHEMA = """
			{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":
			{"label":{"type":"string"},"score":{"type":"number"}},"required":["label","score"],
			"additionalProperties":false}""";

	private MadeUpRequests() {
	}

	static Prompt openAi(long seed) {
		Random random = new Random(seed);
		OpenAiChatOptions.Builder options = OpenAiChatOptions.builder();
		options.model((random.nextBoolean()) ? "gpt-5-mini" : "gpt-5");
		List<Message> messages = messages(random, random.nextInt(3) > 0);
		if (random.nextBoolean()) {
			options.temperature(random.nextInt(20) / 10.0);
			options.topP(random.nextDouble());
		}
		if (random.nextBoolean()) {
			options.maxCompletionTokens(1 + random.nextInt(900));
			options.seed(random.nextInt());
			options.stop(List.of(words(random, 1), "END"));
		}
		if (random.nextInt(3) == 0) {
			options.logitBias(Map.of("50256", -100));
			options.logprobs(true);
			options.topLogprobs(3);
		}
		if (random.nextInt(3) == 0) {
			options.metadata(Map.of("ticket", words(random, 2)));
			options.store(true);
			options.user(words(random, 1));
		}
		if (random.nextInt(3) == 0) {
			options.outputSchema(SCHEMA);
		}
		else if (random.nextInt(3) == 0) {
			options.responseFormat(OpenAiChatModel.ResponseFormat.builder()
				.type(OpenAiChatModel.ResponseFormat.Type.JSON_OBJECT)
				.build());
		}
		if (random.nextInt(3) == 0) {
			Map<String, Object> extra = new LinkedHashMap<>();
			extra.put("top_k", 40);
			extra.put("chat_template_kwargs", Map.of("enable_thinking", false));
			extra.put("words", List.of(words(random, 1), 1.50, true));
			options.extraBody(extra);
		}
		if (random.nextInt(3) == 0) {
			options.customHeaders(Map.of("X-Tenant", "t" + random.nextInt(3)));
			options.promptCacheKey("key");
			options.reasoningEffort("low");
			options.n(2);
		}
		if (random.nextBoolean()) {
			options.toolCallbacks(tools(random));
			options.parallelToolCalls(random.nextBoolean());
		}
		return new Prompt(messages, options.build());
	}

	static Prompt anthropic(long seed) {
		Random random = new Random(seed);
		AnthropicChatOptions.Builder options = AnthropicChatOptions.builder();
		options.model((random.nextBoolean()) ? "claude-sonnet-5" : "claude-haiku-4-5");
		options.maxTokens(100 + random.nextInt(1000));
		List<Message> messages = messages(random, random.nextInt(3) > 0);
		if (random.nextBoolean()) {
			options.temperature(random.nextInt(10) / 10.0);
			options.topK(1 + random.nextInt(50));
			options.stopSequences(List.of(words(random, 1)));
		}
		if (random.nextBoolean()) {
			AnthropicCacheStrategy[] strategies = AnthropicCacheStrategy.values();
			options.cacheOptions(AnthropicCacheOptions.builder()
				.strategy(strategies[random.nextInt(strategies.length)])
				.messageTypeTtl(MessageType.SYSTEM,
						(random.nextBoolean()) ? AnthropicCacheTtl.ONE_HOUR : AnthropicCacheTtl.FIVE_MINUTES)
				.build());
		}
		if (random.nextInt(3) == 0) {
			options.metadata(Metadata.builder().userId("user-" + random.nextInt(9)).build());
		}
		if (random.nextInt(3) == 0) {
			options.outputSchema(SCHEMA);
		}
		if (random.nextInt(3) == 0) {
			options.thinkingEnabled(1024);
			options.temperature(null);
			options.topK(null);
		}
		if (random.nextInt(3) == 0) {
			options.httpHeaders(Map.of("anthropic-beta", "context-1m-2025-08-07", "X-Tenant", "t"));
		}
		if (random.nextBoolean()) {
			options.toolCallbacks(tools(random));
			options.disableParallelToolUse(random.nextBoolean());
		}
		return new Prompt(messages, options.build());
	}

	static Prompt google(long seed) {
		Random random = new Random(seed);
		GoogleGenAiChatOptions.Builder options = GoogleGenAiChatOptions.builder();
		options.model((random.nextBoolean()) ? "gemini-2.5-flash" : "gemini-2.5-pro");
		List<Message> messages = messages(random, random.nextInt(3) > 0);
		if (random.nextBoolean()) {
			options.temperature(random.nextInt(20) / 10.0);
			options.topP(random.nextDouble());
			options.topK(1 + random.nextInt(40));
		}
		if (random.nextBoolean()) {
			options.maxOutputTokens(1 + random.nextInt(900));
			options.stopSequences(List.of(words(random, 1)));
			options.candidateCount(1);
		}
		if (random.nextInt(3) == 0) {
			options.outputSchema(SCHEMA);
		}
		if (random.nextInt(3) == 0) {
			options.thinkingBudget(random.nextInt(2000));
			options.includeThoughts(random.nextBoolean());
		}
		if (random.nextInt(3) == 0) {
			options.googleSearchRetrieval(true);
		}
		if (random.nextInt(4) == 0) {
			options.useCachedContent(true);
			options.cachedContentName("cachedContents/1");
		}
		if (random.nextBoolean()) {
			options.toolCallbacks(tools(random));
		}
		return new Prompt(messages, options.build());
	}

	private static List<Message> messages(Random random, boolean system) {
		List<Message> messages = new ArrayList<>();
		if (system) {
			messages.add(new SystemMessage(words(random, 1 + random.nextInt(400))));
		}
		int turns = random.nextInt(4);
		for (int i = 0; i < turns; i++) {
			messages.add(new UserMessage(words(random, 5)));
			if (random.nextBoolean()) {
				String id = "call_" + random.nextInt(1000);
				messages.add(AssistantMessage.builder()
					.content((random.nextBoolean()) ? words(random, 3) : "")
					.toolCalls(List.of(new AssistantMessage.ToolCall(id, "function", "find",
							"{\"question\":\"" + random.nextInt(9) + "\"}")))
					.build());
				messages.add(ToolResponseMessage.builder()
					.responses(List.of(new ToolResponseMessage.ToolResponse(id, "find",
							"{\"found\":[" + random.nextInt(9) + ",\"é\"]}")))
					.build());
			}
			messages.add(new AssistantMessage(words(random, 5)));
		}
		UserMessage.Builder question = UserMessage.builder().text(words(random, 8));
		if (random.nextInt(3) == 0) {
			byte[] image = new byte[64 + random.nextInt(1000)];
			random.nextBytes(image);
			question.media(new Media(MimeTypeUtils.IMAGE_PNG, new ByteArrayResource(image)));
		}
		messages.add(question.build());
		return messages;
	}

	private static List<ToolCallback> tools(Random random) {
		List<ToolCallback> tools = new ArrayList<>();
		for (String name : List.of("find", "write", "count").subList(0, 1 + random.nextInt(3))) {
			tools.add(FunctionToolCallback.builder(name, (Question question) -> "none")
				.description("Tool " + words(random, 3))
				.inputType(Question.class)
				.build());
		}
		return tools;
	}

	private static String words(Random random, int count) {
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < count; i++) {
			text.append((i > 0) ? " " : "").append(WORDS[random.nextInt(WORDS.length)]);
		}
		return text.toString();
	}

	/**
	 * What a tool is asked.
	 */
	record Question(String question, int limit) {

	}

}
