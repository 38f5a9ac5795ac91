package io.tokensaving.samples.gateway.admin;

import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.enums.ParameterIn;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.parameters.RequestBody;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import io.tokensaving.actuate.TokenSavingEndpoint;
import io.tokensaving.actuate.TokenSavingEndpoint.CacheEngineDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Plans, their statistics, cached answers and engines, by workspace. Bodies, checks and
 * errors are those of the library's actuator endpoint. Thread-safe.
 */
@RestController
@RequestMapping(path = "/token-saving", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "Plans")
class ManagementController {

	// A byte more than the library accepts, which says so
	private static final int MAX_BYTES = 64 * 1024 + 1;

	private static final String MERGE_PATCH = "application/merge-patch+json";

	private static final String PLANS = "plans";

	private static final String VERSION = "version";

	private static final String PLAN = "plan";

	private static final String SCOPE = "scope";

	private static final String TAG = "tag";

	private final TokenSavingEndpoint endpoint;

	ManagementController(ObjectProvider<TokenSavingEndpoint> endpoint) {
		TokenSavingEndpoint available = endpoint.getIfAvailable();
		if (available == null) {
			throw new IllegalStateException("The management API needs the actuator endpoint 'tokensaving': "
					+ "'management.endpoints.web.exposure.include' must contain it");
		}
		this.endpoint = available;
	}

	@Operation(operationId = "createPlan", summary = "Create a plan")
	@RequestBody(required = true,
			content = @Content(mediaType = MediaType.APPLICATION_JSON_VALUE,
					schema = @Schema(ref = "#/components/schemas/NewPlan")))
	@ApiResponse(responseCode = "201", description = "The plan",
			content = @Content(schema = @Schema(ref = "#/components/schemas/Plan")))
	@ApiResponse(responseCode = "409", ref = "#/components/responses/Conflict")
	@PostMapping(path = "/plans", consumes = MediaType.APPLICATION_JSON_VALUE)
	ResponseEntity<?> create(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query,
			@Parameter(hidden = true) InputStream body) throws IOException {
		String workspace = new Parameters(query).workspace();
		return respond(this.endpoint.workspace(workspace).write(new String[] { PLANS }, read(body)));
	}

	@Operation(operationId = "listPlans", summary = "List the plans of a workspace")
	@ApiResponse(responseCode = "200", description = "The plans",
			content = @Content(schema = @Schema(ref = "#/components/schemas/Plans")))
	@GetMapping("/plans")
	ResponseEntity<?> list(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
		return show(query, PLANS);
	}

	@Operation(operationId = "getPlan", summary = "Show a plan")
	@ApiResponse(responseCode = "200", description = "The plan",
			content = @Content(schema = @Schema(ref = "#/components/schemas/Plan")))
	@ApiResponse(responseCode = "404", ref = "#/components/responses/NotFound")
	@GetMapping("/plans/{id}")
	ResponseEntity<?> get(@PathVariable String id,
			@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
		return show(query, PLANS, id);
	}

	@Operation(operationId = "updatePlan", summary = "Change settings of a plan, with a JSON merge patch")
	@RequestBody(required = true,
			content = { @Content(mediaType = MERGE_PATCH, schema = @Schema(ref = "#/components/schemas/PlanPatch")),
					@Content(mediaType = MediaType.APPLICATION_JSON_VALUE,
							schema = @Schema(ref = "#/components/schemas/PlanPatch")) })
	@ApiResponse(responseCode = "200", description = "The plan",
			content = @Content(schema = @Schema(ref = "#/components/schemas/Plan")))
	@ApiResponse(responseCode = "404", ref = "#/components/responses/NotFound")
	@ApiResponse(responseCode = "409", ref = "#/components/responses/Conflict")
	@PatchMapping(path = "/plans/{id}", consumes = { MERGE_PATCH, MediaType.APPLICATION_JSON_VALUE })
	ResponseEntity<?> update(@PathVariable String id,
			@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query,
			@Parameter(hidden = true) InputStream body) throws IOException {
		String workspace = new Parameters(query).workspace();
		return respond(this.endpoint.workspace(workspace).write(new String[] { PLANS, id }, read(body)));
	}

	@Operation(operationId = "deletePlan", summary = "Delete a plan",
			parameters = @Parameter(name = VERSION, in = ParameterIn.QUERY,
					description = "The version that is expected, any if none is named",
					schema = @Schema(ref = "#/components/schemas/Version")))
	@ApiResponse(responseCode = "204", description = "It is deleted", content = @Content)
	@ApiResponse(responseCode = "404", ref = "#/components/responses/NotFound")
	@ApiResponse(responseCode = "409", ref = "#/components/responses/Conflict")
	@DeleteMapping("/plans/{id}")
	ResponseEntity<?> delete(@PathVariable String id,
			@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
		Parameters parameters = new Parameters(query, VERSION);
		return respond(this.endpoint.workspace(parameters.workspace())
			.delete(new String[] { PLANS, id }, parameters.text(VERSION), null, null, null));
	}

	@Operation(operationId = "getPlanStats", summary = "Show what a plan saved")
	@ApiResponse(responseCode = "200", description = "The figures",
			content = @Content(schema = @Schema(ref = "#/components/schemas/Stats")))
	@ApiResponse(responseCode = "404", ref = "#/components/responses/NotFound")
	@GetMapping("/plans/{id}/stats")
	ResponseEntity<?> stats(@PathVariable String id,
			@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
		return show(query, PLANS, id, "stats");
	}

	@Operation(operationId = "evictAnswers", summary = "Evict stored answers to which all parameters apply",
			parameters = {
					@Parameter(name = PLAN, in = ParameterIn.QUERY, schema = @Schema(type = "string", pattern = "\\S")),
					@Parameter(name = SCOPE, in = ParameterIn.QUERY,
							schema = @Schema(type = "string", pattern = "\\S")),
					@Parameter(name = TAG, in = ParameterIn.QUERY,
							schema = @Schema(type = "string", pattern = "\\S")) })
	@ApiResponse(responseCode = "200", description = "How many were evicted",
			content = @Content(schema = @Schema(ref = "#/components/schemas/Evicted")))
	@ApiResponse(responseCode = "404", ref = "#/components/responses/NotFound")
	@DeleteMapping("/cache")
	ResponseEntity<?> evict(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
		Parameters parameters = new Parameters(query, PLAN, SCOPE, TAG);
		return respond(this.endpoint.workspace(parameters.workspace())
			.delete(new String[] { "cache" }, null, parameters.text(PLAN), parameters.text(SCOPE),
					parameters.text(TAG)));
	}

	@Operation(operationId = "listCacheEngines", summary = "List the cache engines")
	@ApiResponse(responseCode = "200", description = "The engines",
			content = @Content(schema = @Schema(ref = "#/components/schemas/CacheEngines")))
	@GetMapping("/cache-engines")
	ResponseEntity<?> cacheEngines(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
		Object shown = this.endpoint.part(new String[] { "cache-engines" }, new Parameters(query).workspace());
		// Their figures are sums over all workspaces
		return respond((shown instanceof Map<?, ?> engines && !AdminAccess.principal().managesAll())
				? withoutFigures(engines) : shown);
	}

	@Operation(operationId = "listCompressionEngines", summary = "List the compression engines")
	@ApiResponse(responseCode = "200", description = "The engines",
			content = @Content(schema = @Schema(ref = "#/components/schemas/CompressionEngines")))
	@GetMapping("/compression-engines")
	ResponseEntity<?> compressionEngines(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
		return show(query, "compression-engines");
	}

	private ResponseEntity<?> show(MultiValueMap<String, String> query, String... path) {
		return respond(this.endpoint.part(path, new Parameters(query).workspace()));
	}

	private static Map<String, Object> withoutFigures(Map<?, ?> shown) {
		Map<String, Object> hidden = new LinkedHashMap<>();
		shown.forEach((name, engines) -> hidden.put(String.valueOf(name),
				((List<?>) engines).stream().map((engine) -> withoutFigures((CacheEngineDescriptor) engine)).toList()));
		return hidden;
	}

	private static CacheEngineDescriptor withoutFigures(CacheEngineDescriptor engine) {
		return new CacheEngineDescriptor(engine.name(), engine.status(), null, null, null, null, null);
	}

	private static byte[] read(InputStream body) throws IOException {
		return body.readNBytes(MAX_BYTES);
	}

	private static ResponseEntity<?> respond(@Nullable Object shown) {
		return (shown instanceof WebEndpointResponse<?> response)
				? ResponseEntity.status(response.getStatus()).body(response.getBody()) : ResponseEntity.ok(shown);
	}

}
