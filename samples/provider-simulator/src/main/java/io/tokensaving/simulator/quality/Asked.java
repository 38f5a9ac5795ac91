package io.tokensaving.simulator.quality;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tokensaving.simulator.SimulatedRequest;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a request to OpenAI or Anthropic asks.
 *
 * @param instructions the system texts
 * @param question the text of the last message of the user
 * @param results how many results of tools come behind it
 * @param tool the name of the first tool, or null if there is none
 * @param property the first property of the object that is asked for, or null if none is
 */
record Asked(String instructions, String question, int results, @Nullable String tool, @Nullable String property) {

	private static final Pattern PROPERTY = Pattern.compile("\"properties\"\\s*:\\s*\\{\\s*\"(\\w+)\"");

	static Asked of(SimulatedRequest request) {
		JsonNode body = request.json();
		StringBuilder instructions = new StringBuilder(text(body.path("system")));
		String question = "";
		int results = 0;
		for (JsonNode message : body.path("messages")) {
			String role = message.path("role").asString("");
			JsonNode content = message.path("content");
			int ofMessage = role.equals("tool") ? 1 : results(content);
			if (role.equals("system") || role.equals("developer")) {
				instructions.append(text(content));
			}
			else if (ofMessage > 0) {
				// Anthropic's results of tools are messages of the user; what is called
				// at once
				// is one round
				results++;
			}
			else if (role.equals("user")) {
				question = text(content);
				results = 0;
			}
		}
		JsonNode tool = body.path("tools").path(0);
		String name = tool.path("function").path("name").asString(tool.path("name").asString(""));
		return new Asked(instructions.toString(), question, results, name.isEmpty() ? null : name,
				property(body, question));
	}

	private static @Nullable String property(JsonNode body, String question) {
		JsonNode schema = body.has("response_format") ? body.path("response_format") : body.path("output_config");
		Matcher matcher = PROPERTY.matcher(schema.isMissingNode() ? question : schema.toString());
		return matcher.find() ? matcher.group(1) : null;
	}

	private static int results(JsonNode content) {
		int results = 0;
		for (JsonNode block : content) {
			results += block.path("type").asString("").equals("tool_result") ? 1 : 0;
		}
		return results;
	}

	private static String text(JsonNode content) {
		if (content.isString()) {
			return content.asString();
		}
		StringBuilder text = new StringBuilder();
		content.forEach((block) -> text.append(block.path("text").asString("")));
		return text.toString();
	}

}
