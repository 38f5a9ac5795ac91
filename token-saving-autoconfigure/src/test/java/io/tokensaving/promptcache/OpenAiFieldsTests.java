package io.tokensaving.promptcache;

import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import io.tokensaving.simulator.CacheTokens;
import io.tokensaving.simulator.SimulatedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that each host and model with OpenAI's API gets the fields that it takes, and no
 * other.
 */
class OpenAiFieldsTests {

	private static final CacheTtl HALF_AN_HOUR = new CacheTtl(Duration.ofMinutes(30), 1.25);

	private static final CacheRules IMPLICIT = new CacheRules(1024, 0.1, List.of(HALF_AN_HOUR), 1, Integer.MAX_VALUE,
			EnumSet.of(Segment.TAIL), CacheRules.TtlSharing.ALL, CacheRules.MarkLayout.ANY, true);

	private static final CacheRules CLAUDE = new CacheRules(1024, 0.1,
			List.of(new CacheTtl(Duration.ofMinutes(5), 1.25), new CacheTtl(Duration.ofHours(1), 2)), 1, 20,
			EnumSet.of(Segment.TAIL), CacheRules.TtlSharing.ALL, CacheRules.MarkLayout.ANY, false);

	private static final List<Message> MESSAGES = List.of(new SystemMessage(MadeUpPrompts.words("rule", 1600)),
			new UserMessage("Why?"));

	private static final CacheKeys KEYS = new CacheKeys() {

		@Override
		public String shared() {
			return "0123456789abcdef-0";
		}

		@Override
		public String conversation() {
			return "conversation";
		}

	};

	private final ProviderModels models = new ProviderModels();

	private final TokenCounter counter = new TokenCounter();

	@AfterEach
	void close() {
		this.models.close();
	}

	private PromptCacheInjector injector(OpenAiChatOptions options) {
		return BuiltInInjectors.present(null)
			.stream()
			.filter((injector) -> injector.supports(options))
			.findFirst()
			.orElseThrow();
	}

	private PromptCacheInjector.Injected inject(OpenAiChatOptions options, CacheRules rules,
			PromptCacheSettings settings, CacheMark... marks) {
		PromptCacheInjector injector = injector(options);
		CacheTarget target = injector.target(options, MESSAGES);
		PromptSegments segments = PromptSegments.of(options, MESSAGES, null, target, injector,
				this.counter.scale(options), 0);
		return injector.inject(options, CacheInjection.of(target, rules, settings, segments, List.of(marks), KEYS));
	}

	private static OpenAiChatOptions options(String baseUrl, UnaryOperator<OpenAiChatOptions.Builder> customizer) {
		OpenAiChatOptions.Builder options = OpenAiChatOptions.builder();
		options.baseUrl(baseUrl);
		options.model("gpt-5.1");
		return customizer.apply(options).build();
	}

	// As of autumn 2026: retention is a field of these only, options of the newest only
	@ParameterizedTest
	@CsvSource({ "gpt-4o, false, false", "gpt-4.1, true, false", "gpt-5.1, true, false", "gpt-5.5, false, false",
			"gpt-5.6-terra, false, true" })
	void eachModelTakesWhatItGets(String name, boolean retention, boolean options) {
		OpenAiChatModel model = this.models.openAi(name, (given) -> given);
		PromptCacheSettings settings = new PromptCacheSettings(true, true, true, true,
				PromptCacheSettings.VolatileText.REPORT);
		CacheRules rules = options ? IMPLICIT : CacheRules.NONE;
		OpenAiChatOptions injected = (OpenAiChatOptions) inject((OpenAiChatOptions) model.getOptions(), rules, settings)
			.options();
		model.call(new Prompt(MESSAGES));
		SimulatedRequest plain = this.models.last();
		model.call(new Prompt(MESSAGES, injected));
		SimulatedRequest sent = this.models.last();
		assertThat(sent.outcome()).as(sent.problem()).isEqualTo(SimulatedRequest.Outcome.ANSWERED);
		assertThat(ProviderModels.content(sent)).isEqualTo(ProviderModels.content(plain));
		assertThat(sent.json().path("prompt_cache_key").asString()).isEqualTo("0123456789abcdef-0");
		assertThat(sent.json().has("prompt_cache_retention")).isEqualTo(retention);
		assertThat(sent.json().has("prompt_cache_options")).isEqualTo(options);
	}

	@Test
	void aPromptThatIsNotWorthItIsNotWritten() {
		OpenAiChatModel model = this.models.openAi("gpt-5.6-terra", (given) -> given);
		OpenAiChatOptions options = (OpenAiChatOptions) model.getOptions();
		model.call(new Prompt(MESSAGES, options));
		assertThat(this.models.last().input().written()).isPositive();
		PromptCacheInjector.Injected off = inject(options, IMPLICIT, PromptCacheSettings.DEFAULTS);
		model.call(new Prompt(List.of(new UserMessage(MadeUpPrompts.words("other", 1600))), off.options()));
		assertThat(this.models.last().input()).isEqualTo(CacheTokens.none(this.models.last().input().total()));
		PromptCacheInjector.Injected on = inject(options, IMPLICIT, PromptCacheSettings.DEFAULTS,
				new CacheMark(1, HALF_AN_HOUR));
		assertThat(((OpenAiChatOptions) on.options()).getExtraBody()).as("left to the provider")
			.isEqualTo(options.getExtraBody());
		assertThat(List.of(on, off)).noneMatch(PromptCacheInjector.Injected::marked);
	}

	@ParameterizedTest
	@ValueSource(strings = { "http://localhost:8080/v1", "https://llm.example.org/v1",
			"https://api.openai.com.example.org/v1", "https://api.deepseek.com",
			"https://example.org/api.openai.com/v1", "https://notopenrouter.ai/api/v1", "::" })
	void aHostThatIsNotKnownGetsNothing(String baseUrl) {
		OpenAiChatOptions options = options(baseUrl, (given) -> given);
		assertThat(inject(options, CacheRules.NONE,
				new PromptCacheSettings(true, true, true, true, PromptCacheSettings.VolatileText.REPORT))
			.options()).isSameAs(options);
	}

	@Test
	void hostsAreTold() {
		assertThat(provider(options("https://api.openai.com/v1", (given) -> given))).isEqualTo("openai");
		assertThat(provider(options("https://eu.api.openai.com/v1", (given) -> given))).isEqualTo("openai");
		assertThat(provider(options("https://a.openai.azure.com/openai/v1", (given) -> given))).isEqualTo("azure");
		assertThat(provider(options("https://api.x.ai/v1", (given) -> given))).isEqualTo("xai");
		assertThat(provider(options("https://openrouter.ai/api/v1", (given) -> given))).isEqualTo("openrouter");
		assertThat(provider(options("https://api.deepseek.com/v1", (given) -> given))).isEqualTo("deepseek");
		assertThat(provider(options("http://127.0.0.1:11434/v1", (given) -> given))).isEqualTo("general");
	}

	private String provider(OpenAiChatOptions options) {
		return injector(options).target(options, MESSAGES).provider();
	}

	@Test
	void aConversationIsNamedInAHeader() {
		OpenAiChatOptions options = options("https://api.x.ai/v1", (given) -> {
			given.customHeaders(Map.of("x-own", "1"));
			return given;
		});
		OpenAiChatOptions told = (OpenAiChatOptions) inject(options, CacheRules.NONE, PromptCacheSettings.DEFAULTS)
			.options();
		assertThat(told.getCustomHeaders()).containsOnly(Map.entry("x-own", "1"),
				Map.entry("x-grok-conv-id", "conversation"));
		assertThat(told.getPromptCacheKey()).isNull();
		OpenAiChatOptions own = options("https://api.x.ai/v1", (given) -> {
			given.customHeaders(Map.of("X-Grok-Conv-Id", "mine"));
			return given;
		});
		assertThat(inject(own, CacheRules.NONE, PromptCacheSettings.DEFAULTS).options()).isSameAs(own);
	}

	@Test
	void openRouterMarksTheWholeRequest() {
		OpenAiChatOptions options = options("https://openrouter.ai/api/v1", (given) -> given);
		PromptCacheInjector.Injected marked = inject(options, CLAUDE, PromptCacheSettings.DEFAULTS,
				new CacheMark(1, CLAUDE.ttls().get(1)));
		assertThat(marked.marked()).isTrue();
		assertThat(((OpenAiChatOptions) marked.options()).getExtraBody())
			.isEqualTo(Map.of("cache_control", Map.of("type", "ephemeral", "ttl", "1h")));
		assertThat(inject(options, CLAUDE, PromptCacheSettings.DEFAULTS).options()).isSameAs(options);
	}

	@Test
	void whatTheUserSetsStays() {
		OpenAiChatOptions key = options("https://api.openai.com/v1", (given) -> {
			given.promptCacheKey("mine");
			return given;
		});
		assertThat(inject(key, CacheRules.NONE, PromptCacheSettings.DEFAULTS).options()).isSameAs(key);
		OpenAiChatOptions body = options("https://api.openai.com/v1", (given) -> {
			given.promptCacheKey("mine");
			given.extraBody(Map.of("prompt_cache_retention", "in_memory", "own", 1));
			return given;
		});
		assertThat(inject(body, CacheRules.NONE,
				new PromptCacheSettings(true, true, true, true, PromptCacheSettings.VolatileText.REPORT))
			.options()).isSameAs(body);
		OpenAiChatOptions managed = options("https://api.openai.com/v1", (given) -> {
			given.extraBody(new HashMap<>(Map.of("prompt_cache_options", Map.of("mode", "implicit"))));
			return given;
		});
		assertThat(injector(managed).target(managed, MESSAGES).managed()).isTrue();
		OpenAiChatOptions without = options("https://api.openai.com/v1", (given) -> given);
		assertThat(inject(without, CacheRules.NONE,
				new PromptCacheSettings(true, true, false, false, PromptCacheSettings.VolatileText.REPORT))
			.options()).isSameAs(without);
	}

	@Test
	void aKeyIsSpreadOverAsManyMachinesAsItNeeds() {
		KeyShards shards = new KeyShards();
		Map<Integer, Integer> calm = new HashMap<>();
		for (int minute = 0; minute < 30; minute++) {
			for (int i = 0; i < 12; i++) {
				calm.merge(shards.shard(1, spread(i), this.models.clock().instant()), 1, Integer::sum);
			}
			this.models.clock().advance(Duration.ofMinutes(1));
		}
		assertThat(calm).containsOnlyKeys(0);
		Map<Integer, Integer> busy = new HashMap<>();
		for (int minute = 0; minute < 3; minute++) {
			busy.clear();
			for (int i = 0; i < 600; i++) {
				busy.merge(shards.shard(1, spread(i), this.models.clock().instant()), 1, Integer::sum);
			}
			this.models.clock().advance(Duration.ofMinutes(1));
		}
		assertThat(busy).hasSize(64);
		assertThat(busy.values()).allMatch((requests) -> requests < 25);
		Set<Integer> same = new HashSet<>();
		for (int i = 0; i < 100; i++) {
			same.add(shards.shard(1, spread(7), this.models.clock().instant()));
		}
		assertThat(same).as("a conversation keeps its key").hasSize(1);
		this.models.clock().advance(Duration.ofHours(3));
		assertThat(shards.shard(1, spread(7), this.models.clock().instant())).isZero();
		this.models.clock().advance(Duration.ofDays(-2));
		assertThat(shards.shard(1, spread(7), this.models.clock().instant())).as("a clock that goes back").isZero();
	}

	private static long spread(int conversation) {
		return conversation * 0x9E3779B97F4A7C15L >>> 7;
	}

}
