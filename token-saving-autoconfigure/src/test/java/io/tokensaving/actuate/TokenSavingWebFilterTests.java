package io.tokensaving.actuate;

import java.nio.charset.StandardCharsets;
import java.util.List;

import org.junit.jupiter.api.Test;

import org.springframework.boot.actuate.endpoint.EndpointId;
import org.springframework.boot.actuate.endpoint.ExposableEndpoint;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoint;
import org.springframework.boot.actuate.endpoint.web.PathMappedEndpoints;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.mock.http.server.reactive.MockServerHttpRequest;
import org.springframework.mock.web.server.MockServerWebExchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.withSettings;

/**
 * Tests for {@link TokenSavingWebFilter}.
 */
class TokenSavingWebFilterTests {

	private static final String BODY = "{\"cache\": {\"guards\": [null]}}";

	private static final String PATH = "/actuator/savings/plans";

	private final TokenSavingWebFilter filter = new TokenSavingWebFilter(TokenSavingWebFilterTests::endpoints);

	private static PathMappedEndpoints endpoints() {
		EndpointId id = EndpointId.of("tokensaving");
		PathMappedEndpoint endpoint = mock(PathMappedEndpoint.class,
				withSettings().extraInterfaces(ExposableEndpoint.class));
		given(endpoint.getRootPath()).willReturn("savings");
		given(((ExposableEndpoint<?>) endpoint).getEndpointId()).willReturn(id);
		return new PathMappedEndpoints("/actuator", () -> List.of((ExposableEndpoint<?>) endpoint));
	}

	@Test
	void wrapsTheBodyOfAWrite() {
		assertThat(filtered(HttpMethod.POST, PATH, BODY))
			.isEqualTo("{\"json\":\"" + BODY.replace("\"", "\\u0022") + "\"}");
		assertThat(filtered(HttpMethod.POST, PATH, "")).isEmpty();
	}

	@Test
	void refusesWhatIsTooBig() {
		assertThat(filtered(HttpMethod.POST, PATH, "x".repeat(64 * 1024))).startsWith("{\"json\":");
		assertThat(filtered(HttpMethod.POST, PATH, "x".repeat(64 * 1024 + 1)))
			.isEqualTo("{\"json_refused\":\"The body is too big\"}");
	}

	@Test
	void leavesOtherRequestsAlone() {
		assertThat(filtered(HttpMethod.PUT, PATH, BODY)).isEqualTo(BODY);
		assertThat(filtered(HttpMethod.POST, "/savings/plans", BODY)).isEqualTo(BODY);
		assertThat(filtered(HttpMethod.POST, "/actuator/savingsplans", BODY)).isEqualTo(BODY);
	}

	private String filtered(HttpMethod method, String path, String body) {
		MockServerWebExchange exchange = MockServerWebExchange
			.from(MockServerHttpRequest.method(method, path).contentType(MediaType.APPLICATION_JSON).body(body));
		StringBuilder seen = new StringBuilder();
		this.filter
			.filter(exchange,
					(filtered) -> DataBufferUtils.join(filtered.getRequest().getBody())
						.doOnNext((buffer) -> seen.append(buffer.toString(StandardCharsets.UTF_8)))
						.then())
			.block();
		return seen.toString();
	}

}
