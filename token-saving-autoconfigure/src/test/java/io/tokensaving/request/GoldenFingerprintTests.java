package io.tokensaving.request;

import java.util.Map;

import com.anthropic.models.messages.Metadata;
import io.tokensaving.MadeUpChatOptions;
import io.tokensaving.provider.Dialects;
import org.junit.jupiter.api.Test;

import org.springframework.ai.anthropic.AnthropicCacheOptions;
import org.springframework.ai.anthropic.AnthropicCacheStrategy;
import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.ollama.api.OllamaChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that fingerprints stay what they are, so that what is stored is found after an
 * update of the library. What changes them needs a new format version.
 */
class GoldenFingerprintTests {

	private static final Map<String, String> HEADERS = Map.of("x-api-key", "1", "X-Model", "m", "x-stainless-os", "l",
			"api-key", "3", "b3", "4");

	@Test
	void openAi() {
		assertFingerprint(OpenAiChatOptions.builder()
			.model("m")
			.user("u")
			.metadata(Map.of("k", "v"))
			.store(true)
			.promptCacheKey("k")
			.apiKey("a")
			.maxRetries(7)
			.n(2)
			.customHeaders(HEADERS)
			.build(), "7d7fe80bceb100d481ad7eaff4c6740b9914eb11788c6d5e30abde3c721c88f2");
	}

	@Test
	void anthropic() {
		assertFingerprint(AnthropicChatOptions.builder()
			.model("m")
			.metadata(Metadata.builder().userId("x").build())
			.cacheOptions(AnthropicCacheOptions.builder().strategy(AnthropicCacheStrategy.SYSTEM_ONLY).build())
			.maxTokens(7)
			.httpHeaders(HEADERS)
			.build(), "a2d3aed73960ee95ae3e5413fc07771f0b519661754d92b76a05b67a1e2bda57");
	}

	@Test
	void ollama() {
		assertFingerprint(OllamaChatOptions.builder().model("m").keepAlive("5m").seed(3).build(),
				"9434caaca0f2c227c4d176032cdc0408eb41ac5181891173b3f13da3366d506d");
	}

	@Test
	void optionsOfSpringAi() {
		assertFingerprint(ChatOptions.builder().model("m").build(),
				"05006054aa4d06fd7af8b837af388ab7382f614ddd3f1010c43effb509942f22");
	}

	@Test
	void optionsOfUnknownProvider() {
		assertFingerprint(new UnknownOptions(), "c103f97d00075dfbd4a88decfe999c3d355684247889fcc787622795d0eb731d");
	}

	private static void assertFingerprint(ChatOptions options, String expected) {
		assertThat(RequestFingerprint
			.of("w", "p", null, new Prompt(new UserMessage("x"), options),
					new CallState.OutputFormat(null, null, false), null, Dialects.builtIn())
			.exact()).isEqualTo(expected);
	}

	static final class UnknownOptions extends MadeUpChatOptions {

		public String getUser() {
			return "u";
		}

		public Object getMetadata() {
			return Map.of("a", 1);
		}

		public boolean getStore() {
			return true;
		}

		public String getPromptCacheKey() {
			return "k";
		}

		public String getKeepAlive() {
			return "5m";
		}

		public String getSecretKey() {
			return "s";
		}

		public String getCacheOptions() {
			return "c";
		}

		public Map<String, String> getCustomHeaders() {
			return HEADERS;
		}

	}

}
