package io.tokensaving.autoconfigure;

import java.util.Set;

import io.tokensaving.cache.semantic.redis.RedisSemanticCacheStore;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryAware;
import org.springframework.beans.factory.annotation.AnnotatedBeanDefinition;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;

/**
 * Leaves Redis OM Spring's own auto-configuration out where its jar is there for the
 * semantic cache only. It would make a primary connection factory, a cache manager and
 * proxies, and scan the indexes at the start. An application that uses Redis OM Spring's
 * repositories keeps it.
 */
final class RedisOmAutoConfigurationFilter
		implements AutoConfigurationImportFilter, EnvironmentAware, BeanFactoryAware {

	private static final Set<String> LEFT_OUT = Set.of("com.redis.om.spring.RedisModulesConfiguration",
			"com.redis.om.spring.EntraIDConfiguration");

	private static final Set<String> REPOSITORIES = Set.of(
			"com.redis.om.spring.annotations.EnableRedisDocumentRepositories",
			"com.redis.om.spring.annotations.EnableRedisEnhancedRepositories");

	private @Nullable Environment environment;

	private @Nullable BeanFactory beanFactory;

	@Override
	public void setEnvironment(Environment environment) {
		this.environment = environment;
	}

	@Override
	public void setBeanFactory(BeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	@Override
	public boolean[] match(@Nullable String[] autoConfigurationClasses,
			AutoConfigurationMetadata autoConfigurationMetadata) {
		boolean[] matches = new boolean[autoConfigurationClasses.length];
		boolean leaveOut = isThereForTheCacheOnly();
		for (int i = 0; i < matches.length; i++) {
			String name = autoConfigurationClasses[i];
			matches[i] = !(leaveOut && name != null && LEFT_OUT.contains(name));
		}
		return matches;
	}

	private boolean isThereForTheCacheOnly() {
		return this.environment != null
				&& OnCacheBackendCondition.isSelected(this.environment, RedisSemanticCacheStore.BACKEND)
				&& !usesRepositories();
	}

	private boolean usesRepositories() {
		if (!(this.beanFactory instanceof ConfigurableListableBeanFactory factory)) {
			return false;
		}
		for (String name : factory.getBeanDefinitionNames()) {
			BeanDefinition definition = factory.getBeanDefinition(name);
			if (definition instanceof AnnotatedBeanDefinition annotated
					&& REPOSITORIES.stream().anyMatch(annotated.getMetadata()::hasAnnotation)) {
				return true;
			}
		}
		return false;
	}

}
