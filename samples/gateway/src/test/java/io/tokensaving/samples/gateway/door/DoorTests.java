package io.tokensaving.samples.gateway.door;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.zip.GZIPOutputStream;

import io.tokensaving.plan.PlanKey;
import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.key.RefusedException;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.statistics.SavingsStatistics;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.StringUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the door with a script behind it.
 */
@SpringBootTest(classes = StubGateway.class, webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "spring.datasource.url=jdbc:h2:mem:door", "gateway.door.max-body-size=64KB",
				"gateway.door.cors.origins=https://app.example.com", "token-saving.plans.support.dedup.enabled=true",
				"token-saving.plans.poor.budget.per=day", "token-saving.plans.poor.budget.usd=0.000001",
				"token-saving.plans.poor.budget.action=refuse" })
class DoorTests {

	private final HttpClient client = HttpClient.newHttpClient();

	@LocalServerPort
	private int port;

	@Autowired
	private ScriptedUpstream upstream;

	@Autowired
	private SavingsStatistics statistics;

	@BeforeEach
	void reset() {
		this.upstream.reset();
	}

	@ParameterizedTest
	@ValueSource(strings = { "/v1/chat/completions", "/openai/v1/chat/completions", "/chat/completions" })
	void answersWithTheBodyOfTheUpstreamByteForByte(String path) throws Exception {
		HttpResponse<String> response = send(post(path, body(unique())));

		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(response.body()).isEqualTo(StubFormat.body("Hello"));
		assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
		assertThat(response.headers().firstValue("x-request-id")).get().asString().startsWith("req_");
		assertThat(response.headers().firstValue("x-token-saving-outcome")).hasValue("miss");
		assertThat(response.headers().firstValue("x-token-saving-plan")).hasValue("default");
		assertThat(response.headers().firstValue("x-token-saving-age")).isEmpty();
	}

	@Test
	void answersFromTheCacheWhenTheRequestRepeats() throws Exception {
		String body = body(unique());
		send(post("/v1/chat/completions", body));

		HttpResponse<String> hit = send(post("/v1/chat/completions", body));

		assertThat(hit.body()).isEqualTo(StubFormat.body("Hello"));
		assertThat(hit.headers().firstValue("x-token-saving-outcome")).hasValue("exact_hit");
		assertThat(hit.headers().firstValue("x-token-saving-age")).isPresent();
		assertThat(hit.headers().firstValue("x-token-saving-tokens-saved")).hasValue("15");
		assertThat(hit.headers().firstValue("x-token-saving-cost-saved-usd")).get().asString().matches("0\\.0000\\d+");
		assertThat(this.upstream.calls).hasValue(1);
		this.upstream.awaitReleased(2);
	}

	@Test
	void streamsEventsByteForByteWhenTheyArrive() throws Exception {
		HttpResponse<String> response = send(post("/v1/chat/completions", streamed(unique())));

		assertThat(response.headers().firstValue("content-type")).hasValue("text/event-stream;charset=utf-8");
		assertThat(response.body()).isEqualTo(
				"data: " + StubFormat.delta("Hel") + "\n\ndata: " + StubFormat.delta("lo") + "\n\ndata: [DONE]\n\n");
	}

	@Test
	void cutsTheStoredAnswerOfAStreamIntoEventsWhenTheRequestRepeats() throws Exception {
		String text = unique();
		send(post("/v1/chat/completions", streamed(text)));

		HttpResponse<String> hit = send(post("/v1/chat/completions", streamed(text)));

		assertThat(hit.headers().firstValue("x-token-saving-outcome")).hasValue("exact_hit");
		assertThat(hit.headers().firstValue("x-token-saving-tokens-saved")).hasValue("15");
		assertThat(hit.body()).isEqualTo("data: " + StubFormat.delta("Hello") + "\n\ndata: [DONE]\n\n");
		assertThat(this.upstream.streams).hasValue(1);
	}

	@Test
	void streamAndCallShareTheStoredAnswer() throws Exception {
		String first = unique();
		send(post("/v1/chat/completions", streamed(first)));
		HttpResponse<String> call = send(post("/v1/chat/completions", body(first)));
		assertThat(call.body()).isEqualTo(StubFormat.body("Hello"));
		assertThat(call.headers().firstValue("x-token-saving-outcome")).hasValue("exact_hit");
		String second = unique();
		send(post("/v1/chat/completions", body(second)));
		HttpResponse<String> stream = send(post("/v1/chat/completions", streamed(second)));
		assertThat(stream.body()).isEqualTo("data: " + StubFormat.delta("Hello") + "\n\ndata: [DONE]\n\n");
		assertThat(this.upstream.calls).hasValue(1);
		assertThat(this.upstream.streams).hasValue(1);
	}

	@Test
	void sendsAnErrorEventAndNoEndWhenAStreamBreaks() throws Exception {
		this.upstream.stream = () -> Flux.concat(Flux.just(StubFormat.stream("Hel").get(0)),
				Flux.error(new IllegalArgumentException("a detail that is nobody's business")));

		HttpResponse<String> response = send(post("/v1/chat/completions", streamed(unique())));

		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(response.body())
			.startsWith("data: " + StubFormat.delta("Hel") + "\n\ndata: {\"error\":{\"message\":")
			.contains("\"code\":\"internal_error\"", response.headers().firstValue("x-request-id").orElseThrow())
			.endsWith("}}\n\n")
			.doesNotContain("[DONE]", "business");
	}

	@Test
	void answersWithAStatusWhenAStreamFailsBeforeItsFirstEvent() throws Exception {
		this.upstream.stream = () -> Flux.error(new IllegalArgumentException("a detail"));

		HttpResponse<String> response = send(post("/v1/chat/completions", streamed(unique())));

		assertThat(response.statusCode()).isEqualTo(500);
		assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
		assertThat(response.body()).contains("internal_error").doesNotContain("a detail");
	}

	@Test
	void countsCallsStreamsAndHitsForTheWorkspaceOfTheKey() throws Exception {
		this.upstream.caller = new Caller("k", "counted", null, Set.of(), Set.of(), false);
		String text = unique();
		send(post("/v1/chat/completions", streamed(text)));
		send(post("/v1/chat/completions", body(text)));
		send(post("/v1/chat/completions", streamed(text)));

		var counted = this.statistics.plan(new PlanKey("counted", "default")).snapshot();

		assertThat(counted.totalRequests()).isEqualTo(3);
		assertThat(counted.cacheHits()).isEqualTo(2);
	}

	@Test
	void takesParametersFromHeaders() throws Exception {
		String body = body(unique());
		send(post("/v1/chat/completions", body));

		HttpResponse<String> fresh = send(post("/v1/chat/completions", body, "x-token-saving-cache", "no-store"));
		HttpResponse<String> none = send(post("/v1/chat/completions", body, "x-token-saving-plan", "none"));

		assertThat(fresh.headers().firstValue("x-token-saving-outcome")).hasValue("bypass");
		assertThat(none.headers().firstValue("x-token-saving-outcome")).isEmpty();
		assertThat(this.upstream.calls).hasValue(3);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '~',
			value = { "no-store=maybe|cache.no-store|invalid_type", "{\"ttl\":|cache|invalid_json",
					"[1]|cache.[1]|unknown_parameter", "ttl=-1|cache.ttl|invalid_type",
					"colour=red|cache.colour|unknown_parameter", "{\"ttl\": []}|cache.ttl|invalid_type",
					"no-cache, max-age=soon|cache.max-age|invalid_type",
					"similarity-threshold=2|cache.similarity-threshold|invalid_type",
					"similarity-threshold=1e-400|cache.similarity-threshold|invalid_type",
					"scope=key:2:k1|cache.scope|invalid_value" })
	void namesTheCacheDirectiveThatIsNotAccepted(String header, String param, String code) throws Exception {
		HttpResponse<String> response = send(
				post("/v1/chat/completions", body(unique()), "x-token-saving-cache", header));

		assertError(response, 400, "invalid_request_error", code);
		assertThat(response.body()).contains("\"param\":\"" + param + "\"").doesNotContain("java.");
	}

	@ParameterizedTest
	@CsvSource({ "x-token-saving-feature,token_saving_feature", "x-token-saving-tier,token_saving_tier" })
	void namesTheParameterThatIsNotAccepted(String header, String param) throws Exception {
		HttpResponse<String> response = send(post("/v1/chat/completions", body(unique()), header, "x".repeat(300)));

		assertError(response, 400, "invalid_request_error", "invalid_value");
		assertThat(response.body()).contains("\"param\":\"" + param + "\"");
	}

	@Test
	void takesTheSameDirectivesFromBodyAndHeaderHoweverTheyAreWritten() throws Exception {
		String body = body(unique()).replace("\"messages\"", "\"cache\":{\"ttl\":60,\"no-store\":true},\"messages\"");

		for (String header : new String[] { "ttl=1m, no-store", "ttl=60" }) {
			HttpResponse<String> response = send(post("/v1/chat/completions", body, "x-token-saving-cache", header));
			assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
			assertThat(response.headers().firstValue("x-token-saving-outcome")).hasValue("bypass");
		}
		assertError(send(post("/v1/chat/completions", body, "x-token-saving-cache", "ttl=61")), 400,
				"invalid_request_error", "conflicting_parameter");
	}

	@Test
	void refusesAHeaderThatContradictsTheBody() throws Exception {
		HttpResponse<String> response = send(post("/v1/chat/completions",
				"{\"model\":\"gpt-5-mini\",\"token_saving_plan_id\":\"none\"}", "x-token-saving-plan", "default"));

		assertError(response, 400, "invalid_request_error", "conflicting_parameter");
	}

	@Test
	void refusesAnUnknownPlan() throws Exception {
		assertError(send(post("/v1/chat/completions", body(unique()), "x-token-saving-plan", "nowhere")), 400,
				"invalid_request_error", "plan_not_found");
		assertThat(this.upstream.calls).hasValue(0);
	}

	@Test
	void refusesPlansAndModelsThatTheKeyMayNotUse() throws Exception {
		this.upstream.caller = new Caller("k", "acme", null, Set.of("support"), Set.of("gpt-4*"), false);

		assertError(send(post("/v1/chat/completions", body(unique()).replace("gpt-5-mini", "gpt-4o"),
				"x-token-saving-plan", "default")), 403, "permission_error", "plan_not_allowed");
		assertError(send(post("/v1/chat/completions", body(unique()))), 403, "permission_error", "model_not_allowed");
		assertError(send(post("/v1/embeddings", "{\"model\":\"gpt-5-mini\",\"input\":\"a\"}")), 403, "permission_error",
				"model_not_allowed");
		assertThat(this.upstream.calls).hasValue(0);
	}

	@ParameterizedTest
	@CsvSource({ "'',,default", "'default;support',,default", "'support',,support", "'support;nowhere',,",
			"'support;nowhere',support,support", "'support',default,support", "'',support,support" })
	void givesARequestThatNamesNoPlanOneThatTheKeyMayUse(String plans, String own, String used) throws Exception {
		this.upstream.caller = new Caller("k", "acme", own, Set.of(StringUtils.delimitedListToStringArray(plans, ";")),
				Set.of(), false);

		HttpResponse<String> response = send(post("/v1/chat/completions", body(unique())));

		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(response.headers().firstValue("x-token-saving-plan")).isEqualTo(Optional.ofNullable(used));
	}

	@Test
	void sharesNoAnswerOfAScopedKey() throws Exception {
		String body = body(unique());
		this.upstream.caller = new Caller("k1", "acme", null, Set.of(), Set.of(), true);
		send(post("/v1/chat/completions", body, "x-token-saving-cache", "scope=a"));
		this.upstream.caller = new Caller("k2", "acme", null, Set.of(), Set.of(), true);
		send(post("/v1/chat/completions", body, "x-token-saving-cache", "scope=a"));
		this.upstream.caller = new Caller("k3", "acme", null, Set.of(), Set.of(), false);
		send(post("/v1/chat/completions", body, "x-token-saving-cache", "scope=a"));
		assertThat(this.upstream.calls).hasValue(3);

		HttpResponse<String> forged = send(
				post("/v1/chat/completions", body, "x-token-saving-cache", "scope=key:2:k1:a"));

		assertError(forged, 400, "invalid_request_error", "invalid_value");
	}

	@Test
	void passesKeyAndForwardedHeadersToTheOptions() throws Exception {
		send(post("/v1/chat/completions", body(unique()), "anthropic-beta", "one"));

		WireOptions options = (WireOptions) this.upstream.prompts.element().getOptions();
		assertThat(options.getCaller()).isEqualTo(ScriptedUpstream.ANYONE);
		assertThat(options.getUpstream()).startsWith("http://127.0.0.1:").endsWith("/v1");
		assertThat(options.getForwardedHeaders()).containsOnlyKeys("anthropic-beta");
	}

	@Test
	void answersUnknownModelsWith404() throws Exception {
		assertError(send(post("/v1/chat/completions", body(unique()).replace("gpt-5-mini", "llama"))), 404,
				"invalid_request_error", "model_not_found");
	}

	@ParameterizedTest
	@ValueSource(strings = { "/v1/other", "/v1", "/v1/", "/v1/chat/completions/more", "/v1/messages", "/v1/models/" })
	void answersOtherPathsWith404(String path) throws Exception {
		assertError(send(post(path, "{}")), 404, "invalid_request_error", "not_found");
	}

	@Test
	void answersAnotherMethodWith405() throws Exception {
		HttpResponse<String> response = send(request("/v1/chat/completions").GET());

		assertError(response, 405, "invalid_request_error", "method_not_allowed");
		assertThat(response.headers().firstValue("allow")).hasValue("POST");
	}

	@ParameterizedTest
	@EnumSource(Route.class)
	void letsNobodyThroughAnyRouteWithoutAKey(Route route) throws Exception {
		String path = "/v1" + route.path() + ((route == Route.MODEL) ? "gpt-5-mini" : "");
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path))
			.method(route.method(), route.method().equals("POST") ? HttpRequest.BodyPublishers.ofString(body(unique()))
					: HttpRequest.BodyPublishers.noBody());

		HttpResponse<String> response = this.client.send(request.build(), HttpResponse.BodyHandlers.ofString());

		// Those whose format there is none of are not there
		boolean there = !route.formatPath().equals("/messages");
		assertThat(response.statusCode()).isEqualTo(there ? 401 : 404);
		assertThat(this.upstream.calls).hasValue(0);
	}

	@ParameterizedTest
	@EnumSource(value = Route.class, names = { "CHAT_COMPLETIONS", "RESPONSES", "EMBEDDINGS", "COMPLETIONS" })
	void asksForAdmissionOnEveryRouteToAnUpstream(Route route) throws Exception {
		this.upstream.admissionRefusal = new RefusedException(429, "rate_limit_error", "rate_limit_exceeded", "Slow",
				Map.of("retry-after", "3"));

		HttpResponse<String> response = send(post("/v1" + route.path(), body(unique())));

		assertError(response, 429, "rate_limit_error", "rate_limit_exceeded");
		assertThat(response.headers().firstValue("retry-after")).hasValue("3");
		assertThat(this.upstream.calls).hasValue(0);
	}

	@ParameterizedTest
	@ValueSource(strings = { "Authorization: bearer secret", "x-api-key: secret", "api-key: secret" })
	void takesTheKeyFromEachPlace(String header) throws Exception {
		String[] parts = header.split(": ");
		HttpResponse<String> response = this.client
			.send(HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + "/v1/models"))
				.header(parts[0], parts[1])
				.build(), HttpResponse.BodyHandlers.ofString());

		assertThat(response.statusCode()).isEqualTo(200);
	}

	@Test
	void listsTheModelsThatTheKeyMayUse() throws Exception {
		assertThat(send(request("/v1/models").GET()).body()).contains("\"object\":\"list\"", "\"id\":\"gpt-5-mini\"")
			.doesNotContain("*");
		assertThat(send(request("/v1/models/gpt-5").GET()).body()).contains("\"id\":\"gpt-5\"", "\"object\":\"model\"");
		assertError(send(request("/v1/models/llama").GET()), 404, "invalid_request_error", "model_not_found");
		this.upstream.caller = new Caller("k", "acme", null, Set.of(), Set.of("o3"), false);
		assertThat(send(request("/v1/models").GET()).body()).contains("\"data\":[]");
		assertThat(send(request("/v1/models/gpt-5").GET()).statusCode()).isEqualTo(404);
	}

	@Test
	void listsWhatUpstreamsListIfTheKeyMayUseIt() throws Exception {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(StubGateway.class)
			.properties("server.port=0", "spring.datasource.url=jdbc:h2:mem:models")
			.run()) {
			ScriptedUpstream other = context.getBean(ScriptedUpstream.class);
			other.passedAnswer = () -> new ScriptedUpstream.Answer(200, "application/json",
					"{\"data\":[{\"id\":\"gpt-9\",\"created\":5},{\"id\":\"gpt-9-pro\"},{\"id\":\"llama\"}]}");
			other.caller = new Caller("k", "acme", null, Set.of(), Set.of("gpt-9", "gpt-5*", "llama"), false);
			String url = "http://localhost:" + context.getEnvironment().getProperty("local.server.port") + "/v1/models";
			HttpRequest request = HttpRequest.newBuilder(URI.create(url)).header("x-api-key", "secret").build();

			assertThat(this.client.send(request, HttpResponse.BodyHandlers.ofString()).body())
				.contains("\"id\":\"gpt-5-mini\"",
						"{\"id\":\"gpt-9\",\"object\":\"model\",\"created\":5,\"owned_by\":\"openai\"}")
				.doesNotContain("gpt-9-pro", "llama", "*");
		}
	}

	@Test
	void refusesBodiesThatAreTooLarge() throws Exception {
		String large = body("x".repeat(70_000));

		assertError(send(post("/v1/chat/completions", large)), 413, "invalid_request_error", "request_too_large");
		assertError(
				send(request("/v1/chat/completions").POST(HttpRequest.BodyPublishers
					.ofInputStream(() -> new ByteArrayInputStream(large.getBytes(StandardCharsets.UTF_8))))),
				413, "invalid_request_error", "request_too_large");
		assertError(
				send(request("/v1/chat/completions").header("content-encoding", "gzip")
					.POST(HttpRequest.BodyPublishers.ofByteArray(gzip(large)))),
				413, "invalid_request_error", "request_too_large");
		this.upstream.awaitReleased(3);
	}

	@Test
	void unpacksBodiesAndRefusesOtherEncodings() throws Exception {
		assertThat(send(request("/v1/chat/completions").header("content-encoding", "gzip")
			.POST(HttpRequest.BodyPublishers.ofByteArray(gzip(body(unique()))))).statusCode()).isEqualTo(200);
		assertError(send(post("/v1/chat/completions", body(unique()), "content-encoding", "gzip")), 400,
				"invalid_request_error", "invalid_encoding");
		assertError(send(post("/v1/chat/completions", body(unique()), "content-encoding", "br")), 415,
				"invalid_request_error", "unsupported_encoding");
	}

	@Test
	void tellsAClientThatAsksFirstThatItHasNoKey() throws Exception {
		try (RawClient raw = new RawClient(this.port)) {
			raw.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30000\r\n"
					+ "Expect: 100-continue\r\n\r\n");
			assertThat(raw.read().status()).isEqualTo(401);
		}
		try (RawClient raw = new RawClient(this.port)) {
			String body = body(unique());
			raw.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n"
					+ "Content-Length: " + body.length() + "\r\nExpect: 100-continue\r\n\r\n");
			assertThat(raw.read().status()).isEqualTo(100);
			raw.send(body);
			assertThat(raw.read().status()).isEqualTo(200);
		}
	}

	@ParameterizedTest
	@ValueSource(
			strings = { "Content-Length: 2\r\nTransfer-Encoding: chunked", "Content-Length: 2\r\nContent-Length: 3",
					"Transfer-Encoding: xchunked", "Content-Length: -1", "Bad Header: x" })
	void refusesAmbiguousFraming(String headers) throws Exception {
		try (RawClient raw = new RawClient(this.port)) {
			raw.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n"
					+ headers + "\r\n\r\n0\r\n\r\n");
			assertThat(raw.read().status()).isIn(400, 501);
		}
		assertThat(this.upstream.calls).hasValue(0);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '~',
			value = { "GET /v1/models HTTP/9.9|505", "GET /v1/%zz HTTP/1.1|400", "GET /v1/%00 HTTP/1.1|400",
					"GET /v1/<evil> HTTP/1.1|400", "G<evil>T /v1/models HTTP/1.1|400",
					"GET /v1/models HTTP/1.1^Bad<evil>: x|400", "GET /v1/models HTTP/1.1^Host: a/b|400",
					"POST /v1/embeddings HTTP/1.1^Content-Length: x|400",
					"POST /v1/embeddings HTTP/1.1^Transfer-Encoding: xchunked|501" })
	void tellsInJsonOfWhatIsNoHttp(String head, int status) throws Exception {
		try (RawClient raw = new RawClient(this.port)) {
			raw.send(head.replace("^", "\r\n") + (head.contains("Host:") ? "" : "\r\nHost: localhost") + "\r\n\r\n");
			RawClient.Reply reply = raw.read();

			assertThat(reply.status()).as(reply.body()).isEqualTo(status);
			assertThat(reply.headers()).containsEntry("content-type", "application/json")
				.containsEntry("connection", "close")
				.containsKey("x-request-id");
			assertThat(reply.body()).startsWith("{\"error\":{\"message\":\"The ")
				.contains("\"type\":\"invalid_request_error\",\"param\":null,\"code\":")
				.doesNotContain("evil", "html");
			assertThat(raw.isAtEnd()).isTrue();
		}
	}

	@Test
	void servesRequestsThatArePipelined() throws Exception {
		try (RawClient raw = new RawClient(this.port)) {
			raw.ask(body(unique())).ask(body(unique()));
			assertThat(raw.read().status()).isEqualTo(200);
			assertThat(raw.read().status()).isEqualTo(200);
		}
	}

	@Test
	void passesEmbeddingsOnAndSettlesTheirUsage() throws Exception {
		HttpResponse<String> response = send(post("/v1/embeddings",
				"{ \"token_saving_feature\": \"search\", \"input\": [\"a\\u0041\", 1.0e2],\"model\":\"gpt-5-mini\" }"));

		assertThat(response.body()).isEqualTo("{\"data\":[],\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}");
		assertThat(new String(this.upstream.passed.element(), StandardCharsets.UTF_8))
			.isEqualTo("{ \"input\": [\"a\\u0041\", 1.0e2],\"model\":\"gpt-5-mini\" }");
		assertThat(this.upstream.settled.element().usage().input()).isEqualTo(7);
		assertThat(this.upstream.settled.element().usage().estimated()).isFalse();
	}

	@Test
	void passesErrorsOfAnUpstreamOnAndChargesNothing() throws Exception {
		this.upstream.passedAnswer = () -> new ScriptedUpstream.Answer(418, "application/json", "{\"error\":1}");

		HttpResponse<String> response = send(post("/v1/embeddings", "{\"model\":\"gpt-5-mini\"}"));

		assertThat(response.statusCode()).isEqualTo(418);
		assertThat(response.body()).isEqualTo("{\"error\":1}");
		assertThat(response.headers().firstValue("x-request-id")).get().asString().startsWith("req_");
		assertThat(response.headers().firstValue("x-upstream-request-id")).hasValue("upstream-1");
		assertThat(this.upstream.settled).isEmpty();
	}

	@Test
	void passesStreamsOfCompletionsOn() throws Exception {
		String events = "data: {\"choices\":[{\"text\":\"a \\\"usage\\\"\"}]}\n\n"
				+ "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n";
		this.upstream.passedAnswer = () -> new ScriptedUpstream.Answer(200, "text/event-stream", events);

		HttpResponse<String> response = send(
				post("/v1/completions", "{\"model\":\"gpt-5-mini\",\"stream\":true,\"prompt\":\"a\"}"));

		assertThat(response.body()).isEqualTo(events);
		assertThat(response.headers().firstValue("content-type")).hasValue("text/event-stream");
		assertThat(this.upstream.settled.element().usage().output()).isEqualTo(4);
	}

	@Test
	void sendsAnErrorEventWhenAStreamThatIsPassedOnBreaksOff() throws Exception {
		String event = "data: {\"choices\":[{\"text\":\"a\"}]}\r\n\r\n";
		this.upstream.passedAnswer = () -> new ScriptedUpstream.Answer(200, "text/event-stream",
				event + "data: {\"choices\":[{\"te", true);

		HttpResponse<String> response = send(
				post("/v1/completions", "{\"model\":\"gpt-5-mini\",\"stream\":true,\"prompt\":\"a\"}"));

		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(response.body()).startsWith(event + "data: {\"error\":{\"message\":")
			.contains("\"type\":\"api_error\"", "\"code\":\"upstream_broken\"")
			.endsWith("}}\n\n")
			.doesNotContain("\"te\n", "[DONE]");
		assertThat(this.upstream.settled).hasSize(1);
	}

	@Test
	void answersWithAStatusWhenAStreamThatIsPassedOnBreaksOffBeforeItsFirstEvent() throws Exception {
		this.upstream.passedAnswer = () -> new ScriptedUpstream.Answer(200, "text/event-stream", "data: {\"cho", true);

		assertError(send(post("/v1/completions", "{\"model\":\"gpt-5-mini\",\"stream\":true,\"prompt\":\"a\"}")), 502,
				"api_error", "upstream_broken");
	}

	@Test
	void tellsOfASpentBudgetOfThePlan() throws Exception {
		HttpResponse<String> response = send(
				post("/v1/chat/completions", body(unique()), "x-token-saving-plan", "poor"));

		assertError(response, 429, "insufficient_quota", "insufficient_quota");
		assertThat(response.headers().firstValue("x-should-retry")).hasValue("false");
		assertThat(Long.parseLong(response.headers().firstValue("retry-after").orElseThrow())).isBetween(1L, 86_400L);
		assertThat(this.upstream.calls).hasValue(0);
	}

	@Test
	void refusesFloodsOfHeaders() throws Exception {
		try (RawClient raw = new RawClient(this.port)) {
			raw.send("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Large: " + "x".repeat(20_000) + "\r\n\r\n");
			assertThat(raw.read().status()).isIn(400, 431);
		}
		try (RawClient raw = new RawClient(this.port)) {
			raw.send("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n" + "X-Many: x\r\n".repeat(200) + "\r\n");
			assertThat(raw.read().status()).isIn(400, 431);
		}
		assertThat(send(request("/v1/models").GET()).statusCode()).isEqualTo(200);
	}

	@Test
	void putsNoLineOfAClientIntoTheHeadersOfTheAnswer() throws Exception {
		HttpResponse<String> response = send(
				post("/v1/chat/completions", body(unique()).replace("gpt-5-mini", "a\\r\\nx-evil: 1")));

		assertError(response, 404, "invalid_request_error", "model_not_found");
		assertThat(response.headers().firstValue("x-evil")).isEmpty();
	}

	@Test
	void tellsOfASpentQuota() throws Exception {
		this.upstream.quotaRefusal = new RefusedException(429, "insufficient_quota", "insufficient_quota", "Spent",
				Map.of("x-should-retry", "false"));

		HttpResponse<String> response = send(post("/v1/embeddings", "{\"model\":\"gpt-5-mini\"}"));

		assertError(response, 429, "insufficient_quota", "insufficient_quota");
		assertThat(response.headers().firstValue("x-should-retry")).hasValue("false");
	}

	@Test
	void letsPagesOfNamedOriginsAskOnly() throws Exception {
		try (RawClient raw = new RawClient(this.port)) {
			raw.send("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example.com\r\n"
					+ "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n\r\n");
			RawClient.Reply reply = raw.read();
			assertThat(reply.status()).isEqualTo(204);
			assertThat(reply.headers()).containsEntry("access-control-allow-origin", "https://app.example.com")
				.containsEntry("access-control-allow-headers", "authorization");
			raw.send("OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example.com\r\n"
					+ "Access-Control-Request-Method: POST\r\n\r\n");
			RawClient.Reply other = raw.read();
			assertThat(other.status()).isEqualTo(405);
			assertThat(other.headers()).doesNotContainKey("access-control-allow-origin");
		}
	}

	@Test
	void tellsLoadBalancersThatItLivesWithoutAKey() throws Exception {
		assertThat(plain("/health").body()).isEqualTo("{\"status\":\"UP\"}");
		assertThat(plain("/ready").body()).isEqualTo("{\"status\":\"UP\"}");
	}

	@Test
	void keepsAllElseBehindSpringSecurity() throws Exception {
		assertThat(plain("/actuator/tokensaving").statusCode()).isEqualTo(401);
		assertThat(plain("/actuator/prometheus").statusCode()).isEqualTo(401);
		assertThat(plain("/token-saving/plans").statusCode()).isEqualTo(401);
		assertThat(plain("/other").statusCode()).isEqualTo(401);
	}

	private static byte[] gzip(String text) throws IOException {
		ByteArrayOutputStream packed = new ByteArrayOutputStream();
		try (GZIPOutputStream output = new GZIPOutputStream(packed)) {
			output.write(text.getBytes(StandardCharsets.UTF_8));
		}
		return packed.toByteArray();
	}

	private static void assertError(HttpResponse<String> response, int status, String type, String code) {
		assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
		assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
		assertThat(response.headers().firstValue("x-request-id")).isPresent();
		assertThat(response.body()).contains("\"message\":", "\"type\":\"" + type + "\"", "\"param\":",
				"\"code\":\"" + code + "\"");
	}

	private static String unique() {
		return UUID.randomUUID().toString();
	}

	private static String body(String text) {
		return "{\"model\":\"gpt-5-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
	}

	private static String streamed(String text) {
		return body(text).replace("\"messages\"", "\"stream\":true,\"messages\"");
	}

	private HttpRequest.Builder request(String path) {
		return HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path))
			.header("authorization", "Bearer secret");
	}

	private HttpRequest.Builder post(String path, String body, String... headers) {
		HttpRequest.Builder request = request(path).POST(HttpRequest.BodyPublishers.ofString(body));
		return (headers.length > 0) ? request.headers(headers) : request;
	}

	private HttpResponse<String> plain(String path) throws Exception {
		return this.client.send(HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path)).build(),
				HttpResponse.BodyHandlers.ofString());
	}

	private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
		return this.client.send(request.build(), HttpResponse.BodyHandlers.ofString());
	}

}
