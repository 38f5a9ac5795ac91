package io.tokensaving.promptcache.redis;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.KeyNames;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.promptcache.PrefixExchange;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStreamCommands.XAddOptions;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.connection.stream.StreamRecords;
import org.springframework.util.Assert;

/**
 * Passes messages on through a stream in Redis, which keeps the last
 * {@value #MAX_MESSAGES} for {@value PrefixExchange#KEPT_MINUTES} minutes: a new instance
 * reads them first. One thread writes and reads every 250 milliseconds, without blocking
 * commands, once somebody listens; while Redis is away it waits longer, up to 30 seconds.
 * No caller waits for Redis. Needs Redis 5.0. Thread-safe.
 */
public final class RedisPrefixExchange implements PrefixExchange, SmartLifecycle, AutoCloseable {

	/**
	 * How many messages the stream keeps, about.
	 */
	static final int MAX_MESSAGES = 20_000;

	/**
	 * How many messages wait to be written at most; more are dropped.
	 */
	static final int MAX_UNSENT = 2000;

	private static final Log logger = LogFactory.getLog(RedisPrefixExchange.class);

	private static final Duration INTERVAL = Duration.ofMillis(250);

	private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

	private static final int PAGE = 500;

	private static final int MAX_PAGES = MAX_MESSAGES / PAGE;

	private static final int MAX_LENGTH = 1024;

	private static final byte[] MESSAGE = bytes("message");

	private static final byte[] SENDER = bytes("sender");

	// For each entry its id, the sender and the message; nothing that is too long leaves
	// Redis
	private static final byte[] READ = bytes("""
			local reply = {}
			local found = redis.call('XREAD', 'COUNT', ARGV[2], 'STREAMS', KEYS[1], ARGV[1])
			if found then
			  for _, entry in ipairs(found[1][2]) do
			    local values = { sender = '', message = '' }
			    for i = 1, #entry[2], 2 do
			      local name, value = entry[2][i], entry[2][i + 1]
			      if values[name] and #value <= tonumber(ARGV[3]) then
			        values[name] = value
			      end
			    end
			    table.insert(reply, entry[1])
			    table.insert(reply, values.sender)
			    table.insert(reply, values.message)
			  end
			end
			return reply
			""");

	private final RedisConnector connector;

	private final byte[] key;

	private final Clock clock;

	private final Duration interval;

	private final byte[] sender = bytes(UUID.randomUUID().toString());

	private final BlockingQueue<byte[]> unsent = new ArrayBlockingQueue<>(MAX_UNSENT);

	private final ScheduledThreadPoolExecutor executor;

	private @Nullable String last;

	private long pauseMillis;

	private volatile @Nullable Listener listener;

	private volatile boolean running;

	// How often it was started: what an earlier start has scheduled does nothing
	private volatile int round;

	/**
	 * Create an exchange. Does not connect yet.
	 * @param connector connects to Redis
	 * @param workspace the workspace of the application
	 * @param clock tells the time to the listener, and what is too old to be read
	 */
	public RedisPrefixExchange(RedisConnector connector, String workspace, Clock clock) {
		this(connector, workspace, clock, INTERVAL);
	}

	RedisPrefixExchange(RedisConnector connector, String workspace, Clock clock, Duration interval) {
		this.connector = connector;
		this.key = bytes("tokensaving:{%s}:prompt-cache".formatted(KeyNames.workspace(workspace)));
		this.clock = clock;
		this.interval = interval;
		this.executor = new ScheduledThreadPoolExecutor(1, new DaemonThreads("token-saving-prompt-cache"));
		this.executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	@Override
	public void send(byte[] message) {
		if (!this.unsent.offer(message)) {
			logger.debug("A message about prefixes is dropped, as too many wait for Redis");
		}
	}

	@Override
	public synchronized void listen(Listener listener) {
		Assert.state(this.listener == null, "There is a listener already");
		this.listener = listener;
		begin();
	}

	// Redis is asked for nothing until somebody listens
	private synchronized void begin() {
		if (this.running && this.listener != null) {
			int current = ++this.round;
			this.executor.execute(() -> run(current));
		}
	}

	private void run(int current) {
		if (current != this.round) {
			return;
		}
		try {
			exchange();
			this.pauseMillis = 0;
		}
		catch (Throwable ex) {
			this.pauseMillis = Math.min(LONGEST_PAUSE.toMillis(),
					Math.max(2 * this.pauseMillis, this.interval.toMillis()));
			Listener told = this.listener;
			if (this.running && told != null) {
				told.failed(ex);
			}
		}
		schedule(current);
	}

	private void schedule(int current) {
		if (this.running && !this.executor.isShutdown()) {
			var unused = this.executor.schedule(() -> run(current), this.interval.toMillis() + this.pauseMillis,
					TimeUnit.MILLISECONDS);
		}
	}

	private void exchange() {
		try (RedisConnection connection = this.connector.connectionFactory().getConnection()) {
			write(connection);
			for (int page = 0; page < MAX_PAGES && read(connection) == PAGE; page++) {
				logger.trace("More messages about prefixes wait");
			}
		}
	}

	private void write(RedisConnection connection) {
		XAddOptions options = XAddOptions.maxlen(MAX_MESSAGES).approximateTrimming(true);
		boolean written = false;
		for (byte[] message = this.unsent.peek(); message != null; message = this.unsent.peek()) {
			connection.streamCommands()
				.xAdd(StreamRecords.rawBytes(Map.of(MESSAGE, message, SENDER, this.sender)).withStreamKey(this.key),
						options);
			this.unsent.remove();
			written = true;
		}
		if (written) {
			connection.keyCommands().pExpire(this.key, TimeUnit.MINUTES.toMillis(KEPT_MINUTES));
		}
	}

	private int read(RedisConnection connection) {
		String from = this.last;
		if (from == null) {
			from = (this.clock.millis() - TimeUnit.MINUTES.toMillis(KEPT_MINUTES)) + "-0";
		}
		List<byte[]> reply = connection.scriptingCommands()
			.eval(READ, ReturnType.MULTI, 1, this.key, bytes(from), bytes(String.valueOf(PAGE)),
					bytes(String.valueOf(MAX_LENGTH)));
		if (reply == null) {
			return 0;
		}
		Listener told = this.listener;
		for (int index = 0; index < reply.size(); index += 3) {
			this.last = new String(reply.get(index), StandardCharsets.UTF_8);
			byte[] message = reply.get(index + 2);
			if (message.length > 0 && told != null && !Arrays.equals(reply.get(index + 1), this.sender)) {
				told.received(message, this.clock.instant());
			}
		}
		return reply.size() / 3;
	}

	@Override
	public synchronized void start() {
		if (!this.running) {
			this.running = true;
			begin();
		}
	}

	/**
	 * Write what waits, for at most two seconds, and stop.
	 */
	@Override
	public void stop() {
		synchronized (this) {
			if (!this.running) {
				return;
			}
			this.running = false;
			if (this.listener == null) {
				return;
			}
		}
		try {
			this.executor.submit(this::exchange).get(2, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (Exception ex) {
			logger.debug("Not everything that was learnt about prefixes was passed on", ex);
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

	/**
	 * Stop the thread. What waits is dropped.
	 */
	@Override
	public void close() {
		this.running = false;
		this.executor.shutdownNow();
	}

}
