package io.tokensaving.samples.gateway.admin;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.StringUtils;

/**
 * Who administers the gateway. Nobody does by default.
 *
 * @param password password of the user "admin", who may do everything, at least 12
 * characters
 * @param keys admin keys, sent as "Authorization: Bearer"
 */
@ConfigurationProperties("gateway.admin")
record AdminProperties(@Nullable String password, @DefaultValue List<Key> keys) {

	private static final int MIN_PASSWORD = 12;

	private static final int MIN_SECRET = 20;

	private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");

	AdminProperties {
		// An empty variable of the environment is none
		password = StringUtils.hasText(password) ? password : null;
		if (password != null && password.length() < MIN_PASSWORD) {
			throw new IllegalArgumentException(
					"'gateway.admin.password' must have at least %d characters".formatted(MIN_PASSWORD));
		}
		keys = List.copyOf(keys);
		Set<String> names = new HashSet<>();
		for (Key key : keys) {
			if (!names.add(key.name())) {
				throw new IllegalArgumentException(
						"'gateway.admin.keys' must have different names but two are '%s'".formatted(key.name()));
			}
		}
	}

	@Override
	public String toString() {
		return "AdminProperties[keys=" + this.keys + "]";
	}

	/**
	 * An admin key.
	 *
	 * @param name name of the key, which is no secret
	 * @param secret the key, at least 20 characters, or else its hash
	 * @param sha256 SHA-256 of the key in hexadecimal
	 * @param role what the key may do
	 * @param workspaces workspaces that the key may manage, empty for all
	 */
	record Key(String name, @Nullable String secret, @Nullable String sha256, @DefaultValue("viewer") AdminRole role,
			@DefaultValue Set<String> workspaces) {

		Key {
			if (!StringUtils.hasText(name)) {
				throw new IllegalArgumentException("'gateway.admin.keys[*].name' must not be blank");
			}
			secret = StringUtils.hasText(secret) ? secret : null;
			sha256 = StringUtils.hasText(sha256) ? sha256 : null;
			if ((secret == null) == (sha256 == null)) {
				throw new IllegalArgumentException(
						"The admin key '%s' must have either a 'secret' or its 'sha256'".formatted(name));
			}
			if (secret != null && secret.length() < MIN_SECRET) {
				throw new IllegalArgumentException("The 'secret' of the admin key '%s' must have at least %d characters"
					.formatted(name, MIN_SECRET));
			}
			if (sha256 != null && !SHA_256.matcher(sha256).matches()) {
				throw new IllegalArgumentException(
						"The 'sha256' of the admin key '%s' must have 64 hexadecimal digits in lower case"
							.formatted(name));
			}
			workspaces = Set.copyOf(workspaces);
		}

		@Override
		public String toString() {
			return this.name;
		}

	}

}
