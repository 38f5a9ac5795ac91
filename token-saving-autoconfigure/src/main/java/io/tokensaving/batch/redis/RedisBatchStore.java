package io.tokensaving.batch.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;

import io.tokensaving.backend.KeyNames;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.batch.BatchQueue.Entry.State;
import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.BatchTarget;
import io.tokensaving.batch.TargetText;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.util.Assert;

/**
 * Keeps batches in Redis, in keys that begin with
 * <code>tokensaving:{workspace}:batch:</code> and so are in one slot of a cluster. None
 * of them expires. What a leader writes is one script with the check of its token, of no
 * more than 200 lines, so that a large batch does not hold up others; see {@link #begin}.
 * Needs Redis 5.0. Thread-safe.
 * <p>
 * What was written is as durable as Redis makes it: without persistence, a Redis that
 * restarts has lost all requests, with {@code appendonly yes} up to a second of them, or
 * none with {@code appendfsync always}. A failover may lose what the replica had not got
 * yet. Nor must Redis evict keys that do not expire ({@code allkeys-*}).
 */
public final class RedisBatchStore implements BatchStore {

	private static final int LINES_READ = 500;

	private static final int LINES_WRITTEN = 200;

	private static final int BYTES = 2_000_000;

	private static final int FIELDS = 12;

	private static final int SUBMISSION_FIELDS = 10;

	private static final int CHANGE_FIELDS = 7;

	private static final byte[] NOTHING = new byte[0];

	private final RedisConnector connector;

	private final String prefix;

	private final byte[] leader;

	// By their digests, which stand for them in lines
	private final ConcurrentMap<String, BatchTarget> targets = new ConcurrentHashMap<>();

	/**
	 * Create a store. Does not connect yet.
	 * @param connector connects to Redis
	 * @param workspace the workspace of the application: instances with the same one
	 * share the store
	 */
	public RedisBatchStore(RedisConnector connector, String workspace) {
		this.connector = connector;
		this.prefix = "tokensaving:{%s}:batch:".formatted(KeyNames.workspace(workspace));
		this.leader = bytes(this.prefix + "leader");
	}

	private List<Object> eval(byte[] script, List<byte[]> arguments) {
		byte[][] all = new byte[arguments.size() + 1][];
		all[0] = this.leader;
		for (int i = 1; i < all.length; i++) {
			all[i] = arguments.get(i - 1);
		}
		try (RedisConnection connection = this.connector.connectionFactory().getConnection()) {
			List<Object> reply = connection.scriptingCommands().eval(script, ReturnType.MULTI, 1, all);
			Assert.state(reply != null, "Redis did not reply");
			return reply;
		}
	}

	private List<Object> evalAsLeader(byte[] script, List<byte[]> arguments) {
		List<Object> reply = eval(script, arguments);
		if (text(reply.get(0)).equals("lost")) {
			throw new LostLeaseException();
		}
		return reply;
	}

	private static List<byte[]> arguments(Object... values) {
		List<byte[]> arguments = new ArrayList<>(values.length);
		for (Object value : values) {
			arguments.add((value instanceof byte[] bytes) ? bytes : bytes(String.valueOf(value)));
		}
		return arguments;
	}

	private static <T> List<List<T>> parts(List<T> all, int size) {
		List<List<T>> parts = new ArrayList<>();
		for (int from = 0; from < all.size(); from += size) {
			parts.add(all.subList(from, Math.min(all.size(), from + size)));
		}
		return parts;
	}

	@Override
	public Line add(Line line, byte[] body) {
		String target = TargetText.write(line.target());
		return lines(eval(BatchScripts.ADD, arguments(line.key(), body, line.workspace(), line.plan(),
				KeyNames.hash(target), target, line.bytes(), millis(line.deadline()), millis(line.queuedAt()))))
			.get(0);
	}

	@Override
	public Map<String, Line> find(Collection<String> keys) {
		Map<String, Line> found = new LinkedHashMap<>();
		for (List<String> part : parts(List.copyOf(keys), LINES_READ)) {
			for (Line line : lines(eval(BatchScripts.FIND, arguments(part.toArray())))) {
				found.put(line.key(), line);
			}
		}
		return found;
	}

	@Override
	public Map<String, byte[]> bodies(Collection<String> keys) {
		Map<String, byte[]> bodies = new HashMap<>();
		try (RedisConnection connection = this.connector.connectionFactory().getConnection()) {
			for (List<String> part : parts(List.copyOf(keys), LINES_READ)) {
				List<byte @Nullable []> values = connection.stringCommands()
					.mGet(part.stream().map((key) -> bytes(this.prefix + "body:" + key)).toArray(byte[][]::new));
				Assert.state(values != null, "Redis did not reply");
				for (int i = 0; i < part.size(); i++) {
					byte[] body = values.get(i);
					if (body != null) {
						bodies.put(part.get(i), body);
					}
				}
			}
		}
		return bodies;
	}

	@Override
	public byte @Nullable [] answer(String key) {
		return get("answer:" + key);
	}

	private byte @Nullable [] get(String name) {
		try (RedisConnection connection = this.connector.connectionFactory().getConnection()) {
			return connection.stringCommands().get(bytes(this.prefix + name));
		}
	}

	// The client may send a script again whose reply was lost: its second run tells the
	// same
	@Override
	public boolean claim(String key, Instant until) {
		return isTrue(eval(BatchScripts.CLAIM, arguments(key, millis(until), UUID.randomUUID())));
	}

	@Override
	public boolean live(String key) {
		return isTrue(eval(BatchScripts.LIVE, arguments(key)));
	}

	private static boolean isTrue(List<Object> reply) {
		return text(reply.get(0)).equals("1");
	}

	@Override
	public long revision() {
		byte[] revision = get("revision");
		return (revision != null) ? number(revision) : 0;
	}

	@Override
	public Map<State, Integer> counts() {
		List<Object> reply = eval(BatchScripts.COUNTS, List.of());
		Map<State, Integer> counts = new EnumMap<>(State.class);
		for (int i = 0; i < reply.size(); i += 2) {
			int count = (int) number(reply.get(i + 1));
			if (count > 0) {
				counts.merge(State.valueOf(text(reply.get(i))), count, Integer::sum);
			}
		}
		return counts;
	}

	// By the clock of Redis, which is the same for all instances
	@Override
	public long lead(String owner, Duration ttl) {
		return number(eval(BatchScripts.LEAD, arguments(owner, ttl.toMillis())).get(0));
	}

	@Override
	public void resign(long token) {
		eval(BatchScripts.RESIGN, arguments(token));
	}

	@Override
	public List<Queued> queues() {
		List<Object> reply = eval(BatchScripts.QUEUES, List.of());
		Map<BatchTarget, Queued> queues = new LinkedHashMap<>();
		for (int i = 0; i < reply.size(); i += 5) {
			String bucket = text(reply.get(i));
			int end = bucket.indexOf(':');
			BatchTarget target = target((end < 0) ? bucket : bucket.substring(0, end));
			queues.merge(target, new Queued(target, (int) number(reply.get(i + 1)), number(reply.get(i + 2)),
					Instant.ofEpochMilli(score(reply.get(i + 3))), Instant.ofEpochMilli(score(reply.get(i + 4)))),
					RedisBatchStore::together);
		}
		return List.copyOf(queues.values());
	}

	private static Queued together(Queued first, Queued second) {
		return new Queued(first.target(), first.lines() + second.lines(), first.bytes() + second.bytes(),
				first.oldest().isBefore(second.oldest()) ? first.oldest() : second.oldest(),
				first.deadline().isBefore(second.deadline()) ? first.deadline() : second.deadline());
	}

	@Override
	public List<Line> queued(BatchTarget target, int lines, long bytes) {
		List<Object> reply = eval(BatchScripts.QUEUED, arguments(KeyNames.hash(TargetText.write(target)), lines));
		List<Position> positions = new ArrayList<>(reply.size() / 2);
		for (int i = 0; i < reply.size(); i += 2) {
			positions.add(new Position(text(reply.get(i)), score(reply.get(i + 1))));
		}
		positions.sort(Comparator.comparingLong(Position::deadline).thenComparing(Position::key));
		List<Line> taken = new ArrayList<>();
		long sum = 0;
		for (List<Position> part : parts(positions, LINES_READ)) {
			for (Line line : find(part.stream().map(Position::key).toList()).values()) {
				if (line.state() != State.QUEUED) {
					continue;
				}
				sum += line.bytes();
				if (taken.size() == lines || (sum > bytes && !taken.isEmpty())) {
					return taken;
				}
				taken.add(line);
			}
		}
		return taken;
	}

	/**
	 * {@inheritDoc}
	 * <p>
	 * Lines join the submission 200 at a time, and count as queued until the submission
	 * itself is written, in one short script that makes it true for all of them.
	 */
	@Override
	public List<String> begin(long token, Submission submission, List<String> keys) {
		List<String> joined = new ArrayList<>(keys.size());
		for (List<String> part : parts(keys, LINES_WRITTEN)) {
			List<byte[]> arguments = arguments(token, submission.id());
			arguments.addAll(arguments(part.toArray()));
			List<Object> reply = evalAsLeader(BatchScripts.JOIN, arguments);
			Assert.state(!text(reply.get(0)).equals("known"), "A submission with this id was begun before");
			reply.subList(1, reply.size()).forEach((key) -> joined.add(text(key)));
		}
		long lines = number(evalAsLeader(BatchScripts.BEGIN, fields(token, submission)).get(1));
		if (lines == joined.size()) {
			return joined;
		}
		// Some were changed after they had joined
		Set<String> left = new HashSet<>(keysOf(submission.id()));
		return joined.stream().filter(left::contains).toList();
	}

	private static List<byte[]> fields(long token, Submission submission) {
		String target = TargetText.write(submission.target());
		return arguments(token, submission.id(), KeyNames.hash(target), millis(submission.begunAt()),
				submission.lines(), millis(submission.deadline()), submission.phase(), marked(submission.batch()),
				(submission.sentAt() != null) ? millis(submission.sentAt()) : "", submission.answered(),
				submission.failed(), target);
	}

	@Override
	public void update(long token, Submission submission) {
		evalAsLeader(BatchScripts.UPDATE, fields(token, submission));
	}

	@Override
	public List<Submission> submissions() {
		List<Object> reply = eval(BatchScripts.SUBMISSIONS, List.of());
		List<Submission> submissions = new ArrayList<>();
		for (int i = 0; i < reply.size(); i += SUBMISSION_FIELDS) {
			String sentAt = text(reply.get(i + 7));
			submissions.add(new Submission(text(reply.get(i)), target(text(reply.get(i + 1))), time(reply.get(i + 2)),
					(int) number(reply.get(i + 3)), time(reply.get(i + 4)),
					Submission.Phase.valueOf(text(reply.get(i + 5))), unmarked(reply.get(i + 6)),
					sentAt.isEmpty() ? null : Instant.ofEpochMilli(Long.parseLong(sentAt)),
					(int) number(reply.get(i + 8)), (int) number(reply.get(i + 9))));
		}
		return submissions;
	}

	@Override
	public void lines(String submission, Consumer<Line> consumer) {
		for (List<String> part : parts(keysOf(submission), LINES_READ)) {
			for (Line line : find(part).values()) {
				// A line that joined another one leaves this one when it changes next
				if (submission.equals(line.submission())) {
					consumer.accept(line);
				}
			}
		}
	}

	private List<String> keysOf(String submission) {
		return eval(BatchScripts.LINES, arguments(submission)).stream().map(RedisBatchStore::text).toList();
	}

	@Override
	public void remove(long token, String submission) {
		evalAsLeader(BatchScripts.REMOVE, arguments(token, submission));
	}

	@Override
	public Set<String> apply(long token, Collection<Change> changes) {
		Set<String> changed = new HashSet<>();
		List<byte[]> arguments = arguments(token);
		long bytes = 0;
		for (Change change : changes) {
			int more = (change.answer() != null) ? change.answer().length : 0;
			if (arguments.size() > LINES_WRITTEN * CHANGE_FIELDS || (bytes + more > BYTES && bytes > 0)) {
				apply(arguments, changed);
				arguments = arguments(token);
				bytes = 0;
			}
			bytes += more;
			StringBuilder from = new StringBuilder(",");
			change.from().forEach((state) -> from.append(state).append(','));
			arguments.addAll(arguments(change.key(), (change.submission() != null) ? change.submission() : "", from,
					change.to(), millis(change.at()), marked(change.answer()), marked(change.error())));
		}
		apply(arguments, changed);
		return changed;
	}

	private void apply(List<byte[]> arguments, Set<String> changed) {
		List<Object> reply = evalAsLeader(BatchScripts.APPLY, arguments);
		reply.subList(1, reply.size()).forEach((key) -> changed.add(text(key)));
	}

	@Override
	public List<Line> due(Instant until, int limit) {
		long last = millis(until);
		return until("open", last, limit).stream()
			.filter((line) -> line.open() && millis(line.deadline()) <= last)
			.toList();
	}

	@Override
	public List<Line> disposable(Instant now, int limit) {
		return until("settled", millis(now), limit).stream().filter((line) -> !line.open()).toList();
	}

	private Collection<Line> until(String name, long last, int limit) {
		return find(eval(BatchScripts.UNTIL, arguments(name, last, limit)).stream().map(RedisBatchStore::text).toList())
			.values();
	}

	@Override
	public void delete(long token, Collection<String> keys) {
		for (List<String> part : parts(List.copyOf(keys), LINES_WRITTEN)) {
			List<byte[]> arguments = arguments(token);
			arguments.addAll(arguments(part.toArray()));
			evalAsLeader(BatchScripts.DELETE, arguments);
		}
	}

	@Override
	public void addTurnaround(long token, String account, Duration turnaround) {
		evalAsLeader(BatchScripts.TURNAROUND,
				arguments(token, KeyNames.hash(account), turnaround.toMillis(), TURNAROUNDS));
	}

	@Override
	public List<Duration> turnarounds(String account) {
		return eval(BatchScripts.TURNAROUNDS, arguments(KeyNames.hash(account))).stream()
			.map((millis) -> Duration.ofMillis(number(millis)))
			.toList();
	}

	// The connections are those of the application
	@Override
	public void close() {
	}

	private List<Line> lines(List<Object> reply) {
		List<Line> lines = new ArrayList<>(reply.size() / FIELDS);
		for (int i = 0; i < reply.size(); i += FIELDS) {
			lines.add(new Line(text(reply.get(i)), text(reply.get(i + 1)), text(reply.get(i + 2)),
					target(text(reply.get(i + 3))), (int) number(reply.get(i + 4)), time(reply.get(i + 5)),
					time(reply.get(i + 6)), State.valueOf(text(reply.get(i + 7))), (int) number(reply.get(i + 8)),
					unmarked(reply.get(i + 9)), unmarked(reply.get(i + 10)), isTrue(reply.subList(i + 11, i + 12))));
		}
		return lines;
	}

	private BatchTarget target(String digest) {
		BatchTarget known = this.targets.get(digest);
		if (known != null) {
			return known;
		}
		byte[] text;
		try (RedisConnection connection = this.connector.connectionFactory().getConnection()) {
			text = connection.hashCommands().hGet(bytes(this.prefix + "targets"), bytes(digest));
		}
		Assert.state(text != null, "Redis has lost where batches go");
		BatchTarget target = TargetText.read(text(text));
		this.targets.put(digest, target);
		return target;
	}

	// A character in front tells a text that is empty from none

	private static String marked(@Nullable String value) {
		return (value != null) ? "=" + value : "";
	}

	private static @Nullable String unmarked(Object value) {
		String text = text(value);
		return text.isEmpty() ? null : text.substring(1);
	}

	private static byte[] marked(byte @Nullable [] value) {
		if (value == null) {
			return NOTHING;
		}
		byte[] marked = new byte[value.length + 1];
		marked[0] = '=';
		System.arraycopy(value, 0, marked, 1, value.length);
		return marked;
	}

	private static Instant time(Object value) {
		return Instant.ofEpochMilli(number(value));
	}

	private static long number(Object value) {
		return Long.parseLong(text(value));
	}

	private static long score(Object value) {
		return (long) Double.parseDouble(text(value));
	}

	private static String text(Object value) {
		return (value instanceof byte[] bytes) ? new String(bytes, StandardCharsets.UTF_8) : String.valueOf(value);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	// A time beyond what a number of milliseconds can hold is the end of all times
	private static long millis(Instant time) {
		try {
			return time.toEpochMilli();
		}
		catch (ArithmeticException ex) {
			return (time.getEpochSecond() > 0) ? Long.MAX_VALUE : Long.MIN_VALUE;
		}
	}

	/**
	 * Where a line is in a queue.
	 */
	private record Position(String key, long deadline) {

	}

}
