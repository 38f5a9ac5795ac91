package io.tokensaving.simulator;

import java.time.Instant;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A request that the provider takes.
 *
 * @param model whom it is for
 * @param name how it names the model
 * @param stream whether it asks for a stream
 * @param inputTokens all of its input
 * @param maxTokens what the answer and its thinking may have, or -1
 * @param choices how many answers it asks for
 * @param serviceTier {@code service_tier}, or null
 * @param includeUsage whether a stream is to tell the usage
 * @param path behind the provider's base URL
 * @param json the body as it came in
 * @param cache decides what is read and written
 */
record ParsedRequest(SimulatedModel model, String name, boolean stream, int inputTokens, int maxTokens, int choices,
		@Nullable String serviceTier, boolean includeUsage, String path, JsonNode json, CacheQuestion cache) {

	/** The same request in the words of another API of the provider. */
	ParsedRequest as(JsonNode other) {
		return new ParsedRequest(this.model, this.name, this.stream, this.inputTokens, this.maxTokens, this.choices,
				this.serviceTier, this.includeUsage, this.path, other, this.cache);
	}

	/** Asks the provider's cache. */
	interface CacheQuestion {

		CacheDecision decide(Completion completion, Instant now);

	}

}
