package io.tokensaving.samples.gateway.door;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.samples.gateway.key.Caller;
import io.tokensaving.samples.gateway.upstream.ModelCatalog;
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

	private final ModelCatalog catalog;

	private final Instant started = Instant.now();

	Models(ModelCatalog catalog) {
		this.catalog = catalog;
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
		caller.checkModel(model);
		return upstreams.find(model, format);
	}

	void list(Exchange exchange) throws IOException {
		List<Map<String, Object>> data = new ArrayList<>();
		this.catalog.all().values().forEach((model) -> {
			if (exchange.caller().mayAsk(model.name())) {
				data.add(describe(model));
			}
		});
		Map<String, Object> body = new LinkedHashMap<>();
		body.put("object", "list");
		body.put("data", data);
		write(exchange, body);
	}

	void show(Exchange exchange) throws IOException {
		String name = exchange.path().substring(Route.MODEL.path().length());
		ModelCatalog.Model model = exchange.caller().mayAsk(name) ? this.catalog.find(name) : null;
		if (model == null) {
			throw new UnknownModelException(name, "", false);
		}
		write(exchange, describe(model));
	}

	private Map<String, Object> describe(ModelCatalog.Model model) {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("id", model.name());
		described.put("object", "model");
		described.put("created", ((model.created() != null) ? model.created() : this.started).getEpochSecond());
		described.put("owned_by", model.upstream().name());
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
