package io.tokensaving.samples.gateway.door;

import java.time.Duration;
import java.util.List;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.Assert;
import org.springframework.util.unit.DataSize;

/**
 * What clients are allowed and given.
 *
 * @param maxBodySize the largest body of a request, also once unpacked
 * @param bodyTimeout how long a client may take to send a body
 * @param unknownPlan what happens to a request that names a plan that its workspace does
 * not have
 * @param watchInterval how often is looked whether clients that wait are still there
 * @param keepAlive how long a stream may be silent before a comment is sent; zero for
 * never, as some clients do not understand comments
 * @param hitPacing the time between the events of a stream that was stored; zero for none
 * @param drainDelay how long requests are still taken after readiness has gone down
 * @param cors the origins of pages that may ask
 */
@ConfigurationProperties("gateway.door")
public record DoorProperties(@DefaultValue("32MB") DataSize maxBodySize, @DefaultValue("60s") Duration bodyTimeout,
		@DefaultValue("refuse") UnknownPlan unknownPlan, @DefaultValue("250ms") Duration watchInterval,
		@DefaultValue("0s") Duration keepAlive, @DefaultValue("0s") Duration hitPacing,
		@DefaultValue("0s") Duration drainDelay, @DefaultValue Cors cors) {

	/**
	 * Check and copy the values.
	 */
	public DoorProperties {
		Assert.isTrue(maxBodySize.toBytes() > 0 && maxBodySize.toBytes() <= Integer.MAX_VALUE - 8,
				() -> "'gateway.door.max-body-size' must be from 1 byte to 2 GB but was '" + maxBodySize + "'");
		positive("body-timeout", bodyTimeout);
		positive("watch-interval", watchInterval);
		notNegative("keep-alive", keepAlive);
		notNegative("hit-pacing", hitPacing);
		notNegative("drain-delay", drainDelay);
	}

	private static void positive(String name, Duration value) {
		Assert.isTrue(value.toMillis() > 0,
				() -> "'gateway.door.%s' must be at least 1ms but was '%s'".formatted(name, value));
	}

	private static void notNegative(String name, Duration value) {
		Assert.isTrue(!value.isNegative(),
				() -> "'gateway.door.%s' must not be negative but was '%s'".formatted(name, value));
	}

	/**
	 * What happens to a request that names an unknown plan.
	 */
	public enum UnknownPlan {

		/**
		 * It is refused with status 400.
		 */
		REFUSE,

		/**
		 * It goes to the upstream with no plan.
		 */
		PASS

	}

	/**
	 * Pages of other origins that may ask.
	 *
	 * @param origins the origins, such as {@code https://app.example.com}, or {@code *}
	 * for all; none by default
	 */
	public record Cors(@DefaultValue List<String> origins) {

		/**
		 * Copy the values.
		 */
		public Cors {
			origins = List.copyOf(origins);
		}

	}

}
