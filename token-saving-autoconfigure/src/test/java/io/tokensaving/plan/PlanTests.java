package io.tokensaving.plan;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Plan}.
 */
class PlanTests {

	@Test
	void findsSettingsByType() {
		Plan plan = Plan.builder("p").with(new Second(2)).with(new First(1)).build();
		assertThat(plan.settings(First.class)).isEqualTo(new First(1));
		assertThat(plan.settings(Second.class)).isEqualTo(new Second(2));
		assertThat(plan.settings(Third.class)).isNull();
		assertThat(plan.settings()).isEqualTo(List.of(new First(1), new Second(2)));
	}

	@Test
	void settingsOfTheSameSectionAreReplaced() {
		assertThat(Plan.builder("p").with(new First(1)).with(new First(2)).build())
			.isEqualTo(Plan.builder("p").with(new First(2)).build())
			.hasSameHashCodeAs(Plan.builder("p").with(new First(2)).build());
	}

	@Test
	void plansAreEqualWhateverTheOrderOfTheirSettings() {
		Plan plan = Plan.builder("p").with(new First(1)).with(new Second(2)).build();
		assertThat(Plan.builder("p").with(new Second(2)).with(new First(1)).build()).isEqualTo(plan)
			.hasSameHashCodeAs(plan);
		assertThat(Plan.builder("p").with(new First(1)).build()).isNotEqualTo(plan);
		assertThat(Plan.builder("q").with(new First(1)).with(new Second(2)).build()).isNotEqualTo(plan);
		assertThat(Plan.builder("p").source(PlanSource.STORED).with(new First(1)).with(new Second(2)).build())
			.isNotEqualTo(plan);
	}

	@Test
	void isWrittenDownBySections() {
		Plan plan = Plan.builder("p").with(new First(1)).with(new Second(2)).build();
		assertThat(SettingsDocument.of(plan).asMap())
			.isEqualTo(Map.of("first", Map.of("value", 1L), "second", Map.of("value", 2L)));
	}

	@Test
	void refusesIds() {
		for (String id : List.of("", "none", ".", "..", "a b", "a/b", "x".repeat(65))) {
			assertThatExceptionOfType(InvalidPlanException.class).as(id).isThrownBy(() -> Plan.builder(id).build());
		}
	}

	record First(int value) implements PlanSettings {

		@Override
		public String section() {
			return "first";
		}

		@Override
		public Map<String, Object> values() {
			return Map.of("value", this.value);
		}

	}

	record Second(int value) implements PlanSettings {

		@Override
		public String section() {
			return "second";
		}

		@Override
		public Map<String, Object> values() {
			return Map.of("value", this.value);
		}

	}

	record Third(int value) implements PlanSettings {

		@Override
		public String section() {
			return "third";
		}

		@Override
		public Map<String, Object> values() {
			return Map.of("value", this.value);
		}

	}

}
