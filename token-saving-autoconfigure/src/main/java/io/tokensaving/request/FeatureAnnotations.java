package io.tokensaving.request;

import java.lang.reflect.Method;

import io.tokensaving.LabelText;
import io.tokensaving.TokenSavingFeature;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.aop.framework.autoproxy.AbstractBeanFactoryAwareAdvisingPostProcessor;
import org.springframework.aop.support.AopUtils;
import org.springframework.aop.support.DefaultPointcutAdvisor;
import org.springframework.aop.support.StaticMethodMatcherPointcut;
import org.springframework.core.BridgeMethodResolver;
import org.springframework.core.annotation.AnnotatedElementUtils;

/**
 * Gives the model calls of annotated methods the feature that {@link TokenSavingFeature}
 * names. Needs no other infrastructure for aspects. Thread-safe once it is created.
 */
public final class FeatureAnnotations extends AbstractBeanFactoryAwareAdvisingPostProcessor {

	/**
	 * Create the post-processor.
	 * @param proxyTargetClass whether beans with interfaces are proxied by class too
	 */
	public FeatureAnnotations(boolean proxyTargetClass) {
		setProxyTargetClass(proxyTargetClass);
		// The innermost proxy may be one of transactions or security already
		setBeforeExistingAdvisors(true);
		this.advisor = new DefaultPointcutAdvisor(new AnnotatedMethods(), new FeatureInterceptor());
	}

	private static @Nullable TokenSavingFeature find(Method method, Class<?> targetClass) {
		Method specific = BridgeMethodResolver.findBridgedMethod(AopUtils.getMostSpecificMethod(method, targetClass));
		TokenSavingFeature found = AnnotatedElementUtils.findMergedAnnotation(specific, TokenSavingFeature.class);
		return (found != null) ? found
				: AnnotatedElementUtils.findMergedAnnotation(targetClass, TokenSavingFeature.class);
	}

	private static final class AnnotatedMethods extends StaticMethodMatcherPointcut {

		@Override
		public boolean matches(Method method, Class<?> targetClass) {
			if (method.getDeclaringClass() == Object.class) {
				return false;
			}
			TokenSavingFeature feature = find(method, targetClass);
			if (feature != null) {
				LabelText.check(
						"The value of @TokenSavingFeature on %s.%s".formatted(targetClass.getName(), method.getName()),
						feature.value());
			}
			return feature != null;
		}

	}

	private static final class FeatureInterceptor implements MethodInterceptor {

		@Override
		public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
			Object target = invocation.getThis();
			TokenSavingFeature feature = find(invocation.getMethod(),
					(target != null) ? AopUtils.getTargetClass(target) : invocation.getMethod().getDeclaringClass());
			if (feature == null) {
				return invocation.proceed();
			}
			String name = feature.value();
			String before = FeatureScope.current();
			FeatureScope.set(name);
			try {
				Object result = invocation.proceed();
				if (result instanceof Flux<?> stream) {
					return stream.contextWrite((context) -> FeatureScope.mark(context, name));
				}
				if (result instanceof Mono<?> mono) {
					return mono.contextWrite((context) -> FeatureScope.mark(context, name));
				}
				return result;
			}
			finally {
				FeatureScope.set(before);
			}
		}

	}

}
