package io.tokensaving.compression;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import io.tokensaving.compression.CompactionTally.Sum;
import io.tokensaving.compression.CompactionTallySlot.Figures;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * The slot of {@link CompactionTally} in the statistics of a plan. Immutable.
 */
final class CompactionTallySlot implements StateSlot<CompactionTally, Figures> {

	@Override
	public String name() {
		return "compactions";
	}

	@Override
	public Class<CompactionTally> type() {
		return CompactionTally.class;
	}

	@Override
	public CompactionTally create() {
		return new CompactionTally();
	}

	@Override
	public void tellSums(CompactionTally state, BiConsumer<String, Long> sums) {
		for (Sum sum : Sum.values()) {
			sums.accept(sum.key(), state.value(sum));
		}
	}

	@Override
	public Figures figures(StatisticsCounters sums, boolean suspended) {
		return new Figures(sums.value(Sum.COMPACTIONS.key()), sums.value(Sum.UNPAID.key()),
				PicoUsd.toUsd(sums.value(Sum.PREFIX_COST.key())), PicoUsd.toUsd(sums.value(Sum.EXPECTED_SAVING.key())));
	}

	@Override
	public Map<String, Object> describe(Figures figures) {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("compactions", figures.compactions());
		described.put("unpaid", figures.unpaid());
		described.put("prefix_cost_usd", figures.prefixCost());
		described.put("expected_saving_usd", figures.expectedSaving());
		return described;
	}

	@Override
	public List<StateMeter<CompactionTally>> meters() {
		return List.of(new StateMeter<>("compression.compactions", "Times that a history was shortened anew", false,
				(tally) -> tally.value(Sum.COMPACTIONS)));
	}

	/**
	 * The figures of one plan or several.
	 *
	 * @param compactions how many there were
	 * @param unpaid how many of them cost more than they were expected to save: the limit
	 * left no choice
	 * @param prefixCost what it cost to send again what the provider's prompt cache knew
	 * before, in US dollars
	 * @param expectedSaving what the compactions were expected to save up to the next
	 * one, in US dollars
	 */
	record Figures(long compactions, long unpaid, BigDecimal prefixCost, BigDecimal expectedSaving) {

	}

}
