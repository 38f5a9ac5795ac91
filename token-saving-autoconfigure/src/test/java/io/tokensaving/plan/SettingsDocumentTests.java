package io.tokensaving.plan;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SettingsDocument}.
 */
class SettingsDocumentTests {

	@Test
	void dotsAndSnakeCaseMeanTheSameAsNestingAndKebabCase() {
		SettingsDocument nested = SettingsDocument.of(Map.of("cache", Map.of("max-entry-size", 1, "backend", "a")));
		assertThat(SettingsDocument.of(Map.of("cache.max_entry_size", 1, "cache.backend", "a"))).isEqualTo(nested);
		assertThat(SettingsDocument.of(Map.of("cache", Map.of("backend", "a"), "cache.max-entry-size", 1L)))
			.isEqualTo(nested)
			.hasSameHashCodeAs(nested);
		assertThat(nested).isNotEqualTo(SettingsDocument.EMPTY);
	}

	@Test
	void refusesWhatIsSetTwice() {
		assertTwice("cache.max-entry-size", "cache", Map.of("max-entry-size", 1, "max_entry_size", 1));
		assertTwice("cache.backend", "cache.backend", "a", "cache", Map.of("backend", "b"));
		assertTwice("cache", "cache", null, "cache.backend", "a");
		assertTwice("cache", "cache.backend", "a", "cache", null);
		assertTwice("cache", "cache", "a", "cache.backend", "a");
	}

	private static void assertTwice(String field, Object... namesAndValues) {
		Map<String, Object> settings = new LinkedHashMap<>();
		for (int i = 0; i < namesAndValues.length; i += 2) {
			settings.put((String) namesAndValues[i], namesAndValues[i + 1]);
		}
		assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(() -> SettingsDocument.of(settings))
			.satisfies((ex) -> {
				assertThat(ex.getField()).isEqualTo(field);
				assertThat(ex.getValue()).isEqualTo("given twice");
			});
	}

	@Test
	void refusesWhatIsNoSetting() {
		for (Object value : new Object[] { new Object(), 'c', Double.NaN, Double.POSITIVE_INFINITY, "\ud800",
				"a\udc00b", List.of(List.of()), List.of(Map.of("c", List.of(List.of()))), List.of(Map.of("c", 'c')),
				List.of(Map.of(1, 2)), List.of(Map.of("c", 1, "c.d", 1)), Arrays.asList("a", null), new int[1],
				List.of(Collections.singletonMap("c", null)),
				List.of(Map.of("c", Collections.singletonMap("d", null))) }) {
			assertThatExceptionOfType(InvalidPlanException.class)
				.isThrownBy(() -> SettingsDocument.of(Map.of("a", Map.of("b", value))))
				.satisfies((ex) -> assertThat(ex.getField()).startsWith("a.b"));
		}
		for (String name : new String[] { "", " ", ".", "a.", ".a", "a..b", "\udc00" }) {
			assertThatExceptionOfType(InvalidPlanException.class).as(name)
				.isThrownBy(() -> SettingsDocument.of(Map.of(name, 1)));
		}
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> SettingsDocument.of(Map.of("a", Map.of(1, 2))));
	}

	@Test
	void limitsNesting() {
		assertThat(SettingsDocument.of(Map.of("a.b.c.d.e.f.g.h.i.j", 1)).asMap()).hasSize(1);
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> SettingsDocument.of(Map.of("a.b.c.d.e.f.g.h.i.j.k", 1)));
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> SettingsDocument.of(Map.of("a.".repeat(100_000) + "a", 1)));
	}

	@Test
	void limitsNestingInLists() {
		assertThat(SettingsDocument.of(Map.of("a", List.of(Map.of("b.c.d.e.f.g.h.i.j", 1)))).asMap()).hasSize(1);
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> SettingsDocument.of(Map.of("a", List.of(Map.of("b.c.d.e.f.g.h.i.j.k", 1)))));
		Object nested = 1;
		for (int i = 0; i < 10_000; i++) {
			nested = List.of(Map.of("a", nested));
		}
		Object deep = nested;
		assertThatExceptionOfType(InvalidPlanException.class).isThrownBy(() -> SettingsDocument.of(Map.of("a", deep)))
			.satisfies((ex) -> assertThat(ex.getField()).startsWith("a[0].a[0].a[0]").hasSizeLessThan(100));
	}

	@Test
	void namesInSectionsOfListsAreCanonical() {
		SettingsDocument document = SettingsDocument
			.of(Map.of("a.b", List.of(Map.of("max_size", 1, "c", Map.of("d_e", 0.5)), Map.of("c.d_e", List.of()))));
		assertThat(document.asMap()).isEqualTo(
				Map.of("a", Map.of("b", List.of(Map.of("max-size", 1L, "c", Map.of("d-e", new BigDecimal("0.5"))),
						Map.of("c", Map.of("d-e", List.of()))))));
		assertThat(SettingsDocument.of(document.asMap())).isEqualTo(document).hasSameHashCodeAs(document);
		Map<?, ?> section = (Map<?, ?>) ((List<?>) ((Map<?, ?>) document.asMap().get("a")).get("b")).get(0);
		assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(section::clear);
		assertThatExceptionOfType(UnsupportedOperationException.class)
			.isThrownBy(() -> ((Map<?, ?>) section.get("c")).clear());
	}

	@Test
	void aListOfSectionsReplacesTheOneBefore() {
		List<Object> two = List.of(Map.of("c", 1L, "d", 2L), Map.of("c", 3L));
		assertMerged(Map.of("a", Map.of("b", two)), Map.of("a", Map.of("b", List.of(Map.of("c", 5L)))),
				Map.of("a", Map.of("b", List.of(Map.of("c", 5L)))));
		assertMerged(Map.of("a", Map.of("b", two)), Map.of("a", Map.of("e", 1L)),
				Map.of("a", Map.of("b", two, "e", 1L)));
		assertMerged(Map.of("a", Map.of("b", two)), Map.of("a", Collections.singletonMap("b", null)),
				Map.of("a", Map.of()));
	}

	@Test
	void equalNumbersAreEqual() {
		assertThat(SettingsDocument.of(Map.of("a", new BigDecimal("5"), "b", new BigDecimal("123456789012345678901"))))
			.isEqualTo(SettingsDocument.of(Map.of("a", 5, "b", new BigInteger("123456789012345678901"))));
		assertThat(SettingsDocument.of(Map.of("a", 1, "b", (short) 2, "c", BigInteger.TEN, "d", 0.5, "e", 0.5F)))
			.isEqualTo(SettingsDocument.of(Map.of("a", 1L, "b", 2, "c", 10, "d", new BigDecimal("0.5"), "e", 0.5)));
	}

	@Test
	void isNotChangedByWhatItWasMadeOf() {
		Map<String, Object> section = new HashMap<>(Map.of("b", 1));
		SettingsDocument document = SettingsDocument.of(Map.of("a", section));
		section.put("b", 2);
		assertThat(document.asMap()).isEqualTo(Map.of("a", Map.of("b", 1L)));
		assertThatExceptionOfType(UnsupportedOperationException.class)
			.isThrownBy(() -> ((Map<?, ?>) document.asMap().get("a")).clear());
	}

	// The examples of RFC 7396, appendix A, that are about objects
	@Test
	void mergesAsRfc7396Says() {
		assertMerged(Map.of("a", "b"), Map.of("a", "c"), Map.of("a", "c"));
		assertMerged(Map.of("a", "b"), Map.of("b", "c"), Map.of("a", "b", "b", "c"));
		assertMerged(Map.of("a", "b"), Collections.singletonMap("a", null), Map.of());
		assertMerged(Map.of("a", "b", "b", "c"), Collections.singletonMap("a", null), Map.of("b", "c"));
		assertMerged(Map.of("a", List.of("b")), Map.of("a", "c"), Map.of("a", "c"));
		assertMerged(Map.of("a", "c"), Map.of("a", List.of("b")), Map.of("a", List.of("b")));
		Map<String, Object> inner = new HashMap<>(Map.of("b", "d"));
		inner.put("c", null);
		assertMerged(Map.of("a", Map.of("b", "c")), Map.of("a", inner), Map.of("a", Map.of("b", "d")));
		assertMerged(Map.of(), Map.of("a", Map.of("bb", Collections.singletonMap("ccc", null))),
				Map.of("a", Map.of("bb", Map.of())));
		assertMerged(Map.of("a", "c"), Map.of("a", Map.of("b", "d")), Map.of("a", Map.of("b", "d")));
	}

	private static void assertMerged(Map<String, Object> target, Map<String, Object> patch,
			Map<String, Object> merged) {
		assertThat(SettingsDocument.of(target).merge(SettingsDocument.of(patch)).asMap()).isEqualTo(merged);
	}

	@Property(tries = 500)
	void mergingTwiceIsMergingOnce(@ForAll("settings") Map<String, Object> target,
			@ForAll("settings") Map<String, Object> patch) {
		SettingsDocument change = SettingsDocument.of(patch);
		SettingsDocument once = SettingsDocument.EMPTY.merge(SettingsDocument.of(target)).merge(change);
		assertThat(once.merge(change)).isEqualTo(once);
		assertThat(once.asMap().toString()).doesNotContain("null");
		assertThat(SettingsDocument.of(once.asMap())).isEqualTo(once);
	}

	@Provide
	Arbitrary<Map<String, Object>> settings() {
		Arbitrary<String> names = Arbitraries.of("a", "b", "c-d");
		Arbitrary<Object> leaf = Arbitraries.of("x", 1, 0.5, true, List.of("x", 2)).injectNull(0.3);
		Arbitrary<Map<String, Object>> inner = Arbitraries.maps(names, leaf);
		Arbitrary<Object> scalar = Arbitraries.of("x", 1, 0.5, true, List.of("x", 2));
		Arbitrary<Object> sections = Arbitraries.maps(names, scalar)
			.ofMinSize(1)
			.list()
			.ofMaxSize(3)
			.map((list) -> (Object) list);
		Arbitrary<Object> section = Arbitraries.maps(names, Arbitraries.oneOf(leaf, sections))
			.map((map) -> (Object) map);
		return Arbitraries.maps(names, Arbitraries.oneOf(leaf, sections, section, inner.map((map) -> (Object) map)));
	}

}
