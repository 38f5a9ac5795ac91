package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Properties of the dashboard.
 */
@ConfigurationProperties(DashboardProperties.PREFIX)
public class DashboardProperties {

	static final String PREFIX = TokenSavingProperties.PREFIX + ".dashboard";

	private static final Pattern PATH = Pattern.compile("(/[A-Za-z0-9._~-]+){1,10}");

	private static final Duration MIN_REFRESH = Duration.ofSeconds(2);

	private static final Duration MAX_REFRESH = Duration.ofHours(1);

	/**
	 * Whether there is a page that shows savings, plans and risks. Needs Spring MVC.
	 */
	private boolean enabled;

	/**
	 * Path of the page within the application.
	 */
	private String path = "/tokensaving";

	/**
	 * What may be done at the page. 'unrestricted' lets users write plans and evict
	 * answers.
	 */
	private Access access = Access.READ_ONLY;

	/**
	 * Roles one of which a user needs to see the page. None if empty: whoever has logged
	 * in may see it.
	 */
	private List<String> readRoles = new ArrayList<>();

	/**
	 * Roles one of which a user needs to write. None if empty: whoever may see the page
	 * may write, if 'access' allows it.
	 */
	private List<String> writeRoles = new ArrayList<>();

	/**
	 * Whether everybody may see the page, without a login. Not needed if the server is
	 * bound to the local machine only.
	 */
	private boolean allowUnauthenticated;

	/**
	 * Whether the texts of reviewed questions and answers are shown.
	 */
	private boolean showText;

	/**
	 * Time after which the page reads its figures anew, 2 seconds to an hour. Without a
	 * unit, in milliseconds.
	 */
	private Duration refreshInterval = Duration.ofSeconds(10);

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public String getPath() {
		return this.path;
	}

	public void setPath(String path) {
		this.path = path;
	}

	public Access getAccess() {
		return this.access;
	}

	public void setAccess(Access access) {
		this.access = access;
	}

	public List<String> getReadRoles() {
		return this.readRoles;
	}

	public void setReadRoles(List<String> readRoles) {
		this.readRoles = readRoles;
	}

	public List<String> getWriteRoles() {
		return this.writeRoles;
	}

	public void setWriteRoles(List<String> writeRoles) {
		this.writeRoles = writeRoles;
	}

	public boolean isAllowUnauthenticated() {
		return this.allowUnauthenticated;
	}

	public void setAllowUnauthenticated(boolean allowUnauthenticated) {
		this.allowUnauthenticated = allowUnauthenticated;
	}

	public boolean isShowText() {
		return this.showText;
	}

	public void setShowText(boolean showText) {
		this.showText = showText;
	}

	public Duration getRefreshInterval() {
		return this.refreshInterval;
	}

	public void setRefreshInterval(Duration refreshInterval) {
		this.refreshInterval = refreshInterval;
	}

	String checkedPath() {
		if (!PATH.matcher(this.path).matches()) {
			throw ConfigurationErrors.invalid("dashboard.path", this.path,
					"a path such as '/tokensaving', without a slash at its end");
		}
		return this.path;
	}

	int checkedRefreshSeconds() {
		if (this.refreshInterval.compareTo(MIN_REFRESH) < 0 || this.refreshInterval.compareTo(MAX_REFRESH) > 0) {
			throw ConfigurationErrors.invalid("dashboard.refresh-interval", this.refreshInterval,
					"a duration from 2s to 1h");
		}
		return (int) this.refreshInterval.toSeconds();
	}

	/**
	 * What may be done at the page.
	 */
	public enum Access {

		/**
		 * Figures and plans are shown.
		 */
		READ_ONLY,

		/**
		 * Plans can be written too, and answers evicted.
		 */
		UNRESTRICTED

	}

}
