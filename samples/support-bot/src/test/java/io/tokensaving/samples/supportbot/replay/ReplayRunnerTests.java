package io.tokensaving.samples.supportbot.replay;

import io.tokensaving.samples.supportbot.SupportBotApplication;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ReplayRunner}.
 */
@ExtendWith(OutputCaptureExtension.class)
class ReplayRunnerTests {

	@Test
	void refusesUnknownPlanByName(CapturedOutput output) {
		assertThat(exitCode("--plan=nope")).isEqualTo(2);
		assertThat(output.getErr()).contains("--plan has the value 'nope', accepted is one of 'long-conversation', ")
			.contains("'support-bot' or 'none'");
	}

	@Test
	void acceptsKnownPlanAndNone() {
		assertThat(exitCode("--plan=long-conversation")).isZero();
		assertThat(exitCode("--plan=none")).isZero();
	}

	private static int exitCode(String argument) {
		ConfigurableApplicationContext context = SpringApplication.run(SupportBotApplication.class, "--server.port=0",
				"--requests=1", argument);
		return SpringApplication.exit(context);
	}

}
