package io.tokensaving.simulator;

import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.tokensaving.simulator.BatchJob.Phase;
import io.tokensaving.simulator.BatchJob.Problem;
import io.tokensaving.simulator.BatchLine.State;
import io.tokensaving.simulator.Batches.Call;
import io.tokensaving.simulator.Batches.StoredFile;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** OpenAI's Batch API and what it needs of the Files API. */
final class OpenAiBatchApi extends BatchApi {

	private static final int PROBLEMS = 50;

	private static final int METADATA_PAIRS = 16;

	OpenAiBatchApi(Batches batches) {
		super(batches);
	}

	@Override
	boolean handles(String path) {
		return path.matches("(/v1)?/(files|batches)(/.*)?");
	}

	@Override
	Reply handle(Call call) throws Rejection, IOException {
		String[] path = call.path().replaceFirst("^(/v1)?/", "").split("/");
		String place = call.method() + " " + path[0] + ((path.length > 1) ? "/{}" : "")
				+ ((path.length > 2) ? "/" + path[2] : "");
		return switch (place) {
			case "POST files" -> Reply.json(file(upload(call)));
			case "GET files" -> Reply.json(listFiles(call));
			case "GET files/{}" -> Reply.json(file(batches().file(call, path[1])));
			case "DELETE files/{}" -> delete(call, path[1]);
			case "GET files/{}/content" -> batches().file(call, path[1]).download("application/octet-stream");
			case "POST batches" -> Reply.json(batch(create(call)));
			case "GET batches" -> Reply.json(list(call));
			case "GET batches/{}" -> Reply.json(batch(batches().job(call, path[1])));
			case "POST batches/{}/cancel" -> Reply.json(batch(cancel(call, path[1])));
			default -> throw notFound("Invalid URL (" + call.method() + " " + call.path() + ")");
		};
	}

	private StoredFile upload(Call call) throws Rejection, IOException {
		Map<String, BatchItems.Part> parts = BatchItems.multipart(call.content(), call.header("content-type"));
		BatchItems.Part purpose = parts.get("purpose");
		BatchItems.Part file = parts.get("file");
		require(file != null, "'file' is a required property", "file");
		require(purpose != null, "'purpose' is a required property", "purpose");
		if (file == null || purpose == null) {
			throw new IllegalStateException();
		}
		long limit = batches().rules().of(Provider.OPENAI).bytes();
		require(file.content().size() <= limit,
				"File is too large for the purpose '%s'. Maximum size is %d bytes.".formatted(purpose.text(), limit),
				"file");
		call.keep();
		return batches().store(new StoredFile(Provider.OPENAI, call.account(), batches().newId("file-", 22),
				file.filename(), purpose.text(), call.now(), file.content(), null, false));
	}

	private Reply delete(Call call, String id) throws Rejection {
		StoredFile file = batches().file(call, id);
		batches().removeFile(file);
		return Reply.json(object().put("id", id).put("object", "file").put("deleted", true));
	}

	private static ObjectNode file(StoredFile file) {
		return object().put("id", file.id())
			.put("object", "file")
			.put("bytes", file.bytes())
			.put("created_at", file.created().getEpochSecond())
			.putNull("expires_at")
			.put("filename", file.name())
			.put("purpose", file.purpose())
			.put("status", "processed")
			.putNull("status_details");
	}

	private ObjectNode listFiles(Call call) throws Rejection {
		String purpose = call.parameter("purpose");
		List<StoredFile> files = batches().files(call)
			.stream()
			.filter((file) -> purpose.isEmpty() || purpose.equals(file.purpose()))
			.toList();
		List<String> ids = files.stream().map(StoredFile::id).toList();
		ObjectNode page = page(call, ids, call.limit("limit", 10_000, 10_000));
		ArrayNode data = page.putArray("data");
		for (StoredFile file : files) {
			if (isOnPage(page, ids, file.id())) {
				data.add(file(file));
			}
		}
		return page;
	}

	private ObjectNode list(Call call) throws Rejection {
		List<BatchJob> jobs = batches().jobs(call);
		List<String> ids = jobs.stream().map((job) -> job.id).toList();
		ObjectNode page = page(call, ids, call.limit("limit", 20, 100));
		ArrayNode data = page.putArray("data");
		for (BatchJob job : jobs) {
			if (isOnPage(page, ids, job.id)) {
				data.add(batch(job));
			}
		}
		return page;
	}

	/** What is behind {@code after}. */
	private static ObjectNode page(Call call, List<String> ids, int limit) throws Rejection {
		String after = call.parameter("after");
		require(after.isEmpty() || ids.contains(after), "No such object: " + after, "after");
		int from = ids.indexOf(after) + 1;
		int to = Math.min(ids.size(), from + limit);
		ObjectNode page = object().put("object", "list").put("has_more", to < ids.size());
		return page.put("first_id", (from < to) ? ids.get(from) : null)
			.put("last_id", (from < to) ? ids.get(to - 1) : null);
	}

	private static boolean isOnPage(JsonNode page, List<String> ids, String id) {
		if (!page.path("first_id").isString()) {
			return false;
		}
		int index = ids.indexOf(id);
		return index >= ids.indexOf(page.path("first_id").asString())
				&& index <= ids.indexOf(page.path("last_id").asString());
	}

	private BatchJob create(Call call) throws Rejection, IOException {
		JsonNode body = call.json();
		String endpoint = body.path("endpoint").asString("");
		require(Set.of("/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/completions", "/v1/moderations")
			.contains(endpoint), "Invalid value: '" + endpoint + "'.", "endpoint");
		require(endpoint.equals("/v1/chat/completions"), "The simulator knows /v1/chat/completions only.", "endpoint");
		require(body.path("completion_window").asString("").equals("24h"),
				"Invalid value: '%s'. Supported values are: '24h'."
					.formatted(body.path("completion_window").asString("")),
				"completion_window");
		JsonNode metadata = body.path("metadata");
		require(metadata.size() <= METADATA_PAIRS, "Invalid 'metadata': too many properties. Expected at most 16.",
				"metadata");
		for (Map.Entry<String, JsonNode> pair : metadata.properties()) {
			require(pair.getKey().length() <= 64 && pair.getValue().isString()
					&& pair.getValue().asString().length() <= 512,
					"Invalid 'metadata." + pair.getKey() + "': a string of at most 512 characters is expected.",
					"metadata");
		}
		StoredFile file = batches().file(call, body.path("input_file_id").asString(""));
		BatchContent input = file.content();
		require(file.purpose().equals("batch") && input != null, "The file's purpose must be 'batch'.",
				"input_file_id");
		if (input == null) {
			throw new IllegalStateException();
		}
		ObjectNode about = object().put("endpoint", endpoint).put("input_file_id", file.id());
		about.set("metadata", metadata.isObject() ? metadata : ProviderWire.JSON.getNodeFactory().nullNode());
		return batches().create(call, (script) -> new BatchJob(batches(), call, batches().newId("batch_", 32),
				"/v1/chat/completions", script, input, about));
	}

	private BatchJob cancel(Call call, String id) throws Rejection, IOException {
		BatchJob job = batches().job(call, id);
		require(job.ended == null,
				"Cannot cancel a batch with status '%s'.".formatted(job.phase.name().toLowerCase(Locale.ROOT)), null);
		job.cancel(call.now());
		job.advance(call.now());
		return job;
	}

	@Override
	void validate(BatchJob job, Instant at) throws IOException {
		BatchRules rules = batches().rules();
		Set<String> ids = new HashSet<>();
		Set<String> models = new HashSet<>();
		try (BatchContent.Reader reader = job.input.reader()) {
			BatchItems.ofLines(job.input, "custom_id", "body", (number, item) -> {
				if (item == null || item.length() == 0) {
					problem(job, "invalid_json_line", "This line is not parseable as valid JSON.", number);
					return;
				}
				String id = item.customId();
				if (id == null || id.isEmpty()) {
					problem(job, "missing_required_parameter", "Missing required parameter: 'custom_id'.", number);
					return;
				}
				if (!ids.add(id)) {
					problem(job, "duplicate_custom_id", "The custom_id '" + id + "' is used more than once.", number);
				}
				if (!"POST".equals(item.method())) {
					problem(job, "invalid_method", "The method must be 'POST'.", number);
				}
				if (!job.linePath.equals(item.url())) {
					problem(job, "mismatched_endpoint",
							"The URL of this line does not match the endpoint of the batch.", number);
				}
				models.add(model(reader.read(item.offset(), item.length())));
				job.add(item, id);
			});
			if (job.lines.isEmpty() && job.problems.isEmpty()) {
				problem(job, "empty_file", "The input file is empty.", 0);
			}
			if (job.lines.size() > rules.of(Provider.OPENAI).lines()) {
				problem(job, "too_many_tasks",
						"The file has more than %d requests.".formatted(rules.of(Provider.OPENAI).lines()), 0);
			}
			if (models.size() > 1) {
				problem(job, "mismatched_model", "All requests of a batch must be for one model.", 0);
			}
			job.model = models.isEmpty() ? "" : models.iterator().next();
			if (job.problems.isEmpty() && batches().findModel(Provider.OPENAI, job.model) == null) {
				problem(job, "model_not_found", "The model `" + job.model + "` does not exist.", 0);
			}
			if (job.problems.isEmpty() && rules.enqueuedTokens() > 0) {
				checkEnqueued(job, reader, at, rules.enqueuedTokens());
			}
		}
	}

	private void checkEnqueued(BatchJob job, BatchContent.Reader reader, Instant at, long limit) throws IOException {
		for (BatchJob.Line line : job.lines) {
			job.enqueued += batches().inputTokens(job,
					new String(reader.read(line.offset, line.length), java.nio.charset.StandardCharsets.UTF_8));
		}
		if (batches().enqueued(job, at) + job.enqueued > limit) {
			problem(job, "token_limit_exceeded",
					"Enqueued token limit reached for %s. Limit: %d enqueued tokens. Please try again once some in_progress batches have been completed."
						.formatted(job.model, limit),
					0);
		}
	}

	private static void problem(BatchJob job, String code, String message, int line) {
		if (job.problems.size() < PROBLEMS) {
			job.problems.add(new Problem(code, message, line));
		}
	}

	private static String model(byte[] body) {
		try (JsonParser parser = ProviderWire.JSON.createParser(body)) {
			parser.nextToken();
			while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
				String name = parser.currentName();
				JsonToken value = parser.nextToken();
				if (name.equals("model") && value == JsonToken.VALUE_STRING) {
					return parser.getString();
				}
				parser.skipChildren();
			}
		}
		return "";
	}

	@Override
	byte[] result(BatchJob job, BatchJob.Line line, LineAnswer answer) {
		String request = "batch_req_" + answer.number();
		return bytes("{\"id\":" + quoted(request) + ",\"custom_id\":" + quoted(line.customId)
				+ ",\"response\":{\"status_code\":" + answer.status() + ",\"request_id\":"
				+ quoted("req_" + answer.number()) + ",\"body\":" + answer.body() + "},\"error\":null}");
	}

	@Override
	byte @Nullable [] unfinished(BatchJob job, BatchJob.Line line) {
		boolean expired = line.state == State.EXPIRED;
		ObjectNode node = object().put("id", "batch_req_" + line.offset + "_" + job.id.substring(6))
			.put("custom_id", line.customId)
			.putNull("response");
		node.putObject("error")
			.put("code", expired ? "batch_expired" : "batch_cancelled")
			.put("message", expired ? "This request could not be executed before the completion window expired."
					: "This request was not executed because the batch was cancelled.");
		return bytes(node);
	}

	@Override
	boolean hasErrorFile() {
		return true;
	}

	@Override
	void ended(BatchJob job) {
		Instant at = job.ended;
		if (at == null) {
			return;
		}
		if (job.hasOutput()) {
			job.about.put("output_file_id", results(job, at, false));
		}
		if (job.hasErrors()) {
			job.about.put("error_file_id", results(job, at, true));
		}
	}

	private String results(BatchJob job, Instant at, boolean errors) {
		StoredFile file = new StoredFile(Provider.OPENAI, job.account, batches().newId("file-", 22),
				job.id + (errors ? "_error.jsonl" : "_output.jsonl"), "batch_output", at, null, job, errors);
		return batches().store(file).id();
	}

	private static ObjectNode batch(BatchJob job) {
		ObjectNode node = object().put("id", job.id).put("object", "batch");
		node.setAll(job.about);
		node.put("model", job.model.isEmpty() ? null : job.model)
			.put("completion_window", "24h")
			.put("status", job.phase.name().toLowerCase(Locale.ROOT));
		if (job.problems.isEmpty()) {
			node.putNull("errors");
		}
		else {
			ArrayNode data = node.putObject("errors").put("object", "list").putArray("data");
			for (Problem problem : job.problems) {
				ObjectNode entry = data.addObject()
					.put("code", problem.code())
					.put("message", problem.message())
					.putNull("param");
				if (problem.line() > 0) {
					entry.put("line", problem.line());
				}
				else {
					entry.putNull("line");
				}
			}
		}
		node.put("output_file_id", node.path("output_file_id").asString(null))
			.put("error_file_id", node.path("error_file_id").asString(null));
		Instant ended = job.ended;
		time(node, "created_at", job.created);
		time(node, "in_progress_at", job.validated);
		time(node, "expires_at", job.expires());
		time(node, "finalizing_at", job.finalizing);
		time(node, "completed_at", (job.phase == Phase.COMPLETED) ? ended : null);
		time(node, "failed_at", (job.phase == Phase.FAILED) ? ended : null);
		time(node, "expired_at", (job.phase == Phase.EXPIRED) ? ended : null);
		time(node, "cancelling_at", job.cancelRequested);
		time(node, "cancelled_at", (job.phase == Phase.CANCELLED) ? ended : null);
		boolean read = job.validated != null;
		node.putObject("request_counts")
			.put("total", read ? job.lines.size() : 0)
			.put("completed", job.count(State.DONE))
			.put("failed", job.count(State.ERRORED));
		usage(job, node);
		return node;
	}

	private static void usage(BatchJob job, ObjectNode node) {
		long input = 0;
		long read = 0;
		long output = 0;
		long thinking = 0;
		for (BatchJob.Line line : job.lines) {
			input += line.input.total();
			read += line.input.read();
			output += line.output + line.thinking;
			thinking += line.thinking;
		}
		ObjectNode usage = node.putObject("usage").put("input_tokens", input);
		usage.putObject("input_tokens_details").put("cached_tokens", read);
		usage.put("output_tokens", output);
		usage.putObject("output_tokens_details").put("reasoning_tokens", thinking);
		usage.put("total_tokens", input + output);
	}

	private static void time(ObjectNode node, String name, @Nullable Instant at) {
		if (at == null) {
			node.putNull(name);
		}
		else {
			node.put(name, at.getEpochSecond());
		}
	}

	private static void require(boolean condition, String message, @Nullable String param) throws Rejection {
		ChatCompletionsWire.require(condition, message, param, null);
	}

}
