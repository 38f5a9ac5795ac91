package io.tokensaving.samples.gateway.upstream;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What is read of the bodies of errors.
 */
final class ErrorBodies {

	private static final JsonMapper MAPPER = JsonMapper.shared();

	private static final int MAX_READ = 64 * 1024;

	// Names only, as any other text may be that of a request
	private static final Pattern CODE = Pattern.compile("[A-Za-z][A-Za-z0-9_.-]{0,63}");

	private ErrorBodies() {
	}

	/**
	 * Find the code of an error.
	 * @param body the body of an answer
	 * @return the code, otherwise the type, or {@code null} if there is neither
	 */
	static @Nullable String code(byte[] body) {
		JsonNode error = error(body);
		if (error == null) {
			return null;
		}
		String code = name(error.path("code"));
		return (code != null) ? code : name(error.path("type"));
	}

	/**
	 * Whether the data of an event report an error.
	 * @param data the data
	 * @return whether they do
	 */
	static boolean isError(String data) {
		return data.length() <= MAX_READ && error(data.getBytes(StandardCharsets.UTF_8)) != null;
	}

	private static @Nullable JsonNode error(byte[] body) {
		if (body.length == 0 || body.length > MAX_READ) {
			return null;
		}
		try {
			JsonNode read = MAPPER.readTree(body);
			if (read.path("error").isObject()) {
				return read.path("error");
			}
			// An event may be the error itself
			return (read.path("type").asString("").equals("error") && read.path("message").isString()) ? read : null;
		}
		catch (JacksonException ex) {
			return null;
		}
	}

	private static @Nullable String name(JsonNode node) {
		return (node.isString() && CODE.matcher(node.stringValue()).matches()) ? node.stringValue() : null;
	}

	/**
	 * Replace a secret wherever an answer repeats it, unless it is too short to tell.
	 * @param body the body
	 * @param secret the secret, or {@code null} for none
	 * @return the same body if it does not hold the secret
	 */
	static byte[] withoutSecret(byte[] body, @Nullable String secret) {
		if (secret == null || !UpstreamSecret.isHidden(secret) || body.length < secret.length()) {
			return body;
		}
		String text = new String(body, StandardCharsets.ISO_8859_1);
		return text.contains(secret) ? text.replace(secret, "***").getBytes(StandardCharsets.ISO_8859_1) : body;
	}

}
