package io.tokensaving.route.redis;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.KeyNames;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.state.RouteStateStore;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.util.Assert;

/**
 * Keeps what routing has learned in Redis: a log is a stream, and a group of values a
 * hash. Their keys begin with <code>tokensaving:{workspace}:routing-state:plan:</code>.
 * Needs Redis 5.0. Thread-safe.
 */
public final class RedisRouteStateStore implements RouteStateStore, SmartLifecycle {

	private static final Log logger = LogFactory.getLog(RedisRouteStateStore.class);

	private static final Pattern POSITION = Pattern.compile("(\\d{1,18})-(\\d{1,18})");

	private static final int STOP_SECONDS = 2;

	// More than any group has: tiers and features of a plan, or its instances of a day
	private static final int MAX_VALUES = 1000;

	private static final int MAX_VALUE_BYTES = 8 * 1024;

	// All entries are added at once. Nothing that is too large leaves Redis
	private static final byte[] EXCHANGE = bytes("""
			for i = 6, #ARGV do
			  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'e', ARGV[i])
			end
			if #ARGV >= 6 then
			  redis.call('PEXPIRE', KEYS[1], ARGV[3])
			end
			local reply = {}
			local found = redis.call('XREAD', 'COUNT', ARGV[4], 'STREAMS', KEYS[1], ARGV[1])
			if found then
			  for _, entry in ipairs(found[1][2]) do
			    local content = ''
			    if #entry[2] == 2 and #entry[2][2] <= tonumber(ARGV[5]) then
			      content = entry[2][2]
			    end
			    table.insert(reply, entry[1])
			    table.insert(reply, content)
			  end
			end
			return reply
			""");

	private static final byte[] VALUES = bytes("""
			local reply = {}
			local found = redis.call('HGETALL', KEYS[1])
			for i = 1, math.min(#found, 2 * tonumber(ARGV[2])), 2 do
			  local value = found[i + 1]
			  if #found[i] <= tonumber(ARGV[1]) then
			    table.insert(reply, found[i])
			    table.insert(reply, #value <= tonumber(ARGV[1]) and value or '')
			  end
			end
			return reply
			""");

	private static final byte[] PUT = bytes("""
			for i = 2, #ARGV, 2 do
			  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
			end
			redis.call('PEXPIRE', KEYS[1], ARGV[1])
			return {}
			""");

	private final RedisConnector connector;

	private volatile @Nullable Runnable lastWrite;

	private volatile boolean running;

	/**
	 * Create a store. Does not connect yet.
	 * @param connector connects to Redis
	 */
	public RedisRouteStateStore(RedisConnector connector) {
		this.connector = connector;
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static byte[] bytes(long number) {
		return bytes(String.valueOf(number));
	}

	/**
	 * Return the key of a log or group.
	 * @param plan the plan and its workspace
	 * @param name the name of the log or group
	 * @return the key; all of a workspace are in one slot of a cluster
	 */
	public static String key(PlanKey plan, String name) {
		return "tokensaving:{%s}:routing-state:%s:%s".formatted(KeyNames.workspace(plan.workspace()),
				KeyNames.workspace(plan.plan()), name);
	}

	@Override
	public List<Entry> exchange(PlanKey plan, Journal journal, List<byte[]> added, Position after) {
		List<byte[]> arguments = new ArrayList<>(
				List.of(bytes(key(plan, journal.name())), bytes(after.time() + "-" + after.sequence()),
						bytes(journal.maxEntries()), bytes(journal.kept().toMillis()), bytes(PAGE), bytes(MAX_BYTES)));
		arguments.addAll(added);
		List<byte[]> reply = eval(EXCHANGE, arguments);
		List<Entry> entries = new ArrayList<>(reply.size() / 2);
		for (int i = 0; i + 1 < reply.size(); i += 2) {
			entries.add(new Entry(position(reply.get(i)), reply.get(i + 1)));
		}
		return entries;
	}

	private static Position position(byte[] id) {
		Matcher matcher = POSITION.matcher(new String(id, StandardCharsets.UTF_8));
		Assert.state(matcher.matches(), "The position of an entry in Redis is out of range");
		return new Position(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
	}

	@Override
	public Map<String, byte[]> values(PlanKey plan, Group group) {
		List<byte[]> reply = eval(VALUES,
				List.of(bytes(key(plan, group.name())), bytes(MAX_VALUE_BYTES), bytes(MAX_VALUES)));
		Map<String, byte[]> values = new LinkedHashMap<>();
		for (int i = 0; i + 1 < reply.size(); i += 2) {
			values.put(new String(reply.get(i), StandardCharsets.UTF_8), reply.get(i + 1));
		}
		return values;
	}

	@Override
	public void put(PlanKey plan, Group group, Map<String, byte[]> values) {
		List<byte[]> arguments = new ArrayList<>(
				List.of(bytes(key(plan, group.name())), bytes(group.kept().toMillis())));
		values.forEach((name, value) -> {
			arguments.add(bytes(name));
			arguments.add(value);
		});
		eval(PUT, arguments);
	}

	// With the key as the first argument
	private List<byte[]> eval(byte[] script, List<byte[]> arguments) {
		try (RedisConnection connection = this.connector.connectionFactory().getConnection()) {
			List<byte[]> reply = connection.scriptingCommands()
				.eval(script, ReturnType.MULTI, 1, arguments.toArray(byte[][]::new));
			return (reply != null) ? reply : List.of();
		}
	}

	@Override
	public void beforeStop(Runnable lastWrite) {
		this.lastWrite = lastWrite;
	}

	@Override
	public void start() {
		this.running = true;
	}

	/**
	 * Let what waits be written, for at most two seconds, before connections are closed.
	 */
	@Override
	public void stop() {
		this.running = false;
		Runnable write = this.lastWrite;
		if (write == null) {
			return;
		}
		CompletableFuture<Boolean> written = new CompletableFuture<>();
		new DaemonThreads("token-saving-routing-last-write").newThread(() -> {
			try {
				write.run();
			}
			finally {
				written.complete(true);
			}
		}).start();
		try {
			written.get(STOP_SECONDS, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (Exception ex) {
			logger.debug("Not all that was learned of routing was written", ex);
		}
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		return RedisConnector.PHASE;
	}

}
