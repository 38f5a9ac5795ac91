package io.tokensaving.samples.supportbot.routing;

import io.tokensaving.samples.supportbot.SupportBotApplication;
import io.tokensaving.samples.supportbot.routing.RoutingRunner.Routed;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RoutingRunner}.
 */
@ExtendWith(OutputCaptureExtension.class)
class RoutingRunnerTests {

	@Test
	void theTableIsWhatTheProvidersBill(CapturedOutput output) {
		try (var context = new SpringApplicationBuilder(SupportBotApplication.class).web(WebApplicationType.NONE)
			.run("--spring.profiles.active=routing")) {
			assertThat(output).contains(RoutingRunner.PLANS);
			RoutingRunner runner = context.getBean(RoutingRunner.class);
			for (String plan : RoutingRunner.PLANS) {
				Routed routed = runner.ask(plan, 40);
				assertThat(routed.spentUsd().add(routed.overheadUsd())).as(plan)
					.isEqualByComparingTo(routed.billedUsd());
				assertThat(routed.escalated() > 0).as(plan).isEqualTo(plan.equals("cascade"));
			}
		}
	}

}
