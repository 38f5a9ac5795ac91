package io.tokensaving.actuate;

import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.actuate.TokenSavingEndpoint.PlanDescriptor;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/**
 * The operations of {@link TokenSavingEndpoint} for code that offers them over HTTP
 * itself, without Spring Boot's types. Parameters and bodies are those of the endpoint.
 * Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class EndpointOperations {

	private static final Set<String> READ_PARAMETERS = Set.of(TokenSavingEndpoint.PLAN, TokenSavingEndpoint.SCOPE,
			TokenSavingEndpoint.TAG, "feature", "model", "days", "hours", "page", "size", "format");

	private static final Set<String> CACHE_PARAMETERS = Set.of(TokenSavingEndpoint.PLAN, TokenSavingEndpoint.SCOPE,
			TokenSavingEndpoint.TAG);

	private static final Set<String> VERSION_PARAMETER = Set.of(PlanRequest.VERSION);

	private final TokenSavingEndpoint endpoint;

	/**
	 * Create the operations of an endpoint.
	 * @param endpoint the endpoint
	 */
	public EndpointOperations(TokenSavingEndpoint endpoint) {
		this.endpoint = endpoint;
	}

	/**
	 * Return the workspace that is read and written if no other one is named.
	 * @return the name
	 */
	public String workspace() {
		return this.endpoint.workspace();
	}

	/**
	 * Read a part.
	 * @param workspace the workspace
	 * @param path the path below the endpoint, not empty
	 * @param parameters the parameters of the query but {@code workspace}
	 * @return what is shown, or what is wrong
	 */
	public Result read(String workspace, List<String> path, Map<String, String> parameters) {
		Result refused = refuseOthers(parameters, READ_PARAMETERS);
		return (refused != null) ? refused
				: Result.of(this.endpoint.part(path.toArray(String[]::new), workspace,
						parameters.get(TokenSavingEndpoint.PLAN), parameters.get(TokenSavingEndpoint.SCOPE),
						parameters.get(TokenSavingEndpoint.TAG), parameters.get("feature"), parameters.get("model"),
						parameters.get("days"), parameters.get("hours"), parameters.get("page"), parameters.get("size"),
						parameters.get("format"), null));
	}

	/**
	 * Read some of the plans.
	 * @param workspace the workspace
	 * @param text a text that the ids of the plans contain in any case, empty for all
	 * @param page the page, from 0
	 * @param size the number of plans of a page
	 * @return the plans of the page, ordered by id, and the number of all
	 */
	public PlanPage plans(String workspace, String text, int page, int size) {
		return this.endpoint.plans(workspace, text, page, size);
	}

	/**
	 * Create a plan, change one, or resume one.
	 * @param workspace the workspace
	 * @param path {@code plans}, {@code plans/{id}} or {@code plans/{id}/resume}
	 * @param body a JSON object in UTF-8; empty for {@code resume}
	 * @return the plan, or what is wrong
	 */
	public Result write(String workspace, List<String> path, byte[] body) {
		TokenSavingEndpoint chosen = this.endpoint.workspace(workspace);
		String[] segments = path.toArray(String[]::new);
		// A body, or a longer path, could name another workspace than the one that was
		// checked
		if (path.contains("") || (segments.length >= TokenSavingEndpoint.RESUME_LENGTH && body.length > 0)) {
			return new Result(WebEndpointResponse.STATUS_BAD_REQUEST,
					ErrorDescriptor.of(
							"What is resumed is named by the path, without a body and without empty segments",
							TokenSavingEndpoint.PATH),
					null);
		}
		return Result.of((body.length > 0) ? chosen.write(segments, body) : chosen.resume(segments));
	}

	/**
	 * Delete a plan, or evict answers.
	 * @param workspace the workspace
	 * @param path {@code plans/{id}} or {@code cache}
	 * @param parameters {@code version}, or {@code plan}, {@code scope} and {@code tag}
	 * @return the number of evicted answers or nothing, or what is wrong
	 */
	public Result delete(String workspace, List<String> path, Map<String, String> parameters) {
		Result refused = refuseOthers(parameters, (path.size() == 1) ? CACHE_PARAMETERS : VERSION_PARAMETER);
		return (refused != null) ? refused
				: Result.of(this.endpoint.workspace(workspace)
					.delete(path.toArray(String[]::new), parameters.get(PlanRequest.VERSION),
							parameters.get(TokenSavingEndpoint.PLAN), parameters.get(TokenSavingEndpoint.SCOPE),
							parameters.get(TokenSavingEndpoint.TAG)));
	}

	private static @Nullable Result refuseOthers(Map<String, String> parameters, Set<String> known) {
		for (String name : parameters.keySet()) {
			if (!known.contains(name)) {
				String accepted = "'" + String.join("', '", known.stream().sorted().toList()) + "'";
				return new Result(WebEndpointResponse.STATUS_BAD_REQUEST, ErrorDescriptor.unknown(name, accepted),
						null);
			}
		}
		return null;
	}

	/**
	 * Some of the plans.
	 *
	 * @param plans the plans of the page
	 * @param page the page, from 0
	 * @param size the number of plans of a page
	 * @param total the number of plans of all pages
	 */
	public record PlanPage(List<PlanDescriptor> plans, int page, int size, int total) {

	}

	/**
	 * What an operation returned.
	 *
	 * @param status the status of HTTP
	 * @param body what JSON can hold, a text of the content type, or {@code null}
	 * @param contentType the content type of a body that is not JSON, or {@code null}
	 */
	public record Result(int status, @Nullable Object body, @Nullable String contentType) {

		static Result of(Object shown) {
			if (!(shown instanceof WebEndpointResponse<?> response)) {
				return new Result(WebEndpointResponse.STATUS_OK, shown, null);
			}
			String type = (response.getBody() instanceof CharSequence && response.getContentType() != null)
					? response.getContentType().toString() : null;
			return new Result(response.getStatus(), response.getBody(), type);
		}

	}

}
