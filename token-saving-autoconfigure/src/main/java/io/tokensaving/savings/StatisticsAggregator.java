package io.tokensaving.savings;

import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.tokensaving.backend.DaemonThreads;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.util.Assert;

/**
 * Adds what this instance of the application counted to what all of them did, in a
 * {@link StatisticsRepository}, and reads the sums. Requests know nothing of it: it looks
 * at the counters of {@link SavingsStatistics} every now and then, and adds by how much
 * they grew.
 * <p>
 * Nothing is added twice: a batch that may have been added, or not, is offered again with
 * its number until the repository accepts it, and what is counted meanwhile waits for the
 * next batch. A failure is counted and logged once a minute
 * ({@link Component#STATISTICS}). What was counted since the last batch is lost if the
 * process is killed, and only then.
 * <p>
 * Adding and reading are done by one daemon thread. Whoever reads waits for it up to two
 * seconds, and gets the figures of this instance if that is not enough. Thread-safe.
 */
public final class StatisticsAggregator implements SmartLifecycle, AutoCloseable {

	/**
	 * The default time between two batches.
	 */
	public static final Duration DEFAULT_FLUSH_INTERVAL = Duration.ofSeconds(1);

	/**
	 * Stops after the web server, so that the last requests are in, and before what a
	 * repository may be connected by.
	 */
	public static final int PHASE = SmartLifecycle.DEFAULT_PHASE - 4096;

	/**
	 * Stands for what is counted without a plan. No plan can have this id.
	 */
	static final String NO_PLAN = "*";

	private static final long READ_MILLIS = 2000;

	private static final long STOP_MILLIS = 5000;

	private final SavingsStatistics statistics;

	private final StatisticsRepository repository;

	private final Clock clock;

	private final Duration flushInterval;

	private final String instance = UUID.randomUUID().toString();

	private final StatisticsRepository own;

	private final ScheduledThreadPoolExecutor executor;

	private @Nullable ScheduledFuture<?> schedule;

	// Used by the thread of the executor only: what of the counters is in a batch, the
	// batch that may have been added, and what waits for the next ones

	private final Map<String, StatisticsCounters> collected = new HashMap<>();

	private @Nullable StatisticsBatch offered;

	private final NavigableMap<LocalDate, Map<String, StatisticsCounters>> waiting = new TreeMap<>();

	private long lastNumber;

	private long lastOwnNumber;

	/**
	 * Create an aggregator. It reads at once, but adds on its own only once it is
	 * started.
	 * @param statistics what this instance counts
	 * @param repository where the sums are kept
	 * @param clock tells the day to which a batch belongs
	 * @param flushInterval the time between two batches, above 0
	 */
	public StatisticsAggregator(SavingsStatistics statistics, StatisticsRepository repository, Clock clock,
			Duration flushInterval) {
		Assert.isTrue(!flushInterval.isNegative() && !flushInterval.isZero(),
				() -> "'flushInterval' must be above 0, but is " + flushInterval);
		this.statistics = statistics;
		this.repository = repository;
		this.clock = clock;
		this.flushInterval = flushInterval;
		this.own = repository.isShared() ? new InMemoryStatisticsRepository(clock) : repository;
		this.executor = new ScheduledThreadPoolExecutor(1, new DaemonThreads("token-saving-statistics"));
		this.executor.setRemoveOnCancelPolicy(true);
	}

	/**
	 * Start to add a batch every interval.
	 */
	@Override
	public synchronized void start() {
		if (this.schedule == null && !this.executor.isShutdown()) {
			this.schedule = this.executor.scheduleWithFixedDelay(this::tryToPublish, this.flushInterval.toNanos(),
					this.flushInterval.toNanos(), TimeUnit.NANOSECONDS);
		}
	}

	/**
	 * Add what was counted so far, waiting up to five seconds for it, and no more until
	 * started again.
	 */
	@Override
	public synchronized void stop() {
		if (this.schedule != null) {
			this.schedule.cancel(false);
			this.schedule = null;
		}
		call(this::publish, STOP_MILLIS);
	}

	@Override
	public synchronized boolean isRunning() {
		return this.schedule != null;
	}

	@Override
	public int getPhase() {
		return PHASE;
	}

	/**
	 * Add what was counted so far, waiting up to five seconds for it, and end the thread.
	 */
	@Override
	public synchronized void close() {
		if (isRunning()) {
			stop();
		}
		else {
			// Often all was added when it stopped
			flush();
		}
		this.executor.shutdownNow();
	}

	/**
	 * Add what was counted so far now, waiting up to two seconds for it.
	 * @return whether it was added
	 */
	public boolean flush() {
		return call(this::publish, READ_MILLIS) != null;
	}

	/**
	 * Return the figures of a plan, with all that this instance has counted. Those of
	 * other instances are at most a flush interval late.
	 * @param id the id of the plan
	 * @return the figures; those of this instance if the repository cannot be read
	 */
	public ScopedStatistics<StatisticsSnapshot> plan(String id) {
		return read(() -> this.repository.totals(Set.of(id))
			.getOrDefault(id, StatisticsCounters.EMPTY)
			.snapshot(suspended().contains(id)), () -> this.statistics.plan(id).snapshot());
	}

	/**
	 * Return the figures of a plan by day, with all that this instance has counted.
	 * @param id the id of the plan
	 * @return the figures by day in UTC, newest first; those of this instance if the
	 * repository cannot be read. Models without a price are those of all days
	 */
	public ScopedStatistics<Map<LocalDate, StatisticsSnapshot>> days(String id) {
		return read(() -> days(id, this.repository), () -> days(id, this.own));
	}

	/**
	 * Return the figures of all plans, with all that this instance has counted.
	 * @return the figures; those of this instance if the repository cannot be read
	 */
	public ScopedStatistics<OverallStatistics> all() {
		return read(() -> {
			Set<String> plans = new HashSet<>(this.repository.plans());
			plans.add(NO_PLAN);
			return overall(this.repository.totals(plans));
		}, () -> overall(counters()));
	}

	private Map<LocalDate, StatisticsSnapshot> days(String id, StatisticsRepository repository) {
		Set<String> models = repository.totals(Set.of(id)).getOrDefault(id, StatisticsCounters.EMPTY).unpricedModels();
		boolean suspended = suspended().contains(id);
		Map<LocalDate, StatisticsSnapshot> days = new LinkedHashMap<>();
		repository.days(id)
			.descendingMap()
			.forEach(
					(day, sums) -> days.put(day, new StatisticsCounters(sums.values(), models).daySnapshot(suspended)));
		return Collections.unmodifiableMap(days);
	}

	private OverallStatistics overall(Map<String, StatisticsCounters> counters) {
		Map<String, StatisticsSnapshot> plans = new HashMap<>();
		StatisticsCounters sums = StatisticsCounters.EMPTY;
		Set<String> suspended = suspended();
		for (Map.Entry<String, StatisticsCounters> plan : counters.entrySet()) {
			if (!plan.getKey().equals(NO_PLAN)) {
				plans.put(plan.getKey(), plan.getValue().snapshot(suspended.contains(plan.getKey())));
				sums = sums.plus(plan.getValue());
			}
		}
		StatisticsCounters others = counters.getOrDefault(NO_PLAN, StatisticsCounters.EMPTY);
		Map<Component, Long> errors = new EnumMap<>(Component.class);
		for (Component component : Component.values()) {
			errors.put(component, others.value(StatisticsCounters.COMPONENT_ERRORS + component.value()));
		}
		return new OverallStatistics(Collections.unmodifiableMap(plans), sums.snapshot(!suspended.isEmpty()),
				others.value(StatisticsCounters.UNKNOWN_PLANS), Collections.unmodifiableMap(errors));
	}

	// The plans whose semantic cache this instance has suspended
	private Set<String> suspended() {
		return this.statistics.plans()
			.stream()
			.filter((plan) -> plan.semanticErrors().isSuspended())
			.map(PlanStatistics::plan)
			.collect(Collectors.toSet());
	}

	private <T> ScopedStatistics<T> read(Callable<T> sums, Supplier<T> ownFigures) {
		T figures = call(() -> {
			publish();
			return sums.call();
		}, READ_MILLIS);
		if (figures == null) {
			return new ScopedStatistics<>(StatisticsScope.INSTANCE, ownFigures.get());
		}
		return new ScopedStatistics<>(this.repository.isShared() ? StatisticsScope.SHARED : StatisticsScope.INSTANCE,
				figures);
	}

	private <T> @Nullable T call(Callable<T> task, long millis) {
		Future<T> future;
		try {
			future = this.executor.submit(task);
		}
		catch (RejectedExecutionException ex) {
			// Closed
			return null;
		}
		try {
			return future.get(millis, TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException ex) {
			recordError((ex.getCause() != null) ? ex.getCause() : ex);
		}
		catch (TimeoutException ex) {
			future.cancel(true);
			recordError(ex);
		}
		catch (InterruptedException ex) {
			future.cancel(true);
			Thread.currentThread().interrupt();
		}
		return null;
	}

	private void tryToPublish() {
		try {
			publish();
		}
		catch (RuntimeException | Error ex) {
			recordError(ex);
		}
	}

	private void recordError(Throwable failure) {
		this.statistics.recordError(Component.STATISTICS, null, failure);
	}

	private boolean publish() {
		collect();
		offer();
		while (!this.waiting.isEmpty()) {
			Map.Entry<LocalDate, Map<String, StatisticsCounters>> oldest = this.waiting.pollFirstEntry();
			this.offered = new StatisticsBatch(this.instance, ++this.lastNumber, oldest.getKey(), oldest.getValue());
			offer();
		}
		return true;
	}

	private void offer() {
		if (this.offered != null) {
			this.repository.add(this.offered);
			this.offered = null;
		}
	}

	// Done even while the repository fails, so that what was counted is put to its day
	private void collect() {
		Map<String, StatisticsCounters> increments = new HashMap<>();
		counters().forEach((plan, counters) -> {
			StatisticsCounters increment = counters.since(this.collected.getOrDefault(plan, StatisticsCounters.EMPTY));
			if (!increment.isEmpty()) {
				increments.put(plan, increment);
				this.collected.put(plan, counters);
			}
		});
		if (increments.isEmpty()) {
			return;
		}
		LocalDate today = LocalDate.ofInstant(this.clock.instant(), ZoneOffset.UTC);
		if (this.own != this.repository) {
			this.own.add(new StatisticsBatch(this.instance, ++this.lastOwnNumber, today, increments));
		}
		wait(today, increments);
		if (this.waiting.size() > StatisticsRepository.DAYS) {
			Map.Entry<LocalDate, Map<String, StatisticsCounters>> oldest = this.waiting.pollFirstEntry();
			wait(this.waiting.firstKey(), oldest.getValue());
		}
	}

	private void wait(LocalDate day, Map<String, StatisticsCounters> increments) {
		Map<String, StatisticsCounters> sums = this.waiting.computeIfAbsent(day, (added) -> new HashMap<>());
		increments.forEach((plan, increment) -> sums.merge(plan, increment, StatisticsCounters::plus));
	}

	private Map<String, StatisticsCounters> counters() {
		Map<String, StatisticsCounters> counters = new HashMap<>();
		this.statistics.plans().forEach((plan) -> counters.put(plan.plan(), plan.counters()));
		Map<String, Long> others = new HashMap<>();
		others.put(StatisticsCounters.UNKNOWN_PLANS, this.statistics.unknownPlans());
		for (Component component : Component.values()) {
			others.put(StatisticsCounters.COMPONENT_ERRORS + component.value(), this.statistics.errors(component));
		}
		counters.put(NO_PLAN, new StatisticsCounters(others, Set.of()));
		return counters;
	}

}
