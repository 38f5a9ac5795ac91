package io.tokensaving.samples.supportbot.batch;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A simulator of providers, in this process or another one.
 *
 * @param address its address
 */
record SimulatedProvider(URI address) {

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	String openAi() {
		return this.address + "/openai/v1";
	}

	/**
	 * Return what it bills for all that it was asked since its start.
	 * @return the bill
	 * @throws IOException if it cannot be reached
	 */
	Bill bill() throws IOException {
		HttpRequest request = HttpRequest.newBuilder(URI.create(this.address + "/simulator/bill"))
			.timeout(TIMEOUT)
			.build();
		try {
			HttpResponse<String> response = HttpClient.newHttpClient()
				.send(request, HttpResponse.BodyHandlers.ofString());
			JsonNode bill = JsonMapper.shared().readTree(response.body());
			if (response.statusCode() == 200 && bill.hasNonNull("usd")) {
				return new Bill(bill.path("requests").asInt(), new BigDecimal(bill.path("usd").asString()));
			}
		}
		catch (JacksonException ex) {
			throw new IOException("Not a bill", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IOException("Interrupted", ex);
		}
		throw new IOException("Not a bill");
	}

	/**
	 * A bill.
	 *
	 * @param requests the requests that are billed
	 * @param usd what they cost
	 */
	record Bill(int requests, BigDecimal usd) {

	}

}
