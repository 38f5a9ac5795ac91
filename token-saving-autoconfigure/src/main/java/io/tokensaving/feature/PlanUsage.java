package io.tokensaving.feature;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

import io.tokensaving.ledger.Labels;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.provider.ModelPrice;
import io.tokensaving.statistics.StatisticsSnapshot;
import org.jspecify.annotations.Nullable;

import org.springframework.util.Assert;

/**
 * What a plan is, and what its calls did and cost in the last days. Immutable.
 */
public final class PlanUsage {

	private final PlanKey key;

	private final Plan plan;

	private final StatisticsSnapshot total;

	private final StatisticsSnapshot recent;

	private final Map<Labels, StatisticsSnapshot> parts;

	private final int days;

	private final PriceTable prices;

	/**
	 * Create the usage of a plan.
	 * @param key the plan and its workspace
	 * @param plan the plan
	 * @param total its figures since they are kept
	 * @param byDay its figures of the last days by the labels of its calls; not empty
	 * @param prices the prices of models
	 */
	public PlanUsage(PlanKey key, Plan plan, StatisticsSnapshot total,
			Map<LocalDate, Map<Labels, StatisticsSnapshot>> byDay, PriceTable prices) {
		this.key = key;
		this.plan = plan;
		this.total = total;
		this.prices = prices;
		Map<Labels, StatisticsSnapshot> sums = new HashMap<>();
		byDay.values()
			.forEach((day) -> day.forEach((labels, figures) -> sums.merge(labels, figures, //
					StatisticsSnapshot::plus)));
		this.parts = Collections.unmodifiableMap(sums);
		this.days = (int) byDay.values().stream().filter((day) -> !day.isEmpty()).count();
		StatisticsSnapshot sum = sums.values().stream().reduce(StatisticsSnapshot::plus).orElse(null);
		Assert.isTrue(sum != null, "'byDay' must not be empty");
		this.recent = sum;
	}

	/**
	 * Return the plan and its workspace.
	 * @return the key
	 */
	public PlanKey key() {
		return this.key;
	}

	/**
	 * Return the plan.
	 * @return the plan
	 */
	public Plan plan() {
		return this.plan;
	}

	/**
	 * Return the figures since they are kept.
	 * @return the figures, with what features have suspended
	 */
	public StatisticsSnapshot total() {
		return this.total;
	}

	/**
	 * Return the figures of the last days.
	 * @return the figures
	 */
	public StatisticsSnapshot recent() {
		return this.recent;
	}

	/**
	 * Return the figures of the last days by the labels of the calls.
	 * @return the figures, which add up to those of the last days
	 */
	public Map<Labels, StatisticsSnapshot> parts() {
		return this.parts;
	}

	/**
	 * Return the figures of the last days by the value of one label.
	 * @param label the name of the label, such as {@link Labels#MODEL}
	 * @return the figures by the value, without those of calls that have no such label
	 */
	public Map<String, StatisticsSnapshot> by(String label) {
		Map<String, StatisticsSnapshot> sums = new TreeMap<>();
		this.parts.forEach((labels, figures) -> {
			String value = labels.value(label);
			if (value != null) {
				sums.merge(value, figures, StatisticsSnapshot::plus);
			}
		});
		return sums;
	}

	/**
	 * Return the calls of the last days that went to the model.
	 * @return their number
	 */
	public long bought() {
		return this.recent.misses() + this.recent.bypasses();
	}

	/**
	 * Return the price of a model.
	 * @param model the model, or {@code null} if it is not known
	 * @return the price, or {@code null} if there is none
	 */
	public @Nullable ModelPrice price(@Nullable String model) {
		return this.prices.find(model);
	}

	/**
	 * Return how many of the last days there were calls on.
	 * @return the number of days, at least 1
	 */
	public int days() {
		return this.days;
	}

	/**
	 * Return an amount of the last days for one of them.
	 * @param picoUsd the amount in pico-dollars
	 * @return the mean in US dollars over the days on which there were calls
	 */
	public BigDecimal perDay(long picoUsd) {
		return PicoUsd.toUsd(picoUsd / this.days);
	}

}
