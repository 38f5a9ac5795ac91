package io.tokensaving.autoconfigure;

import java.util.List;

import io.tokensaving.cache.semantic.vectorstore.PrecomputedEmbeddingModel;
import io.tokensaving.cache.semantic.vectorstore.VectorStoreSemanticCacheStore;

import org.springframework.ai.vectorstore.VectorStore;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.util.StringUtils;

/**
 * Auto-configuration for the semantic cache in a {@link VectorStore} bean of the
 * application, if a plan selects it. A bean that embeds by a model of its own, such as
 * the one that an application retrieves documents from, is refused.
 */
@AutoConfiguration(before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(VectorStore.class)
@Conditional(OnTokenSavingCondition.class)
@ConditionalOnCacheBackend(VectorStoreSemanticCacheStore.BACKEND)
@ConditionalOnMissingBean(VectorStoreSemanticCacheStore.class)
@EnableConfigurationProperties({ VectorStoreProperties.class, StoredAnswersProperties.class })
public final class TokenSavingVectorStoreSemanticCacheAutoConfiguration {

	@Bean
	VectorStoreSemanticCacheStore tokenSavingVectorStoreSemanticCacheStore(VectorStoreProperties properties,
			StoredAnswersProperties storedAnswers, ListableBeanFactory beanFactory) {
		String name = beanName(properties, List.of(beanFactory.getBeanNamesForType(VectorStore.class)));
		VectorStore vectorStore = beanFactory.getBean(name, VectorStore.class);
		if (PrecomputedEmbeddingModel.isMissingIn(vectorStore)) {
			throw UnusableVectorStoreException.embedsItself(name);
		}
		return VectorStoreSemanticCacheStore.builder(vectorStore).codec(storedAnswers.entryCodec()).build();
	}

	private static String beanName(VectorStoreProperties properties, List<String> names) {
		String wanted = StringUtils.hasText(properties.getBean()) ? properties.getBean() : null;
		if (names.isEmpty()) {
			throw UnusableVectorStoreException.none(wanted);
		}
		if (wanted != null) {
			if (!names.contains(wanted)) {
				throw UnusableVectorStoreException.unknown(wanted, names);
			}
			return wanted;
		}
		if (names.size() > 1) {
			// Not the primary one, as that is what the application injects for its own
			// use
			throw UnusableVectorStoreException.several(names);
		}
		return names.get(0);
	}

}
