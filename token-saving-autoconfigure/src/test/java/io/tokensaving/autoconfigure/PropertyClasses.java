package io.tokensaving.autoconfigure;

import java.util.Map;
import java.util.TreeMap;

import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.springframework.util.ClassUtils;

/**
 * All classes that properties are bound to, other than those of plans.
 */
public final class PropertyClasses {

	private PropertyClasses() {
	}

	/**
	 * Find the classes.
	 * @return the classes by their prefixes
	 */
	public static Map<String, Class<?>> all() {
		ClassPathScanningCandidateComponentProvider scanner = new ClassPathScanningCandidateComponentProvider(false);
		scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
		Map<String, Class<?>> classes = new TreeMap<>();
		for (BeanDefinition found : scanner.findCandidateComponents(PropertyClasses.class.getPackageName())) {
			Class<?> type = ClassUtils.resolveClassName(found.getBeanClassName(), null);
			String prefix = AnnotatedElementUtils.findMergedAnnotation(type, ConfigurationProperties.class).prefix();
			if (classes.put(prefix, type) != null) {
				throw new IllegalStateException("Two classes have the prefix " + prefix);
			}
		}
		return classes;
	}

}
