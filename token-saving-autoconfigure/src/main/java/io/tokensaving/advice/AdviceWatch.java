package io.tokensaving.advice;

import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.Component;
import io.tokensaving.ForeignText;
import io.tokensaving.backend.DaemonThreads;
import io.tokensaving.event.AdviceEvent;
import io.tokensaving.feature.Advice;
import io.tokensaving.feature.Advice.Setting;
import io.tokensaving.statistics.PlanStatistics;
import io.tokensaving.statistics.SavingsStatistics;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.util.Assert;

/**
 * Looks every now and then at what is advised for the plans that this instance has
 * counted, and tells what is new: an {@link AdviceEvent}, and one line of the log. What
 * was told is told again only if it was not advised for a week. Requests know nothing of
 * it: one daemon thread does all. Thread-safe.
 */
public final class AdviceWatch implements SmartLifecycle, AutoCloseable {

	/**
	 * The default time between two looks.
	 */
	public static final Duration DEFAULT_INTERVAL = Duration.ofMinutes(10);

	private static final Log logger = LogFactory.getLog(AdviceWatch.class);

	private static final int MAX_TOLD = 10_000;

	private static final int MAX_WORKSPACES = 100;

	private static final Duration REMEMBERED = Duration.ofDays(7);

	private final AdviceCollector collector;

	private final SavingsStatistics statistics;

	private final Duration interval;

	private final Cache<Told, Boolean> told;

	private final ScheduledThreadPoolExecutor executor;

	private @Nullable ScheduledFuture<?> schedule;

	/**
	 * Create a watch, which looks at nothing before it is started.
	 * @param collector collects what is advised
	 * @param statistics knows what this instance has counted, and is given the events
	 * @param interval the time between two looks, above 0
	 * @param ticker the clock by which is forgotten what was told
	 */
	public AdviceWatch(AdviceCollector collector, SavingsStatistics statistics, Duration interval, Ticker ticker) {
		Assert.isTrue(!interval.isNegative() && !interval.isZero(),
				() -> "'interval' must be above 0, but is " + interval);
		this.collector = collector;
		this.statistics = statistics;
		this.interval = interval;
		this.told = Caffeine.newBuilder()
			.maximumSize(MAX_TOLD)
			.expireAfterAccess(REMEMBERED)
			.ticker(ticker)
			.executor(Runnable::run)
			.build();
		this.executor = new ScheduledThreadPoolExecutor(1, new DaemonThreads("token-saving-advice"));
		this.executor.setRemoveOnCancelPolicy(true);
	}

	@Override
	public synchronized void start() {
		if (this.schedule == null && !this.executor.isShutdown()) {
			this.schedule = this.executor.scheduleWithFixedDelay(this::look, this.interval.toNanos(),
					this.interval.toNanos(), TimeUnit.NANOSECONDS);
		}
	}

	@Override
	public synchronized void stop() {
		if (this.schedule != null) {
			this.schedule.cancel(true);
			this.schedule = null;
		}
	}

	@Override
	public synchronized boolean isRunning() {
		return this.schedule != null;
	}

	@Override
	public void close() {
		stop();
		this.executor.shutdownNow();
	}

	/**
	 * Look at what is advised now, and tell what is new. Never throws.
	 */
	void look() {
		try {
			Set<String> workspaces = new TreeSet<>();
			for (PlanStatistics plan : this.statistics.plans()) {
				if (workspaces.size() < MAX_WORKSPACES) {
					workspaces.add(plan.key().workspace());
				}
			}
			for (String workspace : workspaces) {
				this.collector.collect(workspace).advice().forEach((advice) -> tell(workspace, advice));
			}
		}
		catch (Throwable ex) { // a schedule ends by what is thrown
			this.statistics.recordError(Component.ADVICE, null, ex);
		}
	}

	private void tell(String workspace, PlanAdvice advised) {
		Advice advice = advised.advice();
		Told key = new Told(workspace, advised.plan(), advice.code(), advice.feature(), advice.model());
		if (this.told.getIfPresent(key) != null) {
			return;
		}
		this.told.put(key, true);
		Setting setting = advice.setting();
		logger.info(line(advised, setting));
		this.statistics.publish(
				new AdviceEvent(workspace, advised.plan(), advice.code(), advised.severity().value(), advice.feature(),
						advice.model(), advice.text(), advice.remedy(), (setting != null) ? setting.name() : null,
						(setting != null) ? setting.value() : null, advice.costUsdPerDay()));
	}

	private static String line(PlanAdvice advised, @Nullable Setting setting) {
		Advice advice = advised.advice();
		StringBuilder line = new StringBuilder("Advice for plan '").append(ForeignText.printable(advised.plan()))
			.append('\'');
		append(line, ", feature '", advice.feature(), "'");
		append(line, ", model '", advice.model(), "'");
		line.append(" (").append(advice.code()).append("): ").append(advice.text()).append(". ");
		line.append(advice.remedy()).append('.');
		if (setting != null) {
			line.append(" Setting: ").append(ForeignText.printable(setting.name() + "=" + setting.value())).append('.');
		}
		append(line, " About ",
				(advice.costUsdPerDay() != null) ? advice.costUsdPerDay().stripTrailingZeros().toPlainString() : null,
				" USD a day.");
		return line.toString();
	}

	private static void append(StringBuilder line, String before, @Nullable String text, String after) {
		if (text != null) {
			line.append(before).append(ForeignText.printable(text)).append(after);
		}
	}

	private record Told(String workspace, String plan, String code, @Nullable String feature, @Nullable String model) {

	}

}
