package io.tokensaving.statistics;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.tokensaving.BuiltInFeatures;
import io.tokensaving.Component;
import io.tokensaving.Counter;
import io.tokensaving.cache.exact.ExactCacheFeature;
import io.tokensaving.compression.CompressionFeature;
import io.tokensaving.plan.PlanKey;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link SavingsStatistics} and {@link SavingsMeterBinder}.
 */
@ExtendWith(OutputCaptureExtension.class)
class SavingsStatisticsTests {

	private final AtomicLong now = new AtomicLong();

	private final SavingsStatistics statistics = new SavingsStatistics(this.now::get, BuiltInFeatures.all());

	@Test
	void warnsOfEachComponentOnceAMinuteWithoutQuotingTheFailure(CapturedOutput output) {
		for (int i = 0; i < 5; i++) {
			this.statistics.recordError(CompressionFeature.COMPONENT, new PlanKey("default", "bot"),
					new IllegalStateException("my card number"));
		}
		this.statistics.recordError(ExactCacheFeature.COMPONENT, null, new IllegalStateException("my card number"));
		assertThat(output.getOut().lines().filter((line) -> line.contains("Token saving went on without"))).hasSize(2);
		assertThat(output).contains("'compression' for plan 'bot': java.lang.IllegalStateException")
			.contains("'exact_cache': java.lang.IllegalStateException")
			.doesNotContain("card number");
		this.now.set(TimeUnit.MINUTES.toNanos(1));
		this.statistics.recordError(CompressionFeature.COMPONENT, new PlanKey("default", "bot"),
				new IllegalStateException());
		assertThat(output).contains("4 times more since the last warning");
		assertThat(this.statistics.errors(CompressionFeature.COMPONENT)).isEqualTo(6);
		assertThat(this.statistics.plan(new PlanKey("default", "bot")).snapshot().errors()).isEqualTo(6);
	}

	@Test
	void publishesPlansThatAreThereAndThoseThatComeLater() {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		this.statistics.plan(new PlanKey("default", "before"));
		new SavingsMeterBinder(this.statistics).bindTo(registry);
		this.statistics.plan(new PlanKey("default", "after"));
		this.statistics.recordLookup("exact", 2_000);
		for (String plan : new String[] { "before", "after" }) {
			assertThat(registry.get("tokensaving.requests").tag("plan", plan).functionCounters()).hasSize(6);
			assertThat(registry.get("tokensaving.cost.saved").tag("plan", plan).gauge().value()).isZero();
		}
		assertThat(registry.get("tokensaving.lookup").tag("tier", "exact").timer().totalTime(TimeUnit.MICROSECONDS))
			.isEqualTo(2);
		assertThat(registry.getMeters()).allSatisfy((meter) -> assertThat(meter.getId().getDescription()).isNotBlank());
	}

	@Test
	void showsAndMetersWhatNobodyHasDeclaredOnceItIsCounted() {
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		new SavingsMeterBinder(this.statistics).bindTo(registry);
		PlanStatistics plan = this.statistics.plan(new PlanKey("default", "bot"));
		assertThat(registry.find("tokensaving.detours").meter()).isNull();
		plan.increment(Counter.of("detours", "Requests that went a longer way", "requests"));
		plan.increment(Counter.by("reason", "refusals", "Requests that were refused"), "too-late");
		this.statistics.recordError(Component.of("made_up", "A part that nobody has declared"), null,
				new IllegalStateException());
		assertThat(registry.get("tokensaving.detours").tags("plan", "bot").functionCounter().count()).isEqualTo(1);
		assertThat(registry.get("tokensaving.detours").meter().getId().getBaseUnit()).isEqualTo("requests");
		assertThat(registry.get("tokensaving.refusals").tags("reason", "too-late").functionCounter().count())
			.isEqualTo(1);
		assertThat(registry.get("tokensaving.errors").tag("component", "made_up").functionCounter().count())
			.isEqualTo(1);
		assertThat(plan.snapshot().counters()).extracting(Counter::name).contains("detours", "refusals");
		// Another plan has it from its start
		this.statistics.plan(new PlanKey("default", "other"));
		assertThat(registry.get("tokensaving.detours").tags("plan", "other").functionCounter().count()).isZero();
		this.statistics.forget(new PlanKey("default", "bot"));
		assertThat(this.statistics.totals().count(Counter.of("detours", ""))).isEqualTo(1);
		assertThat(registry.find("tokensaving.refusals").tag("plan", "bot").meter()).isNull();
		assertThat(registry.get("tokensaving.refusals").tag("plan", "*other").functionCounter().count()).isEqualTo(1);
	}

	@Test
	void valuesOfADimensionAreBounded() {
		Counter counter = Counter.by("reason", "refusals", "Requests that were refused");
		PlanStatistics plan = this.statistics.plan(new PlanKey("default", "bot"));
		for (int i = 0; i < 1000; i++) {
			plan.increment(counter, "reason-" + i);
		}
		assertThat(plan.snapshot().counts(counter)).hasSize(101).containsEntry("*other", 900L);
	}

	@Test
	void twoFiguresOfOneNameAreRefused() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new SavingsStatistics(this.now::get, List.of(declaring("misses"))))
			.withMessageContaining("'misses'");
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new SavingsStatistics(this.now::get, List.of(declaring("cost_saved_usd"))))
			.withMessageContaining("'cost_saved_usd'");
		assertThatIllegalArgumentException().isThrownBy(() -> Counter.of("Not snake", ""))
			.withMessageContaining("snake case");
	}

	private static StatisticsContributor declaring(String counter) {
		return new StatisticsContributor() {

			@Override
			public List<Counter> counters() {
				return List.of(Counter.of(counter, "Made up"));
			}

		};
	}

	@Test
	void countsAPlanThatHasSeenNothingAsZero() {
		StatisticsSnapshot snapshot = this.statistics.plan(new PlanKey("default", "idle")).snapshot();
		assertThat(snapshot.cacheHitRate()).isZero();
		assertThat(snapshot.tokensSaved()).isZero();
		assertThat(snapshot.costSavedUsd()).isZero();
	}

}
