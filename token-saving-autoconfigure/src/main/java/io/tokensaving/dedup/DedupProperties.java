package io.tokensaving.dedup;

import java.time.Duration;
import java.time.temporal.ChronoUnit;

import io.tokensaving.feature.DefaultUnit;
import org.jspecify.annotations.Nullable;

/**
 * The {@code dedup} section of a plan.
 */
public class DedupProperties {

	/**
	 * Whether equal requests in flight share an answer.
	 */
	private boolean enabled = true;

	/**
	 * How long a request waits for the answer of another one before it calls the model
	 * itself. Without a unit, in seconds.
	 */
	@DefaultUnit(ChronoUnit.SECONDS)
	private Duration timeout = Duration.ofMinutes(2);

	/**
	 * What happens to waiting requests if the model fails: 'share' gives them the same
	 * error, 'retry' lets each of them call the model itself.
	 */
	private DedupSettings.OnError onError = DedupSettings.OnError.SHARE;

	/**
	 * Temperature above which requests are not shared. Without it there is no limit.
	 */
	private @Nullable Double maxTemperature;

	/**
	 * Whose requests share answers: those of this 'instance', or of all instances of the
	 * application that share an exact cache ('cluster').
	 */
	private DedupSettings.Scope scope = DedupSettings.Scope.INSTANCE;

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public Duration getTimeout() {
		return this.timeout;
	}

	public void setTimeout(Duration timeout) {
		this.timeout = timeout;
	}

	public DedupSettings.OnError getOnError() {
		return this.onError;
	}

	public void setOnError(DedupSettings.OnError onError) {
		this.onError = onError;
	}

	public @Nullable Double getMaxTemperature() {
		return this.maxTemperature;
	}

	public void setMaxTemperature(@Nullable Double maxTemperature) {
		this.maxTemperature = maxTemperature;
	}

	public DedupSettings.Scope getScope() {
		return this.scope;
	}

	public void setScope(DedupSettings.Scope scope) {
		this.scope = scope;
	}

	@Nullable DedupSettings toSettings() {
		return this.enabled ? new DedupSettings(this.timeout, this.onError, this.maxTemperature, this.scope) : null;
	}

}
