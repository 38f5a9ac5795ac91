package io.tokensaving.samples.gateway.admin;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;

/**
 * Knows the admin keys by their hashes, and the password. Thread-safe.
 */
final class AdminAuthenticationProvider implements AuthenticationProvider {

	/**
	 * The user with the password.
	 */
	static final String USER = "admin";

	/**
	 * The name under which {@link AdminKeyConverter} passes a key on; no user of Basic
	 * authentication, whose name has no colon.
	 */
	static final String KEY = ":key";

	/**
	 * The authority of those who manage all workspaces.
	 */
	static final String ALL_WORKSPACES = "ALL_WORKSPACES";

	private final Map<String, AdminPrincipal> keysByHash = new HashMap<>();

	private final byte @Nullable [] password;

	AdminAuthenticationProvider(AdminProperties properties) {
		this.password = (properties.password() != null) ? sha256(properties.password()) : null;
		for (AdminProperties.Key key : properties.keys()) {
			String hash = (key.secret() != null) ? HexFormat.of().formatHex(sha256(key.secret()))
					: String.valueOf(key.sha256());
			this.keysByHash.put(hash, new AdminPrincipal(key.name(), key.role(), key.workspaces()));
		}
	}

	boolean knowsNobody() {
		return this.password == null && this.keysByHash.isEmpty();
	}

	@Override
	public Authentication authenticate(Authentication authentication) {
		byte[] hash = sha256(String.valueOf(authentication.getCredentials()));
		AdminPrincipal principal = find(authentication.getName(), hash);
		if (principal == null) {
			throw new BadCredentialsException("The admin key or password is not accepted");
		}
		List<GrantedAuthority> authorities = new ArrayList<>();
		principal.role()
			.included()
			.forEach((role) -> authorities.add(new SimpleGrantedAuthority("ROLE_" + role.name())));
		if (principal.managesAll()) {
			authorities.add(new SimpleGrantedAuthority(ALL_WORKSPACES));
		}
		return UsernamePasswordAuthenticationToken.authenticated(principal, null, authorities);
	}

	private @Nullable AdminPrincipal find(String name, byte[] hash) {
		if (name.equals(KEY)) {
			return this.keysByHash.get(HexFormat.of().formatHex(hash));
		}
		boolean accepted = this.password != null && MessageDigest.isEqual(this.password, hash) && name.equals(USER);
		return accepted ? new AdminPrincipal(USER, AdminRole.ADMIN, Set.of()) : null;
	}

	@Override
	public boolean supports(Class<?> authentication) {
		return authentication == UsernamePasswordAuthenticationToken.class;
	}

	private static byte[] sha256(String text) {
		try {
			return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
