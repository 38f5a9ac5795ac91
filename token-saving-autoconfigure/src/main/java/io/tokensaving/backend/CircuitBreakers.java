package io.tokensaving.backend;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.github.resilience4j.core.IntervalFunction;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * The circuit breakers of all backends, by name. A breaker opens when half of the last 20
 * calls have failed, once there were at least ten. It then rejects calls for a second,
 * and for twice as long after each failed probe, at most ten seconds. After that it
 * permits three probes and closes again unless half of them fail. Thread-safe; shared by
 * all advisors.
 */
public final class CircuitBreakers {

	private static final Log logger = LogFactory.getLog(CircuitBreakers.class);

	private static final int WINDOW = 20;

	private static final int MINIMUM_CALLS = 10;

	private static final int PROBES = 3;

	private static final Duration FIRST_WAIT = Duration.ofSeconds(1);

	private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

	private final CircuitBreakerRegistry registry;

	/**
	 * Create breakers, all closed.
	 */
	public CircuitBreakers() {
		this(FIRST_WAIT);
	}

	CircuitBreakers(Duration firstWait) {
		this.registry = CircuitBreakerRegistry.of(CircuitBreakerConfig.custom()
			.slidingWindowType(SlidingWindowType.COUNT_BASED)
			.slidingWindowSize(WINDOW)
			.minimumNumberOfCalls(MINIMUM_CALLS)
			.permittedNumberOfCallsInHalfOpenState(PROBES)
			.waitIntervalFunctionInOpenState(IntervalFunction.ofExponentialBackoff(firstWait, 2, LONGEST_WAIT))
			.writableStackTraceEnabled(false)
			.build());
		this.registry.getEventPublisher()
			.onEntryAdded((added) -> added.getAddedEntry()
				.getEventPublisher()
				.onStateTransition((event) -> logger.info("Circuit breaker of '%s': %s"
					.formatted(event.getCircuitBreakerName(), event.getStateTransition()))));
	}

	/**
	 * Return the breaker of a backend, which is created at the first call.
	 * @param backend the name of the backend
	 * @return the breaker
	 */
	public CircuitBreaker of(String backend) {
		return this.registry.circuitBreaker(backend);
	}

	/**
	 * Return the states of all breakers that have been created.
	 * @return the states by the name of the backend, sorted
	 */
	public Map<String, CircuitBreaker.State> states() {
		Map<String, CircuitBreaker.State> states = new TreeMap<>();
		for (CircuitBreaker breaker : this.registry.getAllCircuitBreakers()) {
			states.put(breaker.getName(), breaker.getState());
		}
		return states;
	}

}
