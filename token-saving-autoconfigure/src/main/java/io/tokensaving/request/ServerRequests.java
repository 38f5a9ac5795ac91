package io.tokensaving.request;

import java.util.regex.Pattern;

import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.ObservationView;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import org.jspecify.annotations.Nullable;
import reactor.util.context.ContextView;

import org.springframework.http.server.observation.ServerRequestObservationContext;
import org.springframework.util.ClassUtils;

/**
 * Reads the path pattern of the HTTP request that a call serves, such as
 * {@code /tickets/{id}}. It is never the path itself, which may hold anything.
 * Thread-safe.
 */
final class ServerRequests {

	private static final String REACTIVE = "org.springframework.http.server.reactive.observation."
			+ "ServerRequestObservationContext";

	private static final String SERVLET = "org.springframework.http.server.observation."
			+ "ServerRequestObservationContext";

	private static final boolean ON_REACTIVE = isPresent(REACTIVE);

	private static final boolean ON_SERVLET = isPresent(SERVLET)
			&& isPresent("jakarta.servlet.http.HttpServletRequest");

	private static final int MAX_PARENTS = 100;

	// All registries share one thread-local
	private static final ObservationRegistry REGISTRY = ObservationRegistry.create();

	private static final Pattern EXPRESSION = Pattern.compile("\\{([^{}:]+):(?:[^{}]|\\{[^{}]*})*}");

	private ServerRequests() {
	}

	private static boolean isPresent(String name) {
		return ClassUtils.isPresent(name, ServerRequests.class.getClassLoader());
	}

	/**
	 * Return the pattern of the HTTP request that the calling thread serves.
	 * @return the pattern, or {@code null} if it is not known
	 */
	static @Nullable String pattern() {
		return (ON_SERVLET || ON_REACTIVE) ? pattern(REGISTRY.getCurrentObservation()) : null;
	}

	/**
	 * Return the pattern of the HTTP request that a stream serves.
	 * @param context the context of the stream
	 * @return the pattern, or {@code null} if it is not known
	 */
	static @Nullable String pattern(ContextView context) {
		Observation current = context.<@Nullable Observation>getOrDefault(ObservationThreadLocalAccessor.KEY, null);
		return ((ON_SERVLET || ON_REACTIVE) && current != null) ? pattern(current) : null;
	}

	private static @Nullable String pattern(@Nullable ObservationView current) {
		ObservationView observation = current;
		for (int i = 0; i < MAX_PARENTS && observation != null; i++) {
			Observation.ContextView context = observation.getContextView();
			String pattern = (ON_SERVLET) ? Servlet.pattern(context) : null;
			if (pattern == null && ON_REACTIVE) {
				pattern = Reactive.pattern(context);
			}
			if (pattern != null) {
				return withoutExpressions(pattern);
			}
			observation = context.getParentObservation();
		}
		return null;
	}

	/**
	 * Leave out the regular expressions of variables.
	 * @param pattern the pattern, such as <code>/tickets/{id:\d+}</code>
	 * @return such as <code>/tickets/{id}</code>, a slash if the pattern is empty
	 */
	static String withoutExpressions(String pattern) {
		if (pattern.isEmpty()) {
			return "/";
		}
		return (pattern.indexOf(':') >= 0) ? EXPRESSION.matcher(pattern).replaceAll("{$1}") : pattern;
	}

	// Apart, so that a class is loaded only if it is there

	private static final class Servlet {

		static @Nullable String pattern(Observation.ContextView context) {
			return (context instanceof ServerRequestObservationContext request) ? request.getPathPattern() : null;
		}

	}

	private static final class Reactive {

		static @Nullable String pattern(Observation.ContextView context) {
			return (context instanceof org.springframework.http.server.reactive.observation.ServerRequestObservationContext request)
					? request.getPathPattern() : null;
		}

	}

}
