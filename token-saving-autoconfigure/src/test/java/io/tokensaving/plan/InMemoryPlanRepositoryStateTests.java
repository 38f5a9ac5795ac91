package io.tokensaving.plan;

import java.util.List;

import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.state.ActionChain;

/**
 * Tests that {@link InMemoryPlanRepository} holds what a map holds after any chain of
 * writes.
 */
class InMemoryPlanRepositoryStateTests {

	@Property(tries = 500)
	void behavesAsTheModel(@ForAll("chains") ActionChain<PlanRepositoryModel> chain) {
		chain.run();
	}

	@Provide
	Arbitrary<ActionChain<PlanRepositoryModel>> chains() {
		return PlanRepositoryModel.chains(() -> {
			Plan fixed = Plan.builder("fixed").build();
			return new PlanRepositoryModel(new InMemoryPlanRepository(List.of(fixed), new MapPlanReader()),
					(plans) -> plans);
		}, false);
	}

}
