package io.tokensaving.autoconfigure;

import java.time.Duration;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * How it is told what is advised for plans.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".advice", ignoreUnknownFields = false)
public class AdviceProperties {

	private static final Duration MIN_INTERVAL = Duration.ofSeconds(10);

	private static final Duration MAX_INTERVAL = Duration.ofDays(1);

	/**
	 * Whether new advice is published as an event and logged.
	 */
	private boolean enabled = true;

	/**
	 * Time between two looks for new advice, 10 seconds to a day. Without a unit, in
	 * milliseconds.
	 */
	private Duration interval = Duration.ofMinutes(10);

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public Duration getInterval() {
		return this.interval;
	}

	public void setInterval(Duration interval) {
		this.interval = interval;
	}

	Duration checkedInterval() {
		if (this.interval.compareTo(MIN_INTERVAL) < 0 || this.interval.compareTo(MAX_INTERVAL) > 0) {
			throw ConfigurationErrors.invalid("advice.interval", this.interval, "a duration from 10s to 1d");
		}
		return this.interval;
	}

}
