package io.tokensaving.autoconfigure;

import io.qdrant.client.QdrantClient;
import io.tokensaving.cache.semantic.qdrant.QdrantSemanticCacheStore;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.core.env.Environment;

/**
 * Auto-configuration for the semantic cache in Qdrant, if a plan selects it. It uses the
 * application's {@link QdrantClient} unless the cache has connection settings of its own
 * or there is no such bean.
 */
@AutoConfiguration(before = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(QdrantClient.class)
@Conditional(OnTokenSavingCondition.class)
@ConditionalOnCacheBackend(QdrantSemanticCacheStore.BACKEND)
@ConditionalOnMissingBean(QdrantSemanticCacheStore.class)
@EnableConfigurationProperties({ QdrantProperties.class, StoredAnswersProperties.class })
public final class TokenSavingQdrantSemanticCacheAutoConfiguration {

	@Bean
	QdrantConnection tokenSavingQdrantConnection(QdrantProperties properties, ObjectProvider<QdrantClient> clients,
			Environment environment) {
		QdrantClient shared = properties.hasConnection() ? null : clients.getIfUnique();
		return (shared != null) ? QdrantConnection.shared(shared)
				: QdrantConnection.open(QdrantSettings.read(properties, environment));
	}

	@Bean
	QdrantSemanticCacheStore tokenSavingQdrantSemanticCacheStore(QdrantProperties properties,
			StoredAnswersProperties storedAnswers, QdrantConnection connection) {
		return QdrantSemanticCacheStore.builder(connection.client())
			.collectionName(QdrantSettings.collectionName(properties))
			.codec(storedAnswers.entryCodec())
			.build();
	}

}
