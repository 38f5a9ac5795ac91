package io.tokensaving.samples.gateway.door;

import java.nio.charset.StandardCharsets;

import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

/**
 * Finds what an upstream reports to have been used.
 */
final class ReportedUsage {

	// The rest of the answer follows
	private static final ObjectReader READER = JsonMapper.shared()
		.reader()
		.without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

	// In a text of the answer, the quotes would have a backslash
	private static final byte[] NAME = "\"usage\"".getBytes(StandardCharsets.US_ASCII);

	private ReportedUsage() {
	}

	/**
	 * Find the usage.
	 * @param answer the end of an answer, or of the events of a stream
	 * @return the last usage in it, or {@code null} if there is none
	 */
	static @Nullable TokenUsage find(byte[] answer) {
		for (int at = answer.length - NAME.length; at >= 0; at--) {
			if (isName(answer, at)) {
				TokenUsage usage = read(answer, at + NAME.length);
				if (usage != null) {
					return usage;
				}
			}
		}
		return null;
	}

	private static boolean isName(byte[] answer, int at) {
		for (int i = 0; i < NAME.length; i++) {
			if (answer[at + i] != NAME[i]) {
				return false;
			}
		}
		return true;
	}

	private static @Nullable TokenUsage read(byte[] answer, int from) {
		int at = from;
		while (at < answer.length && (answer[at] == ' ' || answer[at] == ':')) {
			at++;
		}
		if (at == answer.length || answer[at] != '{') {
			return null;
		}
		try {
			JsonNode usage = READER.readTree(answer, at, answer.length - at);
			long input = Math.max(0, usage.path("prompt_tokens").asLong(usage.path("input_tokens").asLong(-1)));
			long output = Math.max(0, usage.path("completion_tokens").asLong(usage.path("output_tokens").asLong(0)));
			String details = usage.has("prompt_tokens_details") ? "prompt_tokens_details" : "input_tokens_details";
			long cached = usage.path(details).path("cached_tokens").asLong(0);
			return new TokenUsage(input, output, Math.max(0, Math.min(cached, input)), 0, false);
		}
		catch (JacksonException ex) {
			return null;
		}
	}

}
