package io.tokensaving.batch.openai;

import java.io.BufferedOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Pattern;

import io.tokensaving.batch.BatchAnswer;
import io.tokensaving.batch.BatchLine;
import io.tokensaving.batch.BatchStatus;
import io.tokensaving.batch.BatchTarget;
import io.tokensaving.batch.BatchTransportException;
import io.tokensaving.batch.http.HttpBatchTransport;
import io.tokensaving.batch.http.HttpCall;
import io.tokensaving.batch.http.HttpContent;
import io.tokensaving.batch.http.HttpErrors;
import io.tokensaving.batch.http.HttpFailure;
import io.tokensaving.batch.http.JsonBytes;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Batches of OpenAI: a file of lines, a batch of the file, and files of its answers and
 * errors.
 */
final class OpenAiBatchTransport extends HttpBatchTransport {

	static final String PROVIDER = "openai";

	private static final Log logger = LogFactory.getLog(OpenAiBatchTransport.class);

	// 50,000 lines and 200 MB, of which what stands around each body takes its part
	private static final Limits LIMITS = new Limits(50_000, 200_000_000 - 50_000 * 160);

	private static final String SUBMISSION = "submission_id";

	private static final String[] FILES = { "output_file_id", "error_file_id" };

	// A batch that failed because of one of these may succeed later
	private static final Pattern PASSING = Pattern
		.compile("limit|quota|billing|internal|server|unavailable|overloaded");

	OpenAiBatchTransport(OpenAiHttp http, Clock clock, Duration settling) {
		super(PROVIDER, http::access, http, clock, settling);
	}

	@Override
	public Limits limits(BatchTarget target) {
		return LIMITS;
	}

	@Override
	public String create(BatchTarget target, String submission, Iterable<BatchLine> lines) {
		String file = upload(target, submission, lines);
		ObjectNode batch = JsonNodeFactory.instance.objectNode()
			.put("input_file_id", file)
			.put("endpoint", target.endpoint())
			.put("completion_window", "24h");
		batch.putObject("metadata").put(SUBMISSION, submission);
		try {
			return id(http().json(call("POST", target, "batches").with(batch)));
		}
		catch (HttpFailure ex) {
			if (ex.kind() != BatchTransportException.Kind.UNKNOWN) {
				deleteFile(target, file, ex);
			}
			throw ex;
		}
	}

	private String upload(BatchTarget target, String submission, Iterable<BatchLine> lines) {
		String boundary = UUID.randomUUID().toString();
		HttpContent content = (out) -> {
			OutputStream buffered = new BufferedOutputStream(out, 1 << 16);
			buffered.write(("--%1$s\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--%1$s\r\n"
					+ "Content-Disposition: form-data; name=\"file\"; filename=\"%2$s\"\r\n"
					+ "Content-Type: application/jsonl\r\n\r\n")
				.formatted(boundary, name(submission))
				.getBytes(StandardCharsets.UTF_8));
			byte[] method = "\",\"method\":\"POST\",\"url\":\"%s\",\"body\":".formatted(target.endpoint())
				.getBytes(StandardCharsets.UTF_8);
			for (BatchLine line : lines) {
				buffered.write("{\"custom_id\":\"".getBytes(StandardCharsets.UTF_8));
				buffered.write(line.customId().getBytes(StandardCharsets.UTF_8));
				buffered.write(method);
				buffered.write(JsonBytes.oneLine(line.body()));
				buffered.write('}');
				buffered.write('\n');
			}
			buffered.write("\r\n--%s--\r\n".formatted(boundary).getBytes(StandardCharsets.UTF_8));
			buffered.flush();
		};
		HttpCall call = call("POST", target, "files").with("multipart/form-data; boundary=" + boundary, content);
		try {
			return id(http().json(call));
		}
		catch (HttpFailure ex) {
			// A file alone is not processed, whether it is there or not
			throw ex.withoutEffect();
		}
	}

	private void deleteFile(BatchTarget target, String file, HttpFailure refusal) {
		try {
			deleteIfPresent(call("DELETE", target, "files", file));
		}
		catch (HttpFailure ex) {
			refusal.addSuppressed(ex);
		}
	}

	private static String id(JsonNode created) {
		String id = created.path("id").asString("");
		if (id.isEmpty()) {
			throw new HttpFailure(BatchTransportException.Kind.UNKNOWN, 0, "The response has no id", null);
		}
		return id;
	}

	@Override
	public Match find(BatchTarget target, String submission, Instant since, Set<String> customIds) {
		Listing listing = new Listing(since);
		String after = null;
		while (true) {
			JsonNode page = http().json(call("GET", target, "batches").query("limit", "100").query("after", after));
			for (JsonNode batch : page.path("data")) {
				if (submission.equals(batch.path("metadata").path(SUBMISSION).asString(""))) {
					return found(id(batch));
				}
				after = id(batch);
				JsonNode created = batch.path("created_at");
				listing.add((created.isNumber()) ? Instant.ofEpochSecond(created.asLong()) : null);
			}
			if (listing.isPast() || after == null || !page.path("has_more").asBoolean(false)) {
				return withoutFile(target, submission, notFound(since, false));
			}
			if (!listing.turn(after)) {
				return notFound(since, true);
			}
		}
	}

	// The file of an attempt without a batch is of no use, and without it a request
	// that is still under way cannot create one
	private Match withoutFile(BatchTarget target, String submission, Match match) {
		if (match.kind() == Match.Kind.ABSENT) {
			try {
				JsonNode files = http()
					.json(call("GET", target, "files").query("purpose", "batch").query("limit", "1000"));
				for (JsonNode file : files.path("data")) {
					if (name(submission).equals(file.path("filename").asString(""))) {
						deleteIfPresent(call("DELETE", target, "files", id(file)));
					}
				}
			}
			catch (HttpFailure ex) {
				// Costs nothing but tidiness
				logger.debug("A file of batch " + submission + " may be left", ex);
			}
		}
		return match;
	}

	private static String name(String submission) {
		return submission + ".jsonl";
	}

	@Override
	public BatchStatus status(BatchTarget target, String id) {
		JsonNode batch;
		try {
			batch = batch(target, id);
		}
		catch (HttpFailure ex) {
			if (ex.status() == 404) {
				return unknown(ex.getMessage());
			}
			throw ex;
		}
		JsonNode counts = batch.path("request_counts");
		int answered = counts.path("completed").asInt(0);
		int failed = counts.path("failed").asInt(0);
		String status = batch.path("status").asString("");
		BatchStatus.State state = switch (status) {
			case "completed", "expired", "cancelled" -> BatchStatus.State.ENDED;
			case "failed" -> failed(batch, answered);
			default -> BatchStatus.State.RUNNING;
		};
		return new BatchStatus(state, answered, failed, ("failed".equals(status)) ? error(batch) : null);
	}

	private static BatchStatus.State failed(JsonNode batch, int answered) {
		if (answered > 0 || !batch.path(FILES[0]).asString("").isEmpty()) {
			return BatchStatus.State.ENDED;
		}
		for (JsonNode error : batch.path("errors").path("data")) {
			if (!PASSING.matcher(error.path("code").asString("").toLowerCase(Locale.ROOT)).find()
					&& !HttpErrors.isLimit(error)) {
				return BatchStatus.State.REFUSED;
			}
		}
		return BatchStatus.State.REFUSED_FOR_NOW;
	}

	private static @Nullable String error(JsonNode batch) {
		JsonNode errors = batch.path("errors").path("data");
		return (!errors.isEmpty()) ? HttpErrors.describe(null, errors.path(0)) : null;
	}

	@Override
	public void results(BatchTarget target, String id, Consumer<BatchAnswer> answers) {
		JsonNode batch = batch(target, id);
		for (String file : FILES) {
			String fileId = batch.path(file).asString("");
			if (!fileId.isEmpty()) {
				http().read(call("GET", target, "files", fileId, "content"),
						(body) -> JsonBytes.lines(body, (line) -> answer(line, answers)));
			}
		}
	}

	private static void answer(byte[] line, Consumer<BatchAnswer> answers) {
		JsonNode json = JsonBytes.read(line);
		String customId = json.path("custom_id").asString("");
		if (!customId.isEmpty()) {
			answers.accept(answer(customId, json, line));
		}
	}

	private static BatchAnswer answer(String customId, JsonNode json, byte[] line) {
		JsonNode response = json.path("response");
		int status = response.path("status_code").asInt(0);
		byte[] body = (status / 100 == 2) ? JsonBytes.slice(line, "response", "body") : null;
		if (body != null) {
			return new BatchAnswer(customId, BatchAnswer.Kind.ANSWERED, body, null);
		}
		JsonNode error = response.path("body").path("error");
		if (status == 0 || error.isMissingNode()) {
			error = json.path("error");
		}
		String code = error.path("code").asString("");
		BatchAnswer.Kind kind = switch (code) {
			case "batch_expired" -> BatchAnswer.Kind.EXPIRED;
			case "batch_cancelled", "batch_canceled" -> BatchAnswer.Kind.CANCELLED;
			default -> HttpErrors.line(status, error);
		};
		return new BatchAnswer(customId, kind, null, HttpErrors.describe((status != 0) ? status : null, error));
	}

	@Override
	protected HttpCall cancelCall(BatchTarget target, String id) {
		return call("POST", target, "batches", id, "cancel").with(JsonNodeFactory.instance.objectNode());
	}

	@Override
	public void delete(BatchTarget target, String id) {
		JsonNode batch;
		try {
			batch = batch(target, id);
		}
		catch (HttpFailure ex) {
			if (ex.status() == 404) {
				return;
			}
			throw ex;
		}
		for (String file : new String[] { "input_file_id", FILES[0], FILES[1] }) {
			String fileId = batch.path(file).asString("");
			if (!fileId.isEmpty()) {
				deleteIfPresent(call("DELETE", target, "files", fileId));
			}
		}
	}

	private JsonNode batch(BatchTarget target, String id) {
		return http().json(call("GET", target, "batches", id));
	}

}
