package io.tokensaving.compression;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * The slot of {@link LimitTally} in the statistics of a plan. Immutable.
 */
final class LimitTallySlot implements StateSlot<LimitTally, LimitTally.Figures> {

	@Override
	public String name() {
		return "compression_observed";
	}

	@Override
	public Class<LimitTally> type() {
		return LimitTally.class;
	}

	@Override
	public LimitTally create() {
		return new LimitTally();
	}

	@Override
	public void tellSums(LimitTally state, BiConsumer<String, Long> sums) {
		state.sums().forEach(sums);
	}

	@Override
	public LimitTally.Figures figures(StatisticsCounters sums, boolean suspended) {
		return LimitTally.figures(sums);
	}

	@Override
	public boolean isShown() {
		return false;
	}

	@Override
	public Map<String, Object> describe(LimitTally.Figures figures) {
		return Map.of();
	}

	@Override
	public List<StateMeter<LimitTally>> meters() {
		return List.of();
	}

}
