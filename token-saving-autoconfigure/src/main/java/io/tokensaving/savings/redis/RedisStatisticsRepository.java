package io.tokensaving.savings.redis;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

import io.tokensaving.savings.StatisticsBatch;
import io.tokensaving.savings.StatisticsCounters;
import io.tokensaving.savings.StatisticsRepository;
import org.jspecify.annotations.Nullable;

import org.springframework.dao.InvalidDataAccessApiUsageException;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.util.Assert;

/**
 * Keeps statistics in Redis, where all instances of an application add to the same sums.
 * Works with Lettuce and Jedis, with a single server, Sentinel and Redis Cluster.
 * Thread-safe.
 * <p>
 * All keys of a plan lie in one slot of a cluster, and one script adds what a batch has
 * for the plan: at once, and only if its number is higher than that of the last batch of
 * the instance. The scripts of many plans share a round trip, except with Jedis and Redis
 * Cluster, which has no pipelines. Reading is done by scripts too, so that no replica is
 * asked that is behind.
 */
public final class RedisStatisticsRepository implements StatisticsRepository {

	// Lettuce opens a connection for a pipeline unless it has a pool, and that takes some
	// round trips itself
	private static final int PIPELINED_COMMANDS = 8;

	private static final Duration BATCH_TTL = Duration.ofDays(1);

	// The number of the batch comes first: what fails after it has been refused for good
	// (a counter that would overflow, a key of another type) and is not added twice
	private static final byte[] ADD = bytes("""
			local last = redis.call('GET', KEYS[1])
			if last and tonumber(last) >= tonumber(ARGV[1]) then
				return 0
			end
			redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
			local refused = 0
			local first = 6
			local models = first + 2 * tonumber(ARGV[5])
			for i = first, models - 1, 2 do
				for key = 2, 3 do
					local reply = redis.pcall('HINCRBY', KEYS[key], ARGV[i], ARGV[i + 1])
					if type(reply) == 'table' and reply.err then
						refused = refused + 1
					end
				end
			end
			redis.call('EXPIRE', KEYS[3], ARGV[3])
			for i = models, #ARGV do
				if redis.call('SCARD', KEYS[4]) < tonumber(ARGV[4]) then
					redis.call('SADD', KEYS[4], ARGV[i])
				end
			end
			return refused
			""");

	private static final byte[] READ_TOTAL = bytes("""
			local reply = redis.call('HGETALL', KEYS[1])
			table.insert(reply, 1, tostring(#reply))
			for _, model in ipairs(redis.call('SMEMBERS', KEYS[2])) do
				reply[#reply + 1] = model
			end
			return reply
			""");

	private static final byte[] READ_DAYS = bytes("""
			local reply = {}
			for i, key in ipairs(KEYS) do
				local day = redis.call('HGETALL', key)
				if #day > 0 then
					reply[#reply + 1] = ARGV[i]
					reply[#reply + 1] = tostring(#day)
					for _, part in ipairs(day) do
						reply[#reply + 1] = part
					end
				end
			end
			return reply
			""");

	private final RedisConnectionFactory connectionFactory;

	private final String prefix;

	private final Clock clock;

	/**
	 * Create a repository. It connects when it is first used.
	 * @param connectionFactory connects to Redis
	 * @param workspace keeps applications apart that share a Redis, not empty
	 * @param clock tells the present day
	 */
	public RedisStatisticsRepository(RedisConnectionFactory connectionFactory, String workspace, Clock clock) {
		Assert.hasText(workspace, "'workspace' must not be empty");
		this.connectionFactory = connectionFactory;
		// A brace or colon of the workspace must not be taken for one of the key
		this.prefix = "tokensaving:" + URLEncoder.encode(workspace, StandardCharsets.UTF_8) + ":stats:";
		this.clock = clock;
	}

	@Override
	public void add(StatisticsBatch batch) {
		List<String> plans = List.copyOf(batch.increments().keySet());
		if (plans.isEmpty()) {
			return;
		}
		List<Command> commands = new ArrayList<>();
		commands.add((connection) -> connection.setCommands().sAdd(bytes(plansKey()), bytes(plans)));
		batch.increments().forEach((plan, increments) -> commands.add(add(batch, plan, increments)));
		List<@Nullable Object> replies = execute(commands);
		long refused = replies.stream().skip(1).mapToLong((reply) -> (reply instanceof Long count) ? count : 0).sum();
		Assert.state(refused == 0, () -> "Redis refused to add to " + refused + " counters");
	}

	private Command add(StatisticsBatch batch, String plan, StatisticsCounters increments) {
		List<String> parts = new ArrayList<>(List.of(key(plan, "batch:" + batch.instance()), key(plan, "total"),
				dayKey(plan, batch.day()), key(plan, "unpriced"), String.valueOf(batch.number()),
				String.valueOf(BATCH_TTL.toSeconds()), String.valueOf(Duration.ofDays(DAYS).toSeconds()),
				String.valueOf(StatisticsCounters.MAX_UNPRICED_MODELS), String.valueOf(increments.values().size())));
		increments.values().forEach((name, value) -> {
			parts.add(name);
			parts.add(String.valueOf(value));
		});
		parts.addAll(increments.unpricedModels());
		return (connection) -> connection.scriptingCommands().eval(ADD, ReturnType.INTEGER, 4, bytes(parts));
	}

	@Override
	public Map<String, StatisticsCounters> totals(Collection<String> plans) {
		List<String> ids = List.copyOf(plans);
		List<Command> commands = new ArrayList<>();
		for (String plan : ids) {
			byte[][] keys = bytes(List.of(key(plan, "total"), key(plan, "unpriced")));
			commands.add((connection) -> connection.scriptingCommands()
				.eval(READ_TOTAL, ReturnType.MULTI, keys.length, keys));
		}
		List<@Nullable Object> replies = execute(commands);
		Map<String, StatisticsCounters> totals = new HashMap<>();
		for (int i = 0; i < ids.size(); i++) {
			Reply reply = new Reply(replies.get(i));
			totals.put(ids.get(i), new StatisticsCounters(reply.counters(), reply.others()));
		}
		return totals;
	}

	@Override
	public NavigableMap<LocalDate, StatisticsCounters> days(String plan) {
		LocalDate today = LocalDate.ofInstant(this.clock.instant(), ZoneOffset.UTC);
		List<LocalDate> days = today.minusDays(DAYS - 1).datesUntil(today.plusDays(1)).toList();
		List<String> parts = new ArrayList<>(days.stream().map((day) -> dayKey(plan, day)).toList());
		days.forEach((day) -> parts.add(day.toString()));
		Reply reply = new Reply(execute((connection) -> connection.scriptingCommands()
			.eval(READ_DAYS, ReturnType.MULTI, days.size(), bytes(parts))));
		NavigableMap<LocalDate, StatisticsCounters> sums = new TreeMap<>();
		while (reply.hasNext()) {
			sums.put(LocalDate.parse(reply.next()), new StatisticsCounters(reply.counters(), Set.of()));
		}
		return sums;
	}

	@Override
	public Set<String> plans() {
		Object members = execute((connection) -> connection.setCommands().sMembers(bytes(plansKey())));
		Set<String> plans = new HashSet<>();
		if (members instanceof Collection<?> values) {
			values.forEach((value) -> plans.add(string(value)));
		}
		return plans;
	}

	private String plansKey() {
		return this.prefix + "plans";
	}

	private String key(String plan, String name) {
		return this.prefix + "{" + plan + "}:" + name;
	}

	private String dayKey(String plan, LocalDate day) {
		return key(plan, day.toString());
	}

	private List<@Nullable Object> execute(List<Command> commands) {
		try (RedisConnection connection = this.connectionFactory.getConnection()) {
			if (commands.size() >= PIPELINED_COMMANDS && openPipeline(connection)) {
				commands.forEach((command) -> command.execute(connection));
				return connection.closePipeline();
			}
			List<@Nullable Object> replies = new ArrayList<>();
			commands.forEach((command) -> replies.add(command.execute(connection)));
			return replies;
		}
	}

	private @Nullable Object execute(Command command) {
		return execute(List.of(command)).get(0);
	}

	private static boolean openPipeline(RedisConnection connection) {
		try {
			connection.openPipeline();
			return true;
		}
		catch (InvalidDataAccessApiUsageException | UnsupportedOperationException ex) {
			return false;
		}
	}

	private static byte[][] bytes(List<String> texts) {
		return texts.stream().map(RedisStatisticsRepository::bytes).toArray(byte[][]::new);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static String string(@Nullable Object value) {
		return (value instanceof byte[] bytes) ? new String(bytes, StandardCharsets.UTF_8) : String.valueOf(value);
	}

	/**
	 * A command of a round trip.
	 */
	private interface Command {

		@Nullable Object execute(RedisConnection connection);

	}

	/**
	 * The parts of a script's reply, one after the other.
	 */
	private static final class Reply {

		private final List<String> parts;

		private int next;

		Reply(@Nullable Object reply) {
			Assert.state(reply instanceof List<?>, "Redis did not reply with a list");
			this.parts = ((List<?>) reply).stream().map(RedisStatisticsRepository::string).toList();
		}

		boolean hasNext() {
			return this.next < this.parts.size();
		}

		String next() {
			return this.parts.get(this.next++);
		}

		// The number of parts, and then names and values
		Map<String, Long> counters() {
			int size = Integer.parseInt(next());
			Map<String, Long> counters = new HashMap<>();
			for (int i = 0; i < size; i += 2) {
				counters.put(next(), Long.valueOf(next()));
			}
			return counters;
		}

		Set<String> others() {
			Set<String> others = new HashSet<>(this.parts.subList(this.next, this.parts.size()));
			this.next = this.parts.size();
			return others;
		}

	}

}
