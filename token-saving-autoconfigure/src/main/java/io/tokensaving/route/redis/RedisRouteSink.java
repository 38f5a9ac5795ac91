package io.tokensaving.route.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.github.benmanes.caffeine.cache.Ticker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.KeyNames;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.route.log.RouteLine;
import io.tokensaving.route.log.RouteSink;
import io.tokensaving.statistics.DescribedException;

import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.util.Assert;

/**
 * Adds records to a stream in Redis for each plan,
 * <code>tokensaving:{workspace}:routing:plan</code>, as the field {@code record} of an
 * entry. A stream keeps about a number of records, and none for longer than the retention
 * after the stream was last written; with each write, entries that are older are deleted,
 * which needs Redis 6.2 (before, only the whole stream expires). Needs Redis 5.0. Not
 * thread-safe.
 */
public final class RedisRouteSink implements RouteSink {

	/**
	 * The name of the sink, and of its circuit breaker.
	 */
	public static final String NAME = "redis_route_log";

	// All or none of the records of a stream, in one round trip
	private static final byte[] ADD = bytes("""
			for i = 3, #ARGV do
			  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'record', ARGV[i])
			end
			redis.call('PEXPIRE', KEYS[1], ARGV[2])
			local now = redis.call('TIME')
			local oldest = now[1] * 1000 + math.floor(now[2] / 1000) - ARGV[2]
			if oldest > 0 then
			  redis.pcall('XTRIM', KEYS[1], 'MINID', string.format('%.0f', oldest))
			end
			return #ARGV - 2
			""");

	private final RedisConnector connector;

	private final CircuitBreaker breaker;

	private final Ticker ticker;

	private final byte[] maxLength;

	private final byte[] retention;

	// The plans whose part of a batch is written that has failed for another one
	private final Set<PlanKey> written = new HashSet<>();

	/**
	 * Create a sink. Does not connect yet.
	 * @param connector connects to Redis
	 * @param breaker the circuit breaker
	 * @param ticker times the calls of Redis
	 * @param maxLength about how many records a stream keeps, at least 1
	 * @param retention how long records are kept, at least a millisecond
	 */
	public RedisRouteSink(RedisConnector connector, CircuitBreaker breaker, Ticker ticker, long maxLength,
			Duration retention) {
		Assert.isTrue(maxLength > 0, "'maxLength' must be at least 1");
		Assert.isTrue(retention.toMillis() > 0, "'retention' must be at least a millisecond");
		this.connector = connector;
		this.breaker = breaker;
		this.ticker = ticker;
		this.maxLength = bytes(String.valueOf(maxLength));
		this.retention = bytes(String.valueOf(retention.toMillis()));
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Return the key of the stream of a plan.
	 * @param plan the plan and its workspace
	 * @return the key; all of a workspace are in one slot of a cluster
	 */
	public static String key(PlanKey plan) {
		return "tokensaving:{%s}:routing:%s".formatted(KeyNames.workspace(plan.workspace()),
				KeyNames.workspace(plan.plan()));
	}

	@Override
	public String name() {
		return NAME;
	}

	@Override
	public void write(List<RouteLine> lines) {
		Map<PlanKey, List<byte[]>> byPlan = new LinkedHashMap<>();
		for (RouteLine line : lines) {
			byPlan.computeIfAbsent(line.plan(), (plan) -> new ArrayList<>()).add(bytes(line.json()));
		}
		Attempt attempt = Attempt.begin(this.breaker, this.ticker);
		if (attempt == null) {
			throw new DescribedException("its circuit breaker is open");
		}
		try (RedisConnection connection = this.connector.connectionFactory().getConnection()) {
			byPlan.forEach((plan, records) -> {
				if (!this.written.contains(plan)) {
					add(connection, plan, records);
					this.written.add(plan);
				}
			});
			this.written.clear();
			attempt.succeeded();
		}
		catch (RuntimeException ex) {
			attempt.failed(ex);
			throw ex;
		}
		finally {
			attempt.end();
		}
	}

	private void add(RedisConnection connection, PlanKey plan, List<byte[]> records) {
		List<byte[]> arguments = new ArrayList<>();
		arguments.add(bytes(key(plan)));
		arguments.add(this.maxLength);
		arguments.add(this.retention);
		arguments.addAll(records);
		connection.scriptingCommands().eval(ADD, ReturnType.INTEGER, 1, arguments.toArray(byte[][]::new));
	}

}
