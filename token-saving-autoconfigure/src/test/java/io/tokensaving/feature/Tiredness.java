package io.tokensaving.feature;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import io.tokensaving.statistics.FeatureState;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * What {@link MadeUpFeature} keeps of a plan besides counters: how often it has yawned.
 * It falls asleep when it is told to.
 */
final class Tiredness implements FeatureState<Tiredness> {

	private long yawns;

	private boolean asleep;

	synchronized void yawn() {
		this.yawns++;
	}

	synchronized void fallAsleep() {
		this.asleep = true;
	}

	private synchronized long yawns() {
		return this.yawns;
	}

	private synchronized void add(long more) {
		this.yawns += more;
	}

	@Override
	public synchronized boolean isSuspended() {
		return this.asleep;
	}

	@Override
	public synchronized boolean resume() {
		boolean resumed = this.asleep;
		this.asleep = false;
		return resumed;
	}

	@Override
	public synchronized void foldInto(Tiredness target) {
		target.add(this.yawns);
		this.yawns = 0;
		this.asleep = false;
	}

	record Figures(long yawns, boolean asleep) {

	}

	/**
	 * The place of the state.
	 */
	static final class Slot implements StateSlot<Tiredness, Figures> {

		private static final String SUM = "made_up_yawns";

		@Override
		public String name() {
			return "tiredness";
		}

		@Override
		public Class<Tiredness> type() {
			return Tiredness.class;
		}

		@Override
		public Tiredness create() {
			return new Tiredness();
		}

		@Override
		public void tellSums(Tiredness state, BiConsumer<String, Long> sums) {
			sums.accept(SUM, state.yawns());
		}

		@Override
		public Figures figures(StatisticsCounters sums, boolean suspended) {
			return new Figures(sums.value(SUM), suspended);
		}

		@Override
		public Map<String, Object> describe(Figures figures) {
			return Map.of("yawns", figures.yawns(), "suspended", figures.asleep());
		}

		@Override
		public List<StateMeter<Tiredness>> meters() {
			return List.of(new StateMeter<>("made.up.yawns", "Yawns of what is made up", false, Tiredness::yawns));
		}

	}

}
