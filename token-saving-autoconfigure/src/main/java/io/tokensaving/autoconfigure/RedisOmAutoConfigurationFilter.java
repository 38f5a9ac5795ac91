package io.tokensaving.autoconfigure;

import java.util.Set;

import io.tokensaving.cache.semantic.redis.RedisSemanticCacheStore;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.BeanClassLoaderAware;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.BeanFactoryAware;
import org.springframework.beans.factory.annotation.AnnotatedBeanDefinition;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfigurationImportFilter;
import org.springframework.boot.autoconfigure.AutoConfigurationMetadata;
import org.springframework.context.EnvironmentAware;
import org.springframework.core.env.Environment;
import org.springframework.util.ClassUtils;

/**
 * Excludes Redis OM Spring's own auto-configuration if its jar is present only for the
 * semantic cache: when a plan uses that cache, or when AspectJ is missing, without which
 * the auto-configuration would fail. It would create a primary connection factory, a
 * cache manager and proxies, and scan the indexes at startup. Applications that use Redis
 * OM Spring's repositories keep it.
 */
final class RedisOmAutoConfigurationFilter
		implements AutoConfigurationImportFilter, EnvironmentAware, BeanFactoryAware, BeanClassLoaderAware {

	private static final String ASPECTJ = "org.aspectj.lang.annotation.Pointcut";

	private static final Set<String> LEFT_OUT = Set.of("com.redis.om.spring.RedisModulesConfiguration",
			"com.redis.om.spring.EntraIDConfiguration");

	private static final Set<String> REPOSITORIES = Set.of(
			"com.redis.om.spring.annotations.EnableRedisDocumentRepositories",
			"com.redis.om.spring.annotations.EnableRedisEnhancedRepositories");

	private @Nullable Environment environment;

	private @Nullable BeanFactory beanFactory;

	private @Nullable ClassLoader classLoader;

	@Override
	public void setEnvironment(Environment environment) {
		this.environment = environment;
	}

	@Override
	public void setBeanFactory(BeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	@Override
	public void setBeanClassLoader(ClassLoader classLoader) {
		this.classLoader = classLoader;
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
				&& (OnCacheBackendCondition.isSelected(this.environment, RedisSemanticCacheStore.BACKEND)
						|| !ClassUtils.isPresent(ASPECTJ, this.classLoader))
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
