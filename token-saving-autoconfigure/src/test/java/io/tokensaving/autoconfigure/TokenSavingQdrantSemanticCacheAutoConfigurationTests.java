package io.tokensaving.autoconfigure;

import io.grpc.ManagedChannel;
import io.qdrant.client.QdrantClient;
import io.qdrant.client.QdrantGrpcClient;
import io.tokensaving.cache.semantic.qdrant.QdrantSemanticCacheStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingQdrantSemanticCacheAutoConfiguration}.
 */
class TokenSavingQdrantSemanticCacheAutoConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingQdrantSemanticCacheAutoConfiguration.class));

	private final ApplicationContextRunner withPlan = this.contextRunner.withPropertyValues(
			"token-saving.plans.other.compression.max-input-tokens=100",
			"token-saving.plans.support-bot.cache.backend=qdrant_semantic");

	@Test
	void hasNoStoreUnlessAPlanSelectsIt() {
		this.contextRunner.run((context) -> assertThat(context).hasNotFailed()
			.doesNotHaveBean(QdrantSemanticCacheStore.class)
			.doesNotHaveBean(QdrantConnection.class));
		this.contextRunner.withPropertyValues("token-saving.plans.support-bot.cache.backend=in_memory")
			.run((context) -> assertThat(context).doesNotHaveBean(QdrantSemanticCacheStore.class));
		this.withPlan.run((context) -> assertThat(context).hasSingleBean(QdrantSemanticCacheStore.class));
	}

	@Test
	void isOffWhenDisabledOrWithoutClient() {
		this.withPlan.withPropertyValues("token-saving.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(QdrantSemanticCacheStore.class));
		this.withPlan.withClassLoader(new FilteredClassLoader(QdrantClient.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean("tokenSavingQdrantSemanticCacheStore"));
	}

	@Test
	void encryptsIfThereIsAKey() {
		this.withPlan.run((context) -> assertThat(context.getBean(QdrantSemanticCacheStore.class))
			.extracting("points.codec.cipher")
			.isNull());
		this.withPlan.withPropertyValues("token-saving.cache.encryption-key=AAAAAAAAAAAAAAAAAAAAAA==")
			.run((context) -> assertThat(context.getBean(QdrantSemanticCacheStore.class))
				.extracting("points.codec.cipher")
				.isNotNull());
		this.withPlan.withPropertyValues("token-saving.cache.encryption-key=c2hvcnQ=")
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(InvalidSecretException.class)
				.hasMessageContaining("token-saving.cache.encryption-key")
				.hasMessageNotContaining("c2hvcnQ="));
	}

	@Test
	void usersStoreWins() {
		this.withPlan
			.withBean("own", QdrantSemanticCacheStore.class,
					() -> QdrantSemanticCacheStore.builder(client("own.example", 1)).build())
			.run((context) -> assertThat(context).hasSingleBean(QdrantSemanticCacheStore.class)
				.hasBean("own")
				.doesNotHaveBean(QdrantConnection.class));
	}

	@Test
	void usersClientIsUsedAndLeftOpen() {
		QdrantClient client = client("own.example", 1);
		this.withPlan.withBean(QdrantClient.class, () -> client, (definition) -> definition.setDestroyMethodName(""))
			.run((context) -> {
				assertThat(context.getBean(QdrantConnection.class).client()).isSameAs(client);
				context.close();
				assertThat(client.grpcClient().channel().isShutdown()).isFalse();
			});
		client.close();
	}

	@Test
	void ownSettingsMakeAClientOfItsOwnWhichIsClosed() {
		this.withPlan.withBean(QdrantClient.class, () -> client("other.example", 1))
			.withPropertyValues("token-saving.qdrant.host=cache.example")
			.run((context) -> {
				assertThat(context).hasSingleBean(QdrantClient.class);
				ManagedChannel channel = channel(context.getBean(QdrantConnection.class));
				assertThat(channel.authority()).isEqualTo("cache.example:6334");
				context.close();
				assertThat(channel.isShutdown()).isTrue();
			});
	}

	@Test
	void connectsToTheUsualPlaceByDefault() {
		this.withPlan.run((context) -> assertThat(channel(context.getBean(QdrantConnection.class)).authority())
			.isEqualTo("localhost:6334"));
		assertThat(new QdrantProperties().getCollectionName())
			.isEqualTo(QdrantSemanticCacheStore.DEFAULT_COLLECTION_NAME);
	}

	@Test
	void ownSettingsComeBeforeThoseOfSpringAi() {
		ApplicationContextRunner springAi = this.withPlan.withPropertyValues(
				"spring.ai.vectorstore.qdrant.host=ai.example", "spring.ai.vectorstore.qdrant.port=7000",
				"spring.ai.vectorstore.qdrant.useTls=true", "spring.ai.vectorstore.qdrant.apiKey=secret");
		springAi.run((context) -> assertThat(
				QdrantSettings.read(context.getBean(QdrantProperties.class), context.getEnvironment()))
			.isEqualTo(new QdrantSettings("ai.example", 7000, true, "secret")));
		springAi
			.withPropertyValues("token-saving.qdrant.host=own.example", "token-saving.qdrant.use-tls=false",
					"token-saving.qdrant.api-key=")
			.run((context) -> {
				QdrantSettings settings = QdrantSettings.read(context.getBean(QdrantProperties.class),
						context.getEnvironment());
				assertThat(settings).isEqualTo(new QdrantSettings("own.example", 7000, false, null));
			});
	}

	@Test
	void settingsDoNotShowTheApiKey() {
		assertThat(new QdrantSettings("h", 1, true, "secret")).hasToString("h:1");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			token-saving.qdrant.host             | ''               | without scheme and port
			token-saving.qdrant.host             | https://a.example | without scheme and port
			token-saving.qdrant.port             | 0                | a port from 1 to 65535
			token-saving.qdrant.port             | 65536            | a port from 1 to 65535
			token-saving.qdrant.collection-name  | a/b              | letters, digits
			spring.ai.vectorstore.qdrant.port    | 70000            | a port from 1 to 65535
			spring.ai.vectorstore.qdrant.host    | a/b              | without scheme and port
			""")
	void badValuesAreReportedByTheirProperty(String property, String value, String accepted) {
		this.withPlan.withPropertyValues(property + "=" + value)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo(property);
					assertThat(ex.getValue()).hasToString(value);
					assertThat(ex.getReason()).contains(accepted);
				}));
	}

	@Test
	void misspelledPropertyIsReported() {
		this.withPlan.withPropertyValues("token-saving.qdrant.hots=a")
			.run((context) -> assertThat(context).getFailure().hasStackTraceContaining("token-saving.qdrant.hots"));
	}

	private static QdrantClient client(String host, int port) {
		return new QdrantClient(QdrantGrpcClient.newBuilder(host, port, false, false).build());
	}

	private static ManagedChannel channel(QdrantConnection connection) {
		return connection.client().grpcClient().channel();
	}

}
