package io.tokensaving.promptcache;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * The slot of {@link ForeseenTally} in the statistics of a plan. Immutable.
 */
final class ForeseenTallySlot implements StateSlot<ForeseenTally, ForeseenTally.Figures> {

	@Override
	public String name() {
		return "prompt_cache_foreseen";
	}

	@Override
	public Class<ForeseenTally> type() {
		return ForeseenTally.class;
	}

	@Override
	public ForeseenTally create() {
		return new ForeseenTally();
	}

	@Override
	public void tellSums(ForeseenTally state, BiConsumer<String, Long> sums) {
		state.sums().forEach(sums);
	}

	@Override
	public ForeseenTally.Figures figures(StatisticsCounters sums, boolean suspended) {
		return ForeseenTally.figures(sums);
	}

	@Override
	public boolean isShown() {
		return false;
	}

	@Override
	public Map<String, Object> describe(ForeseenTally.Figures figures) {
		return Map.of();
	}

	@Override
	public List<StateMeter<ForeseenTally>> meters() {
		return List.of();
	}

}
