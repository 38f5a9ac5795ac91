package io.tokensaving.promptcache;

import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link CacheRulesTable}.
 */
class CacheRulesTableTests {

	private final CacheRulesTable table = CacheRulesTable.builtIn();

	@ParameterizedTest
	@CsvSource({ "anthropic, claude-sonnet-5, 1024", "anthropic, Claude-Opus-5-20260901, 512",
			"anthropic, claude-opus-4-8, 1024", "anthropic, claude-opus-4-7, 4096", "anthropic, claude-haiku-4-5, 4096",
			"bedrock, us.anthropic.claude-haiku-4-5-20251001-v1:0, 4096",
			"bedrock, anthropic.claude-sonnet-4-5-20250929-v1:0, 1024", "openrouter, anthropic/claude-sonnet-4.5, 1024",
			"openai, gpt-5.6-sol, 1024", "google, gemini-2.5-pro, 2048", "google, gemini-3.1-pro, 4096" })
	void theLongestBeginningOfTheNameDecides(String provider, String model, int minimum) {
		assertThat(this.table.find(provider, model).minimumTokens()).isEqualTo(minimum);
	}

	@Test
	void onlyTheNewestModelsOfOneProviderWriteUnasked() {
		CacheRules newest = this.table.find("openai", "gpt-5.6-luna");
		assertThat(newest.implicitWrites()).isTrue();
		assertThat(newest.isSteerable()).isTrue();
		assertThat(newest.markable()).containsExactly(Segment.TAIL);
		assertThat(newest.ttls()).containsExactly(new CacheTtl(Duration.ofMinutes(30), 1.25));
		CacheRules older = this.table.find("openai", "gpt-5.5");
		assertThat(older.implicitWrites()).isFalse();
		assertThat(older.isSteerable()).isFalse();
	}

	@Test
	void whatIsNotKnownIsNotMarked() {
		assertThat(this.table.find("general", "claude-sonnet-5")).isEqualTo(CacheRules.NONE);
		assertThat(this.table.find("bedrock", "meta.llama4")).isEqualTo(CacheRules.NONE);
		assertThat(this.table.find("openrouter", "openai/gpt-5.6")).isEqualTo(CacheRules.NONE);
		assertThat(CacheRules.NONE.isSteerable()).isFalse();
	}

	@Test
	void toolsOfNovaAreNotMarked() {
		assertThat(this.table.find("bedrock", "eu.amazon.nova-pro-v1:0").markable()).doesNotContain(Segment.TOOLS)
			.contains(Segment.SYSTEM);
	}

	@Test
	void aUserReplacesRules() {
		CacheRules own = this.table.find("anthropic", "claude-sonnet-5").withMinimumTokens(7);
		CacheRulesTable changed = this.table.with("anthropic", "Claude-Sonnet-5", own).with("mine", "", own);
		assertThat(changed.find("anthropic", "claude-sonnet-5").minimumTokens()).isEqualTo(7);
		assertThat(changed.find("anthropic", "claude-opus-5").minimumTokens()).isEqualTo(512);
		assertThat(changed.find("mine", "whatever")).isEqualTo(own);
		assertThat(this.table.find("mine", "whatever")).isEqualTo(CacheRules.NONE);
		assertThatIllegalArgumentException().isThrownBy(() -> this.table.with(" ", "", own));
	}

}
