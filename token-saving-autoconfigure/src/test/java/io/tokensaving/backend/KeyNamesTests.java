package io.tokensaving.backend;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

import io.tokensaving.cache.StrangeTexts;
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
	void noTwoTextsHaveTheSameHash() {
		List<String> texts = StrangeTexts.all(System.nanoTime()).stream().distinct().toList();
		assertThat(texts.stream().map(KeyNames::hash)).doesNotHaveDuplicates();
		assertThat(KeyNames.hash("Gr\u00FC\u00DFe"))
			.isEqualTo(HexFormat.of().formatHex(sha256("Gr\u00FC\u00DFe".getBytes(StandardCharsets.UTF_8)), 0, 16));
	}

	private static byte[] sha256(byte[] bytes) {
		try {
			return MessageDigest.getInstance("SHA-256").digest(bytes);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Test
	void longOnesAreHashed() {
		assertThat(KeyNames.workspace("x".repeat(64))).isEqualTo("x".repeat(64));
		assertThat(KeyNames.workspace("x".repeat(65))).hasSize(33);
	}

}
