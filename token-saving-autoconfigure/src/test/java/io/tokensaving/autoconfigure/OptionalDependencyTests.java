package io.tokensaving.autoconfigure;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.ScriptedChatModel;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.cache.semantic.vectorstore.PrecomputedEmbeddingModel;
import io.tokensaving.plan.PlanRepository;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.vectorstore.SimpleVectorStore;
import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests that with any optional dependency missing, and any backend selected, an
 * application starts or says which property needs which artifact.
 */
@ExtendWith(OutputCaptureExtension.class)
class OptionalDependencyTests {

	private static final String REDIS = "spring-boot-starter-data-redis";

	private static final String REDIS_OM = "com.redis.om:redis-om-spring";

	private static final String QDRANT = "io.qdrant:client";

	private static final String VECTOR_STORE = "org.springframework.ai:spring-ai-vector-store";

	private static final List<String> BACKENDS = List.of("", "in_memory", "in_memory_semantic", "redis",
			"redis_semantic", "qdrant_semantic", "vector_store");

	// By what is missing: the artifacts without which a backend cannot be used
	private static final Map<String, Map<String, String>> NEEDED = new LinkedHashMap<>();

	static {
		NEEDED.put("nothing.is.missing", Map.of());
		NEEDED.put("com.redis.om", Map.of("redis_semantic", REDIS_OM));
		NEEDED.put("redis.clients.jedis", Map.of("redis_semantic", REDIS_OM));
		NEEDED.put("org.springframework.data.redis", Map.of("redis", REDIS, "redis_semantic", REDIS));
		NEEDED.put("org.springframework.boot.data.redis", Map.of("redis", REDIS, "redis_semantic", REDIS));
		NEEDED.put("io.qdrant", Map.of("qdrant_semantic", QDRANT));
		NEEDED.put("org.springframework.ai.vectorstore", Map.of("vector_store", VECTOR_STORE));
		NEEDED.put("io.github.jbellis", Map.of());
		NEEDED.put("org.aspectj", Map.of());
		NEEDED.put("dev.langchain4j", Map.of());
		NEEDED.put("io.micrometer.core", Map.of());
		NEEDED.put("org.springframework.web", Map.of());
		NEEDED.put("org.springframework.ai.model.chat.client.autoconfigure", Map.of());
	}

	private static final ApplicationContextRunner RUNNER = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingRedisAutoConfiguration.class,
				TokenSavingRedisPlansAutoConfiguration.class, TokenSavingRedisStatisticsAutoConfiguration.class,
				TokenSavingRedisSemanticCacheAutoConfiguration.class,
				TokenSavingQdrantSemanticCacheAutoConfiguration.class,
				TokenSavingVectorStoreSemanticCacheAutoConfiguration.class, TokenSavingAutoConfiguration.class,
				TokenSavingEndpointAutoConfiguration.class, TokenSavingHealthAutoConfiguration.class,
				TokenSavingMetricsAutoConfiguration.class))
		.withBean(ChatModel.class, ScriptedChatModel::echoing)
		.withBean(EmbeddingModel.class, WordsEmbeddingModel::new)
		.withPropertyValues("spring.data.redis.port=1", "spring.data.redis.timeout=100ms");

	@Test
	void startsOrNamesPropertyAndArtifact() {
		List<String> seen = new ArrayList<>();
		NEEDED.forEach((missing, needed) -> BACKENDS.forEach((backend) -> {
			String artifact = needed.get(backend);
			seen.add(missing + " " + backend);
			run(missing, backend, (context) -> {
				String description = "without " + missing + ", with the backend '" + backend + "'";
				if (artifact == null) {
					assertThat(context).as(description).hasNotFailed().hasSingleBean(PlanRepository.class);
				}
				else {
					assertThat(context).as(description).hasFailed();
					assertThat(context.getStartupFailure()).as(description)
						.rootCause()
						.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
							assertThat(ex.getName()).isEqualTo("token-saving.plans.a.cache.backend");
							assertThat(ex.getReason()).contains(artifact);
						});
				}
			});
		}));
		assertThat(seen).hasSize(NEEDED.size() * BACKENDS.size());
	}

	@Test
	void namesPropertyAndArtifactWhereLargePartitionsAreSearchedWithoutAGraph(CapturedOutput output) {
		withInfo(() -> run("io.github.jbellis", "in_memory_semantic", (context) -> assertThat(context).hasNotFailed()));
		assertThat(output).containsOnlyOnce(
				"'token-saving.plans.*.cache.backend' is 'in_memory_semantic', and 'io.github.jbellis:jvector' is not");
	}

	@Test
	void namesNoArtifactThatNoPlanNeeds(CapturedOutput output) {
		withInfo(() -> {
			run("io.github.jbellis", "in_memory", (context) -> assertThat(context).hasNotFailed());
			run("nothing.is.missing", "in_memory_semantic", (context) -> assertThat(context).hasNotFailed());
			RUNNER.withClassLoader(new FilteredClassLoader("io.github.jbellis"))
				.withPropertyValues("token-saving.plans.a.cache.backend=in_memory_semantic",
						"token-saving.in-memory-semantic.max-entries=10000")
				.run((context) -> assertThat(context).hasNotFailed());
		});
		assertThat(output).doesNotContain("jvector");
	}

	private static void withInfo(Runnable start) {
		LoggingSystem logging = LoggingSystem.get(OptionalDependencyTests.class.getClassLoader());
		logging.setLogLevel(MissingVectorGraphNotice.class.getName(), LogLevel.INFO);
		try {
			start.run();
		}
		finally {
			logging.setLogLevel(MissingVectorGraphNotice.class.getName(), null);
		}
	}

	private static void run(String missing, String backend, Check check) {
		ApplicationContextRunner runner = RUNNER.withClassLoader(new FilteredClassLoader(missing));
		if (!missing.startsWith("org.springframework.boot.data.redis")
				&& !missing.startsWith("org.springframework.data.redis")) {
			runner = runner.withConfiguration(AutoConfigurations.of(DataRedisAutoConfiguration.class));
		}
		if (!missing.startsWith("org.springframework.ai.vectorstore")) {
			runner = runner.withBean(VectorStore.class,
					() -> SimpleVectorStore.builder(new PrecomputedEmbeddingModel(new WordsEmbeddingModel())).build());
		}
		if (!backend.isEmpty()) {
			runner = runner.withPropertyValues("token-saving.plans.a.cache.backend=" + backend);
		}
		runner.run(check::accept);
	}

	/**
	 * What must be true of an application.
	 */
	private interface Check {

		void accept(AssertableApplicationContext context);

	}

}
