package io.tokensaving.actuate;

import java.io.ByteArrayOutputStream;
import java.util.function.Supplier;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;

/**
 * Lets {@link TokenSavingEndpoint} accept nested JSON with Spring WebFlux. Does not touch
 * other requests. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class TokenSavingWebFilter implements WebFilter {

	private final Supplier<@Nullable PathMappedEndpoints> endpoints;

	/**
	 * Create the filter.
	 * @param endpoints supplies the paths of the endpoints, or {@code null} if there are
	 * none
	 */
	public TokenSavingWebFilter(Supplier<@Nullable PathMappedEndpoints> endpoints) {
		this.endpoints = endpoints;
	}

	@Override
	public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
		if (!isForEndpoint(exchange.getRequest())) {
			return chain.filter(exchange);
		}
		return chain.filter(exchange.mutate().request(new WrappedRequest(exchange)).build());
	}

	private boolean isForEndpoint(ServerHttpRequest request) {
		if (!HttpMethod.POST.equals(request.getMethod())) {
			return false;
		}
		PathMappedEndpoints paths = this.endpoints.get();
		String path = (paths != null) ? paths.getPath(EndpointId.of(TokenSavingEndpoint.ID)) : null;
		String requested = request.getPath().pathWithinApplication().value();
		return path != null && (requested.startsWith(path + "/") || requested.equals(path));
	}

	private static final class WrappedRequest extends ServerHttpRequestDecorator {

		private final ServerWebExchange exchange;

		WrappedRequest(ServerWebExchange exchange) {
			super(exchange.getRequest());
			this.exchange = exchange;
		}

		// A body that is too large is read to its end but discarded
		@Override
		public Flux<DataBuffer> getBody() {
			return super.getBody().map(WrappedRequest::read)
				.collect(ByteArrayOutputStream::new, WrappedRequest::add)
				.filter((body) -> body.size() > 0)
				.map((body) -> JsonBody.wrap(body.toByteArray()))
				.map((bytes) -> this.exchange.getResponse().bufferFactory().wrap(bytes))
				.flux();
		}

		private static byte[] read(DataBuffer buffer) {
			byte[] bytes = new byte[buffer.readableByteCount()];
			buffer.read(bytes);
			DataBufferUtils.release(buffer);
			return bytes;
		}

		private static void add(ByteArrayOutputStream body, byte[] bytes) {
			if (body.size() <= JsonBody.MAX_BYTES) {
				body.writeBytes(bytes);
			}
		}

	}

}
