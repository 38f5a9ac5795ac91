package io.tokensaving.batch.google;

import java.io.BufferedOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Set;
import java.util.function.Consumer;

import io.tokensaving.batch.BatchAnswer;
import io.tokensaving.batch.BatchLine;
import io.tokensaving.batch.BatchStatus;
import io.tokensaving.batch.BatchTarget;
import io.tokensaving.batch.BatchTransportException;
import io.tokensaving.batch.http.HttpBatchTransport;
import io.tokensaving.batch.http.HttpCall;
import io.tokensaving.batch.http.HttpErrors;
import io.tokensaving.batch.http.HttpFailure;
import io.tokensaving.batch.http.JsonBytes;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Batches of Gemini, with their lines in the request and their results in the operation.
 */
final class GoogleBatchTransport extends HttpBatchTransport {

	static final String PROVIDER = "gemini";

	// 20 MB in all, of which what stands around each body takes its part
	private static final Limits LIMITS = new Limits(10_000, 20_000_000 - 10_000 * 120);

	private static final String LIVE = ":generateContent";

	private static final String BATCH = ":batchGenerateContent";

	private static final String MODELS = "models/";

	private static final String RESULTS = "inlinedResponses";

	private static final Set<String> RESULT_FIELDS = Set.of("response", "output", RESULTS);

	GoogleBatchTransport(GoogleHttp http, Clock clock, Duration settling) {
		super(PROVIDER, http::access, http, clock, settling);
	}

	/**
	 * Return the name of the model in the path of a live request.
	 * @param endpoint the path
	 * @return the name
	 */
	static String model(String endpoint) {
		int start = endpoint.indexOf(MODELS);
		String model = endpoint.substring((start != -1) ? start + MODELS.length() : 0);
		return (model.endsWith(LIVE)) ? model.substring(0, model.length() - LIVE.length()) : model;
	}

	@Override
	public Limits limits(BatchTarget target) {
		return LIMITS;
	}

	@Override
	public String create(BatchTarget target, String submission, Iterable<BatchLine> lines) {
		String path = target.endpoint();
		if (path.endsWith(LIVE)) {
			path = path.substring(0, path.length() - LIVE.length()) + BATCH;
		}
		HttpCall call = call("POST", target, segments(path)).with(HttpCall.JSON, (out) -> {
			OutputStream buffered = new BufferedOutputStream(out, 1 << 16);
			String before = "{\"batch\":{\"displayName\":\"" + submission
					+ "\",\"inputConfig\":{\"requests\":{\"requests\":[";
			for (BatchLine line : lines) {
				buffered.write((before + "{\"metadata\":{\"key\":\"" + line.customId() + "\"},\"request\":")
					.getBytes(StandardCharsets.UTF_8));
				buffered.write(line.body());
				buffered.write('}');
				before = ",";
			}
			buffered.write("]}}}}".getBytes(StandardCharsets.UTF_8));
			buffered.flush();
		});
		return id(http().json(call));
	}

	private static String id(JsonNode operation) {
		String id = operation.path("name").asString("");
		if (id.isEmpty()) {
			throw new HttpFailure(BatchTransportException.Kind.UNKNOWN, 0, "The response has no name", null);
		}
		return id;
	}

	private static String[] segments(String path) {
		return Arrays.stream(path.split("/")).filter((segment) -> !segment.isEmpty()).toArray(String[]::new);
	}

	// The version is the first segment of the path of a live request
	private static HttpCall operation(String method, BatchTarget target, String... path) {
		return call(method, target, segments(target.endpoint())[0]).append(path);
	}

	private JsonNode withoutResults(HttpCall call) {
		JsonNode[] read = new JsonNode[1];
		http().read(call, (body) -> read[0] = JsonBytes.read(body, RESULT_FIELDS));
		return read[0];
	}

	@Override
	public Match find(BatchTarget target, String submission, Instant since, Set<String> customIds) {
		Listing listing = new Listing(since);
		String next = null;
		while (true) {
			JsonNode page = withoutResults(
					operation("GET", target, "batches").query("pageSize", "100").query("pageToken", next));
			for (JsonNode operation : page.path("operations")) {
				JsonNode batch = operation.path("metadata");
				if (submission.equals(batch.path("displayName").asString(""))) {
					return found(id(operation));
				}
				listing.add(created(batch));
			}
			next = page.path("nextPageToken").asString("");
			if (listing.isPast() || next.isEmpty()) {
				return notFound(since, false);
			}
			if (!listing.turn(next)) {
				return notFound(since, true);
			}
		}
	}

	private static @Nullable Instant created(JsonNode batch) {
		try {
			return OffsetDateTime.parse(batch.path("createTime").asString("")).toInstant();
		}
		catch (DateTimeException ex) {
			return null;
		}
	}

	@Override
	public BatchStatus status(BatchTarget target, String id) {
		JsonNode operation;
		try {
			operation = withoutResults(operation("GET", target, segments(id)));
		}
		catch (HttpFailure ex) {
			if (ex.status() == 404) {
				return unknown(ex.getMessage());
			}
			throw ex;
		}
		JsonNode batch = operation.path("metadata");
		JsonNode counts = batch.path("batchStats");
		int answered = count(counts, "successfulRequestCount");
		int failed = count(counts, "failedRequestCount");
		JsonNode error = operation.path("error");
		String state = batch.path("state").asString("");
		BatchStatus.State known = switch (state.substring(state.lastIndexOf('_') + 1)) {
			case "SUCCEEDED", "CANCELLED", "EXPIRED" -> BatchStatus.State.ENDED;
			case "FAILED" -> failed(error, answered);
			default -> BatchStatus.State.RUNNING;
		};
		return new BatchStatus(known, answered, failed,
				(error.isObject() && known != BatchStatus.State.RUNNING) ? HttpErrors.describe(null, error) : null);
	}

	private static BatchStatus.State failed(JsonNode error, int answered) {
		if (answered > 0) {
			return BatchStatus.State.ENDED;
		}
		return (error.isObject() && HttpErrors.line(status(error), error) == BatchAnswer.Kind.REJECTED)
				? BatchStatus.State.REFUSED : BatchStatus.State.REFUSED_FOR_NOW;
	}

	// 64 bits are text in Google's JSON
	private static int count(JsonNode counts, String field) {
		try {
			return Integer.parseInt(counts.path(field).asString("0"));
		}
		catch (NumberFormatException ex) {
			return 0;
		}
	}

	@Override
	public void results(BatchTarget target, String id, Consumer<BatchAnswer> answers) {
		http().read(operation("GET", target, segments(id)),
				(body) -> JsonBytes.elements(body, RESULTS, (element) -> answer(element, answers)));
	}

	private static void answer(byte[] element, Consumer<BatchAnswer> answers) {
		JsonNode json = JsonBytes.read(element);
		String customId = json.path("metadata").path("key").asString("");
		if (customId.isEmpty()) {
			return;
		}
		byte[] body = (json.path("response").isObject()) ? JsonBytes.slice(element, "response") : null;
		if (body != null) {
			answers.accept(new BatchAnswer(customId, BatchAnswer.Kind.ANSWERED, body, null));
			return;
		}
		JsonNode error = json.path("error");
		BatchAnswer.Kind kind = switch (error.path("code").asInt(0)) {
			case 1, 499 -> BatchAnswer.Kind.CANCELLED;
			case 4, 504 -> BatchAnswer.Kind.EXPIRED;
			default -> HttpErrors.line(status(error), error);
		};
		// A rejection is told from others by its status, as live
		Integer status = (kind == BatchAnswer.Kind.REJECTED) ? status(error) : null;
		answers.accept(new BatchAnswer(customId, kind, null, HttpErrors.describe(status, error)));
	}

	// A code of RPC, or of HTTP
	private static int status(JsonNode error) {
		int code = error.path("code").asInt(0);
		return switch (code) {
			case 3, 9, 11 -> 400;
			case 5, 12 -> 404;
			case 7 -> 403;
			case 8 -> 429;
			case 16 -> 401;
			default -> (code >= 400) ? code : 500;
		};
	}

	@Override
	protected HttpCall cancelCall(BatchTarget target, String id) {
		String[] path = segments(id);
		path[path.length - 1] += ":cancel";
		return operation("POST", target, path).with(JsonNodeFactory.instance.objectNode());
	}

	@Override
	public void delete(BatchTarget target, String id) {
		deleteIfPresent(operation("DELETE", target, segments(id)));
	}

}
