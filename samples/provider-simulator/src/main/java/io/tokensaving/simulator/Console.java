package io.tokensaving.simulator;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

import com.sun.net.httpserver.HttpExchange;
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
		else if (path.equals("/clear") && post) {
			this.simulator.clear();
			json(exchange, ProviderWire.object());
		}
		else {
			text(exchange, 404,
					"GET /simulator/bill, GET /simulator/requests, POST /simulator/advance/PT6M, POST /simulator/clear");
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
