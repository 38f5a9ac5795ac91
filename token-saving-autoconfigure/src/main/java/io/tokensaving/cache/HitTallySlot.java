package io.tokensaving.cache;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * The slot of {@link HitTally} in the statistics of a plan. Immutable.
 */
final class HitTallySlot implements StateSlot<HitTally, HitTally.Figures> {

	@Override
	public String name() {
		return "cache_observed";
	}

	@Override
	public Class<HitTally> type() {
		return HitTally.class;
	}

	@Override
	public HitTally create() {
		return new HitTally();
	}

	@Override
	public void tellSums(HitTally state, BiConsumer<String, Long> sums) {
		state.sums().forEach(sums);
	}

	@Override
	public HitTally.Figures figures(StatisticsCounters sums, boolean suspended) {
		return HitTally.figures(sums);
	}

	@Override
	public boolean isShown() {
		return false;
	}

	@Override
	public Map<String, Object> describe(HitTally.Figures figures) {
		return Map.of();
	}

	@Override
	public List<StateMeter<HitTally>> meters() {
		return List.of();
	}

}
