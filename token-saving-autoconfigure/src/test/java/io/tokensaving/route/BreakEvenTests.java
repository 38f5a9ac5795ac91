package io.tokensaving.route;

import java.util.List;
import java.util.Map;

import io.tokensaving.plan.PlanKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BreakEven}.
 */
@ExtendWith(OutputCaptureExtension.class)
class BreakEvenTests {

	private static final PlanKey PLAN = new PlanKey("default", "support-bot");

	private final BreakEven breakEven = new BreakEven(() -> 0);

	@Test
	void warnsOnceTheCascadeCostsMoreThanTheStrongModel(CapturedOutput output) {
		// A fifth of the price, so that it pays up to 80 %
		for (int i = 0; i < 100; i++) {
			this.breakEven.count(PLAN, "nano", 20, 100, i % 5 != 0);
		}
		assertThat(output.getAll()).doesNotContain("costs more than it saves");
		this.breakEven.count(PLAN, "nano", 20, 100, true);
		this.breakEven.count(PLAN, "nano", 20, 100, true);
		assertThat(output.getAll()).containsOnlyOnce("The cascade of plan 'support-bot' costs more than it saves: "
				+ "of the answers of tier 'nano', 80.2 % are not accepted, and above 80.0 %");
		assertThat(this.breakEven.describe(PLAN, List.of("nano", "other"))).containsExactly(
				Map.entry("nano", Map.of("requests", 102L, "sent_on", 82L, "rate", 0.8039, "break_even_rate", 0.8)));
	}

	@Test
	void saysNothingOfFewRequests(CapturedOutput output) {
		for (int i = 0; i < BreakEven.MIN_REQUESTS - 1; i++) {
			this.breakEven.count(PLAN, "nano", 100, 100, true);
		}
		assertThat(output.getAll()).doesNotContain("costs more than it saves");
	}

}
