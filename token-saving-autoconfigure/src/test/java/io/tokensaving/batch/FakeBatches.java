package io.tokensaving.batch;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tokensaving.batch.LoopbackProvider.Answer;
import io.tokensaving.batch.LoopbackProvider.Received;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.model.ChatModel;

/**
 * As much of a provider's batch API as a transport calls. Batches end when a test says
 * so.
 */
abstract class FakeBatches implements AutoCloseable {

	static final Instant NOW = Instant.parse("2026-11-20T10:00:00Z");

	private static final JsonMapper MAPPER = new JsonMapper();

	final LoopbackProvider server = new LoopbackProvider(this::answer);

	final List<Job> jobs = new ArrayList<>();

	private Predicate<Received> fault = (request) -> false;

	private Answer faultAnswer = Answer.cut();

	boolean newestFirst = true;

	boolean paged = true;

	int pageSize = 2;

	static FakeBatches of(String provider) {
		return switch (provider) {
			case "openai" -> new OpenAi();
			case "anthropic" -> new Anthropic();
			default -> new Gemini();
		};
	}

	/**
	 * Answer one kind of requests in another way.
	 */
	void fail(Predicate<Received> request, Answer answer) {
		this.fault = request;
		this.faultAnswer = answer;
	}

	/**
	 * Do what is asked, but cut the connection instead of saying so.
	 */
	abstract boolean isCreation(Received request);

	abstract ChatModel model();

	abstract String answered(String customId, String body);

	abstract String failed(String customId, boolean invalid);

	abstract String expired(String customId);

	abstract Answer handle(Received request);

	long count(Predicate<Received> request) {
		return this.server.received().stream().filter(request).count();
	}

	Job job(String submission, Instant created, List<String> customIds) {
		Job job = new Job(id(this.jobs.size()), submission, created);
		job.customIds.addAll(customIds);
		this.jobs.add(job);
		return job;
	}

	String id(int number) {
		return "batch_" + number;
	}

	private synchronized Answer answer(Received request) {
		boolean fails = this.fault.test(request);
		if (fails && !isCreation(request)) {
			return this.faultAnswer;
		}
		if (fails && this.faultAnswer.status() / 100 == 4) {
			return this.faultAnswer;
		}
		Answer answer = handle(request);
		return (fails) ? this.faultAnswer : answer;
	}

	Job find(String id) {
		return this.jobs.stream().filter((job) -> job.id.equals(id)).findFirst().orElse(null);
	}

	/**
	 * The page of a list that begins after an item.
	 */
	List<Job> page(String after) {
		List<Job> all = new ArrayList<>(this.jobs);
		all.sort((one, other) -> (this.newestFirst) ? other.created.compareTo(one.created)
				: one.created.compareTo(other.created));
		int start = 0;
		for (int i = 0; i < all.size(); i++) {
			start = (all.get(i).id.equals(after)) ? i + 1 : start;
		}
		return all.subList(start, Math.min(all.size(), start + this.pageSize));
	}

	boolean hasMore(List<Job> page, String after) {
		return !page.isEmpty() && !page(page.get(page.size() - 1).id).isEmpty();
	}

	static JsonNode read(String json) {
		return MAPPER.readTree(json);
	}

	@Override
	public void close() {
		this.server.close();
	}

	/**
	 * A batch.
	 */
	static final class Job {

		final String id;

		final String submission;

		final Instant created;

		final List<String> customIds = new ArrayList<>();

		final List<String> bodies = new ArrayList<>();

		final List<String> results = new ArrayList<>();

		final List<String> errors = new ArrayList<>();

		String state = "";

		String failure = "";

		boolean ended;

		Job(String id, String submission, Instant created) {
			this.id = id;
			this.submission = submission;
			this.created = created;
		}

	}

	private static final class OpenAi extends FakeBatches {

		private static final Pattern FILE_NAME = Pattern.compile("filename=\"(.*?)\"");

		private final Map<String, String> files = new LinkedHashMap<>();

		@Override
		ChatModel model() {
			return RealBatchModels.openAi(this.server.url() + "/v1", (options) -> {
				options.organizationId("org-1");
				return options;
			});
		}

		@Override
		boolean isCreation(Received request) {
			return request.method().equals("POST") && request.path().equals("/v1/batches");
		}

		@Override
		String answered(String customId, String body) {
			return """
					{"id":"batch_req_1","custom_id":"%s","response":{"status_code":200,"request_id":"r","body": %s},"error":null}"""
				.formatted(customId, body);
		}

		@Override
		String failed(String customId, boolean invalid) {
			return """
					{"id":"batch_req_1","custom_id":"%s","response":{"status_code":%d,"request_id":"r","body":{"error":\
					{"message":"It went wrong","type":"%s","param":null,"code":null}}},"error":null}"""
				.formatted(customId, (invalid) ? 400 : 503, (invalid) ? "invalid_request_error" : "server_error");
		}

		@Override
		String expired(String customId) {
			return """
					{"id":"batch_req_1","custom_id":"%s","response":null,"error":{"code":"batch_expired","message":"Too late"}}"""
				.formatted(customId);
		}

		@Override
		Answer handle(Received request) {
			String path = request.path().substring("/v1/".length());
			if (request.method().equals("POST") && path.equals("files")) {
				String id = "file-" + this.files.size();
				this.files.put(id, request.text());
				return Answer.ok("{\"id\":\"%s\",\"object\":\"file\"}".formatted(id));
			}
			if (isCreation(request)) {
				JsonNode json = read(request.text());
				Job job = job(json.path("metadata").path("submission_id").asString(), NOW, List.of());
				String file = this.files.get(json.path("input_file_id").asString());
				file.lines().filter((line) -> line.startsWith("{")).forEach((line) -> {
					JsonNode read = read(line);
					job.customIds.add(read.path("custom_id").asString());
					String body = line.substring(line.indexOf("\"body\":") + 7, line.length() - 1);
					job.bodies.add(body);
				});
				return Answer.ok(describe(job));
			}
			String[] segments = path.split("/");
			if (path.equals("files")) {
				return Answer.ok("{\"data\":[%s]}".formatted(String.join(",",
						this.files.keySet()
							.stream()
							.map((id) -> "{\"id\":\"%s\",\"filename\":\"%s\"}".formatted(id, fileName(id)))
							.toList())));
			}
			if (path.equals("batches")) {
				String after = (this.paged) ? request.parameter("after") : null;
				List<Job> page = page(after);
				return Answer.ok("{\"object\":\"list\",\"data\":[%s],\"has_more\":%b}"
					.formatted(String.join(",", page.stream().map(this::describe).toList()), hasMore(page, after)));
			}
			if (segments[0].equals("files") && request.method().equals("DELETE")) {
				return (this.files.remove(segments[1]) != null || segments[1].startsWith("out"))
						? Answer.ok("{\"deleted\":true}")
						: Answer.of(404, "{\"error\":{\"message\":\"No such file\"}}");
			}
			if (segments[0].equals("files")) {
				Job job = find(segments[1].substring(segments[1].indexOf('-') + 1));
				List<String> lines = (segments[1].startsWith("out-")) ? job.results : job.errors;
				return Answer.ok(String.join("\n", lines) + "\n");
			}
			Job job = find(segments[1]);
			if (job == null) {
				return Answer.of(404, "{\"error\":{\"message\":\"No such batch\"}}");
			}
			if (segments.length > 2 && job.ended) {
				return Answer.of(409, "{\"error\":{\"message\":\"It has ended\"}}");
			}
			return Answer.ok(describe(job));
		}

		private String fileName(String id) {
			Matcher matcher = FILE_NAME.matcher(this.files.get(id));
			return (matcher.find()) ? matcher.group(1) : "";
		}

		private String describe(Job job) {
			return """
					{"id":"%s","object":"batch","endpoint":"/v1/chat/completions","input_file_id":"file-0",\
					"status":"%s","created_at":%d,"output_file_id":%s,"error_file_id":%s,\
					"errors":%s,"request_counts":{"total":%d,"completed":%d,"failed":%d},\
					"metadata":{"submission_id":"%s"}}""".formatted(job.id,
					(!job.state.isEmpty()) ? job.state : (job.ended) ? "completed" : "in_progress",
					job.created.getEpochSecond(), (job.results.isEmpty()) ? "null" : "\"out-" + job.id + "\"",
					(job.errors.isEmpty()) ? "null" : "\"outerr-" + job.id + "\"",
					(job.failure.isEmpty()) ? "null"
							: "{\"data\":[{\"code\":\"%s\",\"message\":\"No\"}]}".formatted(job.failure),
					job.customIds.size(), job.results.size(), job.errors.size(), job.submission);
		}

	}

	private static final class Anthropic extends FakeBatches {

		@Override
		ChatModel model() {
			return RealBatchModels.anthropic(this.server.url(), (options) -> options);
		}

		@Override
		boolean isCreation(Received request) {
			return request.method().equals("POST") && request.path().equals("/v1/messages/batches");
		}

		@Override
		String answered(String customId, String body) {
			return "{\"custom_id\":\"%s\",\"result\":{\"type\":\"succeeded\",\"message\": %s}}".formatted(customId,
					body);
		}

		@Override
		String failed(String customId, boolean invalid) {
			return """
					{"custom_id":"%s","result":{"type":"errored","error":{"type":"error","error":\
					{"type":"%s","message":"It went wrong"}}}}""".formatted(customId,
					(invalid) ? "invalid_request_error" : "overloaded_error");
		}

		@Override
		String expired(String customId) {
			return "{\"custom_id\":\"%s\",\"result\":{\"type\":\"expired\"}}".formatted(customId);
		}

		@Override
		Answer handle(Received request) {
			if (isCreation(request)) {
				Job job = job("", NOW, List.of());
				for (JsonNode line : read(request.text()).path("requests")) {
					job.customIds.add(line.path("custom_id").asString());
					job.bodies.add(line.path("params").toString());
				}
				return Answer.ok(describe(job));
			}
			String[] segments = request.path().substring("/v1/messages/".length()).split("/");
			if (segments.length == 1) {
				String after = (this.paged) ? request.parameter("after_id") : null;
				List<Job> page = page(after);
				return Answer.ok("{\"data\":[%s],\"has_more\":%b}"
					.formatted(String.join(",", page.stream().map(this::describe).toList()), hasMore(page, after)));
			}
			Job job = find(segments[1]);
			if (job == null) {
				return Answer.of(404,
						"{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\",\"message\":\"No\"}}");
			}
			if (segments.length == 2) {
				return Answer.ok(describe(job));
			}
			if (segments[2].equals("results")) {
				List<String> all = new ArrayList<>(job.results);
				all.addAll(job.errors);
				return Answer.ok(String.join("\n", all) + "\n");
			}
			return (job.ended) ? Answer.of(400,
					"{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"It has ended\"}}")
					: Answer.ok(describe(job));
		}

		private String describe(Job job) {
			int open = (job.ended) ? job.customIds.size() - job.results.size() - job.errors.size()
					: job.customIds.size();
			return """
					{"id":"%s","type":"message_batch","processing_status":"%s","created_at":"%s","request_counts":\
					{"processing":%d,"succeeded":%d,"errored":%d,"canceled":%d,"expired":0}}""".formatted(job.id,
					(job.ended) ? "ended" : "in_progress", job.created, (job.ended) ? 0 : open,
					(job.ended) ? job.results.size() : 0, (job.ended) ? job.errors.size() : 0, (job.ended) ? open : 0);
		}

	}

	private static final class Gemini extends FakeBatches {

		@Override
		ChatModel model() {
			return RealBatchModels.google(this.server.url(), (options) -> options);
		}

		@Override
		String id(int number) {
			return "batches/" + number;
		}

		@Override
		boolean isCreation(Received request) {
			return request.path().equals("/v1beta/models/gemini-2.5-flash:batchGenerateContent");
		}

		@Override
		String answered(String customId, String body) {
			return "{\"metadata\":{\"key\":\"%s\"},\"response\": %s}".formatted(customId, body);
		}

		@Override
		String failed(String customId, boolean invalid) {
			return "{\"metadata\":{\"key\":\"%s\"},\"error\":{\"code\":%d,\"message\":\"It went wrong\"}}"
				.formatted(customId, (invalid) ? 3 : 14);
		}

		@Override
		String expired(String customId) {
			return "{\"metadata\":{\"key\":\"%s\"},\"error\":{\"code\":4,\"message\":\"Too late\"}}"
				.formatted(customId);
		}

		@Override
		Answer handle(Received request) {
			if (isCreation(request)) {
				JsonNode batch = read(request.text()).path("batch");
				Job job = job(batch.path("displayName").asString(), NOW, List.of());
				for (JsonNode line : batch.path("inputConfig").path("requests").path("requests")) {
					job.customIds.add(line.path("metadata").path("key").asString());
					job.bodies.add(line.path("request").toString());
				}
				return Answer.ok(describe(job));
			}
			String path = request.path().substring("/v1beta/".length());
			if (path.equals("batches")) {
				String after = (this.paged) ? request.parameter("pageToken") : null;
				List<Job> page = page(after);
				return Answer.ok("{\"operations\":[%s]%s}"
					.formatted(String.join(",", page.stream().map(this::describe).toList()), (hasMore(page, after))
							? ",\"nextPageToken\":\"%s\"".formatted(page.get(page.size() - 1).id) : ""));
			}
			Job job = find(path.replace(":cancel", ""));
			if (job == null) {
				return Answer.of(404, "{\"error\":{\"code\":404,\"status\":\"NOT_FOUND\",\"message\":\"No\"}}");
			}
			if (path.endsWith(":cancel") && job.ended) {
				return Answer.of(400,
						"{\"error\":{\"code\":400,\"status\":\"FAILED_PRECONDITION\",\"message\":\"It has ended\"}}");
			}
			return Answer.ok(describe(job));
		}

		private String describe(Job job) {
			List<String> all = new ArrayList<>(job.results);
			all.addAll(job.errors);
			return """
					{"name":"%s","metadata":{"@type":"GenerateContentBatch","model":"models/gemini-2.5-flash",\
					"displayName":"%s","createTime":"%s","state":"%s","batchStats":{"requestCount":"%d",\
					"successfulRequestCount":"%d","failedRequestCount":"%d"}}%s,"done":%b%s}""".formatted(job.id,
					job.submission, job.created,
					(!job.state.isEmpty()) ? job.state : (job.ended) ? "BATCH_STATE_SUCCEEDED" : "BATCH_STATE_RUNNING",
					job.customIds.size(), job.results.size(), job.errors.size(),
					(job.failure.isEmpty()) ? "" : ",\"error\":{\"code\":%s,\"message\":\"No\"}".formatted(job.failure),
					job.ended,
					(job.ended && !all.isEmpty()) ? ",\"response\":{\"inlinedResponses\":{\"inlinedResponses\":[%s]}}"
						.formatted(String.join(" ,\n", all)) : "");
		}

	}

}
