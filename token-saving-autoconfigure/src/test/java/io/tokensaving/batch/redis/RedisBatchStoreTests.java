package io.tokensaving.batch.redis;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.tokensaving.RedisTestServer;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.batch.BatchQueue.Entry.State;
import io.tokensaving.batch.BatchStore;
import io.tokensaving.batch.BatchStore.Change;
import io.tokensaving.batch.BatchStore.Line;
import io.tokensaving.batch.BatchStore.LostLeaseException;
import io.tokensaving.batch.BatchStore.Queued;
import io.tokensaving.batch.BatchStore.Submission;
import io.tokensaving.batch.BatchStore.Submission.Phase;
import io.tokensaving.batch.BatchTarget;
import io.tokensaving.batch.jdbc.JdbcBatchStore;
import org.h2.jdbcx.JdbcConnectionPool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import org.springframework.dao.QueryTimeoutException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.RedisScriptingCommands;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link RedisBatchStore} on a real Redis server: what its contract does not
 * say.
 */
@Timeout(300)
class RedisBatchStoreTests {

	private static final Instant NOW = Instant.parse("2026-12-01T10:00:00Z");

	private static final Duration TTL = Duration.ofHours(1);

	private static final BatchTarget TARGET = new BatchTarget("openai", "https://api.example.com", "a1b2",
			"/v1/chat/completions", "small", Map.of());

	private static final BatchTarget OTHER = new BatchTarget("anthropic", "https://other.example.com", "c3",
			"/v1/messages", "large", Map.of("x-beta", "one"));

	private static RedisTestServer server;

	private static LettuceConnectionFactory connections;

	private final RedisBatchStore store = new RedisBatchStore(new RedisConnector(connections), "default");

	@BeforeAll
	static void startServer() {
		server = RedisTestServer.start();
		connections = new LettuceConnectionFactory(server.host(), server.port());
		connections.afterPropertiesSet();
		connections.start();
	}

	@AfterAll
	static void stopServer() {
		connections.destroy();
		server.close();
	}

	@BeforeEach
	void empty() {
		try (RedisConnection connection = connections.getConnection()) {
			connection.serverCommands().flushAll();
		}
	}

	@Test
	void linesCountAsQueuedUntilTheirSubmissionIsWritten() {
		long token = this.store.lead("one", TTL);
		List<String> keys = add(0, 1200);
		Map<String, Line> before = this.store.find(keys.subList(0, 1000));
		assertThatExceptionOfType(QueryTimeoutException.class).isThrownBy(
				() -> before(BatchScripts.BEGIN, 1, RedisBatchStoreTests::fail).begin(token, submission("s"), keys));
		add(1200, 1201);
		assertThat(this.store.find(keys.subList(0, 1000))).isEqualTo(before);
		assertThat(this.store.counts()).isEqualTo(Map.of(State.QUEUED, 1201));
		assertThat(this.store.submissions()).isEmpty();
		assertThat(linesOf(this.store, "s")).isEmpty();
		assertThat(this.store.queues())
			.containsExactly(new Queued(TARGET, 1201, 1201L * 10, NOW.plusSeconds(2), NOW.plusSeconds(994)));
		List<Line> queued = this.store.queued(TARGET, 5000, 1_000_000);
		assertThat(queued).hasSize(1201)
			.isSortedAccordingTo((a, b) -> a.deadline().equals(b.deadline()) ? a.key().compareTo(b.key())
					: a.deadline().compareTo(b.deadline()));
		Line moved = line(3, TARGET, 5);
		assertThat(this.store.add(moved, new byte[1]).deadline()).isEqualTo(NOW.plusSeconds(5));
		assertThat(this.store.queued(TARGET, 1, 1_000_000)).extracting(Line::key).containsExactly(key(3));
		assertThat(this.store.due(NOW.plusSeconds(5), 10)).extracting(Line::key).containsExactly(key(3));
	}

	@Test
	void whatASubmissionThatWasNotWrittenHadTakenIsTakenByTheNext() {
		long first = this.store.lead("one", TTL);
		List<String> keys = add(0, 1200);
		assertThatExceptionOfType(QueryTimeoutException.class).isThrownBy(
				() -> before(BatchScripts.JOIN, 3, RedisBatchStoreTests::fail).begin(first, submission("s"), keys));
		assertThatExceptionOfType(QueryTimeoutException.class)
			.isThrownBy(() -> before(BatchScripts.BEGIN, 1, RedisBatchStoreTests::fail).begin(first, submission("t"),
					keys.subList(200, 700)));
		this.store.resign(first);
		long second = this.store.lead("two", TTL);
		assertThat(this.store.begin(second, submission("u"), keys)).isEqualTo(keys);
		assertThat(this.store.counts()).isEqualTo(Map.of(State.SUBMITTING, 1200));
		assertThat(this.store.queues()).isEmpty();
		assertThat(linesOf(this.store, "u")).hasSize(1200)
			.allSatisfy((line) -> assertThat(line.attempt()).isEqualTo(1));
		assertThat(linesOf(this.store, "s")).isEmpty();
		assertThat(names("queue:", "age:", "lines:s", "lines:t")).isEmpty();
		assertThatExceptionOfType(LostLeaseException.class)
			.isThrownBy(() -> this.store.begin(first, submission("v"), keys));
		assertThatIllegalStateException().isThrownBy(() -> this.store.begin(second, submission("u"), keys));
	}

	@Test
	void aLeaderThatLosesItsLeaseWhileItWritesHasWrittenNothing() {
		long first = this.store.lead("one", TTL);
		List<String> keys = add(0, 600);
		long[] second = new long[1];
		assertThatExceptionOfType(LostLeaseException.class).isThrownBy(() -> before(BatchScripts.JOIN, 2, () -> {
			this.store.resign(first);
			second[0] = this.store.lead("two", TTL);
		}).begin(first, submission("s"), keys));
		assertThat(this.store.counts()).isEqualTo(Map.of(State.QUEUED, 600));
		assertThat(this.store.begin(second[0], submission("t"), keys)).isEqualTo(keys);
	}

	@Test
	void linesThatAreChangedWhileASubmissionIsWrittenAreNotInIt() {
		long token = this.store.lead("one", TTL);
		List<String> keys = add(0, 4);
		List<String> begun = before(BatchScripts.BEGIN, 1, () -> {
			assertThat(this.store.apply(token,
					List.of(new Change(key(1), null, Set.of(State.QUEUED), State.EXPIRED, NOW, null, null))))
				.hasSize(1);
			assertThat(this.store.begin(token, submission("t"), List.of(key(2)))).hasSize(1);
		}).begin(token, submission("s"), keys);
		assertThat(begun).containsExactly(key(0), key(3));
		assertThat(linesOf(this.store, "s")).extracting(Line::key).containsExactlyInAnyOrder(key(0), key(3));
		assertThat(linesOf(this.store, "t")).extracting(Line::key).containsExactly(key(2));
		assertThat(this.store.counts()).isEqualTo(Map.of(State.EXPIRED, 1, State.SUBMITTING, 3));
	}

	@Test
	void twoInstancesShareWhatIsKept() {
		RedisBatchStore other = new RedisBatchStore(new RedisConnector(connections), "default");
		long token = other.lead("other", TTL);
		assertThat(this.store.lead("one", TTL)).isZero();
		List<String> keys = add(0, 3);
		assertThat(other.queued(TARGET, 10, 1000)).hasSize(3);
		other.begin(token, submission("s"), keys);
		assertThat(this.store.find(keys).values()).extracting(Line::state).containsOnly(State.SUBMITTING);
		long revision = this.store.revision();
		other.apply(token, List.of(new Change(key(0), "s", Line.OPEN, State.DONE, NOW, new byte[] { 7 }, null)));
		assertThat(this.store.revision()).isNotEqualTo(revision);
		assertThat(this.store.answer(key(0))).containsExactly(7);
		assertThat(this.store.claim(key(0), NOW)).isTrue();
		assertThat(other.claim(key(0), NOW)).isFalse();
		RedisBatchStore stranger = new RedisBatchStore(new RedisConnector(connections), "another workspace");
		assertThat(stranger.lead("stranger", TTL)).isPositive();
		assertThat(stranger.find(keys)).isEmpty();
		assertThat(stranger.counts()).isEmpty();
	}

	@Test
	void tokensGrowEvenIfRedisHasLostThem() {
		long token = this.store.lead("one", TTL);
		empty();
		assertThatExceptionOfType(LostLeaseException.class).isThrownBy(() -> this.store.remove(token, "s"));
		assertThat(this.store.lead("two", TTL)).isGreaterThanOrEqualTo(token);
	}

	@Test
	void keepsNothingOfWhatWasDeleted() {
		long token = this.store.lead("one", TTL);
		List<String> keys = add(0, 10);
		assertThatExceptionOfType(QueryTimeoutException.class).isThrownBy(
				() -> before(BatchScripts.BEGIN, 1, RedisBatchStoreTests::fail).begin(token, submission("s"), keys));
		this.store.begin(token, submission("t"), keys);
		this.store.apply(token,
				keys.subList(0, 4)
					.stream()
					.map((key) -> new Change(key, "t", Line.OPEN, State.QUEUED, NOW, null, null))
					.toList());
		this.store.begin(token, submission("u"), keys);
		this.store.apply(token,
				keys.stream()
					.map((key) -> new Change(key, null, Line.OPEN, State.DONE, NOW, new byte[1], null))
					.toList());
		this.store.remove(token, "t");
		this.store.delete(token, keys);
		this.store.remove(token, "u");
		this.store.begin(token, submission("v"), List.of());
		this.store.remove(token, "v");
		assertThat(names("")).containsExactlyInAnyOrder("leader", "revision", "targets", "counts");
		assertThat(this.store.counts()).isEmpty();
	}

	@Test
	void doesTheSameAsAnotherStoreWhateverHappens() {
		for (int seed = 0; seed < Integer.getInteger("token-saving.batch.seeds", 10); seed++) {
			empty();
			JdbcConnectionPool database = JdbcConnectionPool
				.create("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1", "sa", "");
			try {
				JdbcBatchStore.createTables(database);
				new Comparison(seed, new JdbcBatchStore(database)).run();
			}
			finally {
				database.dispose();
			}
		}
	}

	private List<String> add(int first, int end) {
		return IntStream.range(first, end)
			.mapToObj((number) -> this.store.add(line(number, TARGET, 1000 - number % 7), new byte[] { 1 }).key())
			.toList();
	}

	private static Line line(int number, BatchTarget target, int deadline) {
		return new Line(key(number), "w", "p", target, 10, NOW.plusSeconds(deadline), NOW.plusSeconds(2 + number),
				State.QUEUED, 0, null, null, false);
	}

	private static String key(int number) {
		return "%064x".formatted(number);
	}

	private static Submission submission(String id) {
		return new Submission(id, TARGET, NOW, 1, NOW.plusSeconds(9), Phase.INTENT, null, null, 0, 0);
	}

	private static List<Line> linesOf(BatchStore store, String submission) {
		List<Line> lines = new ArrayList<>();
		store.lines(submission, lines::add);
		return lines;
	}

	private static void fail() {
		throw new QueryTimeoutException("Made up");
	}

	private static List<String> names(String... beginnings) {
		String prefix = "tokensaving:{default}:batch:";
		try (RedisConnection connection = connections.getConnection()) {
			return connection.keyCommands()
				.keys((prefix + "*").getBytes(StandardCharsets.UTF_8))
				.stream()
				.map((name) -> new String(name, StandardCharsets.UTF_8).substring(prefix.length()))
				.filter((name) -> Arrays.stream(beginnings).anyMatch(name::startsWith))
				.toList();
		}
	}

	/**
	 * Return a store to which something happens before it runs a script for the given
	 * time.
	 */
	private static RedisBatchStore before(byte[] script, int time, Runnable action) {
		int[] times = new int[1];
		Watching watching = (arguments) -> {
			if (Arrays.equals((byte[]) arguments[0], script) && ++times[0] == time) {
				action.run();
			}
		};
		Wrapping scripts = (commands) -> proxy(RedisScriptingCommands.class, commands, Map.of("eval", (reply) -> reply),
				watching);
		RedisConnectionFactory factory = proxy(RedisConnectionFactory.class, connections, Map.of("getConnection",
				(connection) -> proxy(RedisConnection.class, connection, Map.of("scriptingCommands", scripts))));
		return new RedisBatchStore(new RedisConnector(factory), "default");
	}

	private static <T> T proxy(Class<T> type, Object target, Map<String, Wrapping> wrappings) {
		return proxy(type, target, wrappings, (arguments) -> {
		});
	}

	private static <T> T proxy(Class<T> type, Object target, Map<String, Wrapping> wrappings, Watching watching) {
		return type
			.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method, arguments) -> {
				Wrapping wrapping = wrappings.get(method.getName());
				if (wrapping != null && arguments != null) {
					watching.before(arguments);
				}
				try {
					Object result = method.invoke(target, arguments);
					return (wrapping != null) ? wrapping.wrap(result) : result;
				}
				catch (InvocationTargetException ex) {
					throw ex.getCause();
				}
			}));
	}

	private interface Wrapping {

		Object wrap(Object result);

	}

	private interface Watching {

		void before(Object[] arguments);

	}

	/**
	 * The same random steps in Redis and another store, and all that both tell after each
	 * of them.
	 */
	private final class Comparison {

		private static final int STEPS = 60;

		private static final int KEYS = 7;

		private final Random random;

		private final BatchStore expected;

		private final long token = RedisBatchStoreTests.this.store.lead("one", TTL);

		private final long expectedToken;

		private final List<String> keys = IntStream.range(0, KEYS).mapToObj(RedisBatchStoreTests::key).toList();

		private final List<Submission> begun = new ArrayList<>();

		private final String seed;

		private int next;

		Comparison(int seed, BatchStore expected) {
			this.random = new Random(seed);
			this.seed = "seed " + seed;
			this.expected = expected;
			this.expectedToken = expected.lead("one", TTL);
		}

		void run() {
			List<String> steps = new ArrayList<>();
			for (int i = 0; i < STEPS; i++) {
				steps.add(step());
				compare(this.seed + " " + steps);
			}
		}

		private String step() {
			RedisBatchStore actual = RedisBatchStoreTests.this.store;
			int kind = this.random.nextInt(12);
			return switch (kind) {
				case 0, 1, 2 -> {
					int number = this.random.nextInt(KEYS);
					Line line = line(number, (this.random.nextInt(3) != 0) ? TARGET : OTHER, this.random.nextInt(20));
					byte[] body = { (byte) this.random.nextInt() };
					yield same("add " + number, actual.add(line, body), this.expected.add(line, body));
				}
				case 3, 4, 5 -> begin(actual);
				case 6 -> {
					if (this.begun.isEmpty()) {
						yield "";
					}
					int index = this.random.nextInt(this.begun.size());
					Submission old = this.begun.get(index);
					Phase phase = Phase.values()[Math.max(old.phase().ordinal(), this.random.nextInt(3))];
					Submission update = new Submission(old.id(), old.target(), old.begunAt(), old.lines(),
							old.deadline(), phase, (phase != Phase.INTENT) ? "b" : null,
							(phase != Phase.INTENT) ? NOW : null, this.random.nextInt(9), this.random.nextInt(9));
					this.begun.set(index, update);
					actual.update(this.token, update);
					this.expected.update(this.expectedToken, update);
					yield "update " + update.id() + " " + phase;
				}
				case 7 -> {
					if (this.begun.isEmpty() || this.random.nextBoolean()) {
						yield "";
					}
					String id = this.begun.get(this.random.nextInt(this.begun.size())).id();
					actual.remove(this.token, id);
					this.expected.remove(this.expectedToken, id);
					yield "remove " + id;
				}
				case 8, 9 -> {
					List<Change> changes = changes();
					yield same("apply " + changes, actual.apply(this.token, changes),
							this.expected.apply(this.expectedToken, changes));
				}
				case 10 -> {
					List<String> some = some();
					actual.delete(this.token, some);
					this.expected.delete(this.expectedToken, some);
					yield "delete " + some;
				}
				default -> {
					String key = this.keys.get(this.random.nextInt(KEYS));
					Instant until = NOW.plusSeconds(this.random.nextInt(20));
					yield this.random.nextBoolean() ? same("live " + key, actual.live(key), this.expected.live(key))
							: same("claim " + key, actual.claim(key, until), this.expected.claim(key, until));
				}
			};
		}

		private String begin(RedisBatchStore actual) {
			List<String> some = some();
			String id = "s" + this.next++;
			Submission submission = new Submission(id, TARGET, NOW.plusSeconds(this.next), some.size(), NOW,
					Phase.INTENT, null, null, 0, 0);
			if (this.random.nextInt(3) == 0) {
				assertThatExceptionOfType(QueryTimeoutException.class)
					.isThrownBy(() -> before(BatchScripts.BEGIN, 1, RedisBatchStoreTests::fail).begin(this.token,
							submission, some));
				return "fail " + id + some;
			}
			this.begun.add(submission);
			return same("begin " + id + some, actual.begin(this.token, submission, some),
					this.expected.begin(this.expectedToken, submission, some));
		}

		private List<Change> changes() {
			State to = List.of(State.QUEUED, State.DONE, State.FAILED, State.EXPIRED).get(this.random.nextInt(4));
			Set<State> from = new HashSet<>(Line.OPEN);
			if (this.random.nextBoolean()) {
				from.remove(State.QUEUED);
			}
			if (to == State.DONE && this.random.nextBoolean()) {
				from.add(State.EXPIRED);
			}
			String submission = (this.next > 0 && this.random.nextBoolean()) ? "s" + this.random.nextInt(this.next)
					: null;
			return some().stream()
				.map((key) -> new Change(key, submission, from, to, NOW.plusSeconds(this.random.nextInt(20)),
						(to == State.DONE) ? new byte[] { (byte) this.random.nextInt() } : null,
						(to == State.FAILED) ? List.of("", "ü").get(this.random.nextInt(2)) : null))
				.toList();
		}

		private List<String> some() {
			List<String> some = new ArrayList<>(this.keys);
			Collections.shuffle(some, this.random);
			return some.subList(0, this.random.nextInt(KEYS) + 1);
		}

		private String same(String step, Object actual, Object expected) {
			assertThat(actual).as(this.seed + " " + step).isEqualTo(expected);
			return step;
		}

		private void compare(String steps) {
			RedisBatchStore actual = RedisBatchStoreTests.this.store;
			assertThat(actual.find(this.keys)).as(steps).isEqualTo(this.expected.find(this.keys));
			assertThat(actual.counts()).as(steps).isEqualTo(this.expected.counts());
			assertThat(actual.queues()).as(steps).containsExactlyInAnyOrderElementsOf(this.expected.queues());
			for (BatchTarget target : List.of(TARGET, OTHER)) {
				assertThat(actual.queued(target, 3, 25)).as(steps).isEqualTo(this.expected.queued(target, 3, 25));
			}
			Instant time = NOW.plusSeconds(12);
			assertThat(actual.due(time, 4)).as(steps).isEqualTo(this.expected.due(time, 4));
			assertThat(actual.disposable(time, 100)).as(steps)
				.containsExactlyInAnyOrderElementsOf(this.expected.disposable(time, 100));
			assertThat(actual.submissions()).as(steps).isEqualTo(this.expected.submissions());
			for (int i = 0; i < this.next; i++) {
				assertThat(Set.copyOf(linesOf(actual, "s" + i))).as(steps)
					.isEqualTo(Set.copyOf(linesOf(this.expected, "s" + i)));
			}
			assertThat(texts(actual)).as(steps).isEqualTo(texts(this.expected));
		}

		private Set<String> texts(BatchStore store) {
			Set<String> texts = store.bodies(this.keys)
				.entrySet()
				.stream()
				.map((body) -> body.getKey() + Arrays.toString(body.getValue()))
				.collect(Collectors.toCollection(LinkedHashSet::new));
			this.keys.forEach((key) -> texts.add(key + Arrays.toString(store.answer(key))));
			return Set.copyOf(texts);
		}

	}

}
