package io.tokensaving.samples.gateway.wire.openai;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.promptcache.CacheKeys;
import io.tokensaving.promptcache.CacheRules;
import io.tokensaving.promptcache.CacheRulesTable;
import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.promptcache.PromptCacheSettings;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.cache.GatewayCacheRules;
import io.tokensaving.samples.gateway.wire.cache.GatewayPromptCacheInjector;
import io.tokensaving.samples.gateway.wire.cache.GatewayPromptCacheInjector.Target;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what a document tells a provider about its prompt cache.
 */
class ChatCacheTests {

	private static final CacheTtl FIVE_MINUTES = new CacheTtl(Duration.ofMinutes(5), 1.25);

	private static final CacheTtl HOUR = new CacheTtl(Duration.ofHours(1), 2);

	private static final String SYSTEM = "{\"role\":\"system\",\"content\":\"s\\u00e4\"}";

	private static final String PARTS = "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
			+ "{\"type\":\"text\",\"text\":\"b\"}]}";

	private static final String ASSISTANT = "{\"role\":\"assistant\",\"content\":\"c\"}";

	private static final String USER = "{\"role\":\"user\",\"content\":\"q\"}";

	@Test
	void marksDocumentAtAnyMessage() {
		WireRequest request = Chats.read(Chats.messages(SYSTEM + "," + PARTS + "," + ASSISTANT + "," + USER));
		assertThat(written(request, "openrouter", "anthropic/claude-sonnet-5", HOUR, Map.of(1, HOUR, 3, FIVE_MINUTES)))
			.isEqualTo(Chats.messages("{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"s\\u00e4\","
					+ "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]},{\"role\":\"user\",\"content\":["
					+ "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\",\"cache_control\":"
					+ "{\"type\":\"ephemeral\",\"ttl\":\"1h\"}}]}," + ASSISTANT + ",{\"role\":\"user\",\"content\":["
					+ "{\"type\":\"text\",\"text\":\"q\",\"cache_control\":{\"type\":\"ephemeral\"}}]}"));
	}

	@Test
	void addsKeyAndRetentionForOpenAiUnlessTheClientDid() {
		WireRequest request = Chats.read(Chats.messages(USER));
		assertThat(written(request, "openai", "gpt-4.1", null, Map.of())).isEqualTo("{\"model\":\"m\",\"messages\":["
				+ USER + "],\"prompt_cache_key\":\"shared\",\"prompt_cache_retention\":\"24h\"}");
		assertThat(written(request, "azure", "gpt-4.1", null, Map.of()))
			.isEqualTo("{\"model\":\"m\",\"messages\":[" + USER + "],\"prompt_cache_key\":\"shared\"}");
		assertThat(written(request, "general", "gpt-4.1", null, Map.of())).isEqualTo(Chats.messages(USER));
		WireRequest own = Chats
			.read(Chats.user(",\"prompt_cache_key\":\"mine\",\"prompt_cache_retention\":\"in_memory\""));
		assertThat(written(own, "openai", "gpt-4.1", null, Map.of()))
			.isEqualTo(Chats.user(",\"prompt_cache_key\":\"mine\",\"prompt_cache_retention\":\"in_memory\""));
	}

	@Test
	void switchesImplicitWritesOffIfNothingIsToBeKept() {
		WireRequest request = Chats.read(Chats.messages(USER));
		assertThat(written(request, "openai", "gpt-5.6", null, Map.of()))
			.contains("\"prompt_cache_options\":{\"mode\":\"explicit\"}");
		assertThat(written(request, "openai", "gpt-5.6", null, Map.of(0, HOUR))).doesNotContain("prompt_cache_options");
	}

	@Test
	void tellsXaiByHeader() {
		WireOptions options = inject(Chats.read(Chats.messages(USER)), "xai", "grok-5", null, Map.of());
		assertThat(options.getForwardedHeaders()).containsEntry("x-grok-conv-id", List.of("conversation"));
	}

	@ParameterizedTest
	@ValueSource(strings = {
			"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"cache_control\":"
					+ "{\"type\":\"ephemeral\"}}]}",
			"{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"prompt_cache_breakpoint\":{}}]}" })
	void leavesDocumentAloneThatIsMarkedByTheClient(String message) {
		WireRequest request = Chats.read(Chats.messages(message));
		assertThat(injector("openrouter").target(request.options(), request.messages()).managed()).isTrue();
		assertThat(injector("openrouter")
			.target(Chats.read(Chats.user("")).options(), Chats.read(Chats.user("")).messages())
			.managed()).isFalse();
	}

	@Test
	void knowsWhichMessagesCanBeMarked() {
		WireRequest request = Chats
			.read(Chats.messages(USER + "," + ASSISTANT + ",{\"role\":\"user\",\"content\":\"\"}," + PARTS));
		GatewayPromptCacheInjector injector = injector("openrouter");
		assertThat(List.of(0, 1, 2, 3)).map((index) -> injector.isMarkable(request.messages(), index))
			.containsExactly(true, false, false, true);
	}

	@Test
	void keepsKeyOfAnswersWhateverIsMarked() {
		WireRequest request = Chats.read(Chats.messages(USER));
		WireOptions marked = inject(request, "openrouter", "anthropic/claude", null, Map.of(0, HOUR));
		assertThat(Chats.fingerprint(new Prompt(request.messages(), marked)))
			.isEqualTo(Chats.fingerprint(Chats.prompt(request)));
	}

	@Test
	void allowsFourMarksInDocumentsForOpenRouter() {
		CacheRules rules = GatewayCacheRules.table().find("openrouter", "anthropic/claude-opus-4.6");
		assertThat(rules.maxMarks()).isEqualTo(4);
		assertThat(rules.minimumTokens()).isEqualTo(4096);
		assertThat(GatewayCacheRules.table().find("anthropic", "claude-opus-5"))
			.isEqualTo(CacheRulesTable.builtIn().find("anthropic", "claude-opus-5"));
	}

	private static String written(WireRequest request, String provider, String model, @Nullable CacheTtl system,
			Map<Integer, CacheTtl> behind) {
		WireOptions options = inject(request, provider, model, system, behind);
		String written = Chats.write(request.messages(), options.mutate().model(model).build());
		return written.replace("\"model\":\"" + model + "\"", "\"model\":\"m\"");
	}

	private static WireOptions inject(WireRequest request, String provider, String model, @Nullable CacheTtl system,
			Map<Integer, CacheTtl> behind) {
		GatewayPromptCacheInjector injector = injector(provider);
		ChatOptions options = request.options();
		assertThat(injector.supports(options)).isTrue();
		CacheInjection injection = new CacheInjection(injector.target(options, request.messages()),
				CacheRulesTable.builtIn().find(provider, model),
				new PromptCacheSettings(true, true, true, true, PromptCacheSettings.VolatileText.REPORT),
				request.messages(), null, system, new HashMap<>(behind), new Keys(), false);
		return (WireOptions) injector.inject(options, injection).options();
	}

	private static GatewayPromptCacheInjector injector(String provider) {
		return new GatewayPromptCacheInjector((options) -> new Target(provider, "https://example.com"),
				(failure) -> false);
	}

	private record Keys() implements CacheKeys {

		@Override
		public String shared() {
			return "shared";
		}

		@Override
		public String conversation() {
			return "conversation";
		}

	}

}
