package io.tokensaving.budget.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.Attempt;
import io.tokensaving.backend.CircuitBreakers;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.KeyNames;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.budget.BudgetAccounts;
import io.tokensaving.budget.BudgetAmount;
import io.tokensaving.budget.BudgetClaim;
import io.tokensaving.budget.BudgetUsage;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.util.Assert;

/**
 * Accounts that all instances of an application share in Redis. A call takes from all its
 * budgets in one script. What it holds is a lease that its instance renews, so that the
 * amounts of an instance that was killed are free again after the time to live of a
 * lease. Costs are written in the background, and again for ten minutes while Redis is
 * away; a script that is run twice because its reply was lost counts once.
 * <p>
 * Amounts are only added by commands for whole numbers of 64 bits and compared as
 * decimals, as the numbers of scripts are exact up to 9,007 dollars only. Thread-safe.
 */
public final class RedisBudgetAccounts implements BudgetAccounts, SmartLifecycle, AutoCloseable {

	/**
	 * The default time to live of a lease: 30 seconds.
	 */
	public static final Duration DEFAULT_TTL = Duration.ofSeconds(30);

	/**
	 * After this time a lease is not renewed any more, as its call was abandoned.
	 */
	public static final Duration MAX_HELD = Duration.ofMinutes(10);

	private static final Log logger = LogFactory.getLog(RedisBudgetAccounts.class);

	private static final String BACKEND = "redis";

	private static final int THREADS = 4;

	private static final int MAX_WAITING = 1000;

	private static final int MAX_UNWRITTEN = 10_000;

	private static final long RETRY_MILLIS = 1000;

	private static final long KEPT_MILLIS = Duration.ofDays(2).toMillis();

	private static final String FUNCTIONS = """
			local function negative(amount)
			  return amount == '0' and '0' or '-' .. amount
			end
			local function above(amount, limit)
			  amount = amount or '0'
			  return string.sub(amount, 1, 1) ~= '-' and (#amount > #limit or (#amount == #limit and amount > limit))
			end
			local function reaches(account, usd, tokens)
			  return not above(usd, redis.call('HGET', account, 'used_usd') or '0')
			    or not above(tokens, redis.call('HGET', account, 'used_tokens') or '0')
			end
			local function add(account, prefix, usd, tokens)
			  redis.call('HINCRBY', account, prefix .. '_usd', usd)
			  redis.call('HINCRBY', account, prefix .. '_tokens', tokens)
			end
			local time = redis.call('TIME')
			local now = time[1] * 1000 + math.floor(time[2] / 1000)
			local function text(number)
			  return string.format('%.0f', number)
			end
			local function prune(account, leases)
			  for _, lease in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', text(now))) do
			    local usd, tokens = string.match(lease, '^[^|]*|(%d+)|(%d+)$')
			    redis.call('ZREM', leases, lease)
			    add(account, 'total', negative(usd), negative(tokens))
			  end
			end
			local function figures(account)
			  return redis.call('HMGET', account, 'used_usd', 'used_tokens', 'total_usd', 'total_tokens')
			end
			""";

	// For each budget, keys of the account and its leases; as arguments its limits,
	// whether it refuses, and when its keys expire
	private static final byte[] RESERVE = script("""
			local lease, ttl, usd, tokens = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
			local count = #KEYS / 2
			local refused = 0
			for i = 1, count do
			  local account, leases = KEYS[2 * i - 1], KEYS[2 * i]
			  prune(account, leases)
			  add(account, 'total', usd, tokens)
			  local a = 4 * i
			  if refused == 0 and ARGV[a + 3] == '1' and
			      (above(redis.call('HGET', account, 'total_usd'), ARGV[a + 1])
			       or above(redis.call('HGET', account, 'total_tokens'), ARGV[a + 2])) then
			    refused = i
			  end
			end
			local first = '0'
			local reply = {}
			for i = 1, count do
			  local account, leases = KEYS[2 * i - 1], KEYS[2 * i]
			  if refused > 0 then
			    add(account, 'total', negative(usd), negative(tokens))
			  else
			    redis.call('ZADD', leases, text(now + ttl), lease .. '|' .. usd .. '|' .. tokens)
			    redis.call('PEXPIREAT', leases, ARGV[4 * i + 4])
			  end
			  redis.call('PEXPIREAT', account, ARGV[4 * i + 4])
			end
			if refused > 0 then
			  local account = KEYS[2 * refused - 1]
			  first = text(redis.call('HSETNX', account, 'exceeded', '1'))
			  reply = figures(account)
			end
			return { text(refused), first, reply[1] or '0', reply[2] or '0', reply[3] or '0', reply[4] or '0' }
			""");

	// For each budget, keys of the account, its leases and what was settled lately; as
	// arguments the amounts of the warning and of the limit, and when its keys expire
	private static final byte[] SETTLE = script(
			"""
					local lease, usd, tokens, cost, used = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
					local reply = {}
					for i = 1, #KEYS / 3 do
					  local account, leases, settled = KEYS[3 * i - 2], KEYS[3 * i - 1], KEYS[3 * i]
					  local a = 5 * i
					  local level = 0
					  redis.call('ZREMRANGEBYSCORE', settled, '-inf', text(now - 1800000))
					  if not redis.call('ZSCORE', settled, lease) then
					    redis.call('ZADD', settled, text(now), lease)
					    if redis.call('ZREM', leases, lease .. '|' .. usd .. '|' .. tokens) == 1 then
					      add(account, 'total', negative(usd), negative(tokens))
					    end
					    add(account, 'total', cost, used)
					    add(account, 'used', cost, used)
					    for _, key in ipairs({ account, settled }) do
					      redis.call('PEXPIREAT', key, ARGV[a + 5])
					    end
					    if reaches(account, ARGV[a + 1], ARGV[a + 2]) and redis.call('HSETNX', account, 'warned', '1') == 1 then
					      level = 1
					    end
					    if reaches(account, ARGV[a + 3], ARGV[a + 4]) and redis.call('HSETNX', account, 'exceeded', '1') == 1 then
					      level = level + 2
					    end
					  end
					  local found = figures(account)
					  reply[#reply + 1] = text(level)
					  for f = 1, 4 do
					    reply[#reply + 1] = found[f] or '0'
					  end
					end
					return reply
					""");

	private static final byte[] RENEW = script("""
			for i = 2, #ARGV do
			  redis.call('ZADD', KEYS[1], 'XX', text(now + tonumber(ARGV[1])), ARGV[i])
			end
			return {}
			""");

	private static final byte[] READ = script("""
			prune(KEYS[1], KEYS[2])
			local found = figures(KEYS[1])
			return { found[1] or '0', found[2] or '0', found[3] or '0', found[4] or '0' }
			""");

	private final RedisConnector connector;

	private final Duration ttl;

	private final CircuitBreakers breakers;

	private final Ticker ticker;

	private final ThreadPoolExecutor reserving;

	private final ScheduledThreadPoolExecutor maintenance;

	private final Set<Held> held = ConcurrentHashMap.newKeySet();

	private final AtomicInteger unwritten = new AtomicInteger();

	private volatile @Nullable Listener listener;

	private volatile boolean stopped;

	/**
	 * Create accounts. Does not connect yet.
	 * @param connector connects to Redis
	 * @param breakers the circuit breakers
	 */
	public RedisBudgetAccounts(RedisConnector connector, CircuitBreakers breakers) {
		this(connector, breakers, DEFAULT_TTL, Ticker.systemTicker());
	}

	/**
	 * Create accounts. Does not connect yet.
	 * @param connector connects to Redis
	 * @param breakers the circuit breakers
	 * @param ttl the time to live of a lease, at least 100 milliseconds
	 * @param ticker tells how long amounts are held
	 */
	public RedisBudgetAccounts(RedisConnector connector, CircuitBreakers breakers, Duration ttl, Ticker ticker) {
		Assert.isTrue(ttl.toMillis() >= 100, () -> "'ttl' must be at least 100 milliseconds, but is " + ttl);
		this.connector = connector;
		this.breakers = breakers;
		this.ttl = ttl;
		this.ticker = ticker;
		this.reserving = new ThreadPoolExecutor(THREADS, THREADS, 30, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(MAX_WAITING), new DaemonThreads("token-saving-budgets"));
		this.reserving.allowCoreThreadTimeOut(true);
		this.maintenance = new ScheduledThreadPoolExecutor(1, new DaemonThreads("token-saving-budget-leases"));
		this.maintenance.setRemoveOnCancelPolicy(true);
		long period = ttl.toMillis() / 3;
		var unused = this.maintenance.scheduleWithFixedDelay(this::renew, period, period, TimeUnit.MILLISECONDS);
	}

	private static byte[] script(String lua) {
		return bytes(FUNCTIONS + lua);
	}

	@Override
	public void setListener(Listener listener) {
		this.listener = listener;
	}

	@Override
	public CompletableFuture<Answer> reserve(List<BudgetClaim> claims, BudgetAmount amount) {
		CompletableFuture<Answer> answer = new CompletableFuture<>();
		try {
			this.reserving.execute(() -> reserve(List.copyOf(claims), amount, answer));
		}
		catch (RejectedExecutionException ex) {
			answer.completeExceptionally(ex);
		}
		return answer;
	}

	private void reserve(List<BudgetClaim> claims, BudgetAmount amount, CompletableFuture<Answer> answer) {
		try {
			answer.complete(reserveNow(claims, amount));
		}
		catch (Throwable ex) {
			answer.completeExceptionally(ex);
		}
	}

	private Answer reserveNow(List<BudgetClaim> claims, BudgetAmount amount) {
		Held reservation = new Held(claims, amount, this.ticker.read());
		List<byte[]> keys = new ArrayList<>();
		List<String> arguments = new ArrayList<>(List.of(reservation.id, String.valueOf(this.ttl.toMillis()),
				String.valueOf(amount.picoUsd()), String.valueOf(amount.tokens())));
		for (BudgetClaim claim : claims) {
			String key = key(claim);
			keys.add(bytes(key));
			keys.add(bytes(leases(key)));
			BudgetAmount limit = claim.limit();
			arguments.addAll(List.of(String.valueOf(limit.picoUsd()), String.valueOf(limit.tokens()),
					claim.refuses() ? "1" : "0", expiry(claim)));
		}
		List<String> reply = eval(RESERVE, keys, arguments);
		int refused = Integer.parseInt(reply.get(0));
		if (refused == 0) {
			this.held.add(reservation);
			return new Answer(reservation, null, BudgetUsage.NONE);
		}
		BudgetClaim claim = claims.get(refused - 1);
		BudgetUsage usage = usage(reply, 2);
		Listener told = this.listener;
		if (reply.get(1).equals("1") && told != null) {
			told.exceeded(claim, usage);
		}
		return new Answer(null, claim, usage);
	}

	@Override
	public BudgetUsage usage(BudgetClaim claim) {
		String key = key(claim);
		return usage(eval(READ, List.of(bytes(key), bytes(leases(key))), List.of()), 0);
	}

	private static BudgetUsage usage(List<String> reply, int from) {
		long usedPicoUsd = Long.parseLong(reply.get(from));
		long usedTokens = Long.parseLong(reply.get(from + 1));
		return new BudgetUsage(new BudgetAmount(usedPicoUsd, usedTokens), new BudgetAmount(
				Long.parseLong(reply.get(from + 2)) - usedPicoUsd, Long.parseLong(reply.get(from + 3)) - usedTokens));
	}

	private List<String> eval(byte[] script, List<byte[]> keys, List<String> arguments) {
		Attempt attempt = Attempt.begin(this.breakers.of(BACKEND), this.ticker);
		Assert.state(attempt != null, "Redis has failed too often; it is tried again soon");
		byte[][] all = new byte[keys.size() + arguments.size()][];
		for (int i = 0; i < all.length; i++) {
			all[i] = (i < keys.size()) ? keys.get(i) : bytes(arguments.get(i - keys.size()));
		}
		try (RedisConnection connection = this.connector.connectionFactory().getConnection()) {
			List<Object> reply = connection.scriptingCommands().eval(script, ReturnType.MULTI, keys.size(), all);
			Assert.state(reply != null, "Redis did not reply");
			attempt.succeeded();
			return reply.stream().map(RedisBudgetAccounts::text).toList();
		}
		catch (Throwable ex) {
			attempt.failed(ex);
			throw ex;
		}
		finally {
			attempt.end();
		}
	}

	private static String text(Object value) {
		return (value instanceof byte[] bytes) ? new String(bytes, StandardCharsets.UTF_8) : String.valueOf(value);
	}

	private void renew() {
		long now = this.ticker.read();
		Map<String, List<String>> leases = new HashMap<>();
		for (Held reservation : this.held) {
			if (now - reservation.since > MAX_HELD.toNanos()) {
				this.held.remove(reservation);
			}
			else {
				reservation.claims.forEach((claim) -> leases
					.computeIfAbsent(leases(key(claim)),
							(key) -> new ArrayList<>(List.of(String.valueOf(this.ttl.toMillis()))))
					.add(reservation.member()));
			}
		}
		try {
			leases.forEach((key, arguments) -> eval(RENEW, List.of(bytes(key)), arguments));
		}
		catch (Throwable ex) {
			logger.debug("Leases of budgets could not be renewed", ex);
		}
	}

	private void write(Held reservation, BudgetAmount cost) {
		try {
			writeNow(reservation, cost);
		}
		catch (Throwable ex) {
			boolean late = this.ticker.read() - reservation.since > 2 * MAX_HELD.toNanos();
			if (!late && !this.maintenance.isShutdown() && !this.stopped) {
				try {
					var unused = this.maintenance.schedule(() -> write(reservation, cost), RETRY_MILLIS,
							TimeUnit.MILLISECONDS);
					return;
				}
				catch (RejectedExecutionException rejected) {
					ex.addSuppressed(rejected);
				}
			}
			lose(ex);
		}
		this.unwritten.decrementAndGet();
	}

	private void lose(Throwable failure) {
		Listener told = this.listener;
		if (told != null) {
			told.failed(failure);
		}
	}

	private void writeNow(Held reservation, BudgetAmount cost) {
		List<byte[]> keys = new ArrayList<>();
		List<String> arguments = new ArrayList<>(List.of(reservation.id, String.valueOf(reservation.amount.picoUsd()),
				String.valueOf(reservation.amount.tokens()), String.valueOf(cost.picoUsd()),
				String.valueOf(cost.tokens())));
		for (BudgetClaim claim : reservation.claims) {
			String key = key(claim);
			keys.addAll(List.of(bytes(key), bytes(leases(key)), bytes(key + ":settled")));
			for (BudgetAmount amount : List.of(claim.warning(), claim.limit())) {
				arguments.add(String.valueOf(amount.picoUsd()));
				arguments.add(String.valueOf(amount.tokens()));
			}
			arguments.add(expiry(claim));
		}
		List<String> reply = eval(SETTLE, keys, arguments);
		Listener told = this.listener;
		for (int i = 0; told != null && i < reservation.claims.size(); i++) {
			int level = Integer.parseInt(reply.get(5 * i));
			BudgetUsage usage = usage(reply, 5 * i + 1);
			if ((level & 1) != 0) {
				told.warned(reservation.claims.get(i), usage);
			}
			if ((level & 2) != 0) {
				told.exceeded(reservation.claims.get(i), usage);
			}
		}
	}

	// All budgets of a call are in one workspace, so the braces keep its keys on one node
	private static String key(BudgetClaim claim) {
		return "tokensaving:{%s}:budget:%s:%s:%s:%s:%s".formatted(KeyNames.workspace(claim.key().workspace()),
				claim.key().budget(), claim.key().scope().name().toLowerCase(Locale.ROOT),
				KeyNames.workspace(claim.key().value()), claim.settings().per().name().toLowerCase(Locale.ROOT),
				claim.window().start());
	}

	private static String leases(String key) {
		return key + ":leases";
	}

	private static String expiry(BudgetClaim claim) {
		return String.valueOf(claim.window().end().toEpochMilli() + KEPT_MILLIS);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	@Override
	public void start() {
		this.stopped = false;
	}

	/**
	 * Write what is known, for at most two seconds, which a Spring context does before it
	 * closes connections.
	 */
	@Override
	public void stop() {
		this.stopped = true;
		CompletableFuture<Boolean> written = new CompletableFuture<>();
		try {
			this.maintenance.execute(() -> written.complete(true));
			written.get(2, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (Exception ex) {
			logger.debug("Not all costs were written", ex);
		}
	}

	@Override
	public boolean isRunning() {
		return !this.stopped;
	}

	@Override
	public int getPhase() {
		return RedisConnector.PHASE;
	}

	/**
	 * Stop all threads. What is held is free again when its leases expire.
	 */
	@Override
	public void close() {
		this.reserving.shutdownNow();
		this.maintenance.shutdownNow();
	}

	/**
	 * An amount that is held.
	 */
	private final class Held implements Reservation {

		private final String id = UUID.randomUUID().toString();

		private final List<BudgetClaim> claims;

		private final BudgetAmount amount;

		private final long since;

		private final AtomicBoolean settled = new AtomicBoolean();

		Held(List<BudgetClaim> claims, BudgetAmount amount, long since) {
			this.claims = claims;
			this.amount = amount;
			this.since = since;
		}

		String member() {
			return this.id + "|" + this.amount.picoUsd() + "|" + this.amount.tokens();
		}

		@Override
		public void settle(BudgetAmount cost) {
			if (!this.settled.compareAndSet(false, true)) {
				return;
			}
			RedisBudgetAccounts accounts = RedisBudgetAccounts.this;
			accounts.held.remove(this);
			if (accounts.unwritten.incrementAndGet() > MAX_UNWRITTEN) {
				accounts.unwritten.decrementAndGet();
				accounts.lose(new IllegalStateException("Too many costs wait to be written"));
				return;
			}
			try {
				accounts.maintenance.execute(() -> accounts.write(this, cost));
			}
			catch (RejectedExecutionException ex) {
				accounts.unwritten.decrementAndGet();
				accounts.lose(ex);
			}
		}

	}

}
