package io.tokensaving.batch;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

import io.tokensaving.batch.BatchQueue.Entry.State;
import org.jspecify.annotations.Nullable;

/**
 * A store of a process that may end before and after each write.
 */
final class CrashingStore implements BatchStore {

	private final BatchStore store;

	private final CrashPoints points;

	CrashingStore(BatchStore store, CrashPoints points) {
		this.store = store;
		this.points = points;
	}

	@Override
	public Line add(Line line, byte[] body) {
		this.points.pass("before add");
		Line result = this.store.add(line, body);
		this.points.pass("after add");
		return result;
	}

	@Override
	public Map<String, Line> find(Collection<String> keys) {
		return this.store.find(keys);
	}

	@Override
	public Map<String, byte[]> bodies(Collection<String> keys) {
		return this.store.bodies(keys);
	}

	@Override
	public byte @Nullable [] answer(String key) {
		return this.store.answer(key);
	}

	@Override
	public boolean claim(String key, Instant until) {
		this.points.pass("before claim");
		boolean result = this.store.claim(key, until);
		this.points.pass("after claim");
		return result;
	}

	@Override
	public boolean live(String key) {
		this.points.pass("before live");
		boolean result = this.store.live(key);
		this.points.pass("after live");
		return result;
	}

	@Override
	public long revision() {
		return this.store.revision();
	}

	@Override
	public Map<State, Integer> counts() {
		return this.store.counts();
	}

	@Override
	public long lead(String owner, Duration ttl) {
		return this.store.lead(owner, ttl);
	}

	@Override
	public void resign(long token) {
		this.store.resign(token);
	}

	@Override
	public List<Queued> queues() {
		return this.store.queues();
	}

	@Override
	public List<Line> queued(BatchTarget target, int lines, long bytes) {
		return this.store.queued(target, lines, bytes);
	}

	@Override
	public List<String> begin(long token, Submission submission, List<String> keys) {
		this.points.pass("before begin");
		List<String> result = this.store.begin(token, submission, keys);
		this.points.pass("after begin");
		return result;
	}

	@Override
	public void update(long token, Submission submission) {
		this.points.pass("before update");
		this.store.update(token, submission);
		this.points.pass("after update");
	}

	@Override
	public List<Submission> submissions() {
		return this.store.submissions();
	}

	@Override
	public void lines(String submission, Consumer<Line> consumer) {
		this.store.lines(submission, consumer);
	}

	@Override
	public void remove(long token, String submission) {
		this.points.pass("before remove");
		this.store.remove(token, submission);
		this.points.pass("after remove");
	}

	@Override
	public Set<String> apply(long token, Collection<Change> changes) {
		this.points.pass("before apply");
		Set<String> result = this.store.apply(token, changes);
		this.points.pass("after apply");
		return result;
	}

	@Override
	public List<Line> due(Instant until, int limit) {
		return this.store.due(until, limit);
	}

	@Override
	public List<Line> disposable(Instant now, int limit) {
		return this.store.disposable(now, limit);
	}

	@Override
	public void delete(long token, Collection<String> keys) {
		this.points.pass("before delete");
		this.store.delete(token, keys);
		this.points.pass("after delete");
	}

	@Override
	public void addTurnaround(long token, String account, Duration turnaround) {
		this.points.pass("before addTurnaround");
		this.store.addTurnaround(token, account, turnaround);
		this.points.pass("after addTurnaround");
	}

	@Override
	public List<Duration> turnarounds(String account) {
		return this.store.turnarounds(account);
	}

	@Override
	public void close() {
		this.store.close();
	}

}
