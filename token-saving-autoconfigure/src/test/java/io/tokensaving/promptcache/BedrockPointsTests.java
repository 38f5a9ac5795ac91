package io.tokensaving.promptcache;

import java.time.Duration;
import java.util.EnumSet;
import java.util.List;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.promptcache.injector.BuiltInInjectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.ai.bedrock.converse.BedrockChatOptions;
import org.springframework.ai.bedrock.converse.api.BedrockCacheOptions;
import org.springframework.ai.bedrock.converse.api.BedrockCacheStrategy;
import org.springframework.ai.bedrock.converse.api.BedrockCacheTtl;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the cache points of Amazon Bedrock, with classes that look like Spring AI's.
 */
class BedrockPointsTests {

	private static final String CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

	private static final List<CacheTtl> TTLS = List.of(new CacheTtl(Duration.ofMinutes(5), 1.25),
			new CacheTtl(Duration.ofHours(1), 2));

	private static final CacheRules RULES = new CacheRules(1024, 0.1, TTLS, 4, 20, EnumSet.allOf(Segment.class),
			CacheRules.TtlSharing.ALL, CacheRules.MarkLayout.FRONT_OR_MESSAGES, false);

	private static final List<Message> MESSAGES = List.of(new SystemMessage("Rules"), new UserMessage("Why?"));

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

	private static PromptCacheInjector injector(BedrockChatOptions options) {
		return BuiltInInjectors.present(null)
			.stream()
			.filter((injector) -> injector.supports(options))
			.findFirst()
			.orElseThrow();
	}

	private static PromptCacheInjector.Injected inject(BedrockChatOptions options, int ttl, Integer... boundaries) {
		PromptCacheInjector injector = injector(options);
		CacheTarget target = injector.target(options, MESSAGES);
		TokenCounter counter = new TokenCounter();
		PromptSegments segments = PromptSegments.of(options, MESSAGES, null, target, injector, counter.scale(options),
				0);
		List<CacheMark> marks = List.of(boundaries)
			.stream()
			.map((boundary) -> new CacheMark(boundary, TTLS.get(ttl)))
			.toList();
		return injector.inject(options,
				CacheInjection.of(target, RULES, PromptCacheSettings.DEFAULTS, segments, marks, NO_KEYS));
	}

	private static BedrockChatOptions options(String model) {
		return new BedrockChatOptions(model, new MadeUpPrompts(1, false).tools(2), null);
	}

	@ParameterizedTest
	@CsvSource({ "0, TOOLS_ONLY", "1, SYSTEM_ONLY", "01, SYSTEM_AND_TOOLS", "2, CONVERSATION_HISTORY" })
	void aStrategyIsChosen(String boundaries, BedrockCacheStrategy strategy) {
		Integer[] marked = boundaries.chars().mapToObj((digit) -> digit - '0').toArray(Integer[]::new);
		for (int ttl = 0; ttl < 2; ttl++) {
			PromptCacheInjector.Injected injected = inject(options(CLAUDE), ttl, marked);
			assertThat(injected.marked()).isTrue();
			BedrockChatOptions sent = (BedrockChatOptions) injected.options();
			assertThat(sent.getCacheOptions().getStrategy()).isEqualTo(strategy);
			assertThat(sent.getCacheOptions().getTtl())
				.isEqualTo((ttl == 1) ? BedrockCacheTtl.ONE_HOUR : BedrockCacheTtl.FIVE_MINUTES);
			assertThat(sent.getToolCallbacks()).hasSize(2);
			assertThat(sent.getModel()).isEqualTo(CLAUDE);
		}
	}

	@Test
	void toolsOfNovaAreNotMarked() {
		BedrockChatOptions nova = options("us.amazon.nova-pro-v1:0");
		assertThat(((BedrockChatOptions) inject(nova, 0, 0, 1).options()).getCacheOptions().getStrategy())
			.isEqualTo(BedrockCacheStrategy.SYSTEM_ONLY);
		assertThat(inject(nova, 0, 0).options()).isSameAs(nova);
		assertThat(inject(nova, 0, 0).marked()).isFalse();
	}

	@Test
	void whatTheUserSetsIsTheUsersAlone() {
		BedrockChatOptions own = new BedrockChatOptions(CLAUDE, List.of(),
				BedrockCacheOptions.builder().strategy(BedrockCacheStrategy.SYSTEM_ONLY).build());
		assertThat(injector(own).target(own, MESSAGES).managed()).isTrue();
		BedrockChatOptions none = new BedrockChatOptions(CLAUDE, List.of(), BedrockCacheOptions.builder().build());
		assertThat(injector(none).target(none, MESSAGES).managed()).isFalse();
		assertThat(inject(none, 0).options()).isSameAs(none);
	}

}
