package io.tokensaving.simulator;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import com.sun.net.httpserver.HttpExchange;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a user of a running simulator can see and do over HTTP, below {@code /simulator}.
 */
final class Console {

	private final ProviderSimulator simulator;

	Console(ProviderSimulator simulator) {
		this.simulator = simulator;
	}

	void handle(HttpExchange exchange, String path) throws IOException {
		boolean post = exchange.getRequestMethod().equals("POST");
		if (path.equals("/bill") && !post) {
			json(exchange, bill());
		}
		else if (path.equals("/requests") && !post) {
			json(exchange, requests());
		}
		else if (path.startsWith("/advance/") && post) {
			advance(exchange, path.substring("/advance/".length()));
		}
		else if (path.equals("/batches") && !post) {
			json(exchange, batches());
		}
		else if (path.equals("/batches/lines") && !post) {
			lines(exchange, exchange.getRequestURI().getQuery());
		}
		else if (path.equals("/batches/script") && post) {
			script(exchange, new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
		}
		else if (path.equals("/flex/refuse") && post) {
			refuseFlex(exchange, new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
		}
		else if (path.equals("/clear") && post) {
			this.simulator.clear();
			json(exchange, ProviderWire.object());
		}
		else {
			text(exchange, 404,
					"GET /simulator/bill, GET /simulator/requests, GET /simulator/batches, GET /simulator/batches/lines, POST /simulator/batches/script, POST /simulator/flex/refuse, POST /simulator/advance/PT6M, POST /simulator/clear");
		}
	}

	private void advance(HttpExchange exchange, String duration) throws IOException {
		if (!(this.simulator.clock() instanceof ManualClock clock)) {
			text(exchange, 409, "The simulator runs on a clock that cannot be moved");
			return;
		}
		try {
			clock.advance(Duration.parse(duration));
			json(exchange, ProviderWire.object().put("now", clock.instant().toString()));
		}
		catch (DateTimeException ex) {
			text(exchange, 400, "A duration looks like PT6M, was " + duration);
		}
	}

	private ObjectNode bill() {
		ObjectNode all = bill(this.simulator.bill());
		ObjectNode providers = all.putObject("providers");
		for (Provider provider : Provider.values()) {
			Bill bill = this.simulator.bill(provider);
			if (bill.requests() > 0) {
				providers.set(provider.path(), bill(bill));
			}
		}
		return all;
	}

	private static ObjectNode bill(Bill bill) {
		ObjectNode node = ProviderWire.object()
			.put("requests", bill.requests())
			.put("usd", bill.usd().toPlainString())
			.put("without_caching_usd", bill.withoutCachingUsd().toPlainString())
			.put("premium_usd", bill.premiumUsd().toPlainString())
			.put("discount_usd", bill.discountUsd().toPlainString())
			.put("storage_usd", bill.storageUsd().toPlainString())
			.put("hit_rate", bill.hitRate());
		ObjectNode tokens = node.putObject("tokens");
		for (TokenKind kind : TokenKind.values()) {
			tokens.put(kind.name().toLowerCase(Locale.ROOT), bill.tokens(kind));
		}
		return node;
	}

	private ArrayNode batches() {
		ArrayNode array = ProviderWire.array();
		for (BatchJob job : this.simulator.batches().all()) {
			ObjectNode node = array.addObject()
				.put("id", job.id)
				.put("provider", job.provider.path())
				.put("model", job.model)
				.put("phase", job.phase.name().toLowerCase(Locale.ROOT))
				.put("created", job.created.toString())
				.put("ended", (job.ended != null) ? job.ended.toString() : null);
			ObjectNode lines = node.putObject("lines");
			for (BatchLine.State state : BatchLine.State.values()) {
				lines.put(state.name().toLowerCase(Locale.ROOT), job.count(state));
			}
			node.put("usd", job.usd().toPlainString());
		}
		return array;
	}

	/** One line a line, of one batch with {@code ?batch=}. */
	private void lines(HttpExchange exchange, @Nullable String query) throws IOException {
		String batch = (query != null && query.startsWith("batch=")) ? query.substring("batch=".length()) : null;
		List<BatchLine> lines = this.simulator.batches().lines(batch);
		exchange.getResponseHeaders().set("content-type", "application/jsonl");
		exchange.sendResponseHeaders(200, 0);
		try (OutputStream out = new BufferedOutputStream(exchange.getResponseBody())) {
			for (BatchLine line : lines) {
				ObjectNode node = ProviderWire.object()
					.put("provider", line.provider().path())
					.put("batch", line.batch())
					.put("custom_id", line.customId())
					.put("model", line.model())
					.put("state", line.state().name().toLowerCase(Locale.ROOT))
					.put("billed", line.isBilled())
					.put("problem", line.problem())
					.put("uncached", line.input().uncached())
					.put("read", line.input().read())
					.put("written", line.input().written())
					.put("output", line.outputTokens())
					.put("usd", line.usd().toPlainString());
				out.write((node + "\n").getBytes(StandardCharsets.UTF_8));
			}
		}
		exchange.close();
	}

	private void script(HttpExchange exchange, String body) throws IOException {
		try {
			JsonNode json = ProviderWire.JSON.readTree(body);
			for (JsonNode node : json.isArray() ? json : ProviderWire.array().add(json)) {
				BatchScript script = BatchScript.of(node);
				String name = node.path("provider").asString("");
				Provider provider = name.isEmpty() ? null : Provider.valueOf(name.toUpperCase(Locale.ROOT));
				if (node.path("always").asBoolean(false)) {
					this.simulator.batchesGo(script);
				}
				else {
					this.simulator.batches()
						.enqueue(provider, Collections.nCopies(node.path("times").asInt(1), script));
				}
			}
			json(exchange, ProviderWire.object());
		}
		catch (IllegalArgumentException | DateTimeException | JacksonException ex) {
			text(exchange, 400, String.valueOf(ex.getMessage()));
		}
	}

	private void refuseFlex(HttpExchange exchange, String body) throws IOException {
		try {
			JsonNode json = ProviderWire.JSON.readTree(body);
			SimulatedError.Kind kind = BatchScript.kind(json.path("error").asString("unavailable"));
			Duration wait = json.has("retry_after") ? Duration.ofSeconds(json.path("retry_after").asLong(0)) : null;
			this.simulator.refuseFlex(json.path("times").asInt(1), new SimulatedError(kind, null, wait));
			json(exchange, ProviderWire.object());
		}
		catch (IllegalArgumentException | JacksonException ex) {
			text(exchange, 400, String.valueOf(ex.getMessage()));
		}
	}

	private ArrayNode requests() {
		ArrayNode array = ProviderWire.array();
		for (SimulatedRequest request : this.simulator.requests()) {
			ObjectNode node = array.addObject()
				.put("number", request.number())
				.put("at", request.at().toString())
				.put("provider", request.provider().path())
				.put("model", request.model())
				.put("stream", request.stream())
				.put("status", request.status())
				.put("outcome", request.outcome().name().toLowerCase(Locale.ROOT))
				.put("problem", request.problem())
				.put("uncached", request.input().uncached())
				.put("read", request.input().read())
				.put("written", request.input().written())
				.put("usd", request.bill().usd().toPlainString());
			node.put("body", request.body());
		}
		return array;
	}

	private static void json(HttpExchange exchange, Object body) throws IOException {
		ProviderSimulator.send(exchange, 200, Map.of("content-type", "application/json"), body.toString());
	}

	private static void text(HttpExchange exchange, int status, String body) throws IOException {
		ProviderSimulator.send(exchange, status, Map.of("content-type", "text/plain"), body);
	}

}
