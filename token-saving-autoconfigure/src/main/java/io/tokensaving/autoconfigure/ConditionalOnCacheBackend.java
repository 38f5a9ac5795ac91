package io.tokensaving.autoconfigure;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.springframework.context.annotation.Conditional;

/**
 * Matches if at least one plan of the configuration caches in a backend.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Conditional(OnCacheBackendCondition.class)
@interface ConditionalOnCacheBackend {

	/**
	 * The name of the backend in plans.
	 * @return the name
	 */
	String value();

}
