package io.tokensaving.samples.gateway.upstream;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class UpstreamsTests {

	private static final String CHAT = "chat-completions";

	private static Upstreams of(String... properties) {
		Map<String, String> map = new HashMap<>();
		for (int i = 0; i < properties.length; i += 2) {
			map.put("gateway.upstreams." + properties[i], properties[i + 1]);
		}
		return UpstreamFixture.upstreams(map);
	}

	private static void assertInvalid(String property, String help, String... properties) {
		assertThatExceptionOfType(InvalidConfigurationPropertyValueException.class).isThrownBy(() -> of(properties))
			.satisfies((ex) -> {
				assertThat(ex.getName()).isEqualTo("gateway.upstreams." + property);
				assertThat(ex.getReason()).contains(help);
				assertThat(ex.toString() + ex.getValue()).doesNotContain("sk-secret");
			});
	}

	@Test
	void needsNothingButAKeyForAKnownProvider() {
		Upstreams upstreams = of("openai.api-key", "k", "anthropic.api-key", "k", "deepseek.api-key", "k",
				"gemini.api-key", "k", "mistral.api-key", "k", "openrouter.api-key", "k");
		assertThat(upstreams.find("gpt-5-mini", CHAT).baseUrl()).hasToString("https://api.openai.com/v1");
		assertThat(upstreams.find("claude-sonnet-5", "messages").name()).isEqualTo("anthropic");
		assertThat(upstreams.find("deepseek-chat", CHAT).name()).isEqualTo("deepseek");
		assertThat(upstreams.find("gemini-3-pro", CHAT).name()).isEqualTo("gemini");
		assertThat(upstreams.find("codestral-latest", CHAT).name()).isEqualTo("mistral");
		assertThat(upstreams.find("openai/gpt-5", CHAT).name()).isEqualTo("openrouter");
	}

	@Test
	void isOffWithoutAKeyThatItsProviderNeeds() {
		Upstreams upstreams = of("openai.api-key", "", "ollama.base-url", "http://localhost:11434/v1/");
		assertThat(upstreams.all()).extracting(Upstream::name).containsExactly("ollama");
		assertThat(upstreams.all().get(0).baseUrl()).hasToString("http://localhost:11434/v1");
	}

	@Test
	void prefersANameToAPrefixAndALongPrefixToAShortOne() {
		Upstreams upstreams = of("a.base-url", "http://a", "a.models", "gpt-*", "b.base-url", "http://b", "b.models",
				"gpt-5-*,o1", "c.base-url", "http://c", "c.models", "gpt-5-mini,*");
		assertThat(upstreams.find("gpt-4o", CHAT).name()).isEqualTo("a");
		assertThat(upstreams.find("gpt-5-nano", CHAT).name()).isEqualTo("b");
		assertThat(upstreams.find("gpt-5-mini", CHAT).name()).isEqualTo("c");
		assertThat(upstreams.find("o1", CHAT).name()).isEqualTo("b");
		assertThat(upstreams.find("o1-pro", CHAT).name()).isEqualTo("c");
		assertThat(upstreams.models()).containsOnlyKeys("gpt-*", "gpt-5-*", "o1", "gpt-5-mini", "*");
	}

	@Test
	void saysWhetherAModelIsServedInAnotherFormatOnly() {
		Upstreams upstreams = of("openai.api-key", "k");
		assertThatExceptionOfType(UnknownModelException.class).isThrownBy(() -> upstreams.find("gpt-5", "messages"))
			.withMessage("The model 'gpt-5' is not served in the format 'messages'");
		assertThatExceptionOfType(UnknownModelException.class).isThrownBy(() -> upstreams.find("no\r\nsuch", CHAT))
			.withMessage("The model 'no??such' does not exist here")
			.satisfies((ex) -> assertThat(ex.status()).isEqualTo(404));
	}

	@Test
	void asksFallbacksInTheirOrderByTheirOwnNames() {
		Upstreams upstreams = of("a.base-url", "http://a", "a.models", "gpt-*", "a.fallbacks", "b/llama/70b,c,d",
				"b.base-url", "http://b", "b.models", "llama*", "c.base-url", "http://c", "c.models", "x", "c.formats",
				CHAT + ",responses", "c.fallbacks", "a", "d.base-url", "http://d", "d.models", "y", "d.formats", CHAT);
		assertThat(upstreams.targets("gpt-5", CHAT))
			.extracting((target) -> target.upstream().name() + " " + target.model())
			.containsExactly("a gpt-5", "b llama/70b", "c gpt-5", "d gpt-5");
		assertThat(upstreams.targets("x", CHAT)).extracting((target) -> target.upstream().name())
			.containsExactly("c", "a");
		assertThat(upstreams.targets("x", "responses")).hasSize(1);
	}

	@Test
	void refusesWhatIsWrongByNameWithTheFix() {
		assertInvalid("a.provider", "[openai, anthropic", "a.provider", "opnai", "a.api-key", "sk-secret");
		assertInvalid("a.base-url", "needs a base URL", "a.models", "x");
		assertInvalid("a.base-url", "http://", "a.base-url", "ftp://host/v1");
		assertInvalid("a.base-url", "http://", "a.base-url", "api.openai.com/v1");
		assertInvalid("a.base-url", "no user", "a.base-url", "https://me:sk-secret@host/v1");
		assertInvalid("a.base-url", "http://", "a.base-url", "https://host/v1?key=sk-secret");
		assertInvalid("azure.models", "must be named", "azure.api-key", "sk-secret", "azure.base-url", "https://host");
		assertInvalid("a.models", "prefix followed by '*'", "a.base-url", "http://a", "a.models", "g*t");
		assertInvalid("a.api-key", "printable ASCII", "a.base-url", "http://a", "a.api-key", "sk-secret\r\nx: y");
		assertInvalid("a.max-retries", "from 0 to 10", "a.base-url", "http://a", "a.max-retries", "11");
		assertInvalid("a.max-concurrent", "from 1", "a.base-url", "http://a", "a.max-concurrent", "0");
		assertInvalid("a.connect-timeout", "above 0", "a.base-url", "http://a", "a.connect-timeout", "0s");
		assertInvalid("a.max-response-size", "from 1KB", "a.base-url", "http://a", "a.max-response-size", "2GB");
		assertInvalid("a.headers", "name of a header", "a.base-url", "http://a", "a.headers.host", "x");
		assertInvalid("a.headers.x-a", "printable", "a.base-url", "http://a", "a.headers.x-a", "sk-secret\r\nb: c");
	}

	@Test
	void refusesFallbacksThatCannotAnswer() {
		assertInvalid("a.fallbacks", "[a]", "a.base-url", "http://a", "a.fallbacks", "b");
		assertInvalid("a.fallbacks", "its own", "a.base-url", "http://a", "a.fallbacks", "a");
		assertInvalid("a.fallbacks", "twice", "a.base-url", "http://a", "a.models", "x", "a.fallbacks", "b,b",
				"b.base-url", "http://b");
		assertInvalid("a.fallbacks", "It speaks [messages]", "a.base-url", "http://a", "a.models", "x", "a.fallbacks",
				"b", "b.base-url", "http://b", "b.formats", "messages");
	}

	@Test
	void refusesAModelOfTwoUpstreams() {
		assertInvalid("b.models", "The upstream 'a' serves it, too", "a.base-url", "http://a", "b.base-url",
				"http://b");
		// In formats that differ, they do not get in each other's way
		assertThat(of("a.base-url", "http://a", "b.base-url", "http://b", "b.formats", "messages").all()).hasSize(2);
	}

	@Test
	void readsAKeyOutOfAFile(@TempDir Path directory) throws Exception {
		Path file = Files.writeString(directory.resolve("key"), "sk-secret\n");
		Upstreams upstreams = of("openai.api-key-file", file.toString());
		assertThat(upstreams.endpoints().iterator().next().secret().value()).isEqualTo("sk-secret");
		assertThat(upstreams.endpoints().toString()).doesNotContain("sk-secret");
		assertInvalid("openai.api-key-file", "can be read", "openai.api-key-file", directory.resolve("no").toString());
		assertInvalid("openai.api-key-file", "Either", "openai.api-key-file", file.toString(), "openai.api-key",
				"sk-secret");
	}

	@Test
	void showsNoKeyInItsSettings() {
		UpstreamProperties.Settings settings = new UpstreamProperties.Settings(null, null, "sk-secret", null,
				Map.of("x-key", "sk-secret"), null, null, List.of(), 1, null, null, null, null, 0, null, null);
		assertThat(new UpstreamProperties(Map.of("openai", settings)).toString()).doesNotContain("sk-secret");
	}

}
