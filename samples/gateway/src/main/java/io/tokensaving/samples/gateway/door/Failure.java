package io.tokensaving.samples.gateway.door;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

import io.tokensaving.samples.gateway.wire.WireFormat;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a client is told of a failure. Immutable.
 *
 * @param status the HTTP status
 * @param type the type of the error
 * @param message what is wrong and what helps
 * @param param the field that is wrong, or {@code null}
 * @param code the code, or {@code null}
 * @param headers headers of the response by name
 * @param body the body of an upstream, which is passed on unchanged, or {@code null}
 */
record Failure(int status, String type, String message, @Nullable String param, @Nullable String code,
		Map<String, String> headers, byte @Nullable [] body) {

	private static final JsonMapper JSON = JsonMapper.shared();

	static final String INVALID_REQUEST = "invalid_request_error";

	static final String API_ERROR = "api_error";

	Failure(int status, String type, String message, @Nullable String param, @Nullable String code) {
		this(status, type, message, param, code, Map.of(), null);
	}

	Failure withHeaders(Map<String, String> headers) {
		return new Failure(this.status, this.type, this.message, this.param, this.code, headers, this.body);
	}

	/**
	 * Write the data of an event in a stream.
	 * @param format the format that the client speaks
	 * @return the data, JSON whatever an upstream sent
	 */
	String writeEvent(WireFormat format) {
		String passed = (this.body != null) ? new String(this.body, StandardCharsets.UTF_8).strip() : "";
		return passed.startsWith("{") ? passed
				: new String(new Failure(this.status, this.type, this.message, this.param, this.code).write(format),
						StandardCharsets.UTF_8);
	}

	/**
	 * Write the body.
	 * @param format the format that the client speaks, or {@code null} for OpenAI's
	 * errors
	 * @return the body
	 */
	byte[] write(@Nullable WireFormat format) {
		if (this.body != null) {
			return this.body;
		}
		if (format != null) {
			return format.error(this.status, this.type, this.message, this.param, this.code);
		}
		Map<String, @Nullable Object> error = new LinkedHashMap<>();
		error.put("message", this.message);
		error.put("type", this.type);
		error.put("param", this.param);
		error.put("code", this.code);
		return JSON.writeValueAsString(Map.of("error", error)).getBytes(StandardCharsets.UTF_8);
	}

}
