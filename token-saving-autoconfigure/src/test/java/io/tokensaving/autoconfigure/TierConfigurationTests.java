package io.tokensaving.autoconfigure;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import io.tokensaving.LoopbackServer;
import io.tokensaving.LoopbackServer.Reply;
import io.tokensaving.ScriptedChatModel;
import io.tokensaving.TokenSavingAdvisors;
import io.tokensaving.tier.Tier;
import io.tokensaving.tier.TierModelAdvisor;
import io.tokensaving.tier.TierSwitch;
import io.tokensaving.tier.Tiers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.chat.client.autoconfigure.ChatClientAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for the tiers of {@link TierConfiguration}, and for the model that
 * {@link TokenSavingChatModelAutoConfiguration} marks primary.
 */
class TierConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingChatModelAutoConfiguration.class,
				TokenSavingAutoConfiguration.class, ChatClientAutoConfiguration.class));

	private final ApplicationContextRunner withModels = this.contextRunner
		.withPropertyValues("token-saving.chat-model=cheapModel")
		.withBean("cheapModel", ChatModel.class, () -> ScriptedChatModel.answering(ScriptedChatModel.answer("cheap")))
		.withBean("dearModel", ChatModel.class, () -> ScriptedChatModel.answering(ScriptedChatModel.answer("dear")));

	@Test
	void withoutTiersThereAreNone() {
		this.contextRunner.withBean(ChatModel.class, ScriptedChatModel::echoing).run((context) -> {
			assertThat(context.getBean(Tiers.class).names()).isEmpty();
			assertThat(context).hasSingleBean(TierModelAdvisor.class).hasSingleBean(TierSwitch.class);
			assertThat(context.getBean(TokenSavingAdvisors.class).toList())
				.contains(context.getBean(TierModelAdvisor.class));
		});
	}

	@Test
	void readsTiers() {
		this.withModels
			.withPropertyValues("token-saving.tiers.nano.model=nano-1", "token-saving.tiers.nano.context-window=8000",
					"token-saving.tiers.nano.tools=false", "token-saving.tiers.nano.media=false",
					"token-saving.tiers.nano.native-schema=false", "token-saving.tiers.nano.tags=eu,own",
					"token-saving.tiers.dear.bean=dearModel", "token-saving.tiers.dear.model=dear-1")
			.run((context) -> {
				Tiers tiers = context.getBean(Tiers.class);
				assertThat(tiers.names()).containsExactly("nano", "dear");
				Tier nano = tiers.find("nano");
				assertThat(nano.chatModel()).isNull();
				assertThat(nano.model()).isEqualTo("nano-1");
				assertThat(nano.limits()).isEqualTo(new Tier.Limits(8000, false, false, false, Set.of("eu", "own")));
				Tier dear = tiers.find("dear");
				assertThat(dear.limits()).isEqualTo(Tier.Limits.NONE);
				assertThat(dear.model()).isEqualTo("dear-1");
				assertThat(dear.chatModel().call("Hello")).isEqualTo("dear");
				assertThat(dear.chatModel().getOptions().getModel()).isEqualTo("scripted-model");
				assertThat(dear.chatModel().stream(new Prompt("Hello")).blockLast()).isNotNull();
			});
	}

	@Test
	void backsOffForTiersOfTheApplication() {
		this.withModels.withBean(Tiers.class, () -> Tiers.NONE)
			.withPropertyValues("token-saving.tiers.nano.model=nano-1")
			.run((context) -> assertThat(context.getBean(Tiers.class)).isSameAs(Tiers.NONE));
	}

	@Test
	void anEndpointIsAskedThroughTheLibrary() throws Exception {
		try (LoopbackServer server = new LoopbackServer((request) -> Reply.json(
				"{\"id\":\"1\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
						+ "\"message\":{\"role\":\"assistant\",\"content\":\"from the endpoint\",\"refusal\":null},"
						+ "\"finish_reason\":\"stop\",\"logprobs\":null}]}"))) {
			this.withModels
				.withPropertyValues("token-saving.tiers.mid.base-url=" + server.url() + "/v1",
						"token-saving.tiers.mid.api-key=key", "token-saving.tiers.mid.model=deepseek-chat")
				.run((context) -> {
					assertThat(context.getBeansOfType(ChatModel.class)).as("no bean").hasSize(2);
					Tier tier = context.getBean(Tiers.class).find("mid");
					assertThat(tier.model()).isEqualTo("deepseek-chat");
					assertThat(tier.chatModel().call("Hello")).isEqualTo("from the endpoint");
					assertThat(server.requests()).singleElement().asString().contains("\"deepseek-chat\"");
				});
		}
	}

	@Test
	void theKeyIsNotInTheDigestButAllElseIs() {
		Map<String, String> digests = new LinkedHashMap<>();
		this.withModels
			.withPropertyValues("token-saving.tiers.a.base-url=https://one.example/v1",
					"token-saving.tiers.a.api-key=one", "token-saving.tiers.a.model=m",
					"token-saving.tiers.same.base-url=https://one.example/v1", "token-saving.tiers.same.api-key=two",
					"token-saving.tiers.same.model=m", "token-saving.tiers.host.base-url=https://two.example/v1",
					"token-saving.tiers.host.model=m", "token-saving.tiers.model.base-url=https://one.example/v1",
					"token-saving.tiers.model.model=n", "token-saving.tiers.own-model.model=m",
					"token-saving.tiers.bean.bean=dearModel", "token-saving.tiers.other.bean=cheapModel")
			.run((context) -> context.getBean(Tiers.class)
				.names()
				.forEach((name) -> digests.put(name, context.getBean(Tiers.class).find(name).currentDigest())));
		assertThat(digests.get("a")).isEqualTo(digests.get("same"));
		assertThat(new HashSet<>(digests.values())).hasSize(digests.size() - 1);
		assertThat(digests.get("bean")).as("the default of the bean").endsWith(":scripted-model");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '"',
			textBlock = """
					[not ok].model=m                      | token-saving.tiers                  | not ok          | a name of 1 to 100 letters
					own.model=m                           | token-saving.tiers.own              | own             | another name
					a.bean=dear                           | token-saving.tiers.a.bean           | dear            | of which there are 'cheapModel', 'dearModel'
					a.bean=dearModel,b.base-url=x         | token-saving.tiers.b.base-url       | x               | such as 'https://example.com/v1'
					a.bean=dearModel,a.base-url=http://h  | token-saving.tiers.a.base-url       | http://h        | a tier is a bean or an endpoint
					a.base-url=ftp://host,a.model=m       | token-saving.tiers.a.base-url       | ftp://host      | such as 'https://example.com/v1'
					a.base-url=https://u:pw@h/v1,a.model=m| token-saving.tiers.a.base-url       | https://...@h/v1| without user
					a.base-url=https://h/v1?k=pw,a.model=m| token-saving.tiers.a.base-url       | https://h/v1?...| without user
					a.model=                              | token-saving.tiers.a.model          | ""              | the name of a model
					a.model=m,a.context-window=-1         | token-saving.tiers.a.context-window | -1              | at least 1, or 0
					a.model=m,a.tags=e u                  | token-saving.tiers.a.tags           | e u             | tags of 1 to 100 letters
					""")
	void failsReadablyOnABadValue(String properties, String property, String value, String accepted) {
		run(properties).run((context) -> assertThat(context).getFailure()
			.rootCause()
			.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
				assertThat(ex.getName()).isEqualTo(property);
				assertThat(ex.getValue()).hasToString(value);
				assertThat(ex.getReason()).contains(accepted);
			}));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			a.tools=false               | token-saving.tiers.a.model
			a.base-url=https://h.example| token-saving.tiers.a.model
			""")
	void namesAPropertyThatIsMissing(String properties, String property) {
		run(properties).run((context) -> assertThat(context).getFailure()
			.rootCause()
			.isInstanceOfSatisfying(MissingPropertyException.class,
					(ex) -> assertThat(ex.getProperty()).isEqualTo(property)));
	}

	@Test
	void showsNothingOfAKeyThatIsForNothing() {
		run("a.model=m,a.api-key=s3cret").run((context) -> assertThat(context).getFailure()
			.rootCause()
			.isInstanceOf(InvalidSecretException.class)
			.hasMessageContaining("'token-saving.tiers.a.api-key'")
			.hasMessageContaining("'token-saving.tiers.a.base-url'")
			.hasMessageNotContaining("s3cret"));
	}

	@Test
	void namesPropertyAndArtifactWhereModelsOfEndpointsCannotBeMade() {
		ApplicationContextRunner without = this.withModels
			.withClassLoader(new FilteredClassLoader("org.springframework.ai.openai"));
		without.withPropertyValues("token-saving.tiers.a.model=m").run((context) -> assertThat(context).hasNotFailed());
		without.withPropertyValues("token-saving.tiers.a.model=m", "token-saving.tiers.a.base-url=https://h.example/v1")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving.tiers.a.base-url");
					assertThat(ex.getReason()).contains("org.springframework.ai:spring-ai-openai");
				}));
	}

	private ApplicationContextRunner run(String properties) {
		ApplicationContextRunner runner = this.withModels;
		for (String property : properties.split(",")) {
			runner = runner.withPropertyValues("token-saving.tiers." + property);
		}
		return runner;
	}

	@Test
	void noModelIsCreatedBeforeItIsNeeded() {
		AtomicInteger created = new AtomicInteger();
		this.contextRunner.withPropertyValues("token-saving.chat-model=own", "token-saving.tiers.late.bean=late")
			.withBean("own", ChatModel.class, ScriptedChatModel::echoing)
			.withBean("late", ChatModel.class, () -> {
				created.incrementAndGet();
				return ScriptedChatModel.answering(ScriptedChatModel.answer("late"));
			}, (definition) -> definition.setLazyInit(true))
			.run((context) -> {
				assertThat(context.getBean(ChatClient.Builder.class)).isNotNull();
				assertThat(context.getBean(Tiers.class).names()).containsExactly("late");
				assertThat(created).hasValue(0);
				assertThat(context.getBean(Tiers.class).find("late").chatModel().call("Hello")).isEqualTo("late");
				assertThat(created).hasValue(1);
			});
	}

	@Test
	void aModelMayUseTheAdvisorsThatUseIt() {
		this.contextRunner.withUserConfiguration(Cycle.class)
			.withPropertyValues("token-saving.chat-model=own", "token-saving.tiers.advised.bean=advised")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(Tiers.class).find("advised").chatModel().call("Hello")).isEqualTo("advised");
			});
	}

	@Test
	void oneOfSeveralModelsIsThatOfTheClient() {
		this.contextRunner.withBean("one", ChatModel.class, ScriptedChatModel::echoing)
			.withBean("two", ChatModel.class, ScriptedChatModel::echoing)
			.run((context) -> assertThatThrownBy(() -> context.getBean(ChatClient.Builder.class))
				.as("Spring AI cannot choose")
				.rootCause()
				.hasMessageContaining("one,two"));
		this.withModels
			.run((context) -> assertThat(answer(context.getBean(ChatClient.Builder.class))).isEqualTo("cheap"));
		this.withModels.withPropertyValues("token-saving.chat-model=dearModel")
			.run((context) -> assertThat(answer(context.getBean(ChatClient.Builder.class))).isEqualTo("dear"));
	}

	@Test
	void itIsWithTokenSavingSwitchedOffToo() {
		this.withModels.withPropertyValues("token-saving.enabled=false").run((context) -> {
			assertThat(context).doesNotHaveBean(TierModelAdvisor.class);
			assertThat(answer(context.getBean(ChatClient.Builder.class))).isEqualTo("cheap");
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "marked", "other" })
	void thePropertyTakesPrecedenceOverTheCode(String name) {
		this.contextRunner.withUserConfiguration(Marked.class)
			.withPropertyValues("token-saving.chat-model=" + name)
			.run((context) -> assertThat(context.getBean(ChatModel.class)).isSameAs(context.getBean(name)));
	}

	@Test
	void anUnknownModelIsNamedWithThoseThatThereAre() {
		this.withModels.withPropertyValues("token-saving.chat-model=cheap")
			.run((context) -> assertThat(context).getFailure()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving.chat-model");
					assertThat(ex.getReason()).contains("of which there are 'cheapModel', 'dearModel'");
				}));
	}

	private static String answer(ChatClient.Builder builder) {
		return builder.build().prompt("Hello").call().content();
	}

	@Configuration(proxyBeanMethods = false)
	static class Marked {

		@Bean
		@Primary
		ChatModel marked() {
			return ScriptedChatModel.echoing();
		}

		@Bean
		ChatModel other() {
			return ScriptedChatModel.echoing();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Cycle {

		@Bean
		ChatModel own() {
			return ScriptedChatModel.echoing();
		}

		@Bean
		ChatModel advised(TokenSavingAdvisors advisors) {
			assertThat(advisors.toList()).isNotEmpty();
			ScriptedChatModel model = ScriptedChatModel.answering(ScriptedChatModel.answer("advised"));
			assertThat(model.getOptions()).isInstanceOf(ChatOptions.class);
			return model;
		}

	}

}
