package io.tokensaving.request;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;

import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.util.ReflectionUtils;

/**
 * Tells whether a request asks for variety: then an answer that another request got is
 * not what it asks for.
 */
public final class SamplingOptions {

	private static final List<String> COUNTS = List.of("getN", "getCandidateCount", "getNumGenerations",
			"getNumberOfGenerations");

	private static final ClassValue<List<Method>> COUNT_METHODS = new ClassValue<>() {

		@Override
		protected List<Method> computeValue(Class<?> type) {
			List<Method> methods = new ArrayList<>();
			for (String name : COUNTS) {
				Method method = ReflectionUtils.findMethod(type, name);
				if (method != null && method.trySetAccessible()) {
					methods.add(method);
				}
			}
			return methods;
		}

	};

	private SamplingOptions() {
	}

	/**
	 * Whether a request asks for more than one generation, by what providers call
	 * {@code n} or {@code candidateCount}.
	 * @param prompt the prompt
	 * @return whether it does
	 */
	public static boolean asksForSeveral(Prompt prompt) {
		ChatOptions options = prompt.getOptions();
		if (options == null) {
			return false;
		}
		for (Method method : COUNT_METHODS.get(options.getClass())) {
			try {
				if (method.invoke(options) instanceof Number count && count.longValue() > 1) {
					return true;
				}
			}
			catch (IllegalAccessException | InvocationTargetException ex) {
				throw new IllegalStateException("The options of the request cannot be read", ex);
			}
		}
		return false;
	}

	/**
	 * Whether a request has a temperature above a limit.
	 * @param prompt the prompt
	 * @param limit the limit
	 * @return whether it has
	 */
	public static boolean isAbove(Prompt prompt, double limit) {
		ChatOptions options = prompt.getOptions();
		Double temperature = (options != null) ? options.getTemperature() : null;
		return temperature != null && temperature > limit;
	}

}
