package io.tokensaving.request;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

import io.tokensaving.provider.Dialects;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;
import org.springframework.util.MimeType;

/**
 * A model of what can change the answer to a request: two requests differ in an
 * answer-relevant way if and only if their models are not equal.
 */
record RequestModel(String workspace, String plan, String scope, String model, Double temperature, Integer maxTokens,
		List<String> stop, List<Tool> tools, String format, String schema, boolean providerNative, List<Turn> messages,
		String answerInputs) {

	static final RequestModel BASE = new RequestModel("default", "support-bot", null, "gpt-4o", 0.5, 100,
			List.of("END"), List.of(new Tool("lookup", "looks up", "{\"type\":\"object\"}")), null, null, false,
			List.of(Turn.of("system", "You are a bot."), Turn.of("user", "Hello"),
					new Turn("assistant", "", List.of(), List.of(new Call("c1", "lookup", "{}")), List.of(), null),
					new Turn("tool", "", List.of(), List.of(), List.of(new Call("c1", "lookup", "42")), null),
					Turn.of("assistant", "42"), Turn.of("user", "Sure?")),
			null);

	/**
	 * Texts that are easily confused: empty, prefixes of each other, with what could be
	 * taken for a separator or a length, unpaired surrogates, different normal forms.
	 */
	private static final String[] TEXTS = { "", "a", "b", "ab", "a\u0000b", "a\nb", "a b", "null", "\uD800", "\uDC00",
			"\uD83D\uDE00", "?", "\u00E9", "e\u0301", "s\u0000\u0000\u0000\u0001a", "[]", "{}" };

	RequestFingerprint fingerprint() {
		ChatClientRequest request = new ChatClientRequest(prompt(0), context());
		return RequestFingerprint.of(this.workspace, this.plan, this.scope, request.prompt(),
				CallState.OutputFormat.of(request), this.answerInputs, Dialects.builtIn());
	}

	/**
	 * Build the request with parts that cannot change the answer.
	 * @param irrelevant varies those parts
	 * @return the fingerprint
	 */
	RequestFingerprint fingerprintWith(long irrelevant) {
		Map<String, Object> context = context();
		context.put("own-" + irrelevant, irrelevant);
		context.put("chat_memory_conversation_id", "id-" + irrelevant);
		ChatClientRequest request = new ChatClientRequest(prompt(irrelevant), context);
		return RequestFingerprint.of(this.workspace, this.plan, this.scope, request.prompt(),
				CallState.OutputFormat.of(request), this.answerInputs, Dialects.builtIn());
	}

	private Map<String, Object> context() {
		Map<String, Object> context = new HashMap<>();
		if (this.format != null) {
			context.put(ChatClientAttributes.OUTPUT_FORMAT.getKey(), this.format);
		}
		if (this.schema != null) {
			context.put(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey(), this.schema);
		}
		if (this.providerNative) {
			context.put(ChatClientAttributes.STRUCTURED_OUTPUT_NATIVE.getKey(), true);
		}
		return context;
	}

	private Prompt prompt(long irrelevant) {
		List<ToolCallback> callbacks = new ArrayList<>(this.tools.stream().map(Tool::callback).toList());
		if (irrelevant % 2 != 0) {
			Collections.reverse(callbacks);
		}
		ChatOptions options = ToolCallingChatOptions.builder()
			.model(this.model)
			.temperature(this.temperature)
			.maxTokens(this.maxTokens)
			.stopSequences(this.stop)
			.toolCallbacks(callbacks)
			.toolContext((irrelevant != 0) ? Map.of("request", irrelevant) : Map.of())
			.build();
		return new Prompt(this.messages.stream().map((turn) -> turn.message(irrelevant)).toList(), options);
	}

	/**
	 * Change one part at random, possibly to what it was.
	 * @param random decides
	 * @return the changed request
	 */
	RequestModel mutate(RandomGenerator random) {
		String text = TEXTS[random.nextInt(TEXTS.length)];
		String number = Integer.toString(random.nextInt(1000));
		return switch (random.nextInt(15)) {
			case 0 -> new RequestModel("w" + number, this.plan, this.scope, this.model, this.temperature,
					this.maxTokens, this.stop, this.tools, this.format, this.schema, this.providerNative, this.messages,
					this.answerInputs);
			case 1 -> new RequestModel(this.workspace, "p" + number, this.scope, this.model, this.temperature,
					this.maxTokens, this.stop, this.tools, this.format, this.schema, this.providerNative, this.messages,
					this.answerInputs);
			case 2 -> new RequestModel(this.workspace, this.plan, random.nextBoolean() ? null : text, this.model,
					this.temperature, this.maxTokens, this.stop, this.tools, this.format, this.schema,
					this.providerNative, this.messages, this.answerInputs);
			case 3 -> new RequestModel(this.workspace, this.plan, this.scope, "m" + number, this.temperature,
					this.maxTokens, this.stop, this.tools, this.format, this.schema, this.providerNative, this.messages,
					this.answerInputs);
			case 4 -> new RequestModel(this.workspace, this.plan, this.scope, this.model,
					random.nextBoolean() ? null : (Double) random.nextDouble(), this.maxTokens, this.stop, this.tools,
					this.format, this.schema, this.providerNative, this.messages, this.answerInputs);
			case 5 -> new RequestModel(this.workspace, this.plan, this.scope, this.model, this.temperature,
					random.nextBoolean() ? null : (Integer) random.nextInt(1000), this.stop, this.tools, this.format,
					this.schema, this.providerNative, this.messages, this.answerInputs);
			case 6 -> new RequestModel(this.workspace, this.plan, this.scope, this.model, this.temperature,
					this.maxTokens, random.nextBoolean() ? List.of(text, number) : List.of(text + number), this.tools,
					this.format, this.schema, this.providerNative, this.messages, this.answerInputs);
			case 7 -> new RequestModel(this.workspace, this.plan, this.scope, this.model, this.temperature,
					this.maxTokens, this.stop, Tool.mutate(this.tools, text, random), this.format, this.schema,
					this.providerNative, this.messages, this.answerInputs);
			case 8 -> new RequestModel(this.workspace, this.plan, this.scope, this.model, this.temperature,
					this.maxTokens, this.stop, this.tools, random.nextBoolean() ? null : text + number, this.schema,
					this.providerNative, this.messages, this.answerInputs);
			case 9 -> new RequestModel(this.workspace, this.plan, this.scope, this.model, this.temperature,
					this.maxTokens, this.stop, this.tools, this.format, random.nextBoolean() ? null : text + number,
					!this.providerNative, this.messages, this.answerInputs);
			case 10 -> new RequestModel(this.workspace, this.plan, this.scope, this.model, this.temperature,
					this.maxTokens, this.stop, this.tools, this.format, this.schema, this.providerNative, this.messages,
					random.nextBoolean() ? null : text + number);
			default -> withMessages(Turn.mutate(this.messages, text, number, random));
		};
	}

	RequestModel withMessages(List<Turn> messages) {
		return new RequestModel(this.workspace, this.plan, this.scope, this.model, this.temperature, this.maxTokens,
				this.stop, this.tools, this.format, this.schema, this.providerNative, messages, this.answerInputs);
	}

	record Tool(String name, String description, String schema) {

		static List<Tool> mutate(List<Tool> tools, String text, RandomGenerator random) {
			List<Tool> changed = new ArrayList<>(tools);
			String name = "t" + random.nextInt(5);
			if (changed.size() > 2 || (!changed.isEmpty() && random.nextBoolean())) {
				changed.remove(random.nextInt(changed.size()));
			}
			else if (changed.stream().noneMatch((tool) -> tool.name().equals(name))) {
				changed.add(new Tool(name, "d" + text, "{" + text + "}"));
			}
			// The order of tools makes no difference, so the model sorts them
			changed.sort(Comparator.comparing(Tool::name));
			return List.copyOf(changed);
		}

		ToolCallback callback() {
			ToolDefinition definition = ToolDefinition.builder()
				.name(this.name)
				.description(this.description)
				.inputSchema(this.schema)
				.build();
			return new ToolCallback() {

				@Override
				public ToolDefinition getToolDefinition() {
					return definition;
				}

				@Override
				public String call(String input) {
					return "";
				}

			};
		}

	}

	record Call(String id, String name, String data) {

	}

	record Attachment(String mimeType, String id, String data, boolean link) {

		Media media() {
			MimeType type = MimeType.valueOf(this.mimeType);
			if (this.link) {
				return new Media(type, URI.create("https://example.com/" + this.data));
			}
			Media.Builder builder = Media.builder().mimeType(type).data(this.data.getBytes(StandardCharsets.UTF_8));
			return ((this.id != null) ? builder.id(this.id) : builder).build();
		}

	}

	record Turn(String role, String text, List<Attachment> media, List<Call> calls, List<Call> results,
			String reasoning) {

		static Turn of(String role, String text) {
			return new Turn(role, text, List.of(), List.of(), List.of(), null);
		}

		static List<Turn> mutate(List<Turn> turns, String text, String number, RandomGenerator random) {
			List<Turn> changed = new ArrayList<>(turns);
			int choice = random.nextInt(8);
			if (changed.isEmpty() || (choice == 0 && changed.size() < 12)) {
				changed.add(random.nextInt(changed.size() + 1),
						Turn.of(random.nextBoolean() ? "user" : "system", text + number));
				return List.copyOf(changed);
			}
			int index = random.nextInt(changed.size());
			Turn turn = changed.get(index);
			if (choice == 1) {
				changed.remove(index);
			}
			else if (choice == 2) {
				Collections.swap(changed, index, random.nextInt(changed.size()));
			}
			else {
				changed.set(index, turn.mutate(choice, text, number));
			}
			return List.copyOf(changed);
		}

		private Turn mutate(int choice, String text, String number) {
			return switch (this.role) {
				case "user" -> (choice == 3)
						? new Turn(this.role, this.text,
								List.of(new Attachment("image/png", "id" + number, "x" + text, false)), this.calls,
								this.results, null)
						: new Turn(this.role, text + number, this.media, this.calls, this.results, null);
				case "assistant" -> switch (choice) {
					case 3 -> new Turn(this.role, this.text, this.media, List.of(new Call(number, "n", text)),
							this.results, this.reasoning);
					case 4 -> new Turn(this.role, this.text, this.media, List.of(), this.results, this.reasoning);
					case 5 -> new Turn(this.role, this.text, this.media, this.calls, this.results, "r" + number);
					default -> new Turn(this.role, text + number, this.media, this.calls, this.results, null);
				};
				case "tool" ->
					new Turn(this.role, "", this.media, this.calls, List.of(new Call(number, "n" + text, text)), null);
				default -> Turn.of(this.role, text + number);
			};
		}

		Message message(long irrelevant) {
			Map<String, Object> metadata = new HashMap<>();
			if (irrelevant != 0) {
				metadata.put("id", "chatcmpl-" + irrelevant);
				metadata.put("index", irrelevant);
				metadata.put("finishReason", "STOP" + irrelevant);
				metadata.put("timestamp", irrelevant);
			}
			List<Media> attachments = this.media.stream().map(Attachment::media).toList();
			return switch (this.role) {
				case "user" -> UserMessage.builder().text(this.text).media(attachments).metadata(metadata).build();
				case "system" -> SystemMessage.builder().text(this.text).metadata(metadata).build();
				case "tool" -> ToolResponseMessage.builder()
					.responses(this.results.stream()
						.map((result) -> new ToolResponseMessage.ToolResponse(result.id(), result.name(),
								result.data()))
						.toList())
					.metadata(metadata)
					.build();
				default -> {
					if (this.reasoning != null) {
						metadata.put("reasoningContent", this.reasoning);
					}
					yield AssistantMessage.builder()
						.content(this.text)
						.properties(metadata)
						.media(attachments)
						.toolCalls(this.calls.stream()
							.map((call) -> new AssistantMessage.ToolCall(call.id(), "function", call.name(),
									call.data()))
							.toList())
						.build();
				}
			};
		}

	}

}
