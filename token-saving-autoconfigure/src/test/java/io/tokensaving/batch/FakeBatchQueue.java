package io.tokensaving.batch;

import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

import org.springframework.ai.chat.model.ChatResponse;

/**
 * A queue in memory whose batches are answered by the test.
 */
final class FakeBatchQueue implements BatchQueue {

	final Map<String, Entry> entries = new LinkedHashMap<>();

	final Map<String, byte[]> bodies = new LinkedHashMap<>();

	final Map<String, Instant> deadlines = new LinkedHashMap<>();

	final Map<String, BatchTarget> targets = new LinkedHashMap<>();

	final Set<String> askedLive = new HashSet<>();

	private final Set<String> paid = new HashSet<>();

	private final Map<String, CompletableFuture<Entry>> settled = new LinkedHashMap<>();

	@Override
	public synchronized Entry find(String key) {
		return this.entries.get(key);
	}

	@Override
	public synchronized Entry add(String key, String workspace, String plan, BatchTarget target, byte[] body,
			Instant deadline) {
		this.bodies.putIfAbsent(key, body);
		this.targets.putIfAbsent(key, target);
		this.deadlines.merge(key, deadline, (one, other) -> one.isBefore(other) ? one : other);
		return this.entries.computeIfAbsent(key, (added) -> new Entry(key, Entry.State.QUEUED, null, null));
	}

	@Override
	public synchronized CompletionStage<Entry> settled(String key) {
		return this.settled.computeIfAbsent(key, (added) -> new CompletableFuture<>());
	}

	@Override
	public synchronized boolean claimPayment(String key) {
		return this.paid.add(key);
	}

	@Override
	public synchronized void askedLive(String key) {
		this.askedLive.add(key);
	}

	/**
	 * Return what waits.
	 * @return the texts of the requests
	 */
	synchronized List<String> waiting() {
		return this.entries.values()
			.stream()
			.filter((entry) -> entry.state() == Entry.State.QUEUED)
			.map((entry) -> FakeBatchModel.text(this.bodies.get(entry.key())))
			.toList();
	}

	/**
	 * Answer all that waits, as a batch does.
	 * @param answers gives the answer to the text of a request
	 */
	void answer(Function<String, ChatResponse> answers) {
		settle((key) -> new Entry(key, Entry.State.DONE,
				FakeBatchModel.answer(answers.apply(FakeBatchModel.text(this.bodies.get(key)))), null));
	}

	void settle(Function<String, Entry> ends) {
		List<String> waiting;
		synchronized (this) {
			waiting = this.entries.values()
				.stream()
				.filter((entry) -> entry.state() == Entry.State.QUEUED)
				.map(Entry::key)
				.toList();
			waiting.forEach((key) -> this.entries.put(key, ends.apply(key)));
		}
		waiting.forEach((key) -> settled(key).toCompletableFuture().complete(find(key)));
	}

}
