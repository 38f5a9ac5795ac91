package io.tokensaving.autoconfigure;

import io.tokensaving.cache.semantic.SemanticCacheStore;
import io.tokensaving.cache.semantic.WordsEmbeddingModel;
import io.tokensaving.cache.semantic.vectorstore.PrecomputedEmbeddingModel;
import io.tokensaving.cache.semantic.vectorstore.VectorStoreSemanticCacheStore;
import org.junit.jupiter.api.Test;

import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.vectorstore.SimpleVectorStore;
import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TokenSavingVectorStoreSemanticCacheAutoConfiguration}.
 */
class TokenSavingVectorStoreSemanticCacheAutoConfigurationTests {

	private static final EmbeddingModel MODEL = new WordsEmbeddingModel();

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingVectorStoreSemanticCacheAutoConfiguration.class));

	private final ApplicationContextRunner withPlan = this.contextRunner
		.withPropertyValues("token-saving.plans.support-bot.cache.backend=vector_store");

	private final ApplicationContextRunner withStore = this.withPlan.withBean("answers", VectorStore.class,
			TokenSavingVectorStoreSemanticCacheAutoConfigurationTests::answers);

	private static VectorStore answers() {
		return SimpleVectorStore.builder(new PrecomputedEmbeddingModel(MODEL)).build();
	}

	private static VectorStore documents() {
		return SimpleVectorStore.builder(MODEL).build();
	}

	@Test
	void hasNoStoreUnlessAPlanSelectsIt() {
		ApplicationContextRunner unselected = this.contextRunner.withBean("documents", VectorStore.class,
				TokenSavingVectorStoreSemanticCacheAutoConfigurationTests::documents);
		unselected
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(VectorStoreSemanticCacheStore.class));
		unselected
			.withPropertyValues("token-saving.plans.support-bot.cache.backend=in_memory_semantic",
					"token-saving.vector-store.bean=documents")
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(VectorStoreSemanticCacheStore.class));
		this.withStore.run((context) -> assertThat(context).hasSingleBean(VectorStoreSemanticCacheStore.class)
			.getBean(VectorStoreSemanticCacheStore.class)
			.extracting("vectorStore")
			.isSameAs(context.getBean("answers")));
	}

	@Test
	void isOffWhenDisabledOrWithoutTheArtifact() {
		this.withStore.withPropertyValues("token-saving.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(VectorStoreSemanticCacheStore.class));
		this.withPlan.withClassLoader(new FilteredClassLoader(VectorStore.class))
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean("tokenSavingVectorStoreSemanticCacheStore"));
	}

	@Test
	void usersStoreWins() {
		this.withPlan
			.withBean("own", VectorStoreSemanticCacheStore.class,
					() -> VectorStoreSemanticCacheStore.builder(documents()).build())
			.withBean("documents", VectorStore.class,
					TokenSavingVectorStoreSemanticCacheAutoConfigurationTests::documents)
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(SemanticCacheStore.class));
	}

	@Test
	void encryptsIfThereIsAKey() {
		this.withStore.run((context) -> assertThat(context.getBean(VectorStoreSemanticCacheStore.class))
			.extracting("documents.codec.cipher")
			.isNull());
		this.withStore.withPropertyValues("token-saving.cache.encryption-key=AAAAAAAAAAAAAAAAAAAAAA==")
			.run((context) -> assertThat(context.getBean(VectorStoreSemanticCacheStore.class))
				.extracting("documents.codec.cipher")
				.isNotNull());
	}

	@Test
	void namedBeanIsUsedEvenIfNothingElseMayInjectIt() {
		this.withStore
			.withBean("documents", VectorStore.class,
					TokenSavingVectorStoreSemanticCacheAutoConfigurationTests::documents)
			.withBean("hidden", VectorStore.class, TokenSavingVectorStoreSemanticCacheAutoConfigurationTests::answers,
					(definition) -> ((AbstractBeanDefinition) definition).setDefaultCandidate(false))
			.withPropertyValues("token-saving.vector-store.bean=hidden")
			.run((context) -> assertThat(context.getBean(VectorStoreSemanticCacheStore.class)).extracting("vectorStore")
				.isSameAs(context.getBean("hidden")));
	}

	@Test
	void withoutABeanItIsSaidWhatIsNeeded() {
		this.withPlan.run((context) -> assertFailure(context,
				"'token-saving.plans.*.cache.backend' is 'vector_store', and there is no VectorStore bean.",
				"PrecomputedEmbeddingModel"));
		this.withPlan.withPropertyValues("token-saving.vector-store.bean=answers")
			.run((context) -> assertFailure(context, "'token-saving.vector-store.bean' is 'answers', and there is no",
					"Define one"));
	}

	@Test
	void severalBeansMustBeToldApart() {
		this.withStore
			.withBean("documents", VectorStore.class,
					TokenSavingVectorStoreSemanticCacheAutoConfigurationTests::documents,
					(definition) -> definition.setPrimary(true))
			.run((context) -> assertFailure(context, "more than one VectorStore bean: 'answers', 'documents'.",
					"Set 'token-saving.vector-store.bean'"));
	}

	@Test
	void nameOfNoBeanIsReportedWithThoseThatThereAre() {
		this.withStore.withPropertyValues("token-saving.vector-store.bean=answer")
			.run((context) -> assertFailure(context,
					"'token-saving.vector-store.bean' is 'answer', but there is no VectorStore bean of that name.",
					"Name one of 'answers', or define the bean."));
	}

	@Test
	void beanThatEmbedsByItselfIsRefused() {
		this.withPlan
			.withBean("documents", VectorStore.class,
					TokenSavingVectorStoreSemanticCacheAutoConfigurationTests::documents)
			.run((context) -> assertFailure(context,
					"the VectorStore bean 'documents' embeds by a model of its own, so that every question would be "
							+ "embedded, and paid for, twice.",
					"new PrecomputedEmbeddingModel(embeddingModel)"));
	}

	private static void assertFailure(AssertableApplicationContext context, String description, String action) {
		assertThat(context).hasFailed();
		FailureAnalysis analysis = new UnusableVectorStoreFailureAnalyzer().analyze(context.getStartupFailure());
		assertThat(analysis).isNotNull();
		assertThat(analysis.getDescription()).contains(description);
		assertThat(analysis.getAction()).contains(action);
	}

}
