package io.tokensaving.samples.gateway.key;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * What has to be done for keys each second, in one thread: see changes, write what was
 * spent, give back what is not needed. Two instances see a change of the other within two
 * seconds by it. Thread-safe.
 */
final class KeyMaintenance implements SmartLifecycle {

	/**
	 * An instance that has said nothing for so long does not run any more.
	 */
	static final Duration DEAD_AFTER = Duration.ofSeconds(15);

	private static final Log logger = LogFactory.getLog(KeyMaintenance.class);

	private static final long PERIOD_MILLIS = 1000;

	private static final int BEAT_EACH = 5;

	// Few enough for what else has to be done in the same second
	private static final int FOLDED_AT_ONCE = 200;

	private static final long FOLD_MILLIS = Duration.ofHours(1).toMillis();

	private static final long WARN_MILLIS = Duration.ofMinutes(1).toMillis();

	private final String instance = UUID.randomUUID().toString();

	private final KnownKeys keys;

	private final QuotaLedger ledger;

	private final SpendLog spend;

	private final QuotaAccounts accounts;

	private final IntConsumer instances;

	private final Duration retention;

	private final Clock clock;

	private int ticks;

	private long foldedAt = Long.MIN_VALUE;

	private long warnedAt = Long.MIN_VALUE;

	private volatile @Nullable ScheduledExecutorService thread;

	/**
	 * Create the maintenance.
	 * @param instances is told the number of instances that run
	 */
	KeyMaintenance(KnownKeys keys, QuotaLedger ledger, SpendLog spend, QuotaAccounts accounts, IntConsumer instances,
			Duration retention, Clock clock) {
		this.keys = keys;
		this.ledger = ledger;
		this.spend = spend;
		this.accounts = accounts;
		this.instances = instances;
		this.retention = retention;
		this.clock = clock;
	}

	/**
	 * Do once what is to be done.
	 */
	synchronized void tick() {
		tryTo(this.keys::poll);
		tryTo(this.keys::writeUsed);
		tryTo(this.spend::flush);
		tryTo(this.ledger::tick);
		if (this.ticks++ % BEAT_EACH == 0) {
			tryTo(this::beat);
		}
		tryTo(this::fold);
	}

	// The next batch follows with the next tick, and so does one that fails
	private void fold() {
		long now = this.clock.millis();
		if (this.foldedAt != Long.MIN_VALUE && now - this.foldedAt < FOLD_MILLIS) {
			return;
		}
		LocalDate before = LocalDate.ofInstant(this.clock.instant().minus(this.retention), ZoneOffset.UTC);
		if (this.accounts.foldSpend(before, FOLDED_AT_ONCE) < FOLDED_AT_ONCE) {
			this.foldedAt = now;
		}
	}

	private void beat() {
		Instant now = this.clock.instant();
		int running = this.accounts.beat(this.instance, now, now.minus(DEAD_AFTER));
		this.ledger.setInstances(running);
		this.instances.accept(running);
	}

	private void tryTo(Runnable task) {
		try {
			task.run();
		}
		catch (RuntimeException ex) {
			long now = this.clock.millis();
			if (this.warnedAt == Long.MIN_VALUE || now - this.warnedAt >= WARN_MILLIS) {
				this.warnedAt = now;
				logger.warn("The database of the API keys fails: " + ex.getMessage());
			}
			logger.debug("The database of the API keys fails", ex);
		}
	}

	@Override
	public void start() {
		ScheduledExecutorService started = Executors.newSingleThreadScheduledExecutor(daemon());
		this.thread = started;
		var unused = started.scheduleWithFixedDelay(this::tickAlways, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
	}

	// What is thrown here would end the schedule, and with it all keys
	private void tickAlways() {
		try {
			tick();
		}
		catch (Throwable ex) {
			logger.error("API keys could not be looked after", ex);
		}
	}

	private static CustomizableThreadFactory daemon() {
		CustomizableThreadFactory factory = new CustomizableThreadFactory("gateway-keys-");
		factory.setDaemon(true);
		return factory;
	}

	/**
	 * Write what is known. The web server has ended its requests before.
	 */
	@Override
	public void stop() {
		ScheduledExecutorService stopped = this.thread;
		this.thread = null;
		if (stopped == null) {
			return;
		}
		stopped.shutdown();
		try {
			if (!stopped.awaitTermination(5, TimeUnit.SECONDS)) {
				logger.warn("The database of the API keys does not answer");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		close();
	}

	/**
	 * Write what is known, once.
	 */
	synchronized void close() {
		tryTo(this.keys::writeUsed);
		tryTo(this.spend::flush);
		tryTo(this.ledger::close);
		tryTo(() -> this.accounts.leave(this.instance));
	}

	@Override
	public boolean isRunning() {
		return this.thread != null;
	}

	// The web server has a higher phase, so it stops before
	@Override
	public int getPhase() {
		return 0;
	}

}
