package io.tokensaving.cache.semantic;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import io.tokensaving.cache.semantic.ConfirmationSlot.Confirmations;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;

/**
 * The place of a {@link ConfirmationMonitor} in the statistics of a plan. Immutable.
 */
final class ConfirmationSlot implements StateSlot<ConfirmationMonitor, Confirmations> {

	private static final String CONFIRMED = "confirmation_confirmed";

	private static final String REFUSED = "confirmation_refused";

	private static final String UNDECIDED = "confirmation_undecided";

	private static final String SPENT = "confirmation_spent_pico_usd";

	private static final String SAVED = "confirmation_saved_pico_usd";

	@Override
	public String name() {
		return "semantic_confirmation";
	}

	@Override
	public Class<ConfirmationMonitor> type() {
		return ConfirmationMonitor.class;
	}

	@Override
	public ConfirmationMonitor create() {
		return new ConfirmationMonitor();
	}

	@Override
	public void tellSums(ConfirmationMonitor state, BiConsumer<String, Long> sums) {
		ConfirmationMonitor.Figures figures = state.figures();
		sums.accept(CONFIRMED, figures.confirmed());
		sums.accept(REFUSED, figures.refused());
		sums.accept(UNDECIDED, figures.undecided());
		sums.accept(SPENT, figures.spentPicoUsd());
		sums.accept(SAVED, figures.savedPicoUsd());
	}

	@Override
	public Confirmations figures(StatisticsCounters sums, boolean suspended) {
		return new Confirmations(new ConfirmationMonitor.Figures(sums.value(CONFIRMED), sums.value(REFUSED),
				sums.value(UNDECIDED), sums.value(SPENT), sums.value(SAVED)), suspended);
	}

	@Override
	public Map<String, Object> describe(Confirmations figures) {
		ConfirmationMonitor.Figures counted = figures.counted();
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("confirmed", counted.confirmed());
		described.put("refused", counted.refused());
		described.put("undecided", counted.undecided());
		described.put("spent_usd", PicoUsd.toUsd(counted.spentPicoUsd()));
		described.put("saved_usd", PicoUsd.toUsd(counted.savedPicoUsd()));
		described.put("suspended", figures.suspended());
		return described;
	}

	@Override
	public List<StateMeter<ConfirmationMonitor>> meters() {
		return List.of(
				new StateMeter<>("semantic.confirmed", "Answers of the semantic cache that a model confirmed", false,
						(monitor) -> monitor.figures().confirmed()),
				new StateMeter<>("semantic.refused", "Answers of the semantic cache that a model refused", false,
						(monitor) -> monitor.figures().refused()),
				new StateMeter<>("semantic.undecided",
						"Answers of the semantic cache that were held back because a model came to no verdict", false,
						(monitor) -> monitor.figures().undecided()),
				new StateMeter<>("semantic.confirm.suspended",
						"Whether answers are not confirmed because it does not pay", true,
						(monitor) -> monitor.isSuspended() ? 1 : 0));
	}

	/**
	 * What confirming came to. Immutable.
	 *
	 * @param counted what was counted
	 * @param suspended whether it is suspended because it does not pay
	 */
	record Confirmations(ConfirmationMonitor.Figures counted, boolean suspended) {

	}

}
