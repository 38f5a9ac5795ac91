package io.tokensaving.backend.redis;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConnection;

/**
 * A subscription to a Redis channel. Works only with Lettuce, which uses a separate
 * connection for subscriptions and subscribes again when it reconnects; with other
 * clients no message arrives. Messages may be lost, so the listener also has to poll.
 * Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class RedisSubscription {

	private static final Log logger = LogFactory.getLog(RedisSubscription.class);

	private static final long PAUSE = TimeUnit.SECONDS.toNanos(5);

	private final RedisConnector connector;

	private final boolean possible;

	private final byte[] channel;

	private final DaemonThreads threads;

	private final Consumer<byte[]> listener;

	private final Ticker ticker;

	private boolean stopped;

	// Subscribed or being made
	private @Nullable Attempt current;

	private @Nullable Long failedAt;

	/**
	 * Create a subscription. Does not subscribe yet.
	 * @param connector connects to Redis
	 * @param channel the name of the channel
	 * @param threadName the name of the thread that subscribes
	 * @param ticker the clock that determines when a failed attempt is repeated
	 * @param listener receives the body of each message, on a thread of Lettuce that it
	 * must not block; others may publish any content
	 */
	public RedisSubscription(RedisConnector connector, String channel, String threadName, Ticker ticker,
			Consumer<byte[]> listener) {
		this.connector = connector;
		this.possible = connector.isLettuce();
		this.channel = channel.getBytes(StandardCharsets.UTF_8);
		this.threads = new DaemonThreads(threadName);
		this.ticker = ticker;
		this.listener = listener;
	}

	/**
	 * Subscribe in the background, because that waits for the server. Does nothing while
	 * subscribed or subscribing, after {@link #stop()}, and within five seconds after a
	 * failed attempt, so it has to be called repeatedly.
	 */
	public synchronized void listen() {
		if (!this.possible || this.stopped || this.current != null || isPausing()) {
			return;
		}
		Attempt attempt = new Attempt();
		try {
			this.threads.newThread(attempt::subscribe).start();
			this.current = attempt;
		}
		catch (OutOfMemoryError ex) {
			// No thread can be started
			logger.debug("Cannot subscribe", ex);
		}
	}

	private boolean isPausing() {
		return this.failedAt != null && this.ticker.read() - this.failedAt < PAUSE;
	}

	private synchronized void failed(Attempt attempt) {
		if (this.current == attempt) {
			this.current = null;
			this.failedAt = this.ticker.read();
		}
	}

	/**
	 * Allow subscribing again after {@link #stop()}.
	 */
	public synchronized void start() {
		this.stopped = false;
		this.failedAt = null;
	}

	/**
	 * End the subscription, and stop subscribing.
	 */
	public void stop() {
		Attempt attempt;
		synchronized (this) {
			this.stopped = true;
			attempt = this.current;
			this.current = null;
		}
		if (attempt != null) {
			attempt.end();
		}
	}

	private static void close(RedisConnection connection) {
		try {
			connection.close();
		}
		catch (RuntimeException ex) {
			logger.debug("A subscription could not be ended", ex);
		}
	}

	/**
	 * A subscription that exists or is being made.
	 */
	private final class Attempt {

		private boolean ended;

		private @Nullable RedisConnection connection;

		void subscribe() {
			RedisConnection opened = null;
			boolean subscribed = false;
			try {
				opened = RedisSubscription.this.connector.connectionFactory().getConnection();
				opened.subscribe((message, pattern) -> RedisSubscription.this.listener.accept(message.getBody()),
						RedisSubscription.this.channel);
				subscribed = true;
			}
			catch (RuntimeException ex) {
				logger.debug("Cannot subscribe", ex);
			}
			finally {
				if (!subscribed) {
					failed(this);
				}
				if (opened != null && !(subscribed && keep(opened))) {
					close(opened);
				}
			}
		}

		private synchronized boolean keep(RedisConnection subscribed) {
			if (!this.ended) {
				this.connection = subscribed;
			}
			return !this.ended;
		}

		void end() {
			RedisConnection subscribed;
			synchronized (this) {
				this.ended = true;
				subscribed = this.connection;
				this.connection = null;
			}
			if (subscribed != null) {
				close(subscribed);
			}
		}

	}

}
