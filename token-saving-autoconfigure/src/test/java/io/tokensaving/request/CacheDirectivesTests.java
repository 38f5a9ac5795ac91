package io.tokensaving.request;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link CacheDirectives}.
 */
class CacheDirectivesTests {

	@Test
	void readsAllDirectives() {
		CacheDirectives directives = CacheDirectives
			.parse(Map.of("no-store", true, "no-cache", false, "ttl", 90, "max-age", "1h", "similarity-threshold", 0.9,
					"scope", "tenant-1", "tags", List.of("a", "b"), "no-prompt-cache", true));
		assertThat(directives).isEqualTo(new CacheDirectives(true, false, Duration.ofSeconds(90), Duration.ofHours(1),
				0.9, "tenant-1", Set.of("a", "b"), true));
	}

	@Test
	void refusesUnknownKeyAndNamesTheKnownOnes() {
		assertThatIllegalArgumentException().isThrownBy(() -> CacheDirectives.parse(Map.of("nostore", true)))
			.withMessageContaining("'nostore'")
			.withMessageContaining("no-store")
			.withMessageContaining("similarity-threshold");
	}

	@Test
	void refusesNullValue() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> CacheDirectives.parse(Collections.singletonMap("ttl", null)))
			.withMessageContaining("'token_saving_cache.ttl'")
			.withMessageContaining("null");
	}

	@Test
	void refusesWrongTypeAndNamesValueAndAcceptedOnes() {
		assertThatIllegalArgumentException().isThrownBy(() -> CacheDirectives.parse(Map.of("no-store", "yes")))
			.withMessageContaining("'token_saving_cache.no-store'")
			.withMessageContaining("'yes'")
			.withMessageContaining("a Boolean");
		assertThatIllegalArgumentException().isThrownBy(() -> CacheDirectives.parse("no-store"))
			.withMessageContaining("'token_saving_cache'")
			.withMessageContaining("a Map");
	}

	@ParameterizedTest
	@ValueSource(strings = { "soon", "", "-1h", "0" })
	void refusesDurationThatIsNone(String value) {
		assertThatIllegalArgumentException().isThrownBy(() -> CacheDirectives.parse(Map.of("max-age", value)))
			.withMessageContaining("'token_saving_cache.max-age'");
	}

	@ParameterizedTest
	@ValueSource(doubles = { -0.1, 1.1, Double.NaN })
	void refusesThresholdOutOfRange(double value) {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> CacheDirectives.parse(Map.of("similarity-threshold", value)))
			.withMessageContaining("0 to 1");
	}

	@Test
	void refusesThresholdThatWouldBecomeZero() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> CacheDirectives.parse(Map.of("similarity-threshold", new BigDecimal("1e-999999999"))))
			.withMessageContaining("0 to 1");
	}

	@Property
	void readsAnyNumberOfSeconds(@ForAll @IntRange(min = 1) int seconds) {
		assertThat(CacheDirectives.parse(Map.of("ttl", seconds)).ttl()).isEqualTo(Duration.ofSeconds(seconds));
		assertThat(CacheDirectives.parse(Map.of("ttl", String.valueOf(seconds))).ttl())
			.isEqualTo(Duration.ofSeconds(seconds));
	}

}
