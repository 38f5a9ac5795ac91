package io.tokensaving.simulator;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** How a provider speaks of batches and of their files. */
abstract class BatchApi {

	static final byte[] LINE_END = { '\n' };

	private final Batches batches;

	BatchApi(Batches batches) {
		this.batches = batches;
	}

	Batches batches() {
		return this.batches;
	}

	abstract boolean handles(String path);

	abstract Reply handle(Batches.Call call) throws Rejection, IOException;

	/** Checks a batch a while after it was created, and reads its lines if need be. */
	void validate(BatchJob job, Instant at) throws IOException {
	}

	/** What stands in the results for a line that was answered. */
	abstract byte[] result(BatchJob job, BatchJob.Line line, LineAnswer answer);

	/** What stands there for a line that was not, or null. */
	abstract byte @Nullable [] unfinished(BatchJob job, BatchJob.Line line);

	/** Whether a batch that has ended like this one gives what is done. */
	boolean givesResults(BatchJob job) {
		return job.phase != BatchJob.Phase.FAILED;
	}

	/** Whether lines are billed when they are done, not when the batch ends. */
	boolean billsAtOnce() {
		return true;
	}

	boolean hasErrorFile() {
		return false;
	}

	boolean isShuffled(BatchJob job) {
		return job.script.shuffled();
	}

	void ended(BatchJob job) {
	}

	static byte[] bytes(JsonNode node) {
		return node.toString().getBytes(StandardCharsets.UTF_8);
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	static ObjectNode object() {
		return ProviderWire.object();
	}

	/** A text as it stands in JSON. */
	static String quoted(String text) {
		return ProviderWire.JSON.getNodeFactory().stringNode(text).toString();
	}

	static Rejection notFound(String message) {
		return new Rejection(SimulatedError.Kind.NOT_FOUND, message);
	}

	/** What is sent. */
	interface Body {

		void writeTo(OutputStream out) throws IOException;

	}

	/**
	 * A response of status 200.
	 *
	 * @param headers of the response
	 * @param length bytes, or 0 if they are not told
	 * @param body what is sent
	 */
	record Reply(Map<String, String> headers, long length, Body body) {

		static Reply json(JsonNode node) {
			byte[] bytes = bytes(node);
			return new Reply(Map.of("content-type", "application/json"), bytes.length, (out) -> out.write(bytes));
		}

	}

}
