package io.tokensaving;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Names the feature of the application to which the model calls of a bean's method
 * belong, unless a request {@linkplain TokenSaving#feature names} another one. On a class
 * it stands for all its methods. Takes effect with
 * {@code token-saving.feature-annotations=true}, and for calls that come through the
 * bean's proxy. The calls of a {@code Mono} or {@code Flux} that the method returns
 * belong to the feature too.
 */
@Target({ ElementType.METHOD, ElementType.TYPE })
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Documented
public @interface TokenSavingFeature {

	/**
	 * Return the name of the feature.
	 * @return such as {@code ticket-triage}: 1 to 100 letters {@code A} to {@code Z},
	 * digits and <code>._/{}:@+*-</code>; anything else fails at startup
	 */
	String value();

}
