package io.tokensaving.plan.redis;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.backend.redis.RedisSubscription;
import io.tokensaving.plan.AbstractPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanStoreUnavailableException;
import io.tokensaving.plan.StoredPlan;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.util.Assert;

/**
 * Plans in Redis, shared by all instances of an application. Look-ups are answered from
 * memory. Other instances see a change by a notification if they use Lettuce, otherwise
 * by a revision counter that they poll every second; in any case all plans are read again
 * every 30 seconds. Redis is asked only for an id that is not in memory, so that a new
 * plan works on all instances at once: at most once a second for each id, 50 times a
 * second in all, and not within a second after Redis has failed or timed out.
 * <p>
 * While Redis cannot be reached, the plans that were read last stay in use, and writes
 * fail. A stored plan that this instance cannot read, such as one with an engine that it
 * does not have, is left out with a warning; other plans are not affected. A separate
 * thread loads what plans need, such as an embedding model, so that loading does not
 * delay changes; a plan that another instance has written may be used before it is
 * loaded.
 * <p>
 * Nothing is read before {@link #start()}, which a Spring context calls. Works with every
 * connection factory, a single server and a cluster: no command uses two keys.
 * Thread-safe.
 */
public final class RedisPlanRepository extends AbstractPlanRepository implements SmartLifecycle, AutoCloseable {

	private static final Log logger = LogFactory.getLog(RedisPlanRepository.class);

	private static final long FIRST_READ_MILLIS = 2000;

	private static final int MAX_WRITERS = 4;

	private final RedisPlanStore store;

	private final FoundPlans found;

	private final PlanPoller poller;

	private final @Nullable RedisSubscription notifications;

	private final UnknownPlanLookup unknownPlans;

	private final Duration writeTimeout;

	private final Set<String> fixedIds;

	private final ThreadPoolExecutor writers;

	private final ThreadPoolExecutor loader;

	private final AtomicBoolean unannounced = new AtomicBoolean();

	private final CountDownLatch ready = new CountDownLatch(1);

	private volatile boolean answered;

	private volatile boolean running;

	private RedisPlanRepository(Builder builder) {
		super(builder.plans, builder.reader);
		this.writeTimeout = builder.writeTimeout;
		this.fixedIds = builder.plans.stream().map(Plan::id).collect(Collectors.toUnmodifiableSet());
		this.writers = new ThreadPoolExecutor(MAX_WRITERS, MAX_WRITERS, 10, TimeUnit.SECONDS,
				new ArrayBlockingQueue<>(MAX_WRITERS), new DaemonThreads("token-saving-plans-write"));
		this.writers.allowCoreThreadTimeOut(true);
		// One loading may wait in the queue; it will load the plans of the latest reading
		this.loader = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1),
				new DaemonThreads("token-saving-plans-load"), new ThreadPoolExecutor.DiscardPolicy());
		this.loader.allowCoreThreadTimeOut(true);
		this.store = new RedisPlanStore(builder.connector.connectionFactory());
		this.poller = new PlanPoller(builder.pollInterval, builder.reloadInterval, new PlanReloading());
		Set<String> shadowingIds = builder.plans.stream()
			.filter((plan) -> !plan.isOverridable())
			.map(Plan::id)
			.collect(Collectors.toUnmodifiableSet());
		this.found = new FoundPlans(this.store,
				(id, content) -> toStoredPlan(id, content.version(), content.settings()), shadowingIds,
				builder.workspace, builder.ticker, this.poller::reloadSoon);
		this.notifications = builder.notifications ? new RedisSubscription(builder.connector, RedisPlanStore.CHANNEL,
				"token-saving-plans-subscribe", builder.ticker, (message) -> this.poller.reloadSoon()) : null;
		this.unknownPlans = new UnknownPlanLookup(this.found::findNew, builder.lookupTimeout, builder.errors,
				builder.ticker);
	}

	/**
	 * Start a repository.
	 * @param connectionFactory the connection to Redis
	 * @param reader reads plans from what is stored
	 * @return a builder
	 */
	public static Builder builder(RedisConnectionFactory connectionFactory, PlanReader reader) {
		return builder(new RedisConnector(connectionFactory), reader);
	}

	/**
	 * Start a repository.
	 * @param connector connects to Redis for the repository and others
	 * @param reader reads plans from what is stored
	 * @return a builder
	 */
	public static Builder builder(RedisConnector connector, PlanReader reader) {
		return new Builder(connector, reader);
	}

	/**
	 * Start reading plans. Waits up to two seconds until the plans have been read and
	 * loaded for the first time. If Redis cannot be reached, they are read as soon as it
	 * can.
	 */
	@Override
	public synchronized void start() {
		if (this.running) {
			return;
		}
		this.running = true;
		if (this.notifications != null) {
			this.notifications.start();
		}
		this.poller.start();
		try {
			if (!this.ready.await(FIRST_READ_MILLIS, TimeUnit.MILLISECONDS)) {
				logger.warn(this.answered
						? "Reading stored plans, or loading what they need, takes long: the application starts meanwhile"
						: "Redis does not answer: stored plans are read once it does");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Stop reading plans. Those that were read last stay in use.
	 */
	@Override
	public synchronized void stop() {
		this.running = false;
		this.poller.stop();
		if (this.notifications != null) {
			this.notifications.stop();
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

	@Override
	public void close() {
		stop();
		this.writers.shutdownNow();
		this.loader.shutdownNow();
		this.unknownPlans.close();
	}

	@Override
	public boolean exists(String workspace, String id) {
		return find(workspace, id) != null || this.found.contains(workspace, id);
	}

	@Override
	protected @Nullable StoredPlan findElsewhere(String workspace, String id) {
		boolean asked = this.running && this.poller.isReachable() && Plan.isId(id) && !this.fixedIds.contains(id);
		return asked ? this.unknownPlans.find(workspace, id) : null;
	}

	private void loadPlans() {
		try {
			boolean changed = false;
			for (FoundPlan plan : this.found.plansToLoad()) {
				changed |= plan.load(this::load);
			}
			if (changed) {
				this.poller.reloadSoon();
			}
		}
		catch (RuntimeException | LinkageError ex) {
			logger.debug("What stored plans need cannot be loaded", ex);
		}
		finally {
			this.ready.countDown();
		}
	}

	@Override
	protected @Nullable Entry read(String workspace, String id) {
		String text = call(() -> this.store.text(workspace, id));
		if (text == null) {
			return null;
		}
		try {
			StoredPlanFormat.Content content = StoredPlanFormat.read(text);
			return new Entry(content.version(), content.settings(), text);
		}
		catch (StoredPlanFormat.UnreadableException ex) {
			return new Entry(ex.version(), null, text);
		}
	}

	@Override
	protected long lastVersion(String workspace) {
		return Objects.requireNonNull(call(() -> this.store.lastVersion(workspace)));
	}

	@Override
	protected boolean replace(String workspace, String id, @Nullable Entry expected, @Nullable StoredPlan replacement) {
		try {
			return replaceAndAnnounce(workspace, id, expected, replacement);
		}
		finally {
			this.unknownPlans.forget(workspace, id);
		}
	}

	private boolean replaceAndAnnounce(String workspace, String id, @Nullable Entry expected,
			@Nullable StoredPlan replacement) {
		AtomicBoolean unknown = new AtomicBoolean();
		try {
			Boolean replaced = call(() -> {
				try {
					return this.store.replace(workspace, id, expected, replacement);
				}
				finally {
					// The caller has timed out, and so does not announce this change
					if (unknown.get()) {
						this.unannounced.set(true);
					}
				}
			});
			if (!Boolean.TRUE.equals(replaced)) {
				return false;
			}
		}
		catch (PlanStoreUnavailableException ex) {
			unknown.set(true);
			this.unannounced.set(true);
			throw ex;
		}
		announce();
		return true;
	}

	// The change is made. If notifying fails now, the next poll tries again
	private void announce() {
		try {
			call(() -> {
				notifyInstances();
				return true;
			});
		}
		catch (PlanStoreUnavailableException ex) {
			this.unannounced.set(true);
			logger.debug("Other instances could not be told that plans have changed", ex);
		}
	}

	private void notifyInstances() {
		this.store.raiseRevision();
		if (this.notifications != null) {
			try {
				this.store.publishChange();
			}
			catch (RuntimeException ex) {
				logger.debug("Other instances could not be notified, and notice a change of plans by polling", ex);
			}
		}
	}

	// A Redis client may block for a minute until it has reconnected; writes give up
	// sooner
	private <T> @Nullable T call(Supplier<@Nullable T> commands) {
		try {
			Future<@Nullable T> result = this.writers.submit(commands::get);
			try {
				return result.get(this.writeTimeout.toMillis(), TimeUnit.MILLISECONDS);
			}
			catch (TimeoutException ex) {
				result.cancel(true);
				throw unavailable("does not answer", ex);
			}
		}
		catch (ExecutionException ex) {
			throw unavailable("cannot be reached", ex.getCause());
		}
		catch (RejectedExecutionException ex) {
			throw new PlanStoreUnavailableException("The store of plans does not answer; nothing was changed", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw unavailable("was interrupted", ex);
		}
	}

	private static PlanStoreUnavailableException unavailable(String what, @Nullable Throwable cause) {
		return new PlanStoreUnavailableException(
				"The store of plans %s; whether the change was made is not known".formatted(what), cause);
	}

	/**
	 * Reads the plans when the poller asks for it.
	 */
	private final class PlanReloading implements PlanPoller.Source {

		@Override
		public void beforePoll() {
			if (RedisPlanRepository.this.notifications != null) {
				RedisPlanRepository.this.notifications.listen();
			}
			if (RedisPlanRepository.this.unannounced.compareAndSet(true, false)) {
				try {
					notifyInstances();
				}
				catch (RuntimeException | Error ex) {
					// An exception would keep the plans from being read
					RedisPlanRepository.this.unannounced.set(true);
					logger.debug("Other instances could not be told that plans have changed", ex);
				}
			}
		}

		@Override
		public String revision() {
			return RedisPlanRepository.this.store.revision();
		}

		@Override
		public boolean reload() {
			long changes = changes();
			Map<String, Supplier<Map<String, StoredPlan>>> plans = RedisPlanRepository.this.found.read();
			RedisPlanRepository.this.answered = true;
			boolean published = publish(plans, changes);
			if (RedisPlanRepository.this.found.plansToLoad().isEmpty()) {
				RedisPlanRepository.this.ready.countDown();
			}
			else {
				RedisPlanRepository.this.loader.execute(RedisPlanRepository.this::loadPlans);
			}
			return published;
		}

		@Override
		public void failed() {
			RedisPlanRepository.this.ready.countDown();
		}

	}

	/**
	 * Builds a {@link RedisPlanRepository}. Not thread-safe.
	 */
	public static final class Builder {

		private final RedisConnector connector;

		private final PlanReader reader;

		private Collection<Plan> plans = List.of();

		private boolean notifications = true;

		private Duration pollInterval = Duration.ofSeconds(1);

		private Duration reloadInterval = Duration.ofSeconds(30);

		private Duration writeTimeout = Duration.ofSeconds(5);

		private Duration lookupTimeout = Duration.ofMillis(200);

		private Ticker ticker = Ticker.systemTicker();

		private Consumer<Throwable> errors = (failure) -> {
		};

		private @Nullable String workspace;

		private Builder(RedisConnector connector, PlanReader reader) {
			this.connector = connector;
			this.reader = reader;
		}

		/**
		 * Set the plans that hold in every workspace and cannot be written, unless they
		 * are {@linkplain Plan#isOverridable() overridable}. Default none.
		 * @param plans the plans
		 * @return this builder
		 */
		public Builder plans(Collection<Plan> plans) {
			this.plans = plans;
			return this;
		}

		/**
		 * Set the workspace of the application, for a Redis with workspaces of other
		 * applications: plans of another workspace are read and loaded, and warnings
		 * about them logged, only once a request uses that workspace. Default none: the
		 * plans of all workspaces are read.
		 * @param workspace the workspace
		 * @return this builder
		 */
		public Builder workspace(String workspace) {
			this.workspace = workspace;
			return this;
		}

		/**
		 * Set whether instances notify each other of changes. Default {@code true}. With
		 * Jedis an instance sends notifications but does not receive any, and polls
		 * instead.
		 * @param notifications whether to send and receive notifications
		 * @return this builder
		 */
		public Builder notifications(boolean notifications) {
			this.notifications = notifications;
			return this;
		}

		/**
		 * Set how often the revision counter is read. Default every second.
		 * @param pollInterval the interval, at least a millisecond
		 * @return this builder
		 */
		public Builder pollInterval(Duration pollInterval) {
			Assert.isTrue(pollInterval.toMillis() >= 1, "'pollInterval' must be at least a millisecond");
			this.pollInterval = pollInterval;
			return this;
		}

		/**
		 * Set how often all plans are read again even if the counter has not changed.
		 * Default every 30 seconds.
		 * @param reloadInterval the interval, at least a millisecond
		 * @return this builder
		 */
		public Builder reloadInterval(Duration reloadInterval) {
			Assert.isTrue(reloadInterval.toMillis() >= 1, "'reloadInterval' must be at least a millisecond");
			this.reloadInterval = reloadInterval;
			return this;
		}

		/**
		 * Set how long a write waits for Redis to answer. Default five seconds.
		 * @param writeTimeout the time, at least a millisecond
		 * @return this builder
		 */
		public Builder writeTimeout(Duration writeTimeout) {
			Assert.isTrue(writeTimeout.toMillis() >= 1, "'writeTimeout' must be at least a millisecond");
			this.writeTimeout = writeTimeout;
			return this;
		}

		/**
		 * Set how long the look-up of a plan that is not in memory waits for Redis.
		 * Default 200 milliseconds.
		 * @param lookupTimeout the time, at least a millisecond
		 * @return this builder
		 */
		public Builder lookupTimeout(Duration lookupTimeout) {
			Assert.isTrue(lookupTimeout.toMillis() >= 1, "'lookupTimeout' must be at least a millisecond");
			this.lookupTimeout = lookupTimeout;
			return this;
		}

		/**
		 * Set what is called when Redis fails or times out during the look-up of a plan
		 * that is not in memory. Default: nothing.
		 * @param errors receives the failure; must not throw
		 * @return this builder
		 */
		public Builder errors(Consumer<Throwable> errors) {
			this.errors = errors;
			return this;
		}

		/**
		 * Set the clock that limits the rate of warnings and of look-ups of unknown
		 * plans. Default: the system's.
		 * @param ticker the clock
		 * @return this builder
		 */
		public Builder ticker(Ticker ticker) {
			this.ticker = ticker;
			return this;
		}

		/**
		 * Build the repository, which reads nothing until it is started.
		 * @return the repository
		 */
		public RedisPlanRepository build() {
			return new RedisPlanRepository(this);
		}

	}

}
