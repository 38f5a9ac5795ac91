package io.tokensaving.batch.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

import javax.sql.DataSource;

import io.tokensaving.batch.BatchQueue.Entry.State;
import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.BatchTarget;
import io.tokensaving.batch.TargetText;
import org.jspecify.annotations.Nullable;

import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.RowCallbackHandler;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.datasource.init.ResourceDatabasePopulator;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Keeps batches in a relational database, in tables whose names begin with
 * {@value #PREFIX}. Every method runs in a transaction of its own, so that what it has
 * written does not depend on one of the caller. What a leader writes begins with a lock
 * of the row that names the leader. Written in the part of SQL that PostgreSQL and H2
 * have in common. Thread-safe.
 */
public final class JdbcBatchStore implements BatchStore {

	/**
	 * With what the names of all tables begin.
	 */
	public static final String PREFIX = "token_saving_batch_";

	private static final int KEYS = 500;

	private static final int ROWS_AT_ONCE = 1000;

	private static final int MAX_ERROR = 2000;

	private static final int STATES = State.values().length;

	private static final String OPEN = "('QUEUED', 'SUBMITTING', 'SUBMITTED')";

	private static final String COLUMNS = "line_key, workspace, plan_id, target, line_bytes, deadline, queued_at, state, "
			+ "attempt, submission, error, claimed";

	private static final String LINES = PREFIX + "line";

	private static final String SUBMISSIONS = PREFIX + "submission";

	private static final String LEADER = PREFIX + "leader";

	private static final String TURNAROUND = PREFIX + "turnaround";

	private final JdbcTemplate jdbc;

	private final JdbcTemplate streaming;

	private final TransactionTemplate transaction;

	private final ConcurrentMap<String, BatchTarget> targets = new ConcurrentHashMap<>();

	private final RowMapper<Line> lines = (row, number) -> line(row);

	/**
	 * Create a store on a database with the tables.
	 * @param dataSource gives connections
	 */
	public JdbcBatchStore(DataSource dataSource) {
		this.jdbc = new JdbcTemplate(dataSource);
		this.streaming = new JdbcTemplate(dataSource);
		// Without a number, a driver reads all rows at once
		this.streaming.setFetchSize(ROWS_AT_ONCE);
		this.transaction = new TransactionTemplate(new JdbcTransactionManager(dataSource));
		this.transaction.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
		this.transaction.setIsolationLevel(TransactionDefinition.ISOLATION_READ_COMMITTED);
	}

	/**
	 * Create the tables that do not exist yet.
	 * @param dataSource gives connections, of PostgreSQL or H2; for another database,
	 * create the tables by its own means
	 */
	public static void createTables(DataSource dataSource) {
		String product = new JdbcTemplate(dataSource)
			.execute((Connection connection) -> connection.getMetaData().getDatabaseProductName());
		String bytes = "PostgreSQL".equals(product) ? "bytea" : "blob";
		try (InputStream in = new ClassPathResource("schema.sql", JdbcBatchStore.class).getInputStream()) {
			String schema = new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("@bytes@", bytes);
			new ResourceDatabasePopulator(new ByteArrayResource(schema.getBytes(StandardCharsets.UTF_8)))
				.execute(dataSource);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private <T extends @Nullable Object> T inTransaction(Supplier<T> work) {
		return this.transaction.execute((status) -> work.get());
	}

	private <T extends @Nullable Object> T asLeader(long token, Supplier<T> work) {
		return inTransaction(() -> {
			Long leader = this.jdbc.queryForObject("select token from " + LEADER + " where id = 1 for update",
					Long.class);
			if (leader == null || leader != token) {
				throw new LostLeaseException();
			}
			return work.get();
		});
	}

	private static String marks(int number) {
		return "(" + "?, ".repeat(Math.max(0, number - 1)) + "?)";
	}

	private static <T> List<List<T>> parts(List<T> all) {
		List<List<T>> parts = new ArrayList<>();
		for (int from = 0; from < all.size(); from += KEYS) {
			parts.add(all.subList(from, Math.min(all.size(), from + KEYS)));
		}
		return parts;
	}

	@Override
	public Line add(Line line, byte[] body) {
		try {
			inTransaction(() -> this.jdbc
				.update("insert into " + LINES + " (" + COLUMNS + ", body) values " + marks(13), (statement) -> {
					statement.setString(1, line.key());
					statement.setString(2, line.workspace());
					statement.setString(3, line.plan());
					statement.setString(4, TargetText.write(line.target()));
					statement.setInt(5, line.bytes());
					statement.setLong(6, line.deadline().toEpochMilli());
					statement.setLong(7, line.queuedAt().toEpochMilli());
					statement.setString(8, line.state().name());
					statement.setInt(9, line.attempt());
					statement.setString(10, line.submission());
					statement.setString(11, cut(line.error()));
					statement.setBoolean(12, line.claimed());
					statement.setBytes(13, body);
				}));
			return line;
		}
		catch (DataIntegrityViolationException ex) {
			inTransaction(() -> this.jdbc.update(
					"update " + LINES + " set deadline = ? where line_key = ? and deadline > ? and state in " + OPEN,
					line.deadline().toEpochMilli(), line.key(), line.deadline().toEpochMilli()));
			Line known = find(List.of(line.key())).get(line.key());
			if (known == null) {
				// It was another constraint
				throw ex;
			}
			return known;
		}
	}

	@Override
	public Map<String, Line> find(Collection<String> keys) {
		return inTransaction(() -> {
			Map<String, Line> found = new HashMap<>();
			for (List<String> part : parts(List.copyOf(keys))) {
				for (Line line : this.jdbc.query(
						"select " + COLUMNS + " from " + LINES + " where line_key in " + marks(part.size()), this.lines,
						part.toArray())) {
					found.put(line.key(), line);
				}
			}
			return found;
		});
	}

	@Override
	public Map<String, byte[]> bodies(Collection<String> keys) {
		return inTransaction(() -> {
			Map<String, byte[]> bodies = new HashMap<>();
			for (List<String> part : parts(List.copyOf(keys))) {
				this.jdbc.query(
						"select line_key, body from " + LINES + " where body is not null and line_key in "
								+ marks(part.size()),
						(RowCallbackHandler) (row) -> bodies.put(row.getString(1), row.getBytes(2)), part.toArray());
			}
			return bodies;
		});
	}

	@Override
	public byte @Nullable [] answer(String key) {
		List<byte @Nullable []> answers = inTransaction(() -> this.jdbc
			.query("select answer from " + LINES + " where line_key = ?", (row, number) -> row.getBytes(1), key));
		return answers.isEmpty() ? null : answers.get(0);
	}

	@Override
	public boolean claim(String key, Instant until) {
		return inTransaction(() -> this.jdbc
			.update("update " + LINES + " set claimed = true, delete_at = ? where line_key = ? and claimed = false"
					+ " and state in ('DONE', 'LIVE')", millis(until), key)) == 1;
	}

	@Override
	public boolean live(String key) {
		return inTransaction(() -> this.jdbc
			.update("update " + LINES + " set state = 'LIVE' where line_key = ? and state = 'EXPIRED'", key)) == 1;
	}

	@Override
	public long revision() {
		Long revision = inTransaction(
				() -> this.jdbc.queryForObject("select revision from " + LEADER + " where id = 1", Long.class));
		return (revision != null) ? revision : 0;
	}

	@Override
	public Map<State, Integer> counts() {
		return inTransaction(() -> {
			Map<State, Integer> counts = new EnumMap<>(State.class);
			this.jdbc.query("select state, count(*) from " + LINES + " group by state",
					(RowCallbackHandler) (row) -> counts.put(State.valueOf(row.getString(1)), row.getInt(2)));
			return counts;
		});
	}

	// By the clock of the database, which is the same for all instances
	@Override
	public long lead(String owner, Duration ttl) {
		return inTransaction(() -> {
			Lease lease = this.jdbc.queryForObject(
					"select owner, token, lease_until, current_timestamp from " + LEADER + " where id = 1 for update",
					(row, number) -> new Lease(row.getString(1), row.getLong(2), row.getLong(3), now(row)));
			if (lease == null) {
				throw new IllegalStateException("The row of the leader is missing");
			}
			boolean holds = lease.owner() != null && lease.until() > lease.now();
			if (holds && !owner.equals(lease.owner())) {
				return 0L;
			}
			long token = holds ? lease.token() : lease.token() + 1;
			this.jdbc.update("update " + LEADER + " set owner = ?, token = ?, lease_until = ? where id = 1", owner,
					token, lease.now() + ttl.toMillis());
			return token;
		});
	}

	private static long now(ResultSet row) throws SQLException {
		Timestamp now = row.getTimestamp(4);
		return now.getTime();
	}

	@Override
	public void resign(long token) {
		inTransaction(
				() -> this.jdbc.update("update " + LEADER + " set lease_until = 0 where id = 1 and token = ?", token));
	}

	@Override
	public List<Queued> queues() {
		return inTransaction(() -> this.jdbc.query(
				"select target, count(*), sum(line_bytes), min(queued_at), min(deadline) from " + LINES
						+ " where state = 'QUEUED' group by target",
				(row, number) -> new Queued(target(row.getString(1)), row.getInt(2), row.getLong(3),
						Instant.ofEpochMilli(row.getLong(4)), Instant.ofEpochMilli(row.getLong(5)))));
	}

	@Override
	public List<Line> queued(BatchTarget target, int lines, long bytes) {
		List<Line> candidates = inTransaction(() -> this.jdbc.query(
				"select " + COLUMNS + " from " + LINES
						+ " where state = 'QUEUED' and target = ? order by deadline, line_key limit ?",
				this.lines, TargetText.write(target), lines));
		long sum = 0;
		List<Line> taken = new ArrayList<>(candidates.size());
		for (Line line : candidates) {
			sum += line.bytes();
			if (sum > bytes && !taken.isEmpty()) {
				break;
			}
			taken.add(line);
		}
		return taken;
	}

	@Override
	public List<String> begin(long token, Submission submission, List<String> keys) {
		return asLeader(token, () -> {
			Set<String> taken = new HashSet<>();
			for (List<String> part : parts(keys)) {
				taken.addAll(this.jdbc.queryForList("select line_key from " + LINES
						+ " where state = 'QUEUED' and line_key in " + marks(part.size()) + " for update", String.class,
						part.toArray()));
				List<Object> values = new ArrayList<>();
				values.add(submission.id());
				values.addAll(part);
				this.jdbc.update("update " + LINES + " set state = 'SUBMITTING', submission = ?, attempt = attempt + 1"
						+ " where state = 'QUEUED' and line_key in " + marks(part.size()), values.toArray());
			}
			this.jdbc.update(
					"insert into " + SUBMISSIONS + " (target, begun_at, line_count, deadline, phase, batch, sent_at,"
							+ " answered, failed, id) values " + marks(10),
					(statement) -> write(statement, submission));
			return keys.stream().filter(taken::contains).toList();
		});
	}

	private static void write(PreparedStatement statement, Submission submission) throws SQLException {
		statement.setString(1, TargetText.write(submission.target()));
		statement.setLong(2, submission.begunAt().toEpochMilli());
		statement.setInt(3, submission.lines());
		statement.setLong(4, submission.deadline().toEpochMilli());
		statement.setString(5, submission.phase().name());
		statement.setString(6, submission.batch());
		if (submission.sentAt() != null) {
			statement.setLong(7, submission.sentAt().toEpochMilli());
		}
		else {
			statement.setNull(7, Types.BIGINT);
		}
		statement.setInt(8, submission.answered());
		statement.setInt(9, submission.failed());
		statement.setString(10, submission.id());
	}

	@Override
	public void update(long token, Submission submission) {
		asLeader(token, () -> {
			int known = this.jdbc.update("update " + SUBMISSIONS
					+ " set target = ?, begun_at = ?, line_count = ?, deadline = ?, phase = ?, batch = ?, sent_at = ?,"
					+ " answered = ?, failed = ? where id = ?", (statement) -> write(statement, submission));
			if (known == 1 && submission.phase() != Submission.Phase.INTENT) {
				this.jdbc.update(
						"update " + LINES + " set state = 'SUBMITTED' where submission = ? and state = 'SUBMITTING'",
						submission.id());
			}
			return known;
		});
	}

	@Override
	public List<Submission> submissions() {
		return inTransaction(() -> this.jdbc
			.query("select id, target, begun_at, line_count, deadline, phase, batch, sent_at, answered, failed from "
					+ SUBMISSIONS + " order by begun_at, id", (row, number) -> {
						long sentAt = row.getLong(8);
						Instant sent = row.wasNull() ? null : Instant.ofEpochMilli(sentAt);
						return new Submission(row.getString(1), target(row.getString(2)),
								Instant.ofEpochMilli(row.getLong(3)), row.getInt(4),
								Instant.ofEpochMilli(row.getLong(5)), Submission.Phase.valueOf(row.getString(6)),
								row.getString(7), sent, row.getInt(9), row.getInt(10));
					}));
	}

	@Override
	public void lines(String submission, Consumer<Line> consumer) {
		// Outside a transaction, a driver may read all rows at once
		inTransaction(() -> {
			this.streaming.query("select " + COLUMNS + " from " + LINES + " where submission = ?",
					(RowCallbackHandler) (row) -> consumer.accept(line(row)), submission);
			return true;
		});
	}

	@Override
	public void remove(long token, String submission) {
		asLeader(token, () -> this.jdbc.update("delete from " + SUBMISSIONS + " where id = ?", submission));
	}

	@Override
	public Set<String> apply(long token, Collection<Change> changes) {
		List<Change> again = changes.stream().filter((change) -> change.to() == State.QUEUED).toList();
		List<Change> settled = changes.stream().filter((change) -> change.to() != State.QUEUED).toList();
		return asLeader(token, () -> {
			Set<String> changed = new HashSet<>();
			apply(again, "update " + LINES + " set state = ?, queued_at = ?", changed);
			apply(settled, "update " + LINES + " set state = ?, delete_at = ?, answer = ?, error = ?, body = null",
					changed);
			if (settled.stream().anyMatch((change) -> changed.contains(change.key()))) {
				this.jdbc.update("update " + LEADER + " set revision = revision + 1 where id = 1");
			}
			return changed;
		});
	}

	private void apply(List<Change> changes, String update, Set<String> changed) {
		if (changes.isEmpty()) {
			return;
		}
		String sql = update + " where line_key = ? and (? = 1 or submission = ?) and state in " + marks(STATES);
		int[][] counts = this.jdbc.batchUpdate(sql, changes, KEYS, (statement, change) -> {
			int next = 1;
			statement.setString(next++, change.to().name());
			statement.setLong(next++, millis(change.at()));
			if (change.to() != State.QUEUED) {
				statement.setBytes(next++, change.answer());
				statement.setString(next++, cut(change.error()));
			}
			statement.setString(next++, change.key());
			statement.setInt(next++, (change.submission() == null) ? 1 : 0);
			statement.setString(next++, change.submission());
			State[] from = change.from().toArray(State[]::new);
			for (int i = 0; i < STATES; i++) {
				statement.setString(next++, (from.length == 0) ? "" : from[Math.min(i, from.length - 1)].name());
			}
		});
		int index = 0;
		for (int[] part : counts) {
			for (int count : part) {
				if (count == 1) {
					changed.add(changes.get(index).key());
				}
				index++;
			}
		}
	}

	@Override
	public List<Line> due(Instant until, int limit) {
		return inTransaction(
				() -> this.jdbc.query("select " + COLUMNS + " from " + LINES + " where deadline <= ? and state in "
						+ OPEN + " order by deadline, line_key limit ?", this.lines, millis(until), limit));
	}

	@Override
	public List<Line> disposable(Instant now, int limit) {
		return inTransaction(() -> this.jdbc.query(
				"select " + COLUMNS + " from " + LINES + " where delete_at <= ? and state not in " + OPEN + " limit ?",
				this.lines, millis(now), limit));
	}

	@Override
	public void delete(long token, Collection<String> keys) {
		asLeader(token, () -> {
			for (List<String> part : parts(List.copyOf(keys))) {
				this.jdbc.update("delete from " + LINES + " where state not in " + OPEN + " and line_key in "
						+ marks(part.size()), part.toArray());
			}
			return true;
		});
	}

	@Override
	public void addTurnaround(long token, String account, Duration turnaround) {
		asLeader(token, () -> {
			Long last = this.jdbc.queryForObject(
					"select coalesce(max(position), 0) from " + TURNAROUND + " where account = ?", Long.class, account);
			long number = ((last != null) ? last : 0) + 1;
			this.jdbc.update("insert into " + TURNAROUND + " (account, position, millis) values (?, ?, ?)", account,
					number, turnaround.toMillis());
			return this.jdbc.update("delete from " + TURNAROUND + " where account = ? and position <= ?", account,
					number - TURNAROUNDS);
		});
	}

	@Override
	public List<Duration> turnarounds(String account) {
		return inTransaction(() -> this.jdbc.query("select millis from " + TURNAROUND + " where account = ?",
				(row, number) -> Duration.ofMillis(row.getLong(1)), account));
	}

	// The connections are those of the application
	@Override
	public void close() {
	}

	private Line line(ResultSet row) throws SQLException {
		return new Line(row.getString(1), row.getString(2), row.getString(3), target(row.getString(4)), row.getInt(5),
				Instant.ofEpochMilli(row.getLong(6)), Instant.ofEpochMilli(row.getLong(7)),
				State.valueOf(row.getString(8)), row.getInt(9), row.getString(10), row.getString(11),
				row.getBoolean(12));
	}

	private BatchTarget target(String text) {
		return this.targets.computeIfAbsent(text, TargetText::read);
	}

	private static @Nullable String cut(@Nullable String error) {
		return (error != null && error.length() > MAX_ERROR) ? error.substring(0, MAX_ERROR) : error;
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

	private record Lease(@Nullable String owner, long token, long until, long now) {

	}

}
