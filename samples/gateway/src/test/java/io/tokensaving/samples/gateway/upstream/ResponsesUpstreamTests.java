package io.tokensaving.samples.gateway.upstream;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.provider.Dialects;
import io.tokensaving.request.ResponseAssembler;
import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.wire.GatewayDialect;
import io.tokensaving.samples.gateway.wire.WireMetadata;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.responses.ResponsesFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for responses that are sent and paid for.
 */
@Timeout(30)
class ResponsesUpstreamTests {

	private static final ResponsesFormat FORMAT = new ResponsesFormat();

	private static final String ANSWER = "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"model\":"
			+ "\"gpt-5\",\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"Paris\"}]}],"
			+ "\"usage\":{\"input_tokens\":12,\"output_tokens\":3,\"total_tokens\":15}}";

	private static final String DELTA = "event: response.output_text.delta\ndata: {\"type\":"
			+ "\"response.output_text.delta\",\"delta\":\"Paris\"}\n\n";

	private RawServer server;

	@BeforeEach
	void start() throws Exception {
		this.server = new RawServer((connection) -> connection.respond(200, ANSWER));
	}

	@AfterEach
	void stop() throws Exception {
		this.server.close();
	}

	private static Prompt prompt(String members) {
		WireRequest request = FORMAT
			.read(("{\"model\":\"gpt-5\",\"input\":\"Hi\"" + members + "}").getBytes(StandardCharsets.UTF_8));
		WireOptions options = request.options()
			.mutate()
			.caller(new Caller("key-1", "default", null, Set.of(), Set.of(), false))
			.build();
		return new Prompt(request.messages(), options);
	}

	private UpstreamFixture fixture() {
		UpstreamFixture fixture = UpstreamFixture.of(this.server, "formats", "responses");
		return withResponses(fixture.start());
	}

	private static UpstreamFixture withResponses(UpstreamFixture fixture) {
		fixture.model = new GatewayChatModel(fixture.upstreams, fixture.client, List.of(FORMAT), fixture.guard,
				new TokenCounter(1, new Dialects(List.of(new GatewayDialect()))));
		return fixture;
	}

	@Test
	void sendsTheDocumentAndSettlesItsUsage() {
		UpstreamFixture fixture = fixture();
		ChatResponse response = fixture.model.call(prompt(",\"x\":1.50"));
		assertThat(response.getMetadata().<String>get(WireMetadata.BODY)).isEqualTo(ANSWER);
		assertThat(this.server.requests().get(0).line()).isEqualTo("POST /v1/responses HTTP/1.1");
		assertThat(fixture.guard.events).containsExactly("reserved gpt-5", "settled");
		assertThat(fixture.guard.spent.get(0).usage().input()).isEqualTo(12);
		assertThat(fixture.guard.spent.get(0).usage().output()).isEqualTo(3);
	}

	@Test
	void keepsWhatIsReservedForAnAnswerThatGoesOnInTheBackground() throws Exception {
		this.server.answer((connection) -> connection.respond(200,
				"{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"queued\",\"background\":true,\"output\":[]}"));
		UpstreamFixture fixture = fixture();
		fixture.model.call(prompt(",\"background\":true"));
		assertThat(fixture.guard.events).containsExactly("reserved gpt-5");
	}

	@Test
	void settlesAnAnswerInTheBackgroundWhoseEndIsSeen() {
		this.server.answer((connection) -> connection.stream("data: {\"type\":\"response.created\",\"response\":"
				+ "{\"status\":\"queued\",\"background\":true}}\n\n" + DELTA
				+ "data: {\"type\":\"response.completed\",\"response\":"
				+ ANSWER.replace("\"id\"", "\"background\":true,\"id\"") + "}\n\n"));
		UpstreamFixture fixture = fixture();
		fixture.model.stream(prompt(",\"background\":true")).blockLast();
		assertThat(fixture.guard.events).containsExactly("reserved gpt-5", "settled");
		assertThat(fixture.guard.spent.get(0).usage().output()).isEqualTo(3);
	}

	@Test
	void letsNobodyStoreAStreamThatCannotBePutTogether() {
		this.server.answer((connection) -> connection.stream(DELTA
				+ "data: {\"type\":\"response.completed\",\"response\":{\"status\":\"completed\",\"output\":[]}}\n\n"));
		ResponseAssembler assembler = new ResponseAssembler(
				new Dialects(List.of(new GatewayDialect())).of(WireOptions.builder().build()));
		List<ChatResponse> elements = fixture().model.stream(prompt("")).collectList().block();
		elements.forEach(assembler::add);
		assertThat(assembler.assemble().getMetadata().<Object>get(WireMetadata.BODY)).isNull();
		assertThat(assembler.isLossless()).isFalse();
	}

	@Test
	void cutsAnAnswerThatCameInOnePieceAlthoughAStreamWasAskedFor() {
		UpstreamFixture fixture = fixture();
		List<ChatResponse> elements = fixture.model.stream(prompt("")).collectList().block();
		assertThat(elements).extracting((element) -> element.getMetadata().<Object>get(WireMetadata.EVENT_NAME))
			.contains("response.created", "response.output_text.delta", "response.completed");
		assertThat(elements.get(elements.size() - 1).getMetadata().<Object>get(WireMetadata.BODY)).isEqualTo(ANSWER);
	}

	@Test
	void passesAnErrorInAStreamOnUnchanged() {
		String error = "{\"type\":\"error\",\"code\":\"server_error\",\"message\":\"broken\",\"sequence_number\":1}";
		this.server.answer((connection) -> connection.stream(DELTA + "event: error\ndata: " + error + "\n\n"));
		UpstreamFixture fixture = fixture();
		assertThatExceptionOfType(UpstreamException.class)
			.isThrownBy(() -> fixture.model.stream(prompt("")).blockLast())
			.satisfies((ex) -> {
				assertThat(new String(ex.body(), StandardCharsets.UTF_8)).isEqualTo(error);
				assertThat(ex.code()).isEqualTo("server_error");
			});
	}

	@Test
	void asksNoOtherUpstreamForWhatOnlyOneHas() throws Exception {
		this.server.answer((connection) -> connection.respond(503, "{}", "x-should-retry: false"));
		try (RawServer other = new RawServer((connection) -> connection.respond(200, ANSWER))) {
			UpstreamFixture fixture = withResponses(
					UpstreamFixture.of(this.server, "formats", "responses", "fallbacks", "other", "max-retries", "0")
						.set("other", "base-url", other.url().toString())
						.set("other", "models", "other")
						.set("other", "formats", "responses")
						.start());
			assertThatExceptionOfType(UpstreamException.class)
				.isThrownBy(() -> fixture.model.call(prompt(",\"previous_response_id\":\"resp_0\"")));
			assertThat(other.requests()).isEmpty();
			assertThat(fixture.model.call(prompt("")).getResult().getOutput().getText()).isEqualTo("Paris");
		}
	}

}
