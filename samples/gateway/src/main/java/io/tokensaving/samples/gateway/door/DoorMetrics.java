package io.tokensaving.samples.gateway.door;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

/**
 * Times the requests of clients, in place of the observation of all requests, which costs
 * more than an answer from the cache. Thread-safe.
 */
final class DoorMetrics {

	/**
	 * The name of the timer.
	 */
	static final String REQUESTS = "gateway.requests";

	private final MeterRegistry registry;

	private final Map<Tags, Timer> timers = new ConcurrentHashMap<>();

	DoorMetrics(MeterRegistry registry) {
		this.registry = registry;
	}

	void record(@Nullable Route route, Exchange.Record record, long nanos) {
		Tags tags = new Tags(route, record.status(), record.outcome());
		Timer timer = this.timers.get(tags);
		if (timer == null) {
			timer = this.timers.computeIfAbsent(tags, this::timer);
		}
		timer.record(nanos, TimeUnit.NANOSECONDS);
	}

	private Timer timer(Tags tags) {
		return Timer.builder(REQUESTS)
			.description("Requests of clients, to the last byte of the answer")
			.tag("route", (tags.route() != null) ? tags.route().path() : "none")
			.tag("status", Integer.toString(tags.status()))
			.tag("outcome", tags.outcome())
			.register(this.registry);
	}

	private record Tags(@Nullable Route route, int status, String outcome) {

	}

}
