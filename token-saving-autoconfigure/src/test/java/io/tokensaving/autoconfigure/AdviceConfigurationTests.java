package io.tokensaving.autoconfigure;

import io.tokensaving.advice.AdviceCollector;
import io.tokensaving.advice.AdviceWatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link AdviceConfiguration}.
 */
class AdviceConfigurationTests {

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(TokenSavingAutoConfiguration.class));

	@Test
	void newAdviceIsLookedForUnlessItIsSwitchedOff() {
		this.contextRunner.run((context) -> assertThat(context.getBean(AdviceWatch.class).isRunning()).isTrue());
		this.contextRunner.withPropertyValues("token-saving.advice.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(AdviceWatch.class)
				.hasSingleBean(AdviceCollector.class));
	}

	@Test
	void defaultsAreThoseOfTheWatch() {
		assertThat(new AdviceProperties().checkedInterval()).isEqualTo(AdviceWatch.DEFAULT_INTERVAL);
	}

	@ParameterizedTest
	@ValueSource(strings = { "9s", "25h", "0" })
	void anIntervalThatIsTooShortOrTooLongIsNamed(String interval) {
		this.contextRunner.withPropertyValues("token-saving.advice.interval=" + interval)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOfSatisfying(InvalidConfigurationPropertyValueException.class, (ex) -> {
					assertThat(ex.getName()).isEqualTo("token-saving.advice.interval");
					assertThat(ex.getReason()).contains("10s to 1d");
				}));
	}

}
