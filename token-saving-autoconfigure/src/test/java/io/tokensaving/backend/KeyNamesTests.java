package io.tokensaving.backend;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link KeyNames}.
 */
class KeyNamesTests {

	@ParameterizedTest
	@ValueSource(strings = { "default", "Tenant-1.eu_west", "a" })
	void plainWorkspacesAreReadable(String workspace) {
		assertThat(KeyNames.workspace(workspace)).isEqualTo(workspace);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "a:stats", "a b", "~a", "{a}", "\u00e4", "*" })
	void othersAreHashed(String workspace) {
		assertThat(KeyNames.workspace(workspace)).matches("~[0-9a-f]{32}")
			.isNotEqualTo(KeyNames.workspace(workspace + ":"));
	}

	@Test
	void longOnesAreHashed() {
		assertThat(KeyNames.workspace("x".repeat(64))).isEqualTo("x".repeat(64));
		assertThat(KeyNames.workspace("x".repeat(65))).hasSize(33);
	}

}
