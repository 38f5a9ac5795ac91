package io.tokensaving.plan.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.KeyNames;
import io.tokensaving.backend.redis.RedisConnector;
import io.tokensaving.plan.AbstractPlanRepository;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanStoreUnavailableException;
import io.tokensaving.plan.StoredPlan;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.ReturnType;
import org.springframework.data.redis.core.RedisCallback;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.util.Assert;

/**
 * Plans in Redis, shared by all instances of an application. Look-ups are answered from
 * memory and never ask Redis. A change reaches the other instances by a notification if
 * they use Lettuce, or else by a counter that is read every second, and all plans are
 * read again every 30 seconds in any case.
 * <p>
 * While Redis cannot be reached, the plans that were read last stay in use, and writes
 * fail. A stored plan that this instance cannot read, such as one that names an engine it
 * does not have, is left out with a warning, and the others stay. What plans need, such
 * as an embedding model, is loaded by a thread of its own, so that no change has to wait
 * for it; a plan that others have made may be in use before.
 * <p>
 * Nothing is read before {@link #start()}, which a Spring context calls. Works with every
 * connection factory, a single server and a cluster: no command uses two keys.
 * Thread-safe.
 */
public final class RedisPlanRepository extends AbstractPlanRepository implements SmartLifecycle, AutoCloseable {

	private static final Log logger = LogFactory.getLog(RedisPlanRepository.class);

	private static final String PREFIX = "tokensaving:";

	private static final String WORKSPACES = PREFIX + "workspaces";

	private static final String REVISION = PREFIX + "plans-revision";

	private static final String CHANNEL = PREFIX + "plans";

	// No id of a plan has a colon
	private static final String LAST_VERSION = ":last-version";

	private static final Pattern VERSION = Pattern.compile("[0-9]{1,18}");

	// Replaces fields if all of them are what they were: name, value before, value after,
	// and again
	private static final byte[] REPLACE = """
			for i = 1, #ARGV, 3 do
				if (redis.call('HGET', KEYS[1], ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
			end
			for i = 1, #ARGV, 3 do
				if ARGV[i + 2] == '' then redis.call('HDEL', KEYS[1], ARGV[i])
				else redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2]) end
			end
			return 1
			""".getBytes(StandardCharsets.UTF_8);

	private static final String NOTHING = "";

	private static final long WARNING_INTERVAL = TimeUnit.MINUTES.toNanos(1);

	private static final long FIRST_READ_MILLIS = 2000;

	private static final long CLOSE_MILLIS = 2000;

	private static final int MAX_WRITERS = 4;

	private final RedisConnector connector;

	private final StringRedisTemplate redis;

	private final boolean notifications;

	private final Duration pollInterval;

	private final Duration reloadInterval;

	private final Duration writeTimeout;

	private final Ticker ticker;

	private final @Nullable String ownWorkspace;

	private final Set<String> fixedIds;

	private final ThreadPoolExecutor writers;

	private final ThreadPoolExecutor loader;

	private final AtomicBoolean notified = new AtomicBoolean();

	private final AtomicBoolean unannounced = new AtomicBoolean();

	private final CountDownLatch ready = new CountDownLatch(1);

	private final Set<String> named = ConcurrentHashMap.newKeySet();

	private volatile boolean answered;

	private volatile Map<String, Map<String, FoundPlan>> found = Map.of();

	private volatile @Nullable ScheduledThreadPoolExecutor reloads;

	private @Nullable ScheduledThreadPoolExecutor subscriptions;

	private @Nullable RedisMessageListenerContainer listeners;

	private volatile boolean running;

	// The rest is used by the thread of reloads only

	private Object seenRevision = Unknown.REVISION;

	private boolean reachable = true;

	private Set<String> warnedOfShadowed = Set.of();

	private Map<String, String> warnedOf = Map.of();

	private @Nullable Long warnedAt;

	private RedisPlanRepository(Builder builder) {
		super(builder.plans, builder.reader);
		this.connector = builder.connector;
		this.redis = new StringRedisTemplate(builder.connector.connectionFactory());
		this.notifications = builder.notifications;
		this.pollInterval = builder.pollInterval;
		this.reloadInterval = builder.reloadInterval;
		this.writeTimeout = builder.writeTimeout;
		this.ticker = builder.ticker;
		this.ownWorkspace = builder.workspace;
		this.fixedIds = builder.plans.stream().map(Plan::id).collect(Collectors.toUnmodifiableSet());
		this.writers = new ThreadPoolExecutor(MAX_WRITERS, MAX_WRITERS, 10, TimeUnit.SECONDS,
				new ArrayBlockingQueue<>(MAX_WRITERS), new DaemonThreads("token-saving-plans-write"));
		this.writers.allowCoreThreadTimeOut(true);
		// One that waits loads what the newest reading has found
		this.loader = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(1),
				new DaemonThreads("token-saving-plans-load"), new ThreadPoolExecutor.DiscardPolicy());
		this.loader.allowCoreThreadTimeOut(true);
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
	 * Start reading plans, and wait up to two seconds until they have been read, and what
	 * they need has been loaded, for the first time. If Redis cannot be reached, they are
	 * read once it can.
	 */
	@Override
	public synchronized void start() {
		if (this.running) {
			return;
		}
		this.running = true;
		ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1,
				new DaemonThreads("token-saving-plans-read"));
		this.reloads = executor;
		executor.scheduleWithFixedDelay(() -> poll(false), 0, this.pollInterval.toMillis(), TimeUnit.MILLISECONDS);
		executor.scheduleWithFixedDelay(() -> poll(true), this.reloadInterval.toMillis(),
				this.reloadInterval.toMillis(), TimeUnit.MILLISECONDS);
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
		if (this.notifications && this.connector.isLettuce()) {
			// Apart, as subscribing may wait and polling must not
			ScheduledThreadPoolExecutor subscribing = new ScheduledThreadPoolExecutor(1,
					new DaemonThreads("token-saving-plans-subscribe"));
			this.subscriptions = subscribing;
			subscribing.execute(this::listen);
		}
	}

	/**
	 * Stop reading plans. Those that were read last stay in use.
	 */
	@Override
	public synchronized void stop() {
		this.running = false;
		ScheduledThreadPoolExecutor executor = this.reloads;
		this.reloads = null;
		if (executor != null) {
			executor.shutdownNow();
		}
		ScheduledThreadPoolExecutor subscribing = this.subscriptions;
		this.subscriptions = null;
		if (subscribing != null) {
			subscribing.shutdownNow();
		}
		RedisMessageListenerContainer container = this.listeners;
		this.listeners = null;
		if (container != null) {
			closeInTime(container);
		}
	}

	// It waits for a subscription that is being made, and nobody waits for ever
	private static void closeInTime(RedisMessageListenerContainer container) {
		Thread closing = new DaemonThreads("token-saving-plans-close").newThread(() -> close(container));
		closing.start();
		try {
			closing.join(CLOSE_MILLIS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static void close(RedisMessageListenerContainer container) {
		try {
			container.destroy();
		}
		catch (Exception ex) {
			logger.debug("Cannot end the subscription to changes of plans", ex);
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
	}

	// Tried again and again inside of start(), each time with a line in the log, and
	// again
	// here in case it gives up; polling does not wait for it
	private void listen() {
		RedisMessageListenerContainer container = new RedisMessageListenerContainer();
		SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor(new DaemonThreads("token-saving-plans-listener"));
		container.setTaskExecutor(threads);
		container.setSubscriptionExecutor(threads);
		container.setRecoveryInterval(this.reloadInterval.toMillis());
		container.setErrorHandler((ex) -> logger.debug("A notification of changed plans failed", ex));
		container.addMessageListener((message, pattern) -> notifyOfChange(), ChannelTopic.of(CHANNEL));
		if (!adopt(container)) {
			return;
		}
		try {
			// Looks at the class of the factory
			container.setConnectionFactory(this.connector.connected());
			container.afterPropertiesSet();
			container.start();
		}
		catch (RuntimeException ex) {
			logger.debug("Cannot subscribe to changes of plans, which are noticed by polling meanwhile", ex);
			close(container);
			listenLater();
		}
	}

	private synchronized boolean adopt(RedisMessageListenerContainer container) {
		if (this.running) {
			this.listeners = container;
		}
		return this.running;
	}

	private synchronized void listenLater() {
		ScheduledThreadPoolExecutor executor = this.subscriptions;
		if (executor != null) {
			executor.schedule(this::listen, this.reloadInterval.toMillis(), TimeUnit.MILLISECONDS);
		}
	}

	private void notifyOfChange() {
		if (this.notified.compareAndSet(false, true)) {
			ScheduledThreadPoolExecutor executor = this.reloads;
			if (executor != null) {
				try {
					executor.execute(() -> poll(true));
				}
				catch (RejectedExecutionException ex) {
					logger.debug("A change of plans came too late", ex);
				}
			}
		}
	}

	private void poll(boolean reload) {
		this.notified.set(false);
		announceWhatIsNot();
		try {
			Object revision = Objects.requireNonNullElse(this.redis.opsForValue().get(REVISION), Unknown.NONE);
			if (reload || !revision.equals(this.seenRevision)) {
				this.seenRevision = reload() ? revision : Unknown.REVISION;
			}
			if (!this.reachable) {
				this.reachable = true;
				logger.info("Redis answers again: stored plans are up to date");
			}
		}
		catch (RuntimeException | LinkageError | StackOverflowError ex) {
			this.seenRevision = Unknown.REVISION;
			if (this.reachable && this.running) {
				this.reachable = false;
				logger.warn("Stored plans cannot be read from Redis, those that were read last stay in use: "
						+ ex.getClass().getName());
			}
			logger.debug("Stored plans cannot be read from Redis", ex);
			this.ready.countDown();
		}
	}

	private boolean reload() {
		long changes = changes();
		Map<String, Map<String, FoundPlan>> found = findInRedis();
		this.answered = true;
		Map<String, Supplier<Map<String, StoredPlan>>> plans = new HashMap<>();
		Map<String, String> unreadable = new TreeMap<>();
		Set<String> shadowed = new TreeSet<>();
		this.named.retainAll(found.keySet());
		found.forEach((workspace, byId) -> {
			if (!isWanted(workspace)) {
				plans.put(workspace, () -> {
					want(workspace);
					return usable(byId);
				});
				return;
			}
			Map<String, StoredPlan> usable = usable(byId);
			plans.put(workspace, () -> usable);
			byId.forEach((id, plan) -> {
				String name = printable("'%s' of the workspace '%s'".formatted(id, workspace));
				String problem = plan.problem();
				if (this.fixedIds.contains(id)) {
					shadowed.add(name);
				}
				else if (problem != null) {
					unreadable.put(name, printable(problem));
				}
			});
		});
		this.found = found;
		warnOf(unreadable);
		warnOfShadowed(shadowed);
		boolean published = publish(plans, changes);
		if (plansToBeLoaded().isEmpty()) {
			this.ready.countDown();
		}
		else {
			this.loader.execute(this::loadPlans);
		}
		return published;
	}

	private Map<String, Map<String, FoundPlan>> findInRedis() {
		Map<String, Map<String, FoundPlan>> found = new HashMap<>();
		Set<String> workspaces = this.redis.opsForSet().members(WORKSPACES);
		for (String workspace : (workspaces != null) ? workspaces : Set.<String>of()) {
			Map<String, FoundPlan> before = this.found.getOrDefault(workspace, Map.of());
			Map<String, FoundPlan> plans = new HashMap<>();
			this.redis.<String, String>opsForHash().entries(key(workspace)).forEach((id, text) -> {
				if (!id.equals(LAST_VERSION)) {
					FoundPlan same = before.get(id);
					plans.put(id, (same != null && same.text().equals(text)) ? same : new FoundPlan(text,
							(content) -> toStoredPlan(id, content.version(), content.settings())));
				}
			});
			if (!plans.isEmpty()) {
				found.put(workspace, plans);
			}
		}
		return found;
	}

	// What others have in the same Redis is no business of this application until
	// somebody asks for it
	private boolean isWanted(String workspace) {
		return this.ownWorkspace == null || this.ownWorkspace.equals(workspace) || this.named.contains(workspace);
	}

	private void want(String workspace) {
		if (this.named.add(workspace)) {
			notifyOfChange();
		}
	}

	private Map<String, StoredPlan> usable(Map<String, FoundPlan> found) {
		Map<String, StoredPlan> usable = new HashMap<>();
		found.forEach((id, plan) -> {
			StoredPlan read = this.fixedIds.contains(id) ? null : plan.plan();
			if (read != null) {
				usable.put(id, read);
			}
		});
		return usable;
	}

	private List<FoundPlan> plansToBeLoaded() {
		return this.found.entrySet()
			.stream()
			.filter((entry) -> isWanted(entry.getKey()))
			.flatMap((entry) -> entry.getValue().values().stream())
			.filter(FoundPlan::isToBeLoaded)
			.toList();
	}

	private void loadPlans() {
		try {
			boolean changed = false;
			for (FoundPlan plan : plansToBeLoaded()) {
				changed |= plan.load(this::load);
			}
			if (changed) {
				notifyOfChange();
			}
		}
		catch (RuntimeException | LinkageError ex) {
			logger.debug("What stored plans need cannot be loaded", ex);
		}
		finally {
			this.ready.countDown();
		}
	}

	private void warnOf(Map<String, String> unreadable) {
		long now = this.ticker.read();
		if (unreadable.equals(this.warnedOf) || (this.warnedAt != null && now - this.warnedAt < WARNING_INTERVAL)) {
			return;
		}
		this.warnedOf = unreadable;
		if (!unreadable.isEmpty()) {
			this.warnedAt = now;
			StringBuilder message = new StringBuilder("Stored plans that this instance cannot read are left out: ");
			unreadable.forEach((plan, reason) -> message.append(plan).append(" (").append(reason).append(") "));
			logger.warn(message.toString().strip());
		}
	}

	private void warnOfShadowed(Set<String> shadowed) {
		Set<String> added = new TreeSet<>(shadowed);
		added.removeAll(this.warnedOfShadowed);
		this.warnedOfShadowed = Set.copyOf(shadowed);
		if (!added.isEmpty()) {
			logger.warn("Stored plans are not used, as fixed ones of this application have their ids: "
					+ String.join(", ", added));
		}
	}

	// What stands in Redis is not to write lines of its own into the log
	private static String printable(String text) {
		String limited = (text.length() > 300) ? text.substring(0, 300) + "..." : text;
		return limited.replaceAll("\\p{Cntrl}", "?");
	}

	private static String key(String workspace) {
		return PREFIX + KeyNames.workspace(workspace) + ":plans";
	}

	@Override
	protected @Nullable Entry read(String workspace, String id) {
		String text = call(() -> this.redis.<String, String>opsForHash().get(key(workspace), id));
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
		return number(Objects.requireNonNull(call(() -> lastVersionAsStored(workspace))));
	}

	private String lastVersionAsStored(String workspace) {
		return Objects.requireNonNullElse(this.redis.<String, String>opsForHash().get(key(workspace), LAST_VERSION),
				NOTHING);
	}

	private static long number(String version) {
		return VERSION.matcher(version).matches() ? Long.parseLong(version) : 0;
	}

	@Override
	protected boolean replace(String workspace, String id, @Nullable Entry expected, @Nullable StoredPlan replacement) {
		AtomicBoolean unknown = new AtomicBoolean();
		try {
			Boolean replaced = call(() -> {
				try {
					return write(workspace, id, expected, replacement);
				}
				finally {
					// Who waited has gone
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

	private boolean write(String workspace, String id, @Nullable Entry expected, @Nullable StoredPlan replacement) {
		String before = (expected != null) ? (String) expected.state() : NOTHING;
		String after = (replacement != null) ? StoredPlanFormat.write(replacement) : NOTHING;
		if (expected != null && replacement != null) {
			return replace(workspace, id, before, after);
		}
		String last = lastVersionAsStored(workspace);
		if (expected != null) {
			return replace(workspace, id, before, after, LAST_VERSION, last,
					String.valueOf(Math.max(number(last), expected.version())));
		}
		// Named first: a workspace without plans does no harm, one that is not read does
		this.redis.opsForSet().add(WORKSPACES, workspace);
		return replacement != null && replacement.version() > number(last)
				&& replace(workspace, id, before, after, LAST_VERSION, last, last);
	}

	private boolean replace(String workspace, String... fields) {
		byte[][] keyAndFields = new byte[fields.length + 1][];
		keyAndFields[0] = bytes(key(workspace));
		for (int i = 0; i < fields.length; i++) {
			keyAndFields[i + 1] = bytes(fields[i]);
		}
		Long replaced = this.redis.execute((RedisCallback<Long>) (connection) -> connection.scriptingCommands()
			.eval(REPLACE, ReturnType.INTEGER, 1, keyAndFields));
		return replaced != null && replaced == 1;
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	// The change is made; if nobody hears of it now, they do with the next poll
	private void announce() {
		try {
			call(() -> {
				tellOfChange();
				return true;
			});
		}
		catch (PlanStoreUnavailableException ex) {
			this.unannounced.set(true);
			logger.debug("Other instances could not be told that plans have changed", ex);
		}
	}

	private void announceWhatIsNot() {
		if (this.unannounced.compareAndSet(true, false)) {
			try {
				tellOfChange();
			}
			catch (RuntimeException ex) {
				this.unannounced.set(true);
				logger.debug("Other instances could not be told that plans have changed", ex);
			}
		}
	}

	private void tellOfChange() {
		this.redis.opsForValue().increment(REVISION);
		if (this.notifications) {
			try {
				this.redis.convertAndSend(CHANNEL, "changed");
			}
			catch (RuntimeException ex) {
				logger.debug("Other instances could not be notified, and notice a change of plans by polling", ex);
			}
		}
	}

	// Clients may wait for a minute until a connection is back; who writes need not
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

	private enum Unknown {

		REVISION, NONE

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

		private Ticker ticker = Ticker.systemTicker();

		private @Nullable String workspace;

		private Builder(RedisConnector connector, PlanReader reader) {
			this.connector = connector;
			this.reader = reader;
		}

		/**
		 * Set the plans that hold in every workspace and cannot be written. Default none.
		 * @param plans the plans
		 * @return this builder
		 */
		public Builder plans(Collection<Plan> plans) {
			this.plans = plans;
			return this;
		}

		/**
		 * Set the workspace of the application, where there may be others in the same
		 * Redis: plans of other workspaces are read, what they need is loaded, and
		 * warnings are given of them, only once somebody looks for a plan there. Default
		 * none: those of all workspaces are read.
		 * @param workspace the workspace
		 * @return this builder
		 */
		public Builder workspace(String workspace) {
			this.workspace = workspace;
			return this;
		}

		/**
		 * Set whether instances notify each other of changes. Default {@code true}. With
		 * Jedis an instance notifies others but polls itself.
		 * @param notifications whether they do
		 * @return this builder
		 */
		public Builder notifications(boolean notifications) {
			this.notifications = notifications;
			return this;
		}

		/**
		 * Set how often the counter of changes is read. Default every second.
		 * @param pollInterval the interval, at least a millisecond
		 * @return this builder
		 */
		public Builder pollInterval(Duration pollInterval) {
			Assert.isTrue(pollInterval.toMillis() >= 1, "'pollInterval' must be at least a millisecond");
			this.pollInterval = pollInterval;
			return this;
		}

		/**
		 * Set how often all plans are read again, whatever the counter says. Default
		 * every 30 seconds.
		 * @param reloadInterval the interval, at least a millisecond
		 * @return this builder
		 */
		public Builder reloadInterval(Duration reloadInterval) {
			Assert.isTrue(reloadInterval.toMillis() >= 1, "'reloadInterval' must be at least a millisecond");
			this.reloadInterval = reloadInterval;
			return this;
		}

		/**
		 * Set how long a write waits for an answer of Redis. Default five seconds.
		 * @param writeTimeout the time, at least a millisecond
		 * @return this builder
		 */
		public Builder writeTimeout(Duration writeTimeout) {
			Assert.isTrue(writeTimeout.toMillis() >= 1, "'writeTimeout' must be at least a millisecond");
			this.writeTimeout = writeTimeout;
			return this;
		}

		/**
		 * Set the clock that limits the rate of warnings. Default: the system's.
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
