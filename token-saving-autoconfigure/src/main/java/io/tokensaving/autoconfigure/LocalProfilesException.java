package io.tokensaving.autoconfigure;

import java.util.List;

/**
 * Local models would answer in a profile in which they never must.
 */
final class LocalProfilesException extends RuntimeException {

	private final String description;

	private final String action;

	LocalProfilesException(List<String> local, List<String> forbidden) {
		this("'%s.enabled' is 'true' and the profile %s is active, in which local models answer, together with %s, in which they never must ('%s.never-in')."
			.formatted(LocalProperties.PREFIX, quoted(local), quoted(forbidden), LocalProperties.PREFIX),
				"Start without the profile %s, or set '%s.enabled' to 'false'.".formatted(quoted(local),
						LocalProperties.PREFIX));
	}

	private LocalProfilesException(String description, String action) {
		super(description + " " + action);
		this.description = description;
		this.action = action;
	}

	private static String quoted(List<String> names) {
		return "'" + String.join("', '", names) + "'";
	}

	String getDescription() {
		return this.description;
	}

	String getAction() {
		return this.action;
	}

}
