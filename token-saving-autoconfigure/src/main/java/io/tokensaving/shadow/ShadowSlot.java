package io.tokensaving.shadow;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * The slot of {@link ShadowTally} in the statistics of a plan. Immutable.
 */
final class ShadowSlot implements StateSlot<ShadowTally, Forecast> {

	@Override
	public String name() {
		return "shadow";
	}

	@Override
	public Class<ShadowTally> type() {
		return ShadowTally.class;
	}

	@Override
	public ShadowTally create() {
		return new ShadowTally();
	}

	@Override
	public void tellSums(ShadowTally state, BiConsumer<String, Long> sums) {
		state.sums().forEach(sums);
	}

	@Override
	public Forecast figures(StatisticsCounters sums, boolean suspended) {
		Map<String, Long> own = new TreeMap<>();
		sums.values().forEach((name, value) -> {
			if (name.startsWith(ShadowTally.PREFIX)) {
				own.put(name, value);
			}
		});
		return new Forecast(own);
	}

	@Override
	public Map<String, Object> describe(Forecast forecast) {
		return forecast.describe();
	}

	@Override
	public List<StateMeter<ShadowTally>> meters() {
		return List.of();
	}

}
