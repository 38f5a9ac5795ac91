package io.tokensaving.batch;

import java.util.LinkedHashMap;
import java.util.Map;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Targets as texts, the same text for equal targets.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class TargetText {

	private static final JsonMapper JSON = new JsonMapper();

	private TargetText() {
	}

	/**
	 * Write a target.
	 * @param target the target
	 * @return the text
	 */
	public static String write(BatchTarget target) {
		Map<String, Object> fields = new LinkedHashMap<>();
		fields.put("provider", target.provider());
		fields.put("base_url", target.baseUrl());
		fields.put("account", target.account());
		fields.put("endpoint", target.endpoint());
		fields.put("model", target.model());
		fields.put("headers", target.headers());
		return JSON.writeValueAsString(fields);
	}

	/**
	 * Read a target.
	 * @param text the text, as {@link #write} has written it
	 * @return the target
	 */
	public static BatchTarget read(String text) {
		JsonNode fields = JSON.readTree(text);
		Map<String, String> headers = new LinkedHashMap<>();
		fields.path("headers")
			.properties()
			.forEach((header) -> headers.put(header.getKey(), header.getValue().asString()));
		return new BatchTarget(fields.path("provider").asString(), fields.path("base_url").asString(),
				fields.path("account").asString(), fields.path("endpoint").asString(), fields.path("model").asString(),
				headers);
	}

}
