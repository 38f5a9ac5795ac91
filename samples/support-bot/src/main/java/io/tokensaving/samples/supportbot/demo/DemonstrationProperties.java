package io.tokensaving.samples.supportbot.demo;

import java.time.Duration;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.Assert;

/**
 * Properties of the model for demonstration.
 *
 * @param latency how long it takes to answer, 0 or more; a plain number is milliseconds
 */
@ConfigurationProperties("support-bot.demonstration")
record DemonstrationProperties(@DefaultValue("0") Duration latency) {

	DemonstrationProperties {
		Assert.isTrue(!latency.isNegative(),
				() -> "'latency' is '%s', accepted is a duration of 0 or more".formatted(latency));
	}

}
