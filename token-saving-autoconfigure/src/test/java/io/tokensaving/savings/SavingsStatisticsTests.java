package io.tokensaving.savings;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SavingsStatistics} and {@link SavingsMeterBinder}.
 */
@ExtendWith(OutputCaptureExtension.class)
class SavingsStatisticsTests {

	private final AtomicLong now = new AtomicLong();

	private final SavingsStatistics statistics = new SavingsStatistics(this.now::get);

	@Test
	void warnsOfEachComponentOnceAMinuteWithoutQuotingTheFailure(CapturedOutput output) {
		for (int i = 0; i < 5; i++) {
			this.statistics.recordError(Component.COMPRESSION, "bot", new IllegalStateException("my card number"));
		}
		this.statistics.recordError(Component.EXACT_CACHE, null, new IllegalStateException("my card number"));
		assertThat(output.getOut().lines().filter((line) -> line.contains("Token saving went on without"))).hasSize(2);
		assertThat(output).contains("'compression' for plan 'bot': java.lang.IllegalStateException")
			.contains("'exact_cache': java.lang.IllegalStateException")
			.doesNotContain("card number");
		this.now.set(TimeUnit.MINUTES.toNanos(1));
		this.statistics.recordError(Component.COMPRESSION, "bot", new IllegalStateException());
		assertThat(output).contains("4 times more since the last warning");
		assertThat(this.statistics.errors(Component.COMPRESSION)).isEqualTo(6);
		assertThat(this.statistics.plan("bot").snapshot().errors()).isEqualTo(6);
	}

	@Test
	void publishesPlansThatAreThereAndThoseThatComeLater() {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		this.statistics.plan("before");
		new SavingsMeterBinder(this.statistics).bindTo(registry);
		this.statistics.plan("after");
		this.statistics.recordLookup("exact", 2_000);
		for (String plan : new String[] { "before", "after" }) {
			assertThat(registry.get("tokensaving.requests").tag("plan", plan).functionCounters()).hasSize(5);
			assertThat(registry.get("tokensaving.cost.saved").tag("plan", plan).gauge().value()).isZero();
		}
		assertThat(registry.get("tokensaving.lookup").tag("tier", "exact").timer().totalTime(TimeUnit.MICROSECONDS))
			.isEqualTo(2);
		assertThat(registry.getMeters()).allSatisfy((meter) -> assertThat(meter.getId().getDescription()).isNotBlank());
	}

	@Test
	void countsAPlanThatHasSeenNothingAsZero() {
		StatisticsSnapshot snapshot = this.statistics.plan("idle").snapshot();
		assertThat(snapshot.cacheHitRate()).isZero();
		assertThat(snapshot.tokensSaved()).isZero();
		assertThat(snapshot.costSavedUsd()).isZero();
	}

}
