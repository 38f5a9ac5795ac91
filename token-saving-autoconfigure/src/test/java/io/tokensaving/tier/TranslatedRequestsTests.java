package io.tokensaving.tier;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

import io.tokensaving.tier.WireModels.Kind;
import io.tokensaving.tier.WireModels.Sent;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.google.genai.GoogleGenAiChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.ollama.api.OllamaChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.function.FunctionToolCallback;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A request for one model that is sent to another must be, byte for byte in its meaning,
 * the request that a client of the other model would have sent for the same caller.
 */
class TranslatedRequestsTests {

	private static final String SCHEMA = "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"},"
			+ "\"year\":{\"type\":\"integer\"}},\"required\":[\"name\",\"year\"],\"additionalProperties\":false}";

	private static final String FOREIGN = "f0reign";

	private static final ToolCallback CALLERS_TOOL = tool("look_up");

	private static final Map<String, ToolCallback> DEFAULT_TOOLS = Map.of("source", tool("source_tool"), "target",
			tool("target_tool"));

	private static WireModels models;

	@BeforeContainer
	static void start() {
		models = new WireModels();
	}

	@AfterContainer
	static void stop() {
		models.close();
	}

	@Provide
	Arbitrary<Wish> wishes() {
		return Arbitraries.randomValue(Wish::random);
	}

	@Property(tries = 200, shrinking = ShrinkingMode.OFF)
	void theOtherModelIsSentWhatItsOwnClientWouldSend(@ForAll("wishes") Wish wish) {
		for (Kind source : Kind.values()) {
			for (Kind target : Kind.values()) {
				Capturing model = new Capturing(
						models.model(target, "target-key", defaults(target, "target", wish, wish.targetDefaults())));
				Tier tier = new Tier("t", model, wish.model(), Tier.Limits.NONE, "d");
				SwitchingAdvisor switching = new SwitchingAdvisor(tier);
				ChatModel own = models.model(source, "source-key",
						defaults(source, "source", wish, wish.sourceDefaults()));
				ChatClient routed = ChatClient.builder(own).defaultAdvisors(switching, new TierModelAdvisor()).build();
				Wish asked = wish.only(source);
				ask(routed, source, asked, null, true);
				List<Sent> sent = models.sent();
				Prompt prompt = model.last;
				ask(ChatClient.builder(model).build(), target, asked.only(target), wish.model(), false);
				List<Sent> expected = models.sent();
				String description = source + " to " + target + ": " + wish;
				assertThat(sent).as(description).hasSize(1);
				assertThat(expected).hasSize(1);
				assertThat(sent.get(0).json()).as(description).isEqualTo(expected.get(0).json());
				assertThat(sent.get(0).path()).as(description).isEqualTo(expected.get(0).path());
				assertThat(sent.get(0).all().toLowerCase(Locale.ROOT)).as(description)
					.doesNotContain("source")
					.doesNotContain(FOREIGN);
				assertThat(toolContext(prompt)).as(description).isEqualTo(toolContext(model.last));
				assertThat(switching.dropped()).as(description)
					.containsExactly(List.copyOf(asked.without(source, target)));
			}
		}
	}

	@Property(tries = 50, shrinking = ShrinkingMode.OFF)
	void anotherModelOfTheSameBeanIsSentTheSameButForItsName(@ForAll("wishes") Wish wish) {
		for (Kind kind : Kind.values()) {
			ChatModel own = models.model(kind, "key", defaults(kind, "source", wish, wish.sourceDefaults()));
			ask(ChatClient.create(own), kind, wish.only(kind), null, false);
			Sent before = models.sent().get(0);
			Tier tier = new Tier("t", null, "other-model", Tier.Limits.NONE, "d");
			ask(ChatClient.builder(own).defaultAdvisors(new SwitchingAdvisor(tier), new TierModelAdvisor()).build(),
					kind, wish.only(kind), null, true);
			Sent after = models.sent().get(0);
			String description = kind + ": " + wish;
			if (kind == Kind.GOOGLE) {
				assertThat(after.path()).isEqualTo(before.path().replace("source-model", "other-model"))
					.contains("other-model");
				assertThat(after.json()).as(description).isEqualTo(before.json());
			}
			else {
				ObjectNode renamed = ((ObjectNode) before.json().deepCopy()).put("model", "other-model");
				if (renamed.path("options").has("model")) {
					((ObjectNode) renamed.get("options")).put("model", "other-model");
				}
				assertThat(after.json()).as(description).isEqualTo(renamed);
			}
		}
	}

	@Property(tries = 50, shrinking = ShrinkingMode.OFF)
	void theSourceIsFoundAmongBeans(@ForAll("wishes") Wish wish) {
		List<ChatModel> beans = new ArrayList<>();
		for (Kind kind : Kind.values()) {
			beans.add(models.model(kind, "key", defaults(kind, "target", wish, 0xfff)));
			beans.add(models.model(kind, "key", defaults(kind, "source", wish, 0xfff)));
		}
		for (Kind kind : Kind.values()) {
			ChatModel own = beans.get(kind.ordinal() * 2 + 1);
			List<ChatModel> found = new ArrayList<>();
			SwitchingAdvisor switching = new SwitchingAdvisor(new Tier("t", null, null, Tier.Limits.NONE, "d"),
					(request) -> {
						found.add(SourceModels.find(request.prompt().getOptions(), beans));
						return null;
					}, (message) -> false);
			ask(ChatClient.builder(own).defaultAdvisors(switching).build(), kind, wish.only(kind), null, false);
			assertThat(found).as(kind + ": " + wish).containsExactly(own);
		}
		models.sent();
	}

	private static @Nullable Map<String, Object> toolContext(Prompt prompt) {
		return ((ToolCallingChatOptions) prompt.getOptions()).getToolContext();
	}

	private static void ask(ChatClient client, Kind kind, Wish wish, @Nullable String model, boolean decorated) {
		ChatClient.ChatClientRequestSpec request = client.prompt()
			.system("Be brief")
			.messages(history(wish, decorated))
			.user("Who was the first programmer?")
			.options(options(kind, wish, model));
		if (wish.tool()) {
			request = request.tools(CALLERS_TOOL).toolContext(Map.of("caller", "c"));
		}
		if (wish.stream()) {
			request.stream().content().blockLast();
			return;
		}
		switch (wish.output()) {
			case ENTITY -> assertThat(request.call().entity(Person.class)).isEqualTo(new Person("Ada", 1815));
			case NATIVE -> assertThat(request.call().entity(Person.class, (spec) -> spec.useProviderStructuredOutput()))
				.isEqualTo(new Person("Ada", 1815));
			default -> request.call().content();
		}
	}

	private static List<Message> history(Wish wish, boolean decorated) {
		List<Message> history = new ArrayList<>();
		for (int i = 0; i < wish.turns(); i++) {
			history.add(new UserMessage("Question " + i));
			Map<String, Object> metadata = new HashMap<>(Map.of("mine", i));
			if (decorated && i % 2 == 0) {
				history.add(AssistantMessage.builder()
					.content("I think, " + FOREIGN)
					.properties(Map.of("signature", FOREIGN))
					.build());
				metadata.put("reasoningContent", FOREIGN);
				metadata.put("thoughtSignatures", new ArrayList<>(List.of(FOREIGN.getBytes(StandardCharsets.UTF_8))));
				metadata.put("openai.tool_calls.additional_properties",
						Map.of("call-" + i, "{\"" + FOREIGN + "\":true}"));
			}
			history.add(AssistantMessage.builder()
				.content("I look it up")
				.properties(metadata)
				.toolCalls(
						List.of(new AssistantMessage.ToolCall("call-" + i, "function", "look_up", "{\"text\":\"a\"}")))
				.build());
			history.add(ToolResponseMessage.builder()
				.responses(List.of(new ToolResponseMessage.ToolResponse("call-" + i, "look_up", "{\"found\":true}")))
				.build());
			history.add(AssistantMessage.builder().content("Answer " + i).properties(metadata).build());
		}
		return history;
	}

	// The caller's options, in the words of the provider or in those that all have
	private static ChatOptions.Builder<?> options(Kind kind, Wish wish, @Nullable String model) {
		ToolCallingChatOptions.Builder<?> builder = wish.portable() ? ToolCallingChatOptions.builder()
				: WireModels.options(kind);
		builder.model(model);
		builder.temperature(wish.temperature()).topP(wish.topP()).topK(wish.topK());
		builder.frequencyPenalty(wish.frequencyPenalty()).presencePenalty(wish.presencePenalty());
		builder.stopSequences(wish.stop());
		boolean completion = builder instanceof OpenAiChatOptions.Builder && wish.completionTokens();
		if (!completion) {
			builder.maxTokens(wish.maxTokens());
		}
		if (builder instanceof StructuredOutputChatOptions.Builder<?> structured && wish.output() == Output.OPTION) {
			structured.outputSchema(SCHEMA);
		}
		if (builder instanceof OpenAiChatOptions.Builder openAi) {
			openAi.seed(wish.seed()).n(wish.answers()).parallelToolCalls(wish.parallel());
			if (completion) {
				openAi.maxCompletionTokens(wish.maxTokens());
			}
			if (wish.special() == kind) {
				openAi.reasoningEffort("low").logitBias(Map.of("50256", -100));
			}
		}
		else if (builder instanceof AnthropicChatOptions.Builder anthropic) {
			anthropic.disableParallelToolUse((wish.parallel() != null) ? !wish.parallel() : null);
			if (wish.special() == kind) {
				anthropic.inferenceGeo("eu");
			}
		}
		else if (builder instanceof GoogleGenAiChatOptions.Builder google) {
			google.candidateCount(wish.answers());
			if (wish.special() == kind) {
				google.thinkingBudget(64);
			}
		}
		else if (builder instanceof OllamaChatOptions.Builder ollama) {
			ollama.seed(wish.seed());
			if (wish.special() == kind) {
				ollama.numCtx(8192).minP(0.05);
			}
		}
		return builder;
	}

	// Default options that differ from all that a caller sets
	private static ToolCallingChatOptions defaults(Kind kind, String role, Wish wish, int some) {
		double factor = role.equals("source") ? 1 : 2;
		ToolCallingChatOptions.Builder<?> builder = WireModels.options(kind);
		builder.model(role + "-model");
		builder.temperature(has(some, 0) ? 0.11 * factor : null).topP(has(some, 1) ? 0.13 * factor : null);
		builder.topK(has(some, 2) ? (int) (11 * factor) : null);
		builder.frequencyPenalty(has(some, 3) ? 0.15 * factor : null);
		builder.presencePenalty(has(some, 4) ? 0.17 * factor : null);
		builder.stopSequences(has(some, 5) ? List.of(role.toUpperCase(Locale.ROOT) + "-END") : null);
		if (has(some, 6) && !(kind == Kind.OPEN_AI && wish.completionTokens())) {
			builder.maxTokens((int) (1111 * factor));
		}
		if (has(some, 7)) {
			builder.toolCallbacks(List.of(DEFAULT_TOOLS.get(role)));
			builder.toolContext(Map.of(role, 1));
		}
		if (has(some, 8) && builder instanceof StructuredOutputChatOptions.Builder<?> structured) {
			structured.outputSchema("{\"type\":\"object\",\"title\":\"" + role + "\"}");
		}
		if (has(some, 9)) {
			if (builder instanceof OpenAiChatOptions.Builder openAi) {
				openAi.user(role + "-user").seed((int) (1117 * factor)).customHeaders(Map.of("x-role", role));
			}
			else if (builder instanceof AnthropicChatOptions.Builder anthropic) {
				anthropic.httpHeaders(Map.of("x-role", role));
			}
			else if (builder instanceof GoogleGenAiChatOptions.Builder google) {
				google.thinkingBudget((int) (117 * factor)).candidateCount((int) (4 * factor));
			}
			else if (builder instanceof OllamaChatOptions.Builder ollama) {
				ollama.seed((int) (1117 * factor)).keepAlive(role);
			}
		}
		return builder.build();
	}

	private static boolean has(int some, int bit) {
		return (some & (1 << bit)) != 0;
	}

	private static ToolCallback tool(String name) {
		return FunctionToolCallback.builder(name, (Text text) -> "nothing")
			.description("Does it")
			.inputType(Text.class)
			.build();
	}

	/**
	 * How an answer of a form is asked for.
	 */
	enum Output {

		TEXT, ENTITY, NATIVE, OPTION

	}

	/**
	 * What a caller asks for, and which defaults two models have.
	 */
	record Wish(@Nullable Double temperature, @Nullable Double topP, @Nullable Integer topK,
			@Nullable Double frequencyPenalty, @Nullable Double presencePenalty, @Nullable List<String> stop,
			@Nullable Integer maxTokens, boolean completionTokens, @Nullable Integer seed, @Nullable Integer answers,
			@Nullable Boolean parallel, boolean tool, boolean portable, @Nullable Kind special, Output output,
			boolean stream, int turns, @Nullable String model, int sourceDefaults, int targetDefaults) {

		static Wish random(Random random) {
			boolean portable = random.nextInt(3) == 0;
			boolean stream = random.nextBoolean();
			Output output = Output.values()[random.nextInt(4)];
			if ((stream && output != Output.OPTION) || (portable && output == Output.OPTION)) {
				output = Output.TEXT;
			}
			return new Wish(one(random, 0.3, 0.5, 0.9, 0.0), one(random, 0.4, 0.95), one(random, 5, 40),
					one(random, 0.1, -0.5), one(random, 0.2, 1.5), one(random, List.of("END"), List.of("A", "B")),
					one(random, 50, 333), !portable && random.nextInt(4) == 0, portable ? null : one(random, 7, 42),
					portable ? null : one(random, 1, 3), portable ? null : one(random, true, false),
					random.nextInt(3) == 0, portable,
					portable ? null : Kind.values()[random.nextInt(Kind.values().length)], output, stream,
					random.nextInt(3), one(random, "wanted-model"), random.nextInt(1 << 10), random.nextInt(1 << 10));
		}

		@SafeVarargs
		private static <T> @Nullable T one(Random random, T... values) {
			return random.nextBoolean() ? null : values[random.nextInt(values.length)];
		}

		/**
		 * What is left of it where a provider is asked.
		 */
		Wish only(Kind kind) {
			boolean penalties = kind != Kind.ANTHROPIC;
			boolean seed = kind == Kind.OPEN_AI || kind == Kind.OLLAMA;
			boolean answers = kind == Kind.OPEN_AI || kind == Kind.GOOGLE;
			boolean parallel = kind == Kind.OPEN_AI || kind == Kind.ANTHROPIC;
			return new Wish(this.temperature, this.topP, (kind != Kind.OPEN_AI) ? this.topK : null,
					penalties ? this.frequencyPenalty : null, penalties ? this.presencePenalty : null, this.stop,
					this.maxTokens, this.completionTokens && kind == Kind.OPEN_AI, seed ? this.seed : null,
					answers ? this.answers : null, parallel ? this.parallel : null, this.tool, this.portable,
					(this.special == kind) ? kind : null, this.output, this.stream, this.turns, this.model,
					this.sourceDefaults, this.targetDefaults);
		}

		/**
		 * The names of the options that one provider has and the other has not.
		 */
		Set<String> without(Kind source, Kind target) {
			Wish rest = only(target);
			Set<String> names = new TreeSet<>();
			add(names, this.topK, rest.topK, "topK");
			add(names, this.frequencyPenalty, rest.frequencyPenalty, "frequencyPenalty");
			add(names, this.presencePenalty, rest.presencePenalty, "presencePenalty");
			add(names, this.seed, rest.seed, "seed");
			add(names, this.answers, rest.answers, (source == Kind.OPEN_AI) ? "n" : "candidateCount");
			add(names, this.parallel, rest.parallel,
					(source == Kind.OPEN_AI) ? "parallelToolCalls" : "disableParallelToolUse");
			if (this.special != rest.special) {
				Set<String> special = switch (source) {
					case OPEN_AI -> Set.of("reasoningEffort", "logitBias");
					case ANTHROPIC -> Set.of("inferenceGeo");
					case GOOGLE -> Set.of("thinkingBudget");
					case OLLAMA -> Set.of("numCtx", "minP");
				};
				names.addAll(special);
			}
			return names;
		}

		private static void add(Set<String> names, @Nullable Object before, @Nullable Object after, String name) {
			if (before != null && after == null) {
				names.add(name);
			}
		}

	}

	record Person(String name, int year) {

	}

	record Text(String text) {

	}

	/**
	 * A model that remembers what it was asked.
	 */
	private static final class Capturing implements ChatModel {

		private final ChatModel model;

		private volatile Prompt last;

		Capturing(ChatModel model) {
			this.model = model;
		}

		@Override
		public ChatOptions getOptions() {
			return this.model.getOptions();
		}

		@Override
		public ChatResponse call(Prompt prompt) {
			this.last = prompt;
			return this.model.call(prompt);
		}

		@Override
		public Flux<ChatResponse> stream(Prompt prompt) {
			this.last = prompt;
			return this.model.stream(prompt);
		}

	}

}
