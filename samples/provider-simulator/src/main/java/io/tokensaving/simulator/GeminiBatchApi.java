package io.tokensaving.simulator;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tokensaving.simulator.BatchJob.Phase;
import io.tokensaving.simulator.BatchLine.State;
import io.tokensaving.simulator.Batches.Call;
import io.tokensaving.simulator.Batches.StoredFile;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Gemini's batches, with requests in the call or in a file, and its files. */
final class GeminiBatchApi extends BatchApi {

	private static final String TYPE = "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch";

	private static final Pattern CREATE = Pattern
		.compile("(/v1beta|/v1alpha|/v1)?(/models/[^/:]+):batchGenerateContent");

	// Google's client puts its base URL in front of the path of the URL that it is given
	private static final Pattern UPLOAD = Pattern
		.compile("(?:/gemini)?/upload(/v1beta|/v1alpha|/v1)?/files(/[a-z0-9]+)?");

	private static final Pattern PLACE = Pattern
		.compile("(?:/download)?(?:/v1beta|/v1alpha|/v1)?/(batches|files)(?:/([a-z0-9]+))?(?::(\\w+))?");

	private static final Duration FILES_KEPT = Duration.ofHours(48);

	GeminiBatchApi(Batches batches) {
		super(batches);
	}

	@Override
	boolean handles(String path) {
		return CREATE.matcher(path).matches() || UPLOAD.matcher(path).matches() || PLACE.matcher(path).matches();
	}

	@Override
	Reply handle(Call call) throws Rejection, IOException {
		Matcher create = CREATE.matcher(call.path());
		if (create.matches()) {
			return operation(create(call, create.group(2)));
		}
		Matcher upload = UPLOAD.matcher(call.path());
		if (upload.matches()) {
			return upload(call, upload.group(2));
		}
		Matcher matcher = PLACE.matcher(call.path());
		if (!matcher.matches()) {
			throw notFound("Requested entity was not found.");
		}
		String id = matcher.group(1) + "/" + matcher.group(2);
		String place = call.method() + " " + matcher.group(1) + ((matcher.group(2) != null) ? "/{}" : "")
				+ ((matcher.group(3) != null) ? ":" + matcher.group(3) : "");
		return switch (place) {
			case "GET batches" -> list(call);
			case "GET batches/{}" -> operation(batches().job(call, id));
			case "POST batches/{}:cancel" -> cancel(call, id);
			case "DELETE batches/{}" -> delete(call, id);
			case "GET files" -> listFiles(call);
			case "GET files/{}" -> Reply.json(file(batches().file(call, id)));
			case "GET files/{}:download" -> batches().file(call, id).download("application/jsonl");
			case "DELETE files/{}" -> deleteFile(call, id);
			default -> throw notFound("Requested entity was not found.");
		};
	}

	private BatchJob create(Call call, String model) throws Rejection, IOException {
		String name = model.substring("/models/".length());
		if (batches().findModel(Provider.GEMINI, name) == null) {
			throw notFound("models/" + name
					+ " is not found for API version v1beta, or is not supported for batchGenerateContent.");
		}
		BatchItems inline = BatchItems.ofObject(call.content(), "key", "request");
		ObjectNode about = object().put("model", "models/" + name);
		String displayName = inline.text("displayName");
		about.put("displayName", (displayName != null) ? displayName : "");
		String fileName = inline.text("fileName");
		List<BatchItems.Item> items = new ArrayList<>(inline.items());
		BatchContent input = call.content();
		if (fileName != null) {
			StoredFile file = batches().file(call, fileName);
			if (file.content() == null) {
				throw Rejection.invalid("The results of a batch cannot be the requests of another one.");
			}
			input = file.content();
			about.putObject("inputConfig").put("fileName", fileName);
			List<Integer> broken = new ArrayList<>();
			BatchItems.ofLines(input, "key", "request", (number, item) -> {
				if (item == null || item.length() == 0) {
					broken.add(number);
				}
				else {
					items.add(item);
				}
			});
			if (!broken.isEmpty()) {
				throw Rejection.invalid("Line " + broken.get(0) + " of " + fileName + " is no request.");
			}
		}
		else if (input.size() > batches().rules().inlineBytes()) {
			throw Rejection.invalid(
					"Request payload size exceeds the limit: %d bytes.".formatted(batches().rules().inlineBytes()));
		}
		if (items.isEmpty()) {
			throw Rejection.invalid("* BatchGenerateContentRequest.batch.input_config: requests are not specified\n");
		}
		BatchContent source = input;
		return batches().create(call, (script) -> {
			if (fileName == null) {
				call.keep();
			}
			BatchJob job = new BatchJob(batches(), call, batches().newId("batches/", 30),
					"/v1beta/models/" + name + ":generateContent", script, source, about);
			job.model = name;
			for (int index = 0; index < items.size(); index++) {
				String key = items.get(index).customId();
				job.add(items.get(index), (key != null) ? key : "#" + index);
			}
			return job;
		});
	}

	private Reply cancel(Call call, String id) throws Rejection, IOException {
		BatchJob job = batches().job(call, id);
		if (job.ended != null) {
			throw Rejection.invalid("The batch has ended and cannot be cancelled.");
		}
		job.cancel(call.now());
		job.advance(call.now());
		return Reply.json(object());
	}

	private Reply delete(Call call, String id) throws Rejection {
		batches().remove(batches().job(call, id));
		return Reply.json(object());
	}

	private Reply list(Call call) throws IOException {
		List<BatchJob> jobs = batches().jobs(call);
		int from = call.limit("pageToken", 0, Integer.MAX_VALUE);
		int to = Math.min(jobs.size(), from + call.limit("pageSize", 50, 100));
		ObjectNode page = object();
		ArrayNode operations = page.putArray("operations");
		for (BatchJob job : jobs.subList(Math.min(from, to), to)) {
			operations.add(head(job));
		}
		if (to < jobs.size()) {
			page.put("nextPageToken", Integer.toString(to));
		}
		return Reply.json(page);
	}

	/** The operation, with the results if it has ended and they were not in a file. */
	private Reply operation(BatchJob job) throws IOException {
		ObjectNode head = head(job);
		if (job.ended == null || !givesResults(job) || isFile(job)) {
			return Reply.json(head);
		}
		// The results are twice in it, so they are put where the text has a place for
		// each
		String place = "\"" + job.id + "/place\"";
		ObjectNode output = object();
		output.putObject("inlinedResponses").put("inlinedResponses", job.id + "/place");
		((ObjectNode) head.path("metadata")).set("output", output);
		ObjectNode response = object().put("@type", TYPE + "Output");
		response.setAll(output);
		head.set("response", response);
		String[] parts = head.toString().split(Pattern.quote(place));
		long limit = job.download(false);
		return new Reply(Map.of("content-type", "application/json; charset=UTF-8"), 0, (out) -> {
			ByteArrayOutputStream results = new ByteArrayOutputStream();
			job.writeResults(false, bytes(","), limit, results);
			for (int index = 0; index < parts.length; index++) {
				out.write(bytes(parts[index]));
				if (index < parts.length - 1) {
					out.write('[');
					results.writeTo(out);
					out.write(']');
				}
			}
		});
	}

	private static boolean isFile(BatchJob job) {
		return job.about.has("inputConfig");
	}

	private ObjectNode head(BatchJob job) {
		ObjectNode operation = object().put("name", job.id);
		ObjectNode metadata = operation.putObject("metadata").put("@type", TYPE);
		metadata.setAll(job.about);
		metadata.remove("responsesFile");
		metadata.put("name", job.id)
			.put("createTime", job.created.toString())
			.put("updateTime", ((job.ended != null) ? job.ended : batches().now()).toString())
			.put("state", "BATCH_STATE_" + state(job.phase));
		ObjectNode stats = metadata.putObject("batchStats").put("requestCount", Integer.toString(job.lines.size()));
		count(stats, "successfulRequestCount", job.count(State.DONE));
		count(stats, "failedRequestCount", job.count(State.ERRORED));
		count(stats, "pendingRequestCount", (job.ended != null) ? 0 : job.count(State.WAITING));
		if (job.ended == null) {
			return operation;
		}
		metadata.put("endTime", job.ended.toString());
		operation.put("done", true);
		if (job.about.has("responsesFile")) {
			String file = job.about.path("responsesFile").asString();
			metadata.putObject("output").put("responsesFile", file);
			operation.putObject("response").put("@type", TYPE + "Output").put("responsesFile", file);
		}
		if (job.phase == Phase.FAILED || job.phase == Phase.EXPIRED) {
			operation.putObject("error")
				.put("code", (job.phase == Phase.FAILED) ? 3 : 4)
				.put("message", job.problems.isEmpty() ? "The batch has expired" : job.problems.get(0).message());
		}
		return operation;
	}

	private static void count(ObjectNode stats, String name, int count) {
		if (count > 0) {
			stats.put(name, Integer.toString(count));
		}
	}

	private static String state(Phase phase) {
		return switch (phase) {
			case VALIDATING -> "PENDING";
			case IN_PROGRESS, FINALIZING, CANCELLING -> "RUNNING";
			case COMPLETED -> "SUCCEEDED";
			case FAILED -> "FAILED";
			case EXPIRED -> "EXPIRED";
			case CANCELLED -> "CANCELLED";
		};
	}

	@Override
	byte[] result(BatchJob job, BatchJob.Line line, LineAnswer answer) {
		String text = answer.isDone() ? "\"response\":" + answer.body()
				: "\"error\":" + ProviderWire.JSON.readTree(answer.body()).path("error");
		return entry(job, line, text);
	}

	@Override
	byte @Nullable [] unfinished(BatchJob job, BatchJob.Line line) {
		return entry(job, line,
				"\"error\":" + object().put("code", 1).put("message", "The batch was cancelled").toString());
	}

	private static byte[] entry(BatchJob job, BatchJob.Line line, String text) {
		if (isFile(job)) {
			return bytes("{\"key\":" + quoted(line.customId) + "," + text + "}");
		}
		return bytes("{" + text + ((line.metadata != null) ? ",\"metadata\":" + line.metadata : "") + "}");
	}

	@Override
	boolean givesResults(BatchJob job) {
		return job.phase != Phase.FAILED && job.phase != Phase.EXPIRED;
	}

	@Override
	boolean billsAtOnce() {
		return false;
	}

	/** Requests without a key are known by their place. */
	@Override
	boolean isShuffled(BatchJob job) {
		return job.script.shuffled() && job.lines.stream().noneMatch((line) -> line.customId.startsWith("#"));
	}

	@Override
	void ended(BatchJob job) {
		if (isFile(job) && job.ended != null && givesResults(job)) {
			StoredFile file = batches().store(new StoredFile(Provider.GEMINI, job.account,
					batches().newId("files/batch", 30), job.id, "", job.ended, null, job, false));
			job.about.put("responsesFile", file.id());
		}
	}

	private Reply upload(Call call, @Nullable String upload) throws Rejection, IOException {
		if (upload == null) {
			JsonNode about = call.json().path("file");
			BatchContent content = batches().newContent();
			StoredFile file = new StoredFile(Provider.GEMINI, call.account(), batches().newId("files/", 12),
					about.path("displayName").asString(""), about.path("mimeType").asString("application/jsonl"),
					call.now(), content, null, false);
			batches().store(file);
			String url = batches().baseUrl(Provider.GEMINI) + "/upload/v1beta/" + file.id();
			return new Reply(Map.of("X-Goog-Upload-URL", url, "X-Goog-Upload-Status", "active", "content-type",
					"application/json"), 2, (out) -> out.write(bytes("{}")));
		}
		StoredFile file = batches().file(call, "files" + upload);
		BatchContent content = file.content();
		if (content == null) {
			throw Rejection.invalid("The upload has ended.");
		}
		long limit = batches().rules().of(Provider.GEMINI).bytes();
		try (InputStream in = call.content().open()) {
			content.append(in, limit);
		}
		if (content.size() > limit) {
			throw Rejection.invalid("The file is larger than " + limit + " bytes.");
		}
		boolean last = call.header("x-goog-upload-command").contains("finalize");
		ObjectNode body = object();
		if (last) {
			body.set("file", file(file));
		}
		byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
		return new Reply(Map.of("X-Goog-Upload-Status", last ? "final" : "active", "content-type", "application/json"),
				bytes.length, (out) -> out.write(bytes));
	}

	private Reply listFiles(Call call) {
		ObjectNode page = object();
		ArrayNode files = page.putArray("files");
		batches().files(call).forEach((file) -> files.add(file(file)));
		return Reply.json(page);
	}

	private Reply deleteFile(Call call, String id) throws Rejection {
		batches().removeFile(batches().file(call, id));
		return Reply.json(object());
	}

	private ObjectNode file(StoredFile file) {
		return object().put("name", file.id())
			.put("displayName", file.name())
			.put("mimeType", file.purpose().isEmpty() ? "application/jsonl" : file.purpose())
			.put("sizeBytes", Long.toString(file.bytes()))
			.put("createTime", file.created().toString())
			.put("updateTime", file.created().toString())
			.put("expirationTime", file.created().plus(FILES_KEPT).toString())
			.put("uri", batches().baseUrl(Provider.GEMINI) + "/v1beta/" + file.id())
			.put("downloadUri", batches().baseUrl(Provider.GEMINI) + "/v1beta/" + file.id() + ":download?alt=media")
			.put("state", "ACTIVE")
			.put("source", (file.content() != null) ? "UPLOADED" : "GENERATED");
	}

}
