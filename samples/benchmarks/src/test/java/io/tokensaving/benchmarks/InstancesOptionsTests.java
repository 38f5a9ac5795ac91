package io.tokensaving.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link InstancesOptions}.
 */
class InstancesOptionsTests {

	@TempDir
	private Path folder;

	private String jar;

	@BeforeEach
	void createJar() throws IOException {
		this.jar = "--jar=" + Files.createFile(this.folder.resolve("bot.jar"));
	}

	@Test
	void hasDefaults() {
		InstancesOptions options = InstancesOptions.parse(this.jar);
		assertThat(options.instances()).isEqualTo(2);
		assertThat(options.callers()).isEqualTo(64);
		assertThat(options.redis()).isNull();
	}

	@Test
	void readsValues() {
		InstancesOptions options = InstancesOptions.parse(this.jar, "--instances=3", "--zipf=0.5",
				"--redis=rediss://user:secret@redis.example.com:6380");
		assertThat(options.instances()).isEqualTo(3);
		assertThat(options.zipf()).isEqualTo(0.5);
		assertThat(options.redis()).isEqualTo("rediss://user:secret@redis.example.com:6380");
	}

	@ParameterizedTest
	@ValueSource(strings = { "--instances=1", "--instances=many", "--callers=0", "--zipf=NaN", "--latency=-1" })
	void refusesValueAndSaysWhatIsAccepted(String argument) {
		String name = argument.substring(0, argument.indexOf('='));
		String value = argument.substring(argument.indexOf('=') + 1);
		assertThatIllegalArgumentException().isThrownBy(() -> InstancesOptions.parse(this.jar, argument))
			.withMessageStartingWith(name + " has the value '" + value + "', accepted is ");
	}

	@ParameterizedTest
	@ValueSource(strings = { "--instance=2", "instances=2", "--instances", "2", "--=2" })
	void refusesUnknownArgument(String argument) {
		assertThatIllegalArgumentException().isThrownBy(() -> InstancesOptions.parse(this.jar, argument))
			.withMessageContaining("'" + argument + "' is not accepted")
			.withMessageContaining("instances");
	}

	@Test
	void refusesJarThatIsNotThere() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> InstancesOptions.parse("--jar=" + this.folder.resolve("none.jar")))
			.withMessageContaining("none.jar")
			.withMessageContaining("mvn");
	}

	@ParameterizedTest
	@ValueSource(strings = { "localhost:6379", "http://user:secret@localhost", "redis://user:secret@ host" })
	void refusesRedisWithoutShowingItsPassword(String redis) {
		assertThatIllegalArgumentException().isThrownBy(() -> InstancesOptions.parse(this.jar, "--redis=" + redis))
			.withMessageContaining("redis://127.0.0.1:6379")
			.withMessageNotContaining("secret");
	}

}
