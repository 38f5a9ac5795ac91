package io.tokensaving.autoconfigure;

import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Where list prices come from.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".price-table", ignoreUnknownFields = false)
public class PriceTableProperties {

	private static final Set<String> SCHEMES = Set.of("file", "http", "https");

	private static final Duration MIN_INTERVAL = Duration.ofMinutes(1);

	private static final Duration MAX_INTERVAL = Duration.ofDays(30);

	/**
	 * URL of a list to use instead of the built-in one, in the form of the public price
	 * table of LiteLLM (file:, https: or http:). Without it nothing is read.
	 */
	private @Nullable URI location;

	/**
	 * Time after which the list is read again.
	 */
	private Duration refreshInterval = Duration.ofHours(24);

	public @Nullable URI getLocation() {
		return this.location;
	}

	public void setLocation(@Nullable URI location) {
		this.location = location;
	}

	public Duration getRefreshInterval() {
		return this.refreshInterval;
	}

	public void setRefreshInterval(Duration refreshInterval) {
		this.refreshInterval = refreshInterval;
	}

	URI checkedLocation() {
		String accepted = "a URL that starts with file:, https: or http:, without a user";
		if (this.location == null) {
			throw ConfigurationErrors.missing("price-table.location", accepted);
		}
		String scheme = this.location.getScheme();
		boolean known = scheme != null && SCHEMES.contains(scheme.toLowerCase(Locale.ROOT));
		boolean file = "file".equalsIgnoreCase(scheme);
		if (!known || this.location.getUserInfo() != null || (!file && this.location.getHost() == null)
				|| (file && (this.location.getPath() == null || this.location.getAuthority() != null))) {
			throw ConfigurationErrors.invalid("price-table.location", this.location, accepted);
		}
		return this.location;
	}

	Duration checkedRefreshInterval() {
		if (this.refreshInterval.compareTo(MIN_INTERVAL) < 0 || this.refreshInterval.compareTo(MAX_INTERVAL) > 0) {
			throw ConfigurationErrors.invalid("price-table.refresh-interval", this.refreshInterval,
					"a time from 1m to 30d");
		}
		return this.refreshInterval;
	}

}
