package io.tokensaving.simulator;

import java.time.Instant;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request that came in and what became of it.
 *
 * @param number counts from 1 in the order in which requests came in
 * @param at the simulator's time when it came in
 * @param provider whom it was for
 * @param path the path of its URI
 * @param headers by lower-case name
 * @param body as it was sent
 * @param model the model's name in the request, empty if it names none
 * @param stream whether it asks for a stream
 * @param status the status that was answered
 * @param outcome what became of it
 * @param problem what the provider had against it, or null
 * @param input what the cache did with its input
 * @param bill what it costs
 */
public record SimulatedRequest(long number, Instant at, Provider provider, String path,
		Map<String, List<String>> headers, String body, String model, boolean stream, int status, Outcome outcome,
		@Nullable String problem, CacheTokens input, RequestBill bill) {

	public SimulatedRequest {
		headers = Map.copyOf(headers);
	}

	/**
	 * The body as JSON.
	 * @return a tree of its own
	 */
	public JsonNode json() {
		return JsonMapper.shared().readTree(this.body);
	}

	/** What became of a request. */
	public enum Outcome {

		/** It is being worked on. */
		RUNNING,

		/** It was answered. */
		ANSWERED,

		/** The provider did not take it. */
		REJECTED,

		/** The script sent an error. */
		FAILED,

		/** The script ended the response too early. */
		CUT,

		/** The client went away. */
		CANCELLED

	}

}
