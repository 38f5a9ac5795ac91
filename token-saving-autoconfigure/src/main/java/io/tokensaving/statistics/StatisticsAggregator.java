package io.tokensaving.statistics;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.tokensaving.Component;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.backend.Deadlines;
import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
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
 * process is killed, or if it ends while the repository does not answer and there is no
 * directory to keep it in.
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

	private static final long KNOWN_CHECK_SECONDS = 5;

	private static final int PUBLISH_INTERVALS = 10;

	private static final Duration PUBLISH_TIME = Duration.ofSeconds(30);

	private static final long READ_MILLIS = 2000;

	private static final long READ_MILLIS_OF_A_PLAN = 50;

	private static final long STOP_MILLIS = 5000;

	private final SavingsStatistics statistics;

	private final StatisticsRepository repository;

	private final Clock clock;

	private final Duration flushInterval;

	private final Duration publishTime;

	private final StatisticsRepository own;

	private final StatisticsCollector collector;

	private final StatisticsFigures figures;

	private final ScheduledThreadPoolExecutor executor;

	private volatile @Nullable Predicate<PlanKey> known;

	private volatile @Nullable LeftStatistics left;

	private @Nullable ScheduledFuture<?> schedule;

	// Read and written by the thread of the executor only
	private Instant checkedKnown = Instant.MIN;

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
		Duration intervals = (flushInterval.compareTo(PUBLISH_TIME) < 0) ? flushInterval.multipliedBy(PUBLISH_INTERVALS)
				: PUBLISH_TIME;
		this.publishTime = (intervals.compareTo(PUBLISH_TIME) < 0) ? intervals : PUBLISH_TIME;
		this.own = repository.isShared() ? new InMemoryStatisticsRepository(clock) : repository;
		this.collector = new StatisticsCollector(statistics, this.own, repository.isShared(), clock);
		this.figures = new StatisticsFigures(statistics, clock);
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
	 * What could not be added is kept in a file if there is a directory for it, and is
	 * lost otherwise; the log says which.
	 */
	@Override
	public synchronized void close() {
		if (isRunning()) {
			stop();
		}
		else {
			// The lifecycle has stopped it already, and usually all was added then
			flush();
		}
		this.executor.shutdownNow();
		if (this.repository.isShared()) {
			LeftStatistics.keep(this.left, this.collector.instance(), this.collector.end(), this.figures::of);
		}
	}

	/**
	 * Add what was counted so far now, waiting up to two seconds for it.
	 * @return whether it was added
	 */
	public boolean flush() {
		return call(this::publish, READ_MILLIS) != null;
	}

	/**
	 * Set where statistics are kept that cannot be added before the application ends, and
	 * from where they are added when it starts. Default: nowhere, they are lost.
	 * @param directory the directory, which is made if it does not exist
	 */
	public void setSpoolDirectory(Path directory) {
		this.left = new LeftStatistics(directory);
	}

	/**
	 * Set what tells whether there is a plan. Those that are counted are looked up every
	 * few seconds, and what is gone, such as by another instance, is forgotten. Default:
	 * nothing is looked up.
	 * @param known returns whether there is a plan; if it throws, all are left as they
	 * are
	 */
	public void setKnown(Predicate<PlanKey> known) {
		this.known = known;
	}

	/**
	 * Stop counting a plan apart that was deleted. What was counted of it, here and in
	 * the repository, stays in the totals only. A plan of the configuration is left as it
	 * is.
	 * @param key the plan and its workspace
	 */
	public void forget(PlanKey key) {
		this.collector.forget(key);
	}

	/**
	 * Return the figures of a plan, with all that this instance has counted. Those of
	 * other instances are at most a flush interval late.
	 * @param key the plan and its workspace
	 * @return the figures; those of this instance if the repository cannot be read
	 */
	public ScopedStatistics<StatisticsSnapshot> plan(PlanKey key) {
		return read(() -> this.figures.plan(key, this.repository), () -> this.figures.ownPlan(key));
	}

	/**
	 * Return the figures of a plan by day, with all that this instance has counted.
	 * @param key the plan and its workspace
	 * @return the figures by day in UTC, newest first; those of this instance if the
	 * repository cannot be read. Models without a price are those of all days
	 */
	public ScopedStatistics<Map<LocalDate, StatisticsSnapshot>> days(PlanKey key) {
		return read(() -> this.figures.days(key, this.repository), () -> this.figures.days(key, this.own));
	}

	/**
	 * Return the figures of a plan by the labels of its calls, with all that this
	 * instance has counted. They add up to the figures of the plan.
	 * @param key the plan and its workspace
	 * @return the figures by labels, without models that have no price, and under
	 * {@link Labels#NONE} those of what has no labels, such as calls without any and what
	 * is counted in the background; those of this instance if the repository cannot be
	 * read
	 */
	public ScopedStatistics<Map<Labels, StatisticsSnapshot>> labelled(PlanKey key) {
		return read(() -> this.figures.labelled(key, this.repository), () -> {
			this.collector.collect();
			return this.figures.labelled(key, this.own);
		});
	}

	/**
	 * Return the figures of a plan by day and by the labels of its calls, with all that
	 * this instance has counted. They add up to the figures of the plan by day.
	 * @param key the plan and its workspace
	 * @param days the number of days up to the present one, 1 to
	 * {@value StatisticsRepository#DAYS}
	 * @return the figures by day in UTC, newest first, and as in {@link #labelled}
	 */
	public ScopedStatistics<Map<LocalDate, Map<Labels, StatisticsSnapshot>>> labelledDays(PlanKey key, int days) {
		Assert.isTrue(days >= 1 && days <= StatisticsRepository.DAYS,
				() -> "'days' must be from 1 to %d, but is %d".formatted(StatisticsRepository.DAYS, days));
		return read(() -> this.figures.labelledDays(key, days, this.repository), () -> {
			this.collector.collect();
			return this.figures.labelledDays(key, days, this.own);
		});
	}

	/**
	 * Return the figures of several plans by day and by labels, which are read together.
	 * @param keys the plans and their workspaces
	 * @param days the number of days up to the present one, 1 to
	 * {@value StatisticsRepository#DAYS}
	 * @return the figures of each plan as in {@link #labelledDays(PlanKey, int)}
	 */
	public ScopedStatistics<Map<PlanKey, Map<LocalDate, Map<Labels, StatisticsSnapshot>>>> labelledDays(
			Collection<PlanKey> keys, int days) {
		Assert.isTrue(days >= 1 && days <= StatisticsRepository.DAYS,
				() -> "'days' must be from 1 to %d, but is %d".formatted(StatisticsRepository.DAYS, days));
		return readAll(keys, (key, from) -> this.figures.labelledDays(key, days, from));
	}

	/**
	 * Return the figures of several plans by hour and by labels, which are read together.
	 * @param keys the plans and their workspaces
	 * @param hours the number of hours up to the present one, 1 to
	 * {@value StatisticsRepository#HOURS}
	 * @return the figures of each plan as in {@link #hours(PlanKey, int)}
	 */
	public ScopedStatistics<Map<PlanKey, Map<Instant, Map<Labels, StatisticsSnapshot>>>> hours(Collection<PlanKey> keys,
			int hours) {
		Assert.isTrue(hours >= 1 && hours <= StatisticsRepository.HOURS,
				() -> "'hours' must be from 1 to %d, but is %d".formatted(StatisticsRepository.HOURS, hours));
		return readAll(keys, (key, from) -> this.figures.hours(key, hours, from));
	}

	private <T> ScopedStatistics<Map<PlanKey, T>> readAll(Collection<PlanKey> keys,
			BiFunction<PlanKey, StatisticsRepository, T> figures) {
		Function<StatisticsRepository, Map<PlanKey, T>> all = (from) -> {
			Map<PlanKey, T> read = new LinkedHashMap<>();
			keys.forEach((key) -> read.put(key, figures.apply(key, from)));
			return read;
		};
		return read(() -> all.apply(this.repository), () -> {
			this.collector.collect();
			return all.apply(this.own);
		}, READ_MILLIS + READ_MILLIS_OF_A_PLAN * keys.size());
	}

	/**
	 * Return the figures of a plan by hour and by the labels of its calls, with all that
	 * this instance has counted: what calls cost and how they were answered, without
	 * distributions and what features count besides.
	 * @param key the plan and its workspace
	 * @param hours the number of hours up to the present one, 1 to
	 * {@value StatisticsRepository#HOURS}
	 * @return the figures by the start of the hour, newest first, and as in
	 * {@link #labelled}
	 */
	public ScopedStatistics<Map<Instant, Map<Labels, StatisticsSnapshot>>> hours(PlanKey key, int hours) {
		Assert.isTrue(hours >= 1 && hours <= StatisticsRepository.HOURS,
				() -> "'hours' must be from 1 to %d, but is %d".formatted(StatisticsRepository.HOURS, hours));
		return read(() -> this.figures.hours(key, hours, this.repository), () -> {
			this.collector.collect();
			return this.figures.hours(key, hours, this.own);
		});
	}

	/**
	 * Return the figures of all plans, with all that this instance has counted.
	 * @return the figures; those of this instance if the repository cannot be read
	 */
	public ScopedStatistics<OverallStatistics> all() {
		return read(() -> this.figures.all(this.repository), () -> this.figures.all(this.collector.counters()));
	}

	private <T> ScopedStatistics<T> read(Callable<T> sums, Supplier<T> ownFigures) {
		return read(sums, ownFigures, READ_MILLIS);
	}

	private <T> ScopedStatistics<T> read(Callable<T> sums, Supplier<T> ownFigures, long millis) {
		T figures = call(() -> {
			publish();
			return sums.call();
		}, millis);
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
			// The aggregator is closed
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

	// With a deadline: a repository that hangs would otherwise stop the schedule
	// unnoticed
	private void tryToPublish() {
		try {
			Deadlines.run(this.publishTime, this::publish, () -> recordError(
					new DescribedException("Adding what was counted took longer than " + this.publishTime)));
		}
		catch (RuntimeException | Error ex) {
			recordError(ex);
		}
	}

	private void recordError(Throwable failure) {
		this.statistics.recordError(Component.STATISTICS, null, failure);
	}

	private boolean publish() {
		LeftStatistics left = this.left;
		if (left != null && this.repository.isShared()) {
			left.addTo(this.repository);
		}
		forgetUnknown();
		this.collector.collect();
		List<PlanKey> deleted = this.collector.folds();
		offer();
		// Before the next batches: they may hold what was counted of a new plan with the
		// id
		// of a deleted one
		for (PlanKey plan : deleted) {
			this.repository.fold(plan, StatisticsCollector.others(plan));
			this.collector.folded(plan);
		}
		while (this.collector.offerNext()) {
			offer();
		}
		return true;
	}

	private void offer() {
		StatisticsBatch batch = this.collector.offered();
		if (batch != null) {
			this.repository.add(batch);
			this.collector.added();
		}
	}

	private void forgetUnknown() {
		Predicate<PlanKey> known = this.known;
		Instant now = this.clock.instant();
		if (known == null || now.isBefore(this.checkedKnown)) {
			return;
		}
		this.checkedKnown = now.plusSeconds(KNOWN_CHECK_SECONDS);
		try {
			this.statistics.foldable().stream().filter(known.negate()).toList().forEach(this::forget);
		}
		catch (Throwable ex) {
			this.statistics.recordError(Component.PLAN, null, ex);
		}
	}

}
