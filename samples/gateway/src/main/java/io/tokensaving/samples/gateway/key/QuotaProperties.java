package io.tokensaving.samples.gateway.key;

import java.math.BigDecimal;
import java.time.Duration;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Properties of the quotas of keys.
 */
@ConfigurationProperties("gateway.quota")
public class QuotaProperties {

	/**
	 * What happens to requests of keys with a quota while the database is away: they are
	 * refused beyond what the instance has in hand, or each instance goes on with its
	 * share of what was left.
	 */
	private WhenUnavailable whenUnavailable = WhenUnavailable.REFUSE;

	/**
	 * The most that an instance takes out of a quota in advance, in US dollars.
	 */
	private BigDecimal blockUsd = new BigDecimal("0.05");

	/**
	 * Time after which what is reserved for a request counts as spent, as nobody has told
	 * how it ended. Longer than any request takes.
	 */
	private Duration reservationTtl = Duration.ofMinutes(30);

	/**
	 * Output tokens that are reserved for a request that does not limit them.
	 */
	private long defaultMaxOutputTokens = 16_384;

	public WhenUnavailable getWhenUnavailable() {
		return this.whenUnavailable;
	}

	public void setWhenUnavailable(WhenUnavailable whenUnavailable) {
		this.whenUnavailable = whenUnavailable;
	}

	public BigDecimal getBlockUsd() {
		return this.blockUsd;
	}

	public void setBlockUsd(BigDecimal blockUsd) {
		this.blockUsd = blockUsd;
	}

	public Duration getReservationTtl() {
		return this.reservationTtl;
	}

	public void setReservationTtl(Duration reservationTtl) {
		this.reservationTtl = reservationTtl;
	}

	public long getDefaultMaxOutputTokens() {
		return this.defaultMaxOutputTokens;
	}

	public void setDefaultMaxOutputTokens(long defaultMaxOutputTokens) {
		this.defaultMaxOutputTokens = defaultMaxOutputTokens;
	}

}
