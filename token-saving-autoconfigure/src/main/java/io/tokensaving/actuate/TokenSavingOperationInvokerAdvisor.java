package io.tokensaving.actuate;

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
 * Hands all fields of a request to the operations of {@link TokenSavingEndpoint}: Spring
 * Boot drops those that are no parameter of the operation, so that a misspelt setting
 * would be ignored. It also lets them take the place of the path, which is refused here:
 * who may write to one path need not be allowed to write to another.
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
			// Only the server makes an array of what follows the endpoint's path
			if (!(arguments.get(TokenSavingEndpoint.PATH) instanceof String[])) {
				return refuse(TokenSavingEndpoint.PATH);
			}
			if (names.contains(TokenSavingEndpoint.BODY)) {
				return invoker.invoke(withBody(context));
			}
			if (operationType != OperationType.READ) {
				for (Map.Entry<String, @Nullable Object> argument : arguments.entrySet()) {
					if (!names.contains(argument.getKey())) {
						return refuse(argument.getKey());
					}
					if (!hasOneValue(argument, context)) {
						return refuse(TokenSavingEndpoint.ErrorDescriptor.of(
								"The parameter '%s' must have one value".formatted(argument.getKey()),
								argument.getKey()));
					}
				}
			}
			return invoker.invoke(context);
		};
	}

	// Several values would be joined, and "?tag" be taken for no tag at all: everything
	// would be evicted. A JMX client passes null for what is not given
	private static boolean hasOneValue(Map.Entry<String, @Nullable Object> argument, InvocationContext context) {
		if (argument.getKey().equals(TokenSavingEndpoint.PATH)) {
			return true;
		}
		return (argument.getValue() != null) ? !(argument.getValue() instanceof Collection<?>)
				: !context.canResolve(WebServerNamespace.class);
	}

	private static Object refuse(String name) {
		return refuse(TokenSavingEndpoint.ErrorDescriptor.unknown(name));
	}

	private static Object refuse(TokenSavingEndpoint.ErrorDescriptor error) {
		return new WebEndpointResponse<>(error, WebEndpointResponse.STATUS_BAD_REQUEST);
	}

	private static InvocationContext withBody(InvocationContext context) {
		Map<String, Object> body = new LinkedHashMap<>(context.getArguments());
		Object path = Objects.requireNonNull(body.remove(TokenSavingEndpoint.PATH));
		// A JMX client passes the parameter itself
		Object whole = (body.get(TokenSavingEndpoint.BODY) instanceof Map<?, ?> map) ? map : body;
		SecurityContext securityContext = context.resolveArgument(SecurityContext.class);
		return new InvocationContext((securityContext != null) ? securityContext : SecurityContext.NONE,
				Map.of(TokenSavingEndpoint.PATH, path, TokenSavingEndpoint.BODY, whole), new Delegate(context));
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
