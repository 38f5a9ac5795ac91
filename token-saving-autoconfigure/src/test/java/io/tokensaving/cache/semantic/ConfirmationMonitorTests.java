package io.tokensaving.cache.semantic;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ConfirmationMonitor}.
 */
class ConfirmationMonitorTests {

	private final ConfirmationMonitor monitor = new ConfirmationMonitor();

	private boolean askUntilSuspended(int times, int everyNth, long cost, long price) {
		boolean suspended = false;
		for (int i = 1; i <= times; i++) {
			boolean confirmed = everyNth > 0 && i % everyNth == 0;
			suspended |= this.monitor.recordAsked(confirmed, cost, 0);
			if (confirmed) {
				this.monitor.recordServed(price);
			}
		}
		return suspended;
	}

	@Test
	void isSuspendedOnceATrialHasSavedNothing() {
		assertThat(askUntilSuspended(ConfirmationMonitor.TRIAL - 1, 0, 10, 0)).isFalse();
		assertThat(this.monitor.mayAsk(0)).isTrue();
		assertThat(this.monitor.recordAsked(false, 10L, 0)).isTrue();
		assertThat(this.monitor.mayAsk(1)).isFalse();
		assertThat(this.monitor.isSuspended()).isTrue();
	}

	@Test
	void goesOnWhereItPays() {
		assertThat(askUntilSuspended(5000, 10, 10, 200)).isFalse();
		assertThat(this.monitor.figures()).isEqualTo(new ConfirmationMonitor.Figures(500, 4500, 0, 50_000, 100_000));
	}

	@Test
	void goesOnWhereChanceMayHaveBeenAgainstIt() {
		// Saves 0.8 of what it costs, by eight of a hundred
		assertThat(askUntilSuspended(100, 12, 10, 100)).isFalse();
		// But is found out in the end
		assertThat(askUntilSuspended(5000, 12, 10, 100)).isTrue();
	}

	@Test
	void triesAgainAfterAnHour() {
		askUntilSuspended(ConfirmationMonitor.TRIAL, 0, 10, 0);
		long hour = ConfirmationMonitor.PAUSE.toNanos();
		assertThat(this.monitor.mayAsk(hour - 1)).isFalse();
		assertThat(this.monitor.mayAsk(hour)).isTrue();
		assertThat(askUntilSuspended(ConfirmationMonitor.TRIAL - 1, 0, 10, 0)).isFalse();
		assertThat(this.monitor.recordAsked(false, 10L, hour)).isTrue();
	}

	@Test
	void canBeResumed() {
		askUntilSuspended(ConfirmationMonitor.TRIAL, 0, 10, 0);
		assertThat(this.monitor.resume()).isTrue();
		assertThat(this.monitor.mayAsk(0)).isTrue();
		assertThat(this.monitor.resume()).isFalse();
		assertThat(this.monitor.figures().refused()).isEqualTo(ConfirmationMonitor.TRIAL);
	}

	@Test
	void goesOnWhereAPriceIsNotKnown() {
		this.monitor.recordAsked(true, null, 0);
		this.monitor.recordServed(null);
		assertThat(askUntilSuspended(5000, 0, 10, 0)).isFalse();
		assertThat(this.monitor.resume()).isFalse();
		for (int i = 0; i < 5000; i++) {
			assertThat(this.monitor.recordAsked(false, null, 0)).isFalse();
		}
	}

	@Test
	void handsOverWhatWasCountedAndWhatIsStillToCome() {
		ConfirmationMonitor target = new ConfirmationMonitor();
		askUntilSuspended(ConfirmationMonitor.TRIAL, 0, 10, 0);
		this.monitor.foldInto(target);
		this.monitor.recordAsked(true, 10L, 0);
		this.monitor.recordServed(100L);
		assertThat(target.isSuspended()).isFalse();
		assertThat(target.figures())
			.isEqualTo(new ConfirmationMonitor.Figures(1, ConfirmationMonitor.TRIAL, 0, 510, 100));
		assertThat(this.monitor.figures()).isEqualTo(ConfirmationMonitor.Figures.NONE);
	}

}
