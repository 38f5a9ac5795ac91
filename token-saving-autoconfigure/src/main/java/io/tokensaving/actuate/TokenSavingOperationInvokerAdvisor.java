package io.tokensaving.actuate;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.InvocationContext;
import org.springframework.boot.actuate.endpoint.OperationArgumentResolver;
import org.springframework.boot.actuate.endpoint.OperationType;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvoker;
import org.springframework.boot.actuate.endpoint.invoke.OperationInvokerAdvisor;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameter;
import org.springframework.boot.actuate.endpoint.invoke.OperationParameters;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.WebServerNamespace;

/**
 * Passes all fields of a request to the operations of {@link TokenSavingEndpoint}. Spring
 * Boot drops fields that are no parameter of the operation, so a misspelt setting would
 * be ignored. Spring Boot also lets a field of the body replace the path; this is
 * rejected here, because permissions may differ between paths.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class TokenSavingOperationInvokerAdvisor implements OperationInvokerAdvisor {

	private static final EndpointId ENDPOINT = EndpointId.of(TokenSavingEndpoint.ID);

	@Override
	public OperationInvoker apply(EndpointId endpointId, OperationType operationType, OperationParameters parameters,
			OperationInvoker invoker) {
		Set<String> names = parameters.stream().map(OperationParameter::getName).collect(Collectors.toSet());
		if (!endpointId.equals(ENDPOINT) || !names.contains(TokenSavingEndpoint.PATH)) {
			return invoker;
		}
		return (context) -> {
			Map<String, @Nullable Object> arguments = context.getArguments();
			// A path that is a field of the body is a text; only that of the URL is an
			// array
			if (!(arguments.get(TokenSavingEndpoint.PATH) instanceof String[] path)) {
				return refuse(ErrorDescriptor.unknown(TokenSavingEndpoint.PATH, "the path of the URL"));
			}
			if (names.contains(TokenSavingEndpoint.BODY)) {
				return invoker.invoke(withBody(context));
			}
			boolean resume = operationType == OperationType.WRITE;
			if (operationType != OperationType.READ) {
				for (Map.Entry<String, @Nullable Object> argument : arguments.entrySet()) {
					if (!names.contains(argument.getKey())
							&& !(resume && argument.getKey().equals(TokenSavingEndpoint.WORKSPACE))) {
						return refuse(ErrorDescriptor.unknown(argument.getKey(),
								resume ? "'" + TokenSavingEndpoint.WORKSPACE + "'"
										: TokenSavingEndpoint.deleteParameters(path)));
					}
					if (!hasOneValue(argument, context)) {
						return refuse(ErrorDescriptor.of(
								"The parameter '%s' must have one value".formatted(argument.getKey()),
								argument.getKey(), null, "one value"));
					}
				}
			}
			return invoker.invoke(resume ? withWorkspace(context) : context);
		};
	}

	// Spring Boot would join several values, and would treat "?tag" as no tag, which
	// evicts everything. A JMX client passes null for parameters that are not given
	private static boolean hasOneValue(Map.Entry<String, @Nullable Object> argument, InvocationContext context) {
		if (argument.getKey().equals(TokenSavingEndpoint.PATH)) {
			return true;
		}
		return (argument.getValue() != null) ? !(argument.getValue() instanceof Collection<?>)
				: !context.canResolve(WebServerNamespace.class);
	}

	private static Object refuse(ErrorDescriptor error) {
		return new WebEndpointResponse<>(error, WebEndpointResponse.STATUS_BAD_REQUEST);
	}

	private static InvocationContext withBody(InvocationContext context) {
		Map<String, Object> body = new LinkedHashMap<>(context.getArguments());
		Object path = Objects.requireNonNull(body.remove(TokenSavingEndpoint.PATH));
		// A JMX client passes the body as a parameter
		Object whole = (body.get(TokenSavingEndpoint.BODY) instanceof Map<?, ?> map) ? map : body;
		return withArguments(context, Map.of(TokenSavingEndpoint.PATH, path, TokenSavingEndpoint.BODY, whole));
	}

	private static InvocationContext withWorkspace(InvocationContext context) {
		Map<String, Object> arguments = context.getArguments();
		if (!(arguments.get(TokenSavingEndpoint.WORKSPACE) instanceof String workspace)
				|| !(arguments.get(TokenSavingEndpoint.PATH) instanceof String[] path)
				|| path.length != TokenSavingEndpoint.RESUME_LENGTH) {
			return context;
		}
		String[] extended = Arrays.copyOf(path, path.length + 2);
		extended[path.length] = "";
		extended[path.length + 1] = workspace;
		return withArguments(context, Map.of(TokenSavingEndpoint.PATH, extended));
	}

	private static InvocationContext withArguments(InvocationContext context, Map<String, Object> arguments) {
		SecurityContext securityContext = context.resolveArgument(SecurityContext.class);
		return new InvocationContext((securityContext != null) ? securityContext : SecurityContext.NONE, arguments,
				new Delegate(context));
	}

	private record Delegate(InvocationContext context) implements OperationArgumentResolver {

		@Override
		public boolean canResolve(Class<?> type) {
			return this.context.canResolve(type);
		}

		@Override
		public <T> @Nullable T resolve(Class<T> type) {
			return this.context.resolveArgument(type);
		}

	}

}
