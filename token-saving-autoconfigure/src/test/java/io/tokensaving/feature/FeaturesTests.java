package io.tokensaving.feature;

import java.util.List;
import java.util.Map;

import io.tokensaving.plan.PlanSettings;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link Features}.
 */
class FeaturesTests {

	@Test
	void areOrderedByName() {
		Features features = new Features(List.of(new Named("b", "x"), new Named("a", "y"), new Named("c", null)));
		assertThat(features.all()).extracting(Feature::name).containsExactly("a", "b", "c");
		assertThat(features.sections().keySet()).containsExactly("x", "y");
	}

	@Test
	void namesAndSectionsAreUnique() {
		assertThatIllegalStateException()
			.isThrownBy(() -> new Features(List.of(new Named("a", null), new Named("a", null))))
			.withMessageContaining("two features 'a'");
		assertThatIllegalStateException()
			.isThrownBy(() -> new Features(List.of(new Named("a", "x"), new Named("b", "x"))))
			.withMessageContaining("two sections 'x'");
	}

	record Named(String name, String sectionName) implements Feature {

		@Override
		public SettingsSection<?> section() {
			return (this.sectionName != null) ? new SettingsSection<>(this.sectionName, Bean.class, Bean::toSettings)
					: null;
		}

	}

	static class Bean {

		PlanSettings toSettings() {
			return new PlanSettings() {

				@Override
				public String section() {
					return "x";
				}

				@Override
				public Map<String, Object> values() {
					return Map.of();
				}

			};
		}

	}

}
