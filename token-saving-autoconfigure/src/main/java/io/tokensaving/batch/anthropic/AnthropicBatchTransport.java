package io.tokensaving.batch.anthropic;

import java.io.BufferedOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashSet;
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
 * Batches of Anthropic: one request with all lines, and one response with all results.
 */
final class AnthropicBatchTransport extends HttpBatchTransport {

	static final String PROVIDER = "anthropic";

	// 100,000 lines and 256 MB, of which what stands around each body takes its part
	private static final Limits LIMITS = new Limits(100_000, 256_000_000 - 100_000 * 100);

	private static final String[] PATH = { "v1", "messages", "batches" };

	AnthropicBatchTransport(AnthropicHttp http, Clock clock, Duration settling) {
		super(PROVIDER, http::access, http, clock, settling);
	}

	@Override
	public Limits limits(BatchTarget target) {
		return LIMITS;
	}

	@Override
	public String create(BatchTarget target, String submission, Iterable<BatchLine> lines) {
		HttpCall call = call("POST", target, PATH).with(HttpCall.JSON, (out) -> {
			OutputStream buffered = new BufferedOutputStream(out, 1 << 16);
			String before = "{\"requests\":[{\"custom_id\":\"";
			for (BatchLine line : lines) {
				buffered.write((before + line.customId() + "\",\"params\":").getBytes(StandardCharsets.UTF_8));
				buffered.write(line.body());
				before = "},{\"custom_id\":\"";
			}
			buffered.write("}]}".getBytes(StandardCharsets.UTF_8));
			buffered.flush();
		});
		return id(http().json(call));
	}

	private static String id(JsonNode batch) {
		String id = batch.path("id").asString("");
		if (id.isEmpty()) {
			throw new HttpFailure(BatchTransportException.Kind.UNKNOWN, 0, "The response has no id", null);
		}
		return id;
	}

	/**
	 * A batch has no name of ours. One that is new enough and has as many lines may be
	 * it, and once it has ended its results tell.
	 */
	@Override
	public Match find(BatchTarget target, String submission, Instant since, Set<String> customIds) {
		boolean undecided = false;
		Listing listing = new Listing(since);
		String after = null;
		while (true) {
			JsonNode page = http().json(call("GET", target, PATH).query("limit", "100").query("after_id", after));
			for (JsonNode batch : page.path("data")) {
				after = id(batch);
				if (!listing.add(created(batch)) || count(batch) != customIds.size()) {
					continue;
				}
				if (!hasEnded(batch)) {
					undecided = true;
				}
				else if (hasLines(target, after, customIds)) {
					return found(after);
				}
			}
			if (listing.isPast() || after == null || !page.path("has_more").asBoolean(false)) {
				return notFound(since, undecided);
			}
			if (!listing.turn(after)) {
				return notFound(since, true);
			}
		}
	}

	private static @Nullable Instant created(JsonNode batch) {
		try {
			return OffsetDateTime.parse(batch.path("created_at").asString("")).toInstant();
		}
		catch (DateTimeException ex) {
			return null;
		}
	}

	private static boolean hasEnded(JsonNode batch) {
		return "ended".equals(batch.path("processing_status").asString(""));
	}

	private static int count(JsonNode batch) {
		int count = 0;
		for (JsonNode part : batch.path("request_counts")) {
			count += part.asInt(0);
		}
		return count;
	}

	private boolean hasLines(BatchTarget target, String id, Set<String> customIds) {
		Set<String> seen = new HashSet<>();
		try {
			results(target, id, (answer) -> {
				if (!customIds.contains(answer.customId())) {
					throw new OtherBatch();
				}
				seen.add(answer.customId());
			});
		}
		catch (OtherBatch ex) {
			return false;
		}
		return !seen.isEmpty();
	}

	@Override
	public BatchStatus status(BatchTarget target, String id) {
		JsonNode batch;
		try {
			batch = http().json(call("GET", target, PATH).append(id));
		}
		catch (HttpFailure ex) {
			if (ex.status() == 404) {
				return unknown(ex.getMessage());
			}
			throw ex;
		}
		JsonNode counts = batch.path("request_counts");
		return new BatchStatus((hasEnded(batch)) ? BatchStatus.State.ENDED : BatchStatus.State.RUNNING,
				counts.path("succeeded").asInt(0), counts.path("errored").asInt(0), null);
	}

	@Override
	public void results(BatchTarget target, String id, Consumer<BatchAnswer> answers) {
		http().read(call("GET", target, PATH).append(id, "results"),
				(body) -> JsonBytes.lines(body, (line) -> answer(line, answers)));
	}

	private static void answer(byte[] line, Consumer<BatchAnswer> answers) {
		JsonNode json = JsonBytes.read(line);
		String customId = json.path("custom_id").asString("");
		if (!customId.isEmpty()) {
			answers.accept(answer(customId, json, line));
		}
	}

	private static BatchAnswer answer(String customId, JsonNode json, byte[] line) {
		JsonNode result = json.path("result");
		String type = result.path("type").asString("");
		byte[] body = ("succeeded".equals(type)) ? JsonBytes.slice(line, "result", "message") : null;
		if (body != null) {
			return new BatchAnswer(customId, BatchAnswer.Kind.ANSWERED, body, null);
		}
		// The error is wrapped in a response
		JsonNode error = result.path("error");
		error = (error.path("error").isObject()) ? error.path("error") : error;
		int status = status(error.path("type").asString(""));
		BatchAnswer.Kind kind = switch (type) {
			case "expired" -> BatchAnswer.Kind.EXPIRED;
			case "canceled" -> BatchAnswer.Kind.CANCELLED;
			default -> HttpErrors.line(status, error);
		};
		// A rejection is told from others by its status, as live
		return new BatchAnswer(customId, kind, null,
				(error.isObject()) ? HttpErrors.describe((kind == BatchAnswer.Kind.REJECTED) ? status : null, error)
						: "The line was " + type);
	}

	private static int status(String type) {
		return switch (type) {
			case "invalid_request_error" -> 400;
			case "permission_error" -> 403;
			case "not_found_error" -> 404;
			case "request_too_large" -> 413;
			default -> 500;
		};
	}

	@Override
	protected HttpCall cancelCall(BatchTarget target, String id) {
		return call("POST", target, PATH).append(id, "cancel").with(JsonNodeFactory.instance.objectNode());
	}

	@Override
	public void delete(BatchTarget target, String id) {
		deleteIfPresent(call("DELETE", target, PATH).append(id));
	}

	/**
	 * A batch has lines that are not ours. Has no stack trace.
	 */
	private static final class OtherBatch extends RuntimeException {

		OtherBatch() {
			super(null, null, false, false);
		}

	}

}
