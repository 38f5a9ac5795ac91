package io.tokensaving.plan;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link PlanKey}.
 */
class PlanKeyTests {

	@Test
	void tellsPlansOfTwoWorkspacesApart() {
		assertThat(new PlanKey("a", "p")).isEqualTo(new PlanKey("a", "p")).isNotEqualTo(new PlanKey("b", "p"));
	}

	@Test
	void refusesBlankParts() {
		assertThatIllegalArgumentException().isThrownBy(() -> new PlanKey(" ", "p")).withMessageContaining("workspace");
		assertThatIllegalArgumentException().isThrownBy(() -> new PlanKey("a", "")).withMessageContaining("plan");
	}

}
