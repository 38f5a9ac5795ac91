package io.tokensaving.actuate;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.tokensaving.backend.CircuitBreakers;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Reports the backends whose circuit breaker is open because they keep failing. The
 * application is {@code UP} nevertheless: without a backend it still answers, only at a
 * higher cost. Calls no backend. Thread-safe.
 */
public final class TokenSavingHealthIndicator implements HealthIndicator {

	/**
	 * The detail that says whether all backends work: {@code OK} or {@value #DEGRADED}.
	 */
	static final String CONDITION = "condition";

	/**
	 * The value if the circuit breaker of at least one backend is open.
	 */
	static final String DEGRADED = "DEGRADED";

	private final CircuitBreakers breakers;

	/**
	 * Create the indicator.
	 * @param breakers the circuit breakers of the backends
	 */
	public TokenSavingHealthIndicator(CircuitBreakers breakers) {
		this.breakers = breakers;
	}

	@Override
	public Health health() {
		Map<String, String> states = new LinkedHashMap<>();
		boolean degraded = false;
		for (Map.Entry<String, State> backend : this.breakers.states().entrySet()) {
			states.put(backend.getKey(), backend.getValue().name().toLowerCase(Locale.ROOT));
			degraded |= backend.getValue() != State.CLOSED;
		}
		return Health.up()
			.withDetail(CONDITION, degraded ? DEGRADED : "OK")
			.withDetail("circuit_breakers", states)
			.build();
	}

}
