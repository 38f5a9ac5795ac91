package io.tokensaving.structured;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.ToLongFunction;

import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.statistics.StateSlot;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.structured.StructuredTally.Figures;
import io.tokensaving.structured.StructuredTally.Group;
import io.tokensaving.structured.StructuredTally.GroupFigures;
import io.tokensaving.structured.StructuredTally.Sum;

/**
 * The slot of {@link StructuredTally} in the statistics of a plan. Immutable.
 */
final class StructuredTallySlot implements StateSlot<StructuredTally, Figures> {

	private static final List<String> OF_GROUPS = List.of("answers", "malformed", "tokens", "pico_usd");

	// What the ledger credits, so that there are no two figures of one saving
	private static final String SAVED_TOKENS = "tokens_saved." + StructuredFeature.TECHNIQUE.value();

	private static final String SAVED_PICO_USD = "saved_pico_usd." + StructuredFeature.TECHNIQUE.value();

	@Override
	public String name() {
		return "structured";
	}

	@Override
	public Class<StructuredTally> type() {
		return StructuredTally.class;
	}

	@Override
	public StructuredTally create() {
		return new StructuredTally();
	}

	@Override
	public void tellSums(StructuredTally state, BiConsumer<String, Long> sums) {
		for (Group group : Group.values()) {
			for (String name : OF_GROUPS) {
				sums.accept(group.key(name), state.sum(group.key(name)));
			}
		}
		for (Sum sum : Sum.values()) {
			sums.accept(sum.key(), state.sum(sum.key()));
		}
	}

	@Override
	public Figures figures(StatisticsCounters sums, boolean suspended) {
		return new Figures(group(sums, Group.NATIVE), group(sums, Group.PROMPT), group(sums, Group.HOLDOUT),
				sums.value(Sum.REPAIRED.key()), sums.value(Sum.AVOIDED.key()), sums.value(SAVED_TOKENS),
				PicoUsd.toUsd(sums.value(SAVED_PICO_USD)), sums.value(Sum.RETRIES.key()),
				sums.value(Sum.RETRY_TOKENS.key()), PicoUsd.toUsd(sums.value(Sum.RETRY_PICO_USD.key())));
	}

	private static GroupFigures group(StatisticsCounters sums, Group group) {
		return new GroupFigures(sums.value(group.key("answers")), sums.value(group.key("malformed")),
				sums.value(group.key("tokens")), PicoUsd.toUsd(sums.value(group.key("pico_usd"))));
	}

	@Override
	public Map<String, Object> describe(Figures figures) {
		Map<String, Object> described = new LinkedHashMap<>();
		described.put("repaired", figures.repaired());
		described.put("avoided_retries", figures.avoided());
		described.put("saved_tokens", figures.savedTokens());
		described.put("saved_usd", figures.savedUsd());
		described.put("retries", figures.retries());
		described.put("retry_tokens", figures.retryTokens());
		described.put("retry_usd", figures.retryUsd());
		describe(described, "native", figures.nativeSchema());
		describe(described, "prompt", figures.prompt());
		describe(described, "holdout", figures.holdout());
		return described;
	}

	private static void describe(Map<String, Object> described, String name, GroupFigures figures) {
		described.put(name + "_answers", figures.answers());
		described.put(name + "_malformed", figures.malformed());
		described.put(name + "_malformed_rate", Math.round(figures.malformedRate() * 10_000) / 10_000.0);
		described.put(name + "_tokens", figures.tokens());
		described.put(name + "_usd", figures.usd());
	}

	@Override
	public List<StateMeter<StructuredTally>> meters() {
		return List.of(
				meter("structured.native.answers", "Answers whose provider was asked to enforce the schema",
						(tally) -> tally.sum(Group.NATIVE.key("answers"))),
				meter("structured.native.malformed", "Those of them that were not valid before repair",
						(tally) -> tally.sum(Group.NATIVE.key("malformed"))),
				meter("structured.prompt.answers", "Answers whose model was told the format in words",
						(tally) -> tally.sum(Group.PROMPT.key("answers")) + tally.sum(Group.HOLDOUT.key("answers"))),
				meter("structured.prompt.malformed", "Those of them that were not valid before repair",
						(tally) -> tally.sum(Group.PROMPT.key("malformed"))
								+ tally.sum(Group.HOLDOUT.key("malformed"))),
				meter("structured.repaired", "Answers that were repaired", (tally) -> tally.sum(Sum.REPAIRED.key())),
				meter("structured.retry.tokens", "Tokens of attempts after an answer that was not valid",
						(tally) -> tally.sum(Sum.RETRY_TOKENS.key())));
	}

	private static StateMeter<StructuredTally> meter(String name, String description,
			ToLongFunction<StructuredTally> value) {
		return new StateMeter<>(name, description, false, value::applyAsLong);
	}

}
