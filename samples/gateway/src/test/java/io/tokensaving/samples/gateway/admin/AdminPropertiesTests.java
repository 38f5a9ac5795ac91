package io.tokensaving.samples.gateway.admin;

import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link AdminProperties} and what follows from them.
 */
@ExtendWith(OutputCaptureExtension.class)
class AdminPropertiesTests {

	private static final String SECRET = "0123456789-0123456789";

	@Test
	void withoutASecretNobodyGetsInAndTheLogSaysHow(CapturedOutput output) {
		for (String none : new String[] { null, "", " " }) {
			AuthenticationManager manager = new SecurityConfiguration()
				.adminAuthenticationManager(new AdminProperties(none, List.of()));
			for (String[] sent : new String[][] { { "admin", "" }, { "admin", " " }, { "admin", "null" },
					{ AdminAuthenticationProvider.KEY, "" }, { AdminAuthenticationProvider.KEY, "null" } }) {
				assertThatExceptionOfType(BadCredentialsException.class).isThrownBy(() -> manager
					.authenticate(UsernamePasswordAuthenticationToken.unauthenticated(sent[0], sent[1])));
			}
		}
		assertThat(output).contains("GATEWAY_ADMIN_PASSWORD", "GATEWAY_ADMIN_KEYS_0_NAME");
	}

	@Test
	void withASecretTheLogSaysNothing(CapturedOutput output) {
		new SecurityConfiguration().adminAuthenticationManager(new AdminProperties(null,
				List.of(new AdminProperties.Key("k", SECRET, null, AdminRole.VIEWER, Set.of()))));
		assertThat(output).doesNotContain("GATEWAY_ADMIN_PASSWORD");
	}

	@Test
	void refusesWhatIsNoSecretByName() {
		assertThatIllegalArgumentException().isThrownBy(() -> new AdminProperties("short", List.of()))
			.withMessage("'gateway.admin.password' must have at least 12 characters");
		assertThatIllegalArgumentException().isThrownBy(() -> key("short", null))
			.withMessage("The 'secret' of the admin key 'k' must have at least 20 characters");
		assertThatIllegalArgumentException().isThrownBy(() -> key(null, "AB"))
			.withMessage("The 'sha256' of the admin key 'k' must have 64 hexadecimal digits in lower case");
		assertThatIllegalArgumentException().isThrownBy(() -> key(null, ""))
			.withMessage("The admin key 'k' must have either a 'secret' or its 'sha256'");
		assertThatIllegalArgumentException().isThrownBy(() -> key(SECRET, "a".repeat(64)))
			.withMessage("The admin key 'k' must have either a 'secret' or its 'sha256'");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new AdminProperties(null, List.of(key(SECRET, null), key(SECRET + "1", null))))
			.withMessage("'gateway.admin.keys' must have different names but two are 'k'");
	}

	@Test
	void showsNoSecret() {
		AdminProperties properties = new AdminProperties("a long password", List.of(key(SECRET, null)));
		assertThat(properties.toString()).contains("k").doesNotContain(SECRET).doesNotContain("password=");
		assertThat(properties.toString() + properties.keys()).doesNotContain("a long");
	}

	private static AdminProperties.Key key(String secret, String sha256) {
		return new AdminProperties.Key("k", secret, sha256, AdminRole.VIEWER, Set.of());
	}

}
