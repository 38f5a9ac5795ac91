package io.tokensaving.request;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;

import com.openai.core.http.Headers;
import io.tokensaving.MadeUpChatOptions;
import io.tokensaving.provider.Dialect;
import io.tokensaving.provider.Dialects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.http.HttpHeaders;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestFingerprint} with the HTTP headers that options hold: behind a
 * gateway a header may be the model, the prompt or the tenant.
 */
class HeadersFingerprintTests {

	private static final Dialect GENERAL = Dialects.builtIn().of(null);

	@ParameterizedTest
	@EnumSource(Way.class)
	void headerThatIsNotOnTheListIsPartOfTheKey(Way way) {
		for (String name : List.of("anthropic-beta", "X-Model", "X-Tenant", "x-b3", "cookie", "OpenAI-Organization")) {
			assertThat(fingerprint(way, Map.of(name, "one"))).as(name)
				.isNotEqualTo(fingerprint(way, Map.of(name, "two")));
			assertThat(fingerprint(way, Map.of(name, "one"))).as(name).isNotEqualTo(fingerprint(way, Map.of()));
		}
	}

	@Property(tries = 300)
	void anyHeaderThatIsNotOnTheListIsPartOfTheKeyInAnyCaseOfLetters(@ForAll Way way,
			@ForAll @AlphaChars @Chars('-') @StringLength(min = 1, max = 20) String name, @ForAll long seed) {
		if (!GENERAL.isIrrelevantHeader(name.toLowerCase(Locale.ROOT))) {
			String other = recased(name, new Random(seed));
			assertThat(fingerprint(way, Map.of(name, "one"))).isNotEqualTo(fingerprint(way, Map.of(other, "two")))
				.isNotEqualTo(fingerprint(way, Map.of()))
				.isEqualTo(fingerprint(way, Map.of(other, "one")));
		}
	}

	@Property(tries = 300)
	void noHeaderOnTheListIsPartOfTheKeyInAnyCaseOfLetters(@ForAll Way way, @ForAll long seed) {
		Random random = new Random(seed);
		List<String> listed = listed();
		String name = recased(listed.get(random.nextInt(listed.size())), random);
		assertThat(fingerprint(way, Map.of(name, "one", "X-Model", "m"))).as(name)
			.isEqualTo(fingerprint(way, Map.of(name, "two", "x-model", "m")))
			.isEqualTo(fingerprint(way, Map.of("X-MODEL", "m")));
		if (way != Way.SPRING_HEADERS && way != Way.SDK_HEADERS) {
			assertThat(fingerprint(way, Map.of(name, "one"))).as(name).isEqualTo(fingerprint(way, Map.of()));
		}
	}

	@Test
	void orderOfNamesMakesNoDifferenceButThatOfValuesDoes() {
		Map<String, Object> one = new LinkedHashMap<>();
		one.put("a", List.of("1", "2"));
		one.put("b", "3");
		Map<String, Object> other = new LinkedHashMap<>();
		other.put("b", List.of("3"));
		other.put("A", new String[] { "1", "2" });
		assertThat(fingerprint(new HeaderOptions(one))).isEqualTo(fingerprint(new HeaderOptions(other)));
		other.put("A", List.of("2", "1"));
		assertThat(fingerprint(new HeaderOptions(one))).isNotEqualTo(fingerprint(new HeaderOptions(other)));
		assertThat(fingerprint(new HeaderOptions(Map.of("a", "1, 2"))))
			.isNotEqualTo(fingerprint(new HeaderOptions(Map.of("a", List.of("1", "2")))));
		assertThat(fingerprint(new HeaderOptions(Map.of("a", "b"))))
			.isNotEqualTo(fingerprint(new HeaderOptions(Map.of("b", "a"))));
	}

	@Test
	void headersOfAnotherShapeArePartOfTheKeyAsTheyAre() {
		assertThat(fingerprint(new HeaderOptions("one"))).isNotEqualTo(fingerprint(new HeaderOptions("two")));
		assertThat(fingerprint(new HeaderOptions(List.of("one"))))
			.isNotEqualTo(fingerprint(new HeaderOptions(List.of("two"))));
		assertThat(fingerprint(new HeaderOptions(List.of(new Described("x-model", "one", 1)))))
			.isNotEqualTo(fingerprint(new HeaderOptions(List.of(new Described("x-model", "one", 2)))));
	}

	@Test
	void listIsDocumented() throws IOException {
		assertThat(Files.readString(Path.of("../docs/exact-cache.md")))
			.contains(GENERAL.irrelevantHeaders().stream().map((name) -> "`" + name + "`").toList());
	}

	private static List<String> listed() {
		return GENERAL.irrelevantHeaders().stream().map((name) -> name.replace("*", "anything")).sorted().toList();
	}

	private static String recased(String name, Random random) {
		StringBuilder recased = new StringBuilder();
		name.chars()
			.forEach((c) -> recased
				.append(random.nextBoolean() ? Character.toUpperCase((char) c) : Character.toLowerCase((char) c)));
		return recased.toString();
	}

	private static String fingerprint(Way way, Map<String, String> headers) {
		return fingerprint(way.options.apply(headers));
	}

	private static String fingerprint(ChatOptions options) {
		return RequestFingerprint
			.of("w", "p", null, new Prompt(new UserMessage("x"), options),
					new CallState.OutputFormat(null, null, false), null, Dialects.builtIn())
			.exact();
	}

	/**
	 * A way of giving headers.
	 */
	enum Way {

		OPEN_AI((headers) -> OpenAiChatOptions.builder().customHeaders(headers).build()),

		ANTHROPIC_CUSTOM((headers) -> AnthropicChatOptions.builder().customHeaders(headers).build()),

		ANTHROPIC_HTTP((headers) -> AnthropicChatOptions.builder().httpHeaders(headers).build()),

		MAP(HeaderOptions::new),

		LISTS((headers) -> new HeaderOptions(transform(headers, (value) -> List.of(value)))),

		ARRAYS((headers) -> new HeaderOptions(transform(headers, (value) -> new String[] { value }))),

		ENTRIES((headers) -> new HeaderOptions(new ArrayList<>(headers.entrySet()))),

		PAIRS((headers) -> new HeaderOptions(
				headers.entrySet().stream().map((entry) -> new Pair(entry.getKey(), entry.getValue())).toList())),

		PAIR_ARRAY((headers) -> new HeaderOptions(headers.entrySet()
			.stream()
			.map((entry) -> new Pair(entry.getKey(), entry.getValue()))
			.toArray(Pair[]::new))),

		LINES((headers) -> new HeaderOptions(
				headers.entrySet().stream().map((entry) -> entry.getKey() + ":" + entry.getValue()).toList())),

		SPRING_HEADERS((headers) -> {
			HttpHeaders http = new HttpHeaders();
			headers.forEach(http::add);
			return new HeaderOptions(http);
		}),

		SDK_HEADERS((headers) -> {
			Headers.Builder sdk = Headers.builder();
			headers.forEach(sdk::put);
			return new HeaderOptions(sdk.build());
		}),

		NESTED((headers) -> new NestedOptions(new RequestSettings(headers)));

		private final Function<Map<String, String>, ChatOptions> options;

		Way(Function<Map<String, String>, ChatOptions> options) {
			this.options = options;
		}

		private static Map<String, Object> transform(Map<String, String> headers, Function<String, Object> values) {
			Map<String, Object> transformed = new HashMap<>();
			headers.forEach((name, value) -> transformed.put(name, values.apply(value)));
			return transformed;
		}

	}

	record Pair(String name, String value) {

	}

	record Described(String name, String value, int priority) {

	}

	record RequestSettings(Map<String, String> additionalHeaders) {

	}

	static final class NestedOptions extends MadeUpChatOptions {

		private final RequestSettings settings;

		NestedOptions(RequestSettings settings) {
			this.settings = settings;
		}

		public RequestSettings getSettings() {
			return this.settings;
		}

	}

	static final class HeaderOptions extends MadeUpChatOptions {

		private final Object gatewayHeaders;

		HeaderOptions(Object gatewayHeaders) {
			this.gatewayHeaders = gatewayHeaders;
		}

		public Object getGatewayHeaders() {
			return this.gatewayHeaders;
		}

	}

}
