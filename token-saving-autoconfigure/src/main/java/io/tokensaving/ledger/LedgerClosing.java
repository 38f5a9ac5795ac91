package io.tokensaving.ledger;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

import io.tokensaving.Counter;
import io.tokensaving.Outcome;
import io.tokensaving.SavingTechnique;
import io.tokensaving.SavingsReport;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.provider.ServiceTier;
import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * Computes what a call saved: a pure function of its events and of prices. The
 * counterfactual is what the same request would have bought with no plan, at the price of
 * the model that was asked for. The purchase is priced at the model that answered.
 */
final class LedgerClosing {

	private final List<LedgerEvent> events;

	private final Purchase purchase;

	private final PriceTable prices;

	private final PriceTable bought;

	private LedgerEvent.@Nullable Served served;

	private Outcome outcome = Outcome.BYPASS;

	private @Nullable SavingTechnique rerouted;

	private @Nullable SavingTechnique marked;

	private @Nullable SavingTechnique unhurried;

	private final Map<String, Long> tokensSaved = new HashMap<>(4);

	private final Map<String, Long> picoUsdSaved = new HashMap<>(4);

	private LedgerEvent.@Nullable Avoided avoided;

	private long discountPicoUsd;

	private long overheadTokens;

	private long overheadPicoUsd;

	private final List<String> unpriced = new ArrayList<>(0);

	private List<Counter> counted = List.of();

	private @Nullable SortedMap<String, String> labels;

	private List<LedgerEvent.Attempted> attempts = List.of();

	private LedgerClosing(List<LedgerEvent> events, Purchase purchase, PriceTable prices, PriceTable bought) {
		this.events = events;
		this.purchase = purchase;
		this.prices = prices;
		this.bought = bought;
	}

	/**
	 * Close the ledger of a call.
	 * @param key the plan and its workspace
	 * @param events the events, in order
	 * @param purchase what was bought
	 * @param prices the prices
	 * @return what the call saved
	 */
	static ClosedLedger close(PlanKey key, List<LedgerEvent> events, Purchase purchase, PriceTable prices) {
		return close(key, events, purchase, prices, prices);
	}

	/**
	 * Close the ledger of a call.
	 * @param key the plan and its workspace
	 * @param events the events, in order
	 * @param purchase what was bought
	 * @param prices the prices
	 * @param bought the prices of what was bought, which may be others where local models
	 * answer
	 * @return what the call saved
	 */
	static ClosedLedger close(PlanKey key, List<LedgerEvent> events, Purchase purchase, PriceTable prices,
			PriceTable bought) {
		return new LedgerClosing(events, purchase, prices, bought).close(key);
	}

	/**
	 * Return the input tokens that were removed from the request.
	 * @param events the events, in order
	 * @return the tokens by technique
	 */
	static Map<String, Long> compressed(List<LedgerEvent> events) {
		Map<String, Long> compressed = Map.of();
		for (LedgerEvent event : events) {
			if (event instanceof LedgerEvent.Compressed shorter) {
				compressed = with(compressed, shorter.technique().value(), shorter.tokens());
			}
		}
		return compressed;
	}

	private static Map<String, Long> with(Map<String, Long> map, String key, Long value) {
		if (map.isEmpty()) {
			return Map.of(key, value);
		}
		Map<String, Long> changed = new LinkedHashMap<>(map);
		changed.put(key, value);
		return changed;
	}

	private ClosedLedger close(PlanKey key) {
		this.events.forEach(this::read);
		// After a hit, the call may have failed before the caller received the answer
		if (!this.purchase.answered() && this.outcome.isHit()) {
			this.outcome = Outcome.MISS;
			this.served = null;
		}
		LedgerEvent.Served served = this.served;
		TokenUsage paid = this.purchase.usage();
		// Without the technique, all else would have been saved at the usual prices
		TokenUsage bought = (this.unhurried != null) ? paid.at(ServiceTier.STANDARD) : paid;
		TokenUsage reference = (served != null) ? served.usage() : bought;
		String answering = (served != null && served.model() != null) ? served.model() : this.purchase.answering();
		String asked = asked(answering);
		ModelPrice askedPrice = this.bought.find(asked);
		ModelPrice answeringPrice = this.bought.find(answering);
		Map<String, Long> compressed = this.purchase.answered() ? compressed(this.events) : Map.of();
		long unsent = 0;
		for (Map.Entry<String, Long> shorter : compressed.entrySet()) {
			// The more there is, the dearer it may be
			long before = (askedPrice != null) ? askedPrice.picoUsdOfUnsent(unsent, reference) : 0;
			unsent += shorter.getValue();
			save(shorter.getKey(), shorter.getValue(),
					(askedPrice != null) ? askedPrice.picoUsdOfUnsent(unsent, reference) - before : 0);
		}
		if (served != null) {
			save(served.technique().value(), served.usage().total(),
					(askedPrice != null) ? askedPrice.picoUsd(served.usage()) : 0);
		}
		SavingTechnique rerouted = this.rerouted;
		if (rerouted != null && this.purchase.answered() && askedPrice != null && answeringPrice != null) {
			// Without the technique, the request to the other model had no marks either
			TokenUsage unmarked = (this.marked != null) ? bought.uncached() : bought;
			save(rerouted.value(), 0, askedPrice.picoUsd(unmarked) - answeringPrice.picoUsd(unmarked));
		}
		LedgerEvent.Avoided avoided = this.avoided;
		if (avoided != null && served == null && this.purchase.answered()) {
			save(avoided.technique().value(), avoided.usage().total(),
					(answeringPrice != null) ? answeringPrice.picoUsd(avoided.usage()) : 0);
		}
		if (this.unhurried != null && this.purchase.answered() && answeringPrice != null) {
			save(this.unhurried.value(), 0, answeringPrice.picoUsd(bought) - answeringPrice.picoUsd(paid));
		}
		long granted = (answeringPrice != null && this.purchase.answered()) ? answeringPrice.picoUsdOfCache(bought) : 0;
		if (this.marked != null) {
			save(this.marked.value(), 0, granted);
			granted = 0;
		}
		long saved = sum(this.tokensSaved);
		boolean other = !Objects.equals(asked, answering);
		if (other && askedPrice == null && saved + bought.total() != 0) {
			this.unpriced.add((asked != null) ? asked : ModelPrice.UNKNOWN);
		}
		boolean priced = answeringPrice != null || bought.total() + (other ? 0 : saved) == 0;
		long spent = ((answeringPrice != null) ? answeringPrice.picoUsd(paid) : 0) - this.discountPicoUsd;
		CallCost cost = new CallCost(paid, spent, Map.copyOf(this.picoUsdSaved));
		Labels labels = labels(answering);
		SavingsReport answer = report(key, answering, bought.total(), bought.total() + saved, priced,
				reference.estimated(), granted);
		if (this.attempts.isEmpty()) {
			return new ClosedLedger(answer, this.counted, this.unpriced, labels, cost);
		}
		List<ClosedAttempt> attempts = this.attempts.stream().map((attempt) -> close(attempt, labels)).toList();
		long tokens = attempts.stream().mapToLong((attempt) -> attempt.usage().total()).sum();
		SavingsReport whole = report(key, answering, bought.total() + tokens, bought.total() + saved, priced,
				reference.estimated() || attempts.stream().anyMatch((attempt) -> attempt.usage().estimated()), granted);
		return new ClosedLedger(whole, this.counted, this.unpriced, labels, cost, answer, attempts);
	}

	private SavingsReport report(PlanKey key, @Nullable String answering, long bought, long counterfactual,
			boolean priced, boolean estimated, long granted) {
		LedgerEvent.Served served = this.served;
		return new SavingsReport(key.workspace(), key.plan(), this.outcome, answering,
				(served != null) ? served.similarity() : null, (served != null) ? served.ageSeconds() : null, bought,
				counterfactual, this.tokensSaved, usd(this.picoUsdSaved),
				PicoUsd.toUsd(sum(this.picoUsdSaved) - this.overheadPicoUsd), this.overheadTokens,
				PicoUsd.toUsd(this.overheadPicoUsd), priced, estimated, names(this.counted), PicoUsd.toUsd(granted),
				null);
	}

	private ClosedAttempt close(LedgerEvent.Attempted attempt, Labels labels) {
		ModelPrice price = this.prices.find(attempt.model());
		if (price == null && attempt.usage().total() > 0) {
			this.unpriced.add((attempt.model() != null) ? attempt.model() : ModelPrice.UNKNOWN);
		}
		Labels own = labels;
		if (!labels.isEmpty()) {
			own = own.with(Labels.MODEL, (attempt.model() != null) ? attempt.model() : ModelPrice.UNKNOWN);
			for (Map.Entry<String, String> label : attempt.labels().entrySet()) {
				own = own.with(label.getKey(), label.getValue());
			}
		}
		long picoUsd = (price != null) ? price.picoUsd(attempt.usage()) : 0;
		save(attempt.technique().value(), -attempt.usage().total(), -picoUsd);
		return new ClosedAttempt(own, attempt.technique().value(), attempt.usage(), picoUsd);
	}

	private void read(LedgerEvent event) {
		if (event instanceof LedgerEvent.Served hit) {
			this.served = hit;
			this.outcome = hit.outcome();
		}
		else if (event instanceof LedgerEvent.Missed) {
			this.served = null;
			this.outcome = Outcome.MISS;
		}
		else if (event instanceof LedgerEvent.Rerouted other) {
			this.rerouted = other.technique();
		}
		else if (event instanceof LedgerEvent.Attempted attempt) {
			List<LedgerEvent.Attempted> more = new ArrayList<>(this.attempts);
			more.add(attempt);
			this.attempts = more;
			this.avoided = null;
		}
		else if (event instanceof LedgerEvent.Avoided spared) {
			this.avoided = spared;
		}
		else if (event instanceof LedgerEvent.CacheMarked cache) {
			this.marked = cache.technique();
		}
		else if (event instanceof LedgerEvent.Unhurried slower) {
			this.unhurried = slower.technique();
		}
		else if (event instanceof LedgerEvent.Discounted discount && this.purchase.answered()) {
			long picoUsd = PicoUsd.of(discount.usd());
			this.discountPicoUsd += picoUsd;
			save(discount.technique().value(), 0, picoUsd);
		}
		else if (event instanceof LedgerEvent.Overhead overhead) {
			spend(overhead);
		}
		else if (event instanceof LedgerEvent.Counted other && !this.counted.contains(other.counter())) {
			List<Counter> more = new ArrayList<>(this.counted);
			more.add(other.counter());
			this.counted = more;
		}
		else if (event instanceof LedgerEvent.Labelled label) {
			label(label.name(), label.value());
		}
	}

	// A call that has labels has the model as well, which is known only now
	private Labels labels(@Nullable String answering) {
		if (this.labels == null) {
			return Labels.NONE;
		}
		label(Labels.MODEL, (answering != null) ? answering : ModelPrice.UNKNOWN);
		return Labels.of(this.labels);
	}

	private void label(String name, String value) {
		SortedMap<String, String> labels = (this.labels != null) ? this.labels : new TreeMap<>();
		this.labels = labels;
		if (labels.size() < Labels.MAX_LABELS || labels.containsKey(name)) {
			labels.put(name, value);
		}
	}

	private void spend(LedgerEvent.Overhead overhead) {
		ModelPrice price = this.prices.find(overhead.model());
		this.overheadTokens += overhead.usage().total();
		if (price != null) {
			this.overheadPicoUsd += price.picoUsd(overhead.usage());
		}
		else {
			this.unpriced.add((overhead.model() != null) ? overhead.model() : ModelPrice.UNKNOWN);
		}
	}

	private void save(String technique, long tokens, long picoUsd) {
		if (tokens != 0) {
			this.tokensSaved.merge(technique, tokens, Long::sum);
		}
		if (picoUsd != 0) {
			this.picoUsdSaved.merge(technique, picoUsd, Long::sum);
		}
	}

	// Unless the request was rerouted, the model that answered is the one that was asked
	// for, even under another name. A hit may be the answer of another model
	private @Nullable String asked(@Nullable String answering) {
		String asked = this.purchase.asked();
		if (asked == null || (this.rerouted == null && (this.served == null || this.bought.find(asked) == null))) {
			return answering;
		}
		boolean sameModel = answering != null && (asked.equals(answering) || this.bought.isVersion(asked, answering));
		return sameModel ? answering : asked;
	}

	private static Map<String, BigDecimal> usd(Map<String, Long> picoUsd) {
		if (picoUsd.isEmpty()) {
			return Map.of();
		}
		Map<String, BigDecimal> usd = new HashMap<>(4);
		picoUsd.forEach((technique, value) -> usd.put(technique, PicoUsd.toUsd(value)));
		return usd;
	}

	private static long sum(Map<String, Long> values) {
		long sum = 0;
		for (Long value : values.values()) {
			sum += value;
		}
		return sum;
	}

	private static Set<String> names(List<Counter> counters) {
		if (counters.isEmpty()) {
			return Set.of();
		}
		Set<String> names = new TreeSet<>();
		counters.forEach((counter) -> names.add(counter.name()));
		return names;
	}

}
