package io.tokensaving.request;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

import com.anthropic.models.messages.OutputConfig;
import com.anthropic.models.messages.ThinkingConfigEnabled;
import com.anthropic.models.messages.ThinkingConfigParam;
import com.anthropic.models.messages.ToolChoice;
import com.anthropic.models.messages.ToolChoiceAny;
import com.anthropic.models.messages.ToolChoiceAuto;
import io.tokensaving.MadeUpChatOptions;
import io.tokensaving.provider.Dialects;
import org.junit.jupiter.api.Test;

import org.springframework.ai.anthropic.AnthropicChatOptions;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.DefaultChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.ollama.api.OllamaChatOptions;
import org.springframework.ai.openai.OpenAiChatModel.ResponseFormat;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.util.ReflectionUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RequestFingerprint} with the options of real providers and with ones
 * that nobody has seen before.
 */
class OptionsFingerprintTests {

	@Test
	void openAiOptionsAreReadCompletely() {
		assertThat(check(OpenAiChatOptions.builder().model("m").build())).containsExactlyInAnyOrder("credential",
				"isGitHubModels", "isMicrosoftFoundry", "microsoftDeploymentName", "microsoftFoundryServiceVersion",
				"outputAudio", "proxy", "responseFormat", "streamOptions", "toolCallbacks");
		assertDiffer(
				OpenAiChatOptions.builder()
					.responseFormat(ResponseFormat.builder().type(ResponseFormat.Type.TEXT).build())
					.build(),
				OpenAiChatOptions.builder()
					.responseFormat(ResponseFormat.builder().type(ResponseFormat.Type.JSON_OBJECT).build())
					.build());
		assertDiffer(OpenAiChatOptions.builder().baseUrl("https://one.example").build(),
				OpenAiChatOptions.builder().baseUrl("https://two.example").build());
		assertThat(fingerprint(OpenAiChatOptions.builder().apiKey("one").build()))
			.isEqualTo(fingerprint(OpenAiChatOptions.builder().apiKey("two").build()));
	}

	@Test
	void anthropicOptionsAreReadCompletely() {
		assertThat(check(AnthropicChatOptions.builder().model("m").build())).contains("thinking", "toolChoice");
		assertDiffer(
				AnthropicChatOptions.builder().toolChoice(ToolChoice.ofAny(ToolChoiceAny.builder().build())).build(),
				AnthropicChatOptions.builder().toolChoice(ToolChoice.ofAuto(ToolChoiceAuto.builder().build())).build());
		assertDiffer(AnthropicChatOptions.builder().thinking(thinking(2048)).build(),
				AnthropicChatOptions.builder().thinking(thinking(4096)).build());
		assertThat(fingerprint(AnthropicChatOptions.builder().thinking(thinking(2048)).build()))
			.isEqualTo(fingerprint(AnthropicChatOptions.builder().thinking(thinking(2048)).build()));
		assertDiffer(
				AnthropicChatOptions.builder()
					.outputConfig(OutputConfig.builder().effort(OutputConfig.Effort.LOW).build())
					.build(),
				AnthropicChatOptions.builder()
					.outputConfig(OutputConfig.builder().effort(OutputConfig.Effort.HIGH).build())
					.build());
	}

	private static ThinkingConfigParam thinking(long tokens) {
		return ThinkingConfigParam.ofEnabled(ThinkingConfigEnabled.builder().budgetTokens(tokens).build());
	}

	@Test
	void ollamaOptionsAreReadCompletely() {
		assertThat(check(OllamaChatOptions.builder().model("m").build())).contains("toolCallbacks");
		assertDiffer(OllamaChatOptions.builder().format("json").build(),
				OllamaChatOptions.builder().format(Map.of("type", "object")).build());
	}

	@Test
	void defaultOptionsAreReadCompletely() {
		ChatOptions options = ChatOptions.builder().model("m").build();
		assertThat(options).isInstanceOf(DefaultChatOptions.class);
		assertThat(check(options)).isEmpty();
	}

	@Test
	void optionsOfDifferentClassesDiffer() {
		assertThat(Set.of(fingerprint(OpenAiChatOptions.builder().model("m").build()),
				fingerprint(OllamaChatOptions.builder().model("m").build()),
				fingerprint(AnthropicChatOptions.builder().model("m").build()),
				fingerprint(ChatOptions.builder().model("m").build())))
			.hasSize(4);
	}

	@Test
	void unknownOptionsAreReadThroughPropertiesAndFields() {
		assertDiffer(new UnknownOptions("a", 1), new UnknownOptions("b", 1));
		assertDiffer(new UnknownOptions("a", 1), new UnknownOptions("a", 2));
		for (Object one : List.of(1, 2L, 0.5, 0.25f, true, "x", List.of(1, 2), List.of(2, 1), Set.of(1, 2),
				Map.of("a", 1), Map.of("a", 2), Optional.of(3), new int[] { 1 }, new String[] { "q" },
				Duration.ofSeconds(1), Locale.GERMAN, new Nested("a", new Nested("b", null)),
				new Nested("a", new Nested("c", null)), Thread.State.NEW, String.class)) {
			assertDiffer(new UnknownOptions("a", one), new UnknownOptions("a", "something else"));
			assertDiffer(new UnknownOptions("a", one), new UnknownOptions("a", null));
		}
	}

	@Test
	void credentialsAndTransportOfUnknownOptionsMakeNoDifferenceButMetadataDoes() {
		assertThat(fingerprint(new CredentialOptions("one", "m", 1)))
			.isEqualTo(fingerprint(new CredentialOptions("two", "m", 2)));
		assertDiffer(new CredentialOptions("one", "m", 1), new CredentialOptions("one", "n", 1));
	}

	@Test
	void orderOfMapsAndSetsMakesNoDifference() {
		Map<String, Object> one = new LinkedHashMap<>();
		one.put("a", 1);
		one.put("b", new LinkedHashSet<>(List.of("x", "y")));
		Map<String, Object> other = new LinkedHashMap<>();
		other.put("b", new LinkedHashSet<>(List.of("y", "x")));
		other.put("a", 1);
		assertThat(fingerprint(new UnknownOptions("a", one))).isEqualTo(fingerprint(new UnknownOptions("a", other)));
	}

	@Test
	void getterThatThrowsIsBorne() {
		assertThat(fingerprint(new UnknownOptions("throw", 1))).isEqualTo(fingerprint(new UnknownOptions("throw", 1)));
	}

	@Test
	void objectThatHoldsItselfIsBorne() {
		Self one = new Self("one");
		Self other = new Self("other");
		assertDiffer(new UnknownOptions("a", one), new UnknownOptions("a", other));
		assertThat(fingerprint(new UnknownOptions("a", one)))
			.isEqualTo(fingerprint(new UnknownOptions("a", new Self("one"))));
	}

	@Test
	void lambdaAndEndlessNestingAreRefused() {
		Runnable lambda = () -> {
		};
		assertThatExceptionOfType(FingerprintException.class)
			.isThrownBy(() -> fingerprint(new UnknownOptions("a", lambda)));
		Nested nested = null;
		for (int i = 0; i < 100; i++) {
			nested = new Nested("n", nested);
		}
		Nested deep = nested;
		assertThatExceptionOfType(FingerprintException.class)
			.isThrownBy(() -> fingerprint(new UnknownOptions("a", deep)));
	}

	private static void assertDiffer(ChatOptions one, ChatOptions other) {
		assertThat(fingerprint(one)).isNotEqualTo(fingerprint(other));
	}

	private static String fingerprint(ChatOptions options) {
		return RequestFingerprint
			.of("w", "p", null, new Prompt(new UserMessage("x"), options),
					new CallState.OutputFormat(null, null, false), null, Dialects.builtIn())
			.exact();
	}

	/**
	 * Set every property to two values and check that the fingerprint differs, or does
	 * not if the property is irrelevant.
	 * @param base the options to start from
	 * @return the properties that could not be set, for tests of their own
	 */
	private static Set<String> check(ChatOptions base) {
		Set<String> left = new TreeSet<>();
		int checked = 0;
		for (Class<?> type = base.getClass(); type != Object.class; type = type.getSuperclass()) {
			for (Field field : type.getDeclaredFields()) {
				if (Modifier.isStatic(field.getModifiers())) {
					continue;
				}
				String[] fingerprints = new String[2];
				for (int i = 0; i < 2; i++) {
					ChatOptions changed = set(base, field.getName(), i);
					fingerprints[i] = (changed != null) ? fingerprint(changed) : null;
				}
				if (fingerprints[0] == null) {
					left.add(field.getName());
					continue;
				}
				checked++;
				boolean irrelevant = Dialects.builtIn()
					.of(base)
					.isIrrelevantOption(field.getName().toLowerCase(Locale.ROOT));
				assertThat(fingerprints[0].equals(fingerprints[1])).as(field.getName()).isEqualTo(irrelevant);
			}
		}
		assertThat(checked).isGreaterThanOrEqualTo(7);
		return left;
	}

	private static ChatOptions set(ChatOptions base, String property, int variant) {
		Object builder = base.mutate();
		for (Class<?> type = builder.getClass(); type != Object.class; type = type.getSuperclass()) {
			for (Method method : type.getDeclaredMethods()) {
				if (method.getName().equals(property) && method.getParameterCount() == 1 && !method.isBridge()) {
					Object value = value(method.getGenericParameterTypes()[0], variant);
					if (value != null) {
						method.setAccessible(true);
						ReflectionUtils.invokeMethod(method, builder, value);
						return ((ChatOptions.Builder<?>) builder).build();
					}
				}
			}
		}
		return null;
	}

	private static Object value(Type type, int variant) {
		if (type instanceof ParameterizedType parameterized) {
			Type[] arguments = parameterized.getActualTypeArguments();
			Object element = value(arguments[arguments.length - 1], variant);
			if (element == null) {
				return null;
			}
			return (parameterized.getRawType() == Map.class) ? Map.of("key", element)
					: (parameterized.getRawType() == List.class) ? List.of(element) : null;
		}
		if (type instanceof Class<?> raw && raw.isEnum()) {
			return Arrays.asList(raw.getEnumConstants()).get(variant);
		}
		if (type == String.class || type == Object.class) {
			return "value " + variant;
		}
		if (type == Integer.class || type == int.class) {
			return variant + 1;
		}
		if (type == Double.class || type == double.class) {
			return variant + 0.5;
		}
		if (type == Float.class) {
			return variant + 0.5f;
		}
		if (type == Boolean.class || type == boolean.class) {
			return variant == 0;
		}
		return (type == Duration.class) ? Duration.ofSeconds(variant + 1) : null;
	}

	static final class CredentialOptions extends MadeUpChatOptions {

		private final String apiKey;

		private final Object metadata;

		private final int timeout;

		CredentialOptions(String apiKey, Object metadata, int timeout) {
			this.apiKey = apiKey;
			this.metadata = metadata;
			this.timeout = timeout;
		}

		public String getApiKey() {
			return this.apiKey;
		}

		public Object getMetadata() {
			return this.metadata;
		}

		public int getTimeout() {
			return this.timeout;
		}

	}

	record Nested(String name, Nested inner) {

	}

	static final class Self {

		private final String name;

		private final Self self = this;

		Self(String name) {
			this.name = name;
		}

		String name() {
			return (this.self == this) ? this.name : "";
		}

	}

	/**
	 * Options of a provider that does not exist: a getter, a field without one, and a
	 * getter that may throw.
	 */
	static final class UnknownOptions extends MadeUpChatOptions {

		private final String mode;

		private final Object withoutGetter;

		UnknownOptions(String mode, Object withoutGetter) {
			this.mode = mode;
			this.withoutGetter = withoutGetter;
		}

		public String getCreativity() {
			if (this.mode.equals("throw")) {
				throw new UnsupportedOperationException(String.valueOf(this.withoutGetter));
			}
			return "creative " + this.mode;
		}

	}

}
