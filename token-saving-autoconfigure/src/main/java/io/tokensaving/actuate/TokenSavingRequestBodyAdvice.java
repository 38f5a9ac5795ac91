package io.tokensaving.actuate;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Type;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.core.MethodParameter;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.mvc.method.annotation.RequestBodyAdviceAdapter;

/**
 * Lets {@link TokenSavingEndpoint} accept nested JSON with Spring MVC. Does not touch
 * other requests. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
@ControllerAdvice
public final class TokenSavingRequestBodyAdvice extends RequestBodyAdviceAdapter {

	private static final String HANDLERS = "org.springframework.boot.webmvc.actuate.endpoint.web.";

	private final Supplier<@Nullable PathMappedEndpoints> endpoints;

	/**
	 * Create the advice.
	 * @param endpoints supplies the paths of the endpoints, or {@code null} if there are
	 * none
	 */
	public TokenSavingRequestBodyAdvice(Supplier<@Nullable PathMappedEndpoints> endpoints) {
		this.endpoints = endpoints;
	}

	@Override
	public boolean supports(MethodParameter parameter, Type targetType,
			Class<? extends HttpMessageConverter<?>> converterType) {
		return parameter.getDeclaringClass().getName().startsWith(HANDLERS);
	}

	@Override
	public HttpInputMessage beforeBodyRead(HttpInputMessage message, MethodParameter parameter, Type targetType,
			Class<? extends HttpMessageConverter<?>> converterType) throws IOException {
		if (!isForEndpoint()) {
			return message;
		}
		byte[] wrapped = JsonBody.wrap(message.getBody().readNBytes(JsonBody.MAX_BYTES + 1));
		return new WrappedMessage(message.getHeaders(), new ByteArrayInputStream(wrapped));
	}

	// The path before that of the endpoint depends on the port and context that serve it
	private boolean isForEndpoint() {
		RequestAttributes request = RequestContextHolder.getRequestAttributes();
		PathMappedEndpoints paths = this.endpoints.get();
		String path = (paths != null) ? paths.getRootPath(EndpointId.of(TokenSavingEndpoint.ID)) : null;
		Object pattern = (request != null)
				? request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE, RequestAttributes.SCOPE_REQUEST)
				: null;
		return path != null && pattern != null
				&& (pattern.toString().endsWith("/" + path + "/**") || pattern.toString().endsWith("/" + path));
	}

	private record WrappedMessage(HttpHeaders headers, InputStream body) implements HttpInputMessage {

		@Override
		public HttpHeaders getHeaders() {
			return this.headers;
		}

		@Override
		public InputStream getBody() {
			return this.body;
		}

	}

}
