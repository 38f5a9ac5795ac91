package io.tokensaving.promptcache;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import io.tokensaving.simulator.SimulatedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.anthropic.AnthropicChatModel;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.util.MimeTypeUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that whatever is decided, Spring AI's model for Anthropic sends what the provider
 * takes, marks what was decided, and says the same as without marks.
 */
class AnthropicMarksTests {

	private static final CacheTtl FIVE_MINUTES = new CacheTtl(Duration.ofMinutes(5), 1.25);

	private static final CacheTtl ONE_HOUR = new CacheTtl(Duration.ofHours(1), 2);

	private static final CacheRules RULES = new CacheRules(1024, 0.1, List.of(FIVE_MINUTES, ONE_HOUR), 4, 20,
			EnumSet.allOf(Segment.class), CacheRules.TtlSharing.FRONT, CacheRules.MarkLayout.MESSAGES_WITH_TOOLS,
			false);

	private static final CacheKeys NO_KEYS = new CacheKeys() {

		@Override
		public String shared() {
			throw new IllegalStateException("There are no keys");
		}

		@Override
		public String conversation() {
			throw new IllegalStateException("There are no keys");
		}

	};

	private final ProviderModels models = new ProviderModels();

	private final AnthropicChatModel model = this.models.anthropic((options) -> options);

	private final TokenCounter counter = new TokenCounter();

	private final PromptCacheInjector injector = BuiltInInjectors.present(null)
		.stream()
		.filter((injector) -> injector.supports(this.model.getOptions()))
		.findFirst()
		.orElseThrow();

	@AfterEach
	void close() {
		this.models.close();
	}

	private PromptSegments segments(AnthropicChatOptions options, List<Message> messages) {
		return PromptSegments.of(options, messages, null, this.injector.target(options, messages), this.injector,
				this.counter.scale(options), 0);
	}

	private AnthropicChatOptions mark(AnthropicChatOptions options, PromptSegments segments, List<CacheMark> marks) {
		CacheTarget target = this.injector.target(options, segments.messages());
		PromptCacheInjector.Injected injected = this.injector.inject(options,
				CacheInjection.of(target, RULES, PromptCacheSettings.DEFAULTS, segments, marks, NO_KEYS));
		assertThat(injected.marked()).isEqualTo(!marks.isEmpty());
		return (AnthropicChatOptions) injected.options();
	}

	@Test
	void everyDecisionIsTakenByTheProviderAndChangesNoWord() {
		int withFour = 0;
		for (long seed = 0; seed < 80; seed++) {
			MadeUpPrompts prompts = new MadeUpPrompts(seed, true);
			List<Message> messages = prompts.messages();
			AnthropicChatOptions options = ((AnthropicChatOptions) this.model.getOptions()).mutate()
				.toolCallbacks(prompts.tools((int) (seed % 3)))
				.build();
			this.model.call(new Prompt(messages, options));
			SimulatedRequest plain = this.models.last();
			PromptSegments segments = segments(options, messages);
			List<CacheMark> marks = prompts.marks(RULES, segments.boundaries());
			this.model.call(new Prompt(messages, mark(options, segments, marks)));
			SimulatedRequest sent = this.models.last();
			assertThat(sent.outcome()).as("seed %d: %s", seed, sent.problem())
				.isEqualTo(SimulatedRequest.Outcome.ANSWERED);
			assertThat(ProviderModels.content(sent)).as("seed %d", seed).isEqualTo(ProviderModels.content(plain));
			List<JsonNode> marked = ProviderModels.marked(sent);
			assertThat(marked).as("seed %d", seed).hasSameSizeAs(marks).hasSizeLessThanOrEqualTo(4);
			for (int i = 0; i < marks.size(); i++) {
				boolean hour = marks.get(i).ttl().equals(ONE_HOUR);
				assertThat(marked.get(i).path("cache_control").path("ttl").asString()).as("seed %d, mark %d", seed, i)
					.isEqualTo(hour ? "1h" : "5m");
			}
			withFour += (marks.size() == 4) ? 1 : 0;
		}
		assertThat(withFour).as("requests with four marks").isPositive();
	}

	@Test
	void marksStandWhereTheyWereDecided() {
		List<Message> messages = conversation();
		AnthropicChatOptions options = ((AnthropicChatOptions) this.model.getOptions()).mutate()
			.toolCallbacks(new MadeUpPrompts(1, false).tools(2))
			.build();
		PromptSegments segments = segments(options, messages);
		assertThat(segments.boundaries()).extracting(PrefixBoundary::segment)
			.containsExactly(Segment.TOOLS, Segment.SYSTEM, Segment.HISTORY, Segment.HISTORY, Segment.HISTORY,
					Segment.HISTORY, Segment.HISTORY, Segment.TAIL);
		assertThat(segments.boundaries()).extracting(PrefixBoundary::markable)
			.containsExactly(true, true, false, false, false, true, false, true);
		List<CacheMark> all = List.of(new CacheMark(0, ONE_HOUR), new CacheMark(1, ONE_HOUR),
				new CacheMark(5, FIVE_MINUTES), new CacheMark(7, FIVE_MINUTES));
		this.model.call(new Prompt(messages, mark(options, segments, all)));
		JsonNode body = this.models.last().json();
		assertThat(body.path("tools").get(1).has("cache_control")).isTrue();
		assertThat(body.path("system").get(0).has("cache_control")).isTrue();
		assertThat(body.path("messages").get(3).path("content").get(0).has("cache_control")).isTrue();
		assertThat(body.path("messages").get(5).path("content").get(1).has("cache_control")).isTrue();
		this.model.call(new Prompt(messages, mark(options, segments, all.subList(0, 1))));
		assertThat(ProviderModels.marked(this.models.last())).singleElement()
			.satisfies((mark) -> assertThat(mark.has("input_schema")).isTrue());
		this.model.call(new Prompt(messages, mark(options, segments, all.subList(1, 2))));
		assertThat(ProviderModels.marked(this.models.last())).singleElement()
			.satisfies((mark) -> assertThat(mark.path("text").asString()).startsWith("rule"));
		assertThat(mark(options, segments, List.of())).isSameAs(options);
	}

	private static List<Message> conversation() {
		return List.of(new SystemMessage(MadeUpPrompts.words("rule", 1200)), new UserMessage("One?"),
				AssistantMessage.builder().content("").toolCalls(List.of(call("a"))).build(), results("a"),
				new UserMessage("Two?"),
				AssistantMessage.builder().content("").toolCalls(List.of(call("b"), call("c"))).build(),
				results("b", "c"));
	}

	private static AssistantMessage.ToolCall call(String id) {
		return new AssistantMessage.ToolCall(id, "function", "tool1", "{}");
	}

	private static ToolResponseMessage results(String... ids) {
		List<ToolResponseMessage.ToolResponse> results = new ArrayList<>();
		for (String id : ids) {
			results.add(new ToolResponseMessage.ToolResponse(id, "tool1", "{\"id\":\"" + id + "\"}"));
		}
		return ToolResponseMessage.builder().responses(results).build();
	}

	@Test
	void nothingIsMarkedBehindBlankTextOrInFrontOfMedia() {
		Media image = new Media(MimeTypeUtils.IMAGE_PNG, new ByteArrayResource(new byte[] { 1 }));
		AnthropicChatOptions options = (AnthropicChatOptions) this.model.getOptions();
		ToolResponseMessage silent = ToolResponseMessage.builder()
			.responses(List.of(new ToolResponseMessage.ToolResponse("a", "tool1", "{}"),
					new ToolResponseMessage.ToolResponse("b", "tool1", " ")))
			.build();
		List<List<Message>> prompts = List.of(List.of(new UserMessage(" ")),
				List.of(UserMessage.builder().text("What is it?").media(image).build()),
				List.of(UserMessage.builder().text("").media(image).build()),
				List.of(new SystemMessage(" \n"), new AssistantMessage("Hello")),
				List.of(AssistantMessage.builder().content("").toolCalls(List.of(call("a"), call("b"))).build(),
						silent));
		for (List<Message> prompt : prompts) {
			assertThat(segments(options, prompt).boundaries()).noneMatch(PrefixBoundary::markable);
		}
	}

	@Test
	void whatTheUserMarksIsTheUsersAlone() {
		AnthropicCacheOptions own = AnthropicCacheOptions.builder()
			.strategy(AnthropicCacheStrategy.SYSTEM_ONLY)
			.build();
		AnthropicChatOptions options = ((AnthropicChatOptions) this.model.getOptions()).mutate()
			.cacheOptions(own)
			.build();
		assertThat(this.injector.target(options, conversation()).managed()).isTrue();
		assertThat(this.injector.target(this.model.getOptions(), conversation()).managed()).isFalse();
	}

	@Test
	void whatChangesThePrefixChangesTheDigest() {
		AnthropicChatOptions options = (AnthropicChatOptions) this.model.getOptions();
		List<Message> messages = conversation();
		List<PrefixBoundary> plain = segments(options, messages).boundaries();
		assertThat(segments(options, conversation()).boundaries()).isEqualTo(plain);
		List<PrefixBoundary> thinking = segments(options.mutate().thinkingEnabled(2000).maxTokens(4000).build(),
				messages)
			.boundaries();
		assertThat(thinking.get(0)).as("system text").isEqualTo(plain.get(0));
		assertThat(thinking.get(1)).as("first question").isNotEqualTo(plain.get(1));
		List<Message> changed = new ArrayList<>(messages);
		changed.set(4, new UserMessage("Three?"));
		List<PrefixBoundary> other = segments(options, changed).boundaries();
		assertThat(other.subList(0, 4)).isEqualTo(plain.subList(0, 4));
		assertThat(Set.copyOf(other.subList(4, 7))).doesNotContainAnyElementsOf(plain);
	}

}
