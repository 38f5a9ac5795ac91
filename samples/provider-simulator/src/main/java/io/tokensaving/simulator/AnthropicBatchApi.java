package io.tokensaving.simulator;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.tokensaving.simulator.BatchLine.State;
import io.tokensaving.simulator.Batches.Call;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Anthropic's Message Batches. */
final class AnthropicBatchApi extends BatchApi {

	private static final Duration RESULTS_KEPT = Duration.ofDays(29);

	AnthropicBatchApi(Batches batches) {
		super(batches);
	}

	@Override
	boolean handles(String path) {
		return path.matches("/v1/messages/batches(/.*)?");
	}

	@Override
	Reply handle(Call call) throws Rejection, IOException {
		if (call.header("anthropic-version").isEmpty()) {
			throw Rejection.invalid("anthropic-version: header is required");
		}
		String[] path = call.path().substring("/v1/messages/batches".length()).split("/");
		String place = call.method() + ((path.length > 1) ? " {}" : "") + ((path.length > 2) ? "/" + path[2] : "");
		return switch (place) {
			case "POST" -> Reply.json(batch(create(call)));
			case "GET" -> Reply.json(list(call));
			case "GET {}" -> Reply.json(batch(batches().job(call, path[1])));
			case "POST {}/cancel" -> Reply.json(batch(cancel(call, path[1])));
			case "GET {}/results" -> results(call, path[1]);
			case "DELETE {}" -> delete(call, path[1]);
			default -> throw notFound("Not found");
		};
	}

	private BatchJob create(Call call) throws Rejection, IOException {
		BatchRules.Limits limits = batches().rules().of(Provider.ANTHROPIC);
		BatchContent content = call.content();
		if (content.size() > limits.bytes()) {
			throw new Rejection(SimulatedError.Kind.TOO_LARGE, "Request exceeds the maximum size");
		}
		List<BatchItems.Item> items = BatchItems.ofObject(content, "custom_id", "params").items();
		require(!items.isEmpty(), "requests: Field required");
		require(items.size() <= limits.lines(), "requests: List should have at most %d items after validation, not %d"
			.formatted(limits.lines(), items.size()));
		Set<String> ids = new HashSet<>();
		for (int index = 0; index < items.size(); index++) {
			String id = items.get(index).customId();
			require(id != null, "requests." + index + ".custom_id: Field required");
			require(id != null && id.matches("[a-zA-Z0-9_-]{1,64}"),
					"requests." + index + ".custom_id: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'");
			require(items.get(index).length() > 0, "requests." + index + ".params: Field required");
			require(id != null && ids.add(id),
					"requests: `custom_id` must be unique within a batch, '" + id + "' is not");
		}
		return batches().create(call, (script) -> {
			BatchJob job = new BatchJob(batches(), call, batches().newId("msgbatch_", 24), "/v1/messages", script,
					call.keep(), object());
			for (BatchItems.Item item : items) {
				job.add(item, String.valueOf(item.customId()));
			}
			return job;
		});
	}

	private ObjectNode list(Call call) {
		List<BatchJob> jobs = batches().jobs(call);
		List<String> ids = jobs.stream().map((job) -> job.id).toList();
		int limit = call.limit("limit", 20, 1000);
		String before = call.parameter("before_id");
		int from = ids.indexOf(call.parameter("after_id")) + 1;
		int to = Math.min(jobs.size(), from + limit);
		boolean more = to < jobs.size();
		if (!before.isEmpty()) {
			to = Math.max(0, ids.indexOf(before));
			from = Math.max(0, to - limit);
			more = from > 0;
		}
		ObjectNode page = object();
		ArrayNode data = page.putArray("data");
		jobs.subList(from, to).forEach((job) -> data.add(batch(job)));
		return page.put("has_more", more)
			.put("first_id", (from < to) ? ids.get(from) : null)
			.put("last_id", (from < to) ? ids.get(to - 1) : null);
	}

	private BatchJob cancel(Call call, String id) throws Rejection, IOException {
		BatchJob job = batches().job(call, id);
		require(job.ended == null, "Batch " + id + " cannot be canceled because it has ended");
		job.cancel(call.now());
		job.advance(call.now());
		return job;
	}

	private Reply results(Call call, String id) throws Rejection {
		BatchJob job = batches().job(call, id);
		require(job.ended != null, "Batch " + id + " has no results yet: its processing has not ended");
		if (!call.now().isBefore(job.created.plus(RESULTS_KEPT))) {
			throw notFound("The results of batch " + id + " are no longer available");
		}
		return new Reply(Map.of("content-type", "application/x-jsonl"), 0,
				(out) -> job.writeResults(false, LINE_END, job.download(false), out));
	}

	private Reply delete(Call call, String id) throws Rejection {
		BatchJob job = batches().job(call, id);
		require(job.ended != null, "Batch " + id + " cannot be deleted before it has ended");
		batches().remove(job);
		return Reply.json(object().put("id", id).put("type", "message_batch_deleted"));
	}

	@Override
	byte[] result(BatchJob job, BatchJob.Line line, LineAnswer answer) {
		String start = "{\"custom_id\":" + quoted(line.customId) + ",\"result\":{\"type\":";
		return bytes(answer.isDone() ? start + "\"succeeded\",\"message\":" + answer.body() + "}}"
				: start + "\"errored\",\"error\":" + answer.body() + "}}");
	}

	@Override
	byte @Nullable [] unfinished(BatchJob job, BatchJob.Line line) {
		ObjectNode node = object().put("custom_id", line.customId);
		node.putObject("result").put("type", (line.state == State.EXPIRED) ? "expired" : "canceled");
		return bytes(node);
	}

	@Override
	boolean isShuffled(BatchJob job) {
		return true;
	}

	private ObjectNode batch(BatchJob job) {
		boolean ended = job.ended != null;
		ObjectNode node = object().put("id", job.id)
			.put("type", "message_batch")
			.put("processing_status", ended ? "ended" : (job.cancelRequested != null) ? "canceling" : "in_progress");
		// The provider counts when all is over
		node.putObject("request_counts")
			.put("processing", ended ? 0 : job.lines.size())
			.put("succeeded", ended ? job.count(State.DONE) : 0)
			.put("errored", ended ? job.count(State.ERRORED) : 0)
			.put("canceled", ended ? job.count(State.CANCELLED) : 0)
			.put("expired", ended ? job.count(State.EXPIRED) : 0);
		time(node, "ended_at", job.ended);
		time(node, "created_at", job.created);
		time(node, "expires_at", job.expires());
		time(node, "archived_at", null);
		time(node, "cancel_initiated_at", job.cancelRequested);
		return node.put("results_url",
				ended ? batches().baseUrl(Provider.ANTHROPIC) + "/v1/messages/batches/" + job.id + "/results" : null);
	}

	private static void time(ObjectNode node, String name, @Nullable Instant at) {
		node.put(name, (at != null) ? at.toString() : null);
	}

	private static void require(boolean condition, String message) throws Rejection {
		if (!condition) {
			throw Rejection.invalid(message);
		}
	}

}
