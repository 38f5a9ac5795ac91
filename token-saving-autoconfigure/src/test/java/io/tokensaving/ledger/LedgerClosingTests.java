package io.tokensaving.ledger;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.PriceVariant;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenPrice;
import io.tokensaving.provider.TokenUsage;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LedgerClosing}.
 */
class LedgerClosingTests {

	private static final PlanKey KEY = new PlanKey("default", "bot");

	private static final ModelPrice CHEAP = new ModelPrice("cheap", new BigDecimal("0.123457"), new BigDecimal("0.4"),
			new BigDecimal("0.0123"), null);

	private static final ModelPrice DEAR = new ModelPrice("dear", new BigDecimal("2.5"), new BigDecimal("10.000001"),
			null, new BigDecimal("3.125"));

	private static final ModelPrice DATED = new ModelPrice("dear-2026-01-31", new BigDecimal("5"), new BigDecimal("15"),
			null, null);

	private static final PriceTable PRICES = new PriceTable(List.of(CHEAP, DEAR, DATED));

	private static final Outcome HIT = Outcome.cacheHit("made_up_hit", "Made up");

	private static final SavingTechnique CACHE = SavingTechnique.of("cache", "Made up");

	private static final SavingTechnique COMPRESSION = SavingTechnique.of("compression", "Made up");

	private static final SavingTechnique SUMMARY = SavingTechnique.of("summary", "Made up");

	private static final SavingTechnique ROUTE = SavingTechnique.of("route", "Made up");

	private static final SavingTechnique MARKS = SavingTechnique.of("marks", "Made up");

	@Property(tries = 2000)
	void counterfactualLessBoughtIsWhatTheTechniquesSaved(@ForAll("calls") Call call) {
		SavingsReport report = close(call).report();
		assertThat(report.tokensCounterfactual() - report.tokensBought()).isEqualTo(report.tokensSaved())
			.isEqualTo(report.tokensSavedByTechnique().values().stream().mapToLong(Long::longValue).sum());
		assertThat(report.tokensBought()).isEqualTo(
				call.purchase().usage().total() + attempts(call).stream().mapToLong((a) -> a.usage().total()).sum());
	}

	@Example
	void retryThatWasNotMadeIsSavedAtThePriceOfTheModelThatAnswered() {
		TokenUsage usage = new TokenUsage(1000, 100, 200, 0, false);
		SavingTechnique repair = SavingTechnique.of("repair", "Made up");
		LedgerEvent avoided = new LedgerEvent.Avoided(repair, usage);
		LedgerEvent attempted = new LedgerEvent.Attempted(ROUTE, "cheap", usage, Map.of());
		LedgerEvent rerouted = new LedgerEvent.Rerouted(ROUTE);
		Purchase purchase = new Purchase("dear", "cheap", usage, true);
		SavingsReport report = LedgerClosing.close(KEY, List.of(rerouted, avoided), purchase, PRICES).report();
		assertThat(report.tokensSavedByTechnique()).containsEntry("repair", 1100L);
		assertThat(report.tokensCounterfactual()).isEqualTo(2200);
		// 800 plain, 200 read, 100 output
		assertThat(report.costSavedUsdByTechnique().get("repair")).isEqualByComparingTo("0.0001412256");
		assertThat(LedgerClosing.close(KEY, List.of(rerouted, avoided, attempted), purchase, PRICES)
			.report()
			.tokensSavedByTechnique()).doesNotContainKey("repair");
		assertThat(LedgerClosing.close(KEY, List.of(avoided), new Purchase("dear", "cheap", usage, false), PRICES)
			.report()
			.tokensSavedByTechnique()).isEmpty();
		LedgerEvent served = new LedgerEvent.Served(HIT, CACHE, usage, "cheap", 1, null);
		assertThat(
				LedgerClosing.close(KEY, List.of(avoided, served), purchase, PRICES).report().tokensSavedByTechnique())
			.doesNotContainKey("repair");
	}

	@Property(tries = 2000)
	void whatWasBoughtInVainIsSpentAndTheLossOfItsTechnique(@ForAll("calls") Call call) {
		ClosedLedger closed = close(call);
		List<LedgerEvent> others = new ArrayList<>(call.events());
		others.removeAll(attempts(call));
		ClosedLedger without = LedgerClosing.close(KEY, others, call.purchase(), PRICES);
		BigDecimal spent = BigDecimal.ZERO;
		long tokens = 0;
		for (LedgerEvent.Attempted attempt : attempts(call)) {
			spent = spent.add(usd(PRICES.find(attempt.model()), attempt.usage()));
			tokens += attempt.usage().total();
		}
		assertThat(closed.spentPicoUsd() - without.spentPicoUsd()).isEqualTo(PicoUsd.of(spent));
		assertThat(closed.report().costSavedUsd())
			.isEqualByComparingTo(without.report().costSavedUsd().subtract(spent));
		assertThat(closed.report().tokensCounterfactual()).isEqualTo(without.report().tokensCounterfactual());
		assertThat(closed.report().tokensSavedByTechnique().getOrDefault("route", 0L)).isEqualTo(-tokens);
		assertThat(closed.cost()).isEqualTo(without.cost());
		assertThat(closed.answer()).usingRecursiveComparison().isEqualTo(without.report());
		assertThat(closed.attempts()).hasSameSizeAs(attempts(call));
	}

	@Example
	void whatWasBoughtInVainIsCountedUnderItsOwnModel() {
		TokenUsage usage = new TokenUsage(100, 20, 0, 0, false);
		List<LedgerEvent> events = List.of(new LedgerEvent.Labelled("tier", "strong"),
				new LedgerEvent.Labelled("feature", "triage"),
				new LedgerEvent.Attempted(ROUTE, "cheap", usage, Map.of("tier", "nano")));
		ClosedLedger closed = LedgerClosing.close(KEY, events, new Purchase("dear", "dear", usage, true), PRICES);
		assertThat(closed.labels()).hasToString("feature=triage,model=dear,tier=strong");
		assertThat(closed.attempts().get(0).labels()).hasToString("feature=triage,model=cheap,tier=nano");
		ClosedLedger unlabelled = LedgerClosing.close(KEY, events.subList(2, 3),
				new Purchase("dear", "dear", usage, true), PRICES);
		assertThat(unlabelled.attempts().get(0).labels()).isEqualTo(Labels.NONE);
	}

	private static List<LedgerEvent.Attempted> attempts(Call call) {
		return call.events()
			.stream()
			.filter(LedgerEvent.Attempted.class::isInstance)
			.map(LedgerEvent.Attempted.class::cast)
			.toList();
	}

	@Property(tries = 2000)
	void moneyIsExactAndOverheadIsTakenFromIt(@ForAll("calls") Call call) {
		SavingsReport report = close(call).report();
		BigDecimal gross = report.costSavedUsdByTechnique().values().stream().reduce(BigDecimal.ZERO, BigDecimal::add);
		assertThat(report.costSavedUsd()).isEqualByComparingTo(gross.subtract(report.overheadUsd()));
		BigDecimal overhead = BigDecimal.ZERO;
		long tokens = 0;
		for (LedgerEvent event : call.events()) {
			if (event instanceof LedgerEvent.Overhead spent) {
				overhead = overhead.add(usd(PRICES.find(spent.model()), spent.usage()));
				tokens += spent.usage().total();
			}
		}
		assertThat(report.overheadUsd()).isEqualByComparingTo(overhead);
		assertThat(report.overheadTokens()).isEqualTo(tokens);
	}

	@Property(tries = 2000)
	void eachTokenIsCreditedOnce(@ForAll("calls") Call call) {
		SavingsReport report = close(call).report();
		LedgerEvent.Served served = null;
		long compressed = 0;
		long summarised = 0;
		for (LedgerEvent event : call.events()) {
			if (event instanceof LedgerEvent.Served hit) {
				served = hit;
			}
			else if (event instanceof LedgerEvent.Missed) {
				served = null;
			}
			else if (event instanceof LedgerEvent.Compressed shorter) {
				compressed = shorter.technique().equals(COMPRESSION) ? shorter.tokens() : compressed;
				summarised = shorter.technique().equals(SUMMARY) ? shorter.tokens() : summarised;
			}
		}
		boolean answered = call.purchase().answered();
		Map<String, Long> saved = report.tokensSavedByTechnique();
		assertThat(saved.getOrDefault("cache", 0L))
			.isEqualTo((served != null && answered) ? served.usage().total() : 0);
		assertThat(saved.getOrDefault("compression", 0L)).isEqualTo(answered ? compressed : 0);
		assertThat(saved.getOrDefault("summary", 0L)).isEqualTo(answered ? summarised : 0);
		assertThat(saved.keySet()).isSubsetOf("cache", "compression", "summary", "route");
		assertThat(report.outcome().isHit()).isEqualTo(served != null && answered);
	}

	@Property(tries = 1000)
	void theOrderOfWhatDoesNotTakeTheOthersPlaceDoesNotMatter(@ForAll("calls") Call call, @ForAll long seed) {
		List<LedgerEvent> ordered = new ArrayList<>();
		List<LedgerEvent> free = new ArrayList<>();
		for (LedgerEvent event : call.events()) {
			boolean takesAPlace = event instanceof LedgerEvent.Served || event instanceof LedgerEvent.Missed
					|| event instanceof LedgerEvent.Compressed || event instanceof LedgerEvent.Rerouted;
			(takesAPlace ? ordered : free).add(event);
		}
		Random random = new Random(seed);
		Collections.shuffle(free, random);
		free.forEach((event) -> ordered.add(random.nextInt(ordered.size() + 1), event));
		ClosedLedger closed = close(call);
		ClosedLedger shuffled = LedgerClosing.close(KEY, ordered, call.purchase(), PRICES);
		assertThat(shuffled.report()).usingRecursiveComparison()
			.withComparatorForType(BigDecimal::compareTo, BigDecimal.class)
			.isEqualTo(closed.report());
		assertThat(new HashSet<>(shuffled.unpriced())).isEqualTo(new HashSet<>(closed.unpriced()));
		assertThat(Set.copyOf(shuffled.counted())).isEqualTo(Set.copyOf(closed.counted()));
	}

	@Example
	void theLastLabelOfANameCountsAndNoMoreThanEightNamesDo() {
		List<LedgerEvent> events = new ArrayList<>();
		for (int i = 0; i < 10; i++) {
			events.add(new LedgerEvent.Labelled("name_" + (9 - i), "first"));
		}
		events.add(new LedgerEvent.Labelled("name_9", "last"));
		events.add(new LedgerEvent.Labelled("name_8", "not accepted"));
		Purchase purchase = new Purchase("dear", "dear", TokenUsage.ZERO, true);
		Labels labels = LedgerClosing.close(KEY, events, purchase, PRICES).labels();
		assertThat(labels.values()).hasSize(Labels.MAX_LABELS)
			.containsEntry("name_9", "last")
			.containsEntry("name_8", Labels.OTHER)
			.containsEntry("name_2", "first")
			.doesNotContainKeys("name_0", "name_1");
		assertThat(Labels.parse(labels.toString())).isEqualTo(labels);
		assertThat(LedgerClosing.close(KEY, List.of(), purchase, PRICES).labels()).isEqualTo(Labels.NONE);
	}

	@Property(tries = 1000)
	void reroutingSavesTheDifferenceOfThePrices(@ForAll("usages") TokenUsage usage) {
		Purchase purchase = new Purchase("dear", "cheap", usage, true);
		SavingsReport report = LedgerClosing.close(KEY, List.of(new LedgerEvent.Rerouted(ROUTE)), purchase, PRICES)
			.report();
		BigDecimal difference = usd(DEAR, usage).subtract(usd(CHEAP, usage));
		assertThat(report.costSavedUsd()).isEqualByComparingTo(difference);
		assertThat(report.tokensSaved()).isZero();
		assertThat(report.model()).isEqualTo("cheap");
		assertThat(report.outcome()).isEqualTo(Outcome.BYPASS);
		// A gateway that answers with another model is not thanked for it
		assertThat(LedgerClosing.close(KEY, List.of(), purchase, PRICES).report().costSavedUsd()).isZero();
	}

	@Property(tries = 1000)
	void whatIsFoundSavesWhatTheModelThatWasAskedForWouldHaveCost(@ForAll("usages") TokenUsage usage) {
		LedgerEvent.Served served = new LedgerEvent.Served(HIT, CACHE, usage, "cheap", 5, null);
		SavingsReport report = LedgerClosing
			.close(KEY, List.of(served), new Purchase("dear", "dear", TokenUsage.ZERO, true), PRICES)
			.report();
		assertThat(report.costSavedUsd()).isEqualByComparingTo(usd(DEAR, usage));
		assertThat(report.tokensSaved()).isEqualTo(usage.total());
	}

	@Example
	void anAnswerOfADatedVersionIsOneOfTheModelThatWasAskedFor() {
		TokenUsage usage = new TokenUsage(1_000_000, 0, 0, 0, false);
		LedgerEvent.Served served = new LedgerEvent.Served(HIT, CACHE, usage, "dear-2026-01-31", 5, null);
		assertThat(close("dear", served).costSavedUsd()).isEqualByComparingTo("5");
		assertThat(close("dear-2026-01-31", served).costSavedUsd()).isEqualByComparingTo("5");
		// The name of a deployment, which has no price
		assertThat(close("our-deployment", served).costSavedUsd()).isEqualByComparingTo("5");
		assertThat(close(null, served).costSavedUsd()).isEqualByComparingTo("5");
	}

	private static SavingsReport close(String asked, LedgerEvent event) {
		return LedgerClosing.close(KEY, List.of(event), new Purchase(asked, asked, TokenUsage.ZERO, true), PRICES)
			.report();
	}

	@Example
	void withoutAPriceNothingIsGuessed() {
		TokenUsage usage = new TokenUsage(100, 20, 0, 0, false);
		List<LedgerEvent> events = List.of(new LedgerEvent.Rerouted(ROUTE),
				new LedgerEvent.Compressed(COMPRESSION, 30));
		ClosedLedger asked = LedgerClosing.close(KEY, events, new Purchase("secret", "cheap", usage, true), PRICES);
		assertThat(asked.report().costSavedUsd()).isZero();
		assertThat(asked.report().priced()).isTrue();
		assertThat(asked.unpriced()).containsExactly("secret");
		ClosedLedger answering = LedgerClosing.close(KEY, List.of(new LedgerEvent.Rerouted(ROUTE)),
				new Purchase("dear", "secret", usage, true), PRICES);
		assertThat(answering.report().costSavedUsd()).isZero();
		assertThat(answering.report().priced()).isFalse();
		assertThat(answering.unpriced()).isEmpty();
	}

	@Property(tries = 1000)
	void whatTheCacheOfTheProviderSavesIsCreditedOnlyToWhoMarkedTheRequest(@ForAll("usages") TokenUsage usage) {
		Purchase purchase = new Purchase("dear", "dear", usage, true);
		BigDecimal granted = usd(DEAR, new TokenUsage(usage.input(), usage.output(), 0, 0, false))
			.subtract(usd(DEAR, usage));
		SavingsReport report = LedgerClosing.close(KEY, List.of(), purchase, PRICES).report();
		assertThat(report.providerDiscountUsd()).isEqualByComparingTo(granted);
		assertThat(report.costSavedUsd()).isZero();
		SavingsReport marked = LedgerClosing.close(KEY, List.of(new LedgerEvent.CacheMarked(MARKS)), purchase, PRICES)
			.report();
		assertThat(marked.providerDiscountUsd()).isZero();
		assertThat(marked.costSavedUsd()).isEqualByComparingTo(granted);
		assertThat(marked.tokensSaved()).isZero();
		Purchase failed = new Purchase("dear", "dear", usage, false);
		assertThat(LedgerClosing.close(KEY, List.of(), failed, PRICES).report().providerDiscountUsd()).isZero();
		Purchase unpriced = new Purchase("secret", "secret", usage, true);
		assertThat(LedgerClosing.close(KEY, List.of(), unpriced, PRICES).report().providerDiscountUsd()).isZero();
	}

	@Property(tries = 1000)
	void marksAndReroutingAddUpToTheRequestWithoutEither(@ForAll("usages") TokenUsage usage) {
		SavingsReport report = LedgerClosing
			.close(KEY, List.of(new LedgerEvent.Rerouted(ROUTE), new LedgerEvent.CacheMarked(MARKS)),
					new Purchase("dear", "cheap", usage, true), PRICES)
			.report();
		BigDecimal counterfactual = usd(DEAR, new TokenUsage(usage.input(), usage.output(), 0, 0, false));
		assertThat(report.costSavedUsd()).isEqualByComparingTo(counterfactual.subtract(usd(CHEAP, usage)));
	}

	@Example
	void whatIsNotSentSavesTheStepThatItWouldHaveReached() {
		TokenPrice far = new TokenPrice(new BigDecimal("2"), new BigDecimal("6"), null, null);
		PriceTable prices = new PriceTable(
				List.of(new ModelPrice("long", new TokenPrice(BigDecimal.ONE, new BigDecimal("4"), null, null),
						List.of(new PriceVariant(ServiceTier.STANDARD, 1000, far)))));
		List<LedgerEvent> events = List.of(new LedgerEvent.Compressed(COMPRESSION, 200),
				new LedgerEvent.Compressed(SUMMARY, 1));
		TokenUsage sent = new TokenUsage(800, 100, 0, 0, false);
		SavingsReport report = LedgerClosing.close(KEY, events, new Purchase("long", "long", sent, true), prices)
			.report();
		// 800 x 1 + 100 x 4 instead of 1,001 x 2 + 100 x 6
		assertThat(report.costSavedUsd()).isEqualByComparingTo("0.001402");
		assertThat(report.costSavedUsdByTechnique().get("compression")).isEqualByComparingTo("0.0002");
		assertThat(report.costSavedUsdByTechnique().get("summary")).isEqualByComparingTo("0.001202");
	}

	@Example
	void aDiscountIsCreditedToWhatBroughtIt() {
		SavingsReport report = LedgerClosing
			.close(KEY, List.of(new LedgerEvent.Discounted(MARKS, new BigDecimal("0.000000000001"))),
					new Purchase("dear", "dear", new TokenUsage(10, 1, 0, 0, false), true), PRICES)
			.report();
		assertThat(report.costSavedUsdByTechnique()).containsOnlyKeys("marks");
		assertThat(report.costSavedUsd()).isEqualByComparingTo("0.000000000001");
	}

	private static ClosedLedger close(Call call) {
		return LedgerClosing.close(KEY, call.events(), call.purchase(), PRICES);
	}

	// Computed anew, by the definition
	private static BigDecimal usd(ModelPrice price, TokenUsage usage) {
		if (price == null) {
			return BigDecimal.ZERO;
		}
		BigDecimal read = (price.cacheRead() != null) ? price.cacheRead() : price.input();
		BigDecimal write = (price.cacheWrite() != null) ? price.cacheWrite() : price.input();
		return BigDecimal.valueOf(usage.input() - usage.cacheRead() - usage.cacheWrite())
			.multiply(price.input())
			.add(BigDecimal.valueOf(usage.cacheRead()).multiply(read))
			.add(BigDecimal.valueOf(usage.cacheWrite()).multiply(write))
			.add(BigDecimal.valueOf(usage.output()).multiply(price.output()))
			.movePointLeft(6);
	}

	@Provide
	Arbitrary<TokenUsage> usages() {
		Arbitrary<Integer> tokens = Arbitraries.integers().between(0, 200_000);
		return Combinators.combine(tokens, tokens, tokens, tokens)
			.as((plain, output, read, write) -> new TokenUsage((long) plain + read + write, output, read, write,
					false));
	}

	@Provide
	Arbitrary<Call> calls() {
		Arbitrary<String> models = Arbitraries.of("cheap", "dear", "dear-2026-01-31", "secret").injectNull(0.1);
		Arbitrary<Integer> tokens = Arbitraries.integers().between(0, 100_000);
		Arbitrary<LedgerEvent> events = Arbitraries.oneOf(
				Combinators.combine(usages(), models)
					.as((usage, model) -> new LedgerEvent.Served(HIT, CACHE, usage, model, 1, null)),
				Arbitraries.just(LedgerEvent.Missed.EVENT),
				tokens.map((count) -> new LedgerEvent.Compressed(COMPRESSION, count)),
				tokens.map((count) -> new LedgerEvent.Compressed(SUMMARY, count)),
				Combinators.combine(usages(), models).as((usage, model) -> new LedgerEvent.Overhead(model, usage)),
				Combinators.combine(usages(), models)
					.as((usage, model) -> new LedgerEvent.Attempted(ROUTE, model, usage, Map.of())),
				usages().map(LedgerEvent.Bought::new), Arbitraries.just(new LedgerEvent.Rerouted(ROUTE)),
				Arbitraries.just(new LedgerEvent.CacheMarked(MARKS)),
				tokens.map((count) -> new LedgerEvent.Discounted(MARKS, BigDecimal.valueOf(count, 12))),
				Arbitraries.of("one", "two").map((name) -> new LedgerEvent.Counted(Counter.of(name, "Made up"))));
		Arbitrary<Purchase> purchases = Combinators
			.combine(models, models, usages(), Arbitraries.of(true, true, true, false))
			.as(Purchase::new);
		return Combinators.combine(events.list().ofMaxSize(8), purchases).as(Call::new);
	}

	private record Call(List<LedgerEvent> events, Purchase purchase) {

	}

}
