package io.tokensaving.sampling;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import io.tokensaving.SnakeCase;
import io.tokensaving.sampling.ErrorRateMonitor.Verification;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * The slot of an {@link ErrorRateMonitor} in the statistics of a plan. Immutable.
 */
public final class ErrorRateSlot implements StateSlot<ErrorRateMonitor, Verification> {

	private final String name;

	private final String verifiedSum;

	private final String wrongSum;

	private final List<StateMeter<ErrorRateMonitor>> meters;

	/**
	 * Create a slot.
	 * @param name the field of the endpoint, in snake case
	 * @param sumPrefix the prefix of the names of the sums: snake case with an underscore
	 * at the end, or empty
	 * @param meterPrefix the prefix of the names of the meters after
	 * {@code tokensaving.}, such as {@code semantic}
	 * @param watched the subject that is watched, for the descriptions of the meters,
	 * such as "the semantic cache"
	 */
	public ErrorRateSlot(String name, String sumPrefix, String meterPrefix, String watched) {
		this.name = SnakeCase.check("state", name);
		this.verifiedSum = sumPrefix + "verified";
		this.wrongSum = sumPrefix + "wrong";
		this.meters = List.of(
				new StateMeter<>(meterPrefix + ".verified", "Answers of %s that were verified".formatted(watched),
						false, (monitor) -> monitor.snapshot().verified()),
				new StateMeter<>(meterPrefix + ".wrong", "Verified answers of %s that were wrong".formatted(watched),
						false, (monitor) -> monitor.snapshot().wrong()),
				new StateMeter<>(meterPrefix + ".error.rate.upper",
						"Upper end of the 95 %% interval of the share of wrong answers of %s".formatted(watched), true,
						(monitor) -> monitor.snapshot().upper()),
				new StateMeter<>(meterPrefix + ".error.rate.lower",
						"Lower end of the 95 %% interval of the share of wrong answers of %s".formatted(watched), true,
						(monitor) -> monitor.snapshot().lower()),
				new StateMeter<>(meterPrefix + ".suspended", "Whether %s has suspended itself".formatted(watched), true,
						(monitor) -> monitor.isSuspended() ? 1 : 0));
	}

	@Override
	public String name() {
		return this.name;
	}

	@Override
	public Class<ErrorRateMonitor> type() {
		return ErrorRateMonitor.class;
	}

	@Override
	public ErrorRateMonitor create() {
		return new ErrorRateMonitor();
	}

	@Override
	public void tellSums(ErrorRateMonitor state, BiConsumer<String, Long> sums) {
		ErrorRateMonitor.Sums counted = state.sums();
		sums.accept(this.verifiedSum, counted.verified());
		sums.accept(this.wrongSum, counted.wrong());
		sums.accept(this.verifiedSum + BEFORE_RESUME, counted.verifiedBeforeResume());
		sums.accept(this.wrongSum + BEFORE_RESUME, counted.wrongBeforeResume());
	}

	@Override
	public Verification figures(StatisticsCounters sums, boolean suspended) {
		// A repository that lost data may hold less than what is subtracted
		long verified = Math.max(0, sinceResume(sums, this.verifiedSum));
		long wrong = Math.min(verified, Math.max(0, sinceResume(sums, this.wrongSum)));
		return Verification.of(verified, wrong, suspended);
	}

	private static long sinceResume(StatisticsCounters sums, String name) {
		return sums.value(name) - sums.value(name + BEFORE_RESUME);
	}

	@Override
	public Map<String, Object> describe(Verification figures) {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("verified", figures.verified());
		described.put("wrong", figures.wrong());
		described.put("error_rate", rounded(figures.errorRate()));
		described.put("error_rate_lower", rounded(figures.lower()));
		described.put("error_rate_upper", rounded(figures.upper()));
		described.put("suspended", figures.suspended());
		return described;
	}

	private static double rounded(double share) {
		return Math.round(share * 10_000) / 10_000.0;
	}

	@Override
	public List<StateMeter<ErrorRateMonitor>> meters() {
		return this.meters;
	}

}
