package io.tokensaving.samples.supportbot.batch;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.tokensaving.samples.supportbot.SupportBotApplication;
import io.tokensaving.samples.supportbot.batch.BatchRunner.Classified;
import io.tokensaving.simulator.ManualClock;
import io.tokensaving.simulator.ProviderSimulator;
import io.tokensaving.simulator.quality.KnownIntents;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.DefaultApplicationArguments;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link BatchRunner}.
 */
@ExtendWith(OutputCaptureExtension.class)
class BatchRunnerTests {

	private static final Duration LIMIT = Duration.ofMinutes(2);

	private static final int OWN = 40;

	@TempDir
	private Path directory;

	@Test
	void classifiesOnASimulatorOfItsOwnAndPrintsItsBill(CapturedOutput output) {
		try (ConfigurableApplicationContext context = run("--batch", "--requests=60")) {
			BatchOptions options = context.getBean(BatchOptions.class);
			int distinct = new HashSet<>(options.questions()).size();
			assertThat(distinct).isLessThan(60);
			assertThat(output).containsPattern("100 % +60 of 60")
				.containsPattern("answered +60\n +by a batch +" + distinct + "\n")
				.containsPattern("at once +0\nfailed +0\nright +60\n");
			String bill = context.getBean(ProviderSimulator.class).bill().usd().stripTrailingZeros().toPlainString();
			assertThat(output).contains("Bill of the provider since its start: " + bill + " USD for " + distinct)
				.containsPattern("spent in USD +\\Q" + bill + "\\E\n");
			// All is known by now
			Classified again = context.getBean(BatchRunner.class).classify();
			assertThat(again.answered()).isEqualTo(60);
			assertThat(again.right()).isEqualTo(60);
			assertThat(again.fromCache()).isGreaterThanOrEqualTo(60);
			assertThat(context.getBean(ProviderSimulator.class).bill().requests()).isEqualTo(distinct);
		}
	}

	@Test
	void goesOnWhereItWasKilled(CapturedOutput output) throws Exception {
		Map<String, String> intents = new HashMap<>();
		BatchOptions.parse(new DefaultApplicationArguments("--batch"))
			.known()
			.forEach((question) -> intents.put(question.text(), question.intent()));
		ManualClock clock = ManualClock.startingAt(Instant.now(Clock.systemUTC()));
		try (ProviderSimulator simulator = ProviderSimulator.builder()
			.clock(clock)
			.respondWith(KnownIntents.of(intents))
			.start()) {
			String address = "--simulator=http://127.0.0.1:" + simulator.port();
			Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
					"-Xmx256m", "-cp", System.getProperty("java.class.path"), SupportBotApplication.class.getName(),
					"--batch", address, "--server.port=0", directoryArgument())
				.redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
			try {
				// Its lines are seen once the batch is validated, long before they are
				// answered
				await().atMost(LIMIT).until(() -> {
					clock.advance(Duration.ofSeconds(1));
					return simulator.batchLines().size() == OWN;
				});
				assertThat(simulator.bill().requests()).isLessThan(OWN);
			}
			finally {
				process.destroyForcibly();
			}
			assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
			clock.advance(Duration.ofHours(1));
			run("--batch", address).close();
			assertThat(output).containsPattern("answered +40\n +by a batch +40\n")
				.containsPattern("right +40\n")
				.contains("USD for 40 requests");
			// What was paid before is not paid again
			run("--batch", address).close();
			assertThat(output).containsPattern("by a batch +0\n +deduplicated +40\n")
				.containsPattern("spent in USD +0\n");
			assertThat(simulator.bill().requests()).isEqualTo(OWN);
		}
	}

	@Test
	void refusesASimulatorThatIsNotThere(CapturedOutput output) {
		ConfigurableApplicationContext context = run("--batch", "--simulator=http://127.0.0.1:1");
		assertThat(SpringApplication.exit(context)).isEqualTo(2);
		assertThat(output.getErr()).contains(
				"--simulator has the value 'http://127.0.0.1:1', accepted is the address of a simulator that runs");
	}

	private ConfigurableApplicationContext run(String... arguments) {
		return new SpringApplicationBuilder(SupportBotApplication.class).web(WebApplicationType.NONE)
			.profiles(BatchOptions.ARGUMENT)
			.properties(directoryArgument().substring(2))
			.run(arguments);
	}

	private String directoryArgument() {
		return "--token-saving.batch.directory=" + this.directory.resolve("batches");
	}

}
