package io.tokensaving.plan;

import java.util.Collection;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link InMemoryPlanRepository}.
 */
class InMemoryPlanRepositoryTests extends MutablePlanRepositoryContract {

	@Override
	protected MutablePlanRepository create(Collection<Plan> fixed, PlanReader reader) {
		return new InMemoryPlanRepository(fixed, reader);
	}

	@Test
	void withoutAReaderAllPlansAreFixed() {
		InMemoryPlanRepository plans = new InMemoryPlanRepository(List.of());
		assertThatExceptionOfType(PlanConflictException.class).isThrownBy(() -> plans.create("w", "p", Map.of()))
			.satisfies((ex) -> assertThat(ex.getReason()).isEqualTo(PlanConflictException.Reason.READ_ONLY));
	}

	@Test
	void refusesTwoPlansWithTheSameId() {
		assertThatExceptionOfType(InvalidPlanException.class)
			.isThrownBy(() -> new InMemoryPlanRepository(List.of(Plan.builder("p").build(), Plan.builder("p").build())))
			.withMessageContaining("no other plan");
	}

}
