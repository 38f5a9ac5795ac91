package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.upstream.UnknownModelException;
import io.tokensaving.samples.gateway.upstream.Upstream;
import io.tokensaving.samples.gateway.upstream.Upstreams;
import jakarta.servlet.http.HttpServletResponse;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tells clients which models they may use. Thread-safe.
 */
final class Models {

	private static final JsonMapper JSON = JsonMapper.shared();

	private final Upstreams upstreams;

	private final long created = System.currentTimeMillis() / 1000;

	Models(Upstreams upstreams) {
		this.upstreams = upstreams;
	}

	/**
	 * Find the upstream of a model that a key may use.
	 * @param upstreams all upstreams
	 * @param caller who asks
	 * @param model the name of the model
	 * @param format the name of the wire format
	 * @return the upstream
	 * @throws DoorException if the key may not use the model
	 * @throws UnknownModelException if no upstream serves it
	 */
	static Upstream upstream(Upstreams upstreams, Caller caller, String model, String format) {
		if (!Parameters.allows(caller.models(), model)) {
			throw new DoorException(new Failure(403, "permission_error", "The key may not use this model", "model",
					"model_not_allowed"));
		}
		return upstreams.find(model, format);
	}

	void list(Exchange exchange) throws IOException {
		List<Map<String, Object>> data = new ArrayList<>();
		this.upstreams.models().forEach((model, upstream) -> {
			if (!model.endsWith("*") && Parameters.allows(exchange.caller().models(), model)) {
				data.add(describe(model, upstream));
			}
		});
		Map<String, Object> body = new LinkedHashMap<>();
		body.put("object", "list");
		body.put("data", data);
		write(exchange, body);
	}

	void show(Exchange exchange) throws IOException {
		String model = exchange.path().substring(Route.MODEL.path().length());
		Upstream found = null;
		for (Upstream upstream : this.upstreams.all()) {
			if (Parameters.allows(upstream.models(), model)) {
				found = upstream;
				break;
			}
		}
		if (found == null || !Parameters.allows(exchange.caller().models(), model)) {
			throw new UnknownModelException(model, "", false);
		}
		write(exchange, describe(model, found));
	}

	private Map<String, Object> describe(String model, Upstream upstream) {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("id", model);
		described.put("object", "model");
		described.put("created", this.created);
		described.put("owned_by", upstream.name());
		return described;
	}

	private static void write(Exchange exchange, Map<String, Object> value) throws IOException {
		byte[] body = JSON.writeValueAsString(value).getBytes(StandardCharsets.UTF_8);
		HttpServletResponse response = exchange.response();
		response.setContentType("application/json");
		response.setContentLength(body.length);
		response.getOutputStream().write(body);
	}

}
