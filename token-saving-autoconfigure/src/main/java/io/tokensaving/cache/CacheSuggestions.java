package io.tokensaving.cache;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.cache.HitTally.Point;
import io.tokensaving.feature.Suggestion;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.plan.SettingText;
import io.tokensaving.sampling.ErrorRateBound;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the settings of a cache by what a plan that only observes was answered from.
 * Immutable.
 */
final class CacheSuggestions {

	/**
	 * How many answers must have been judged for a similarity to be chosen, and how many
	 * hits must have been seen for a time to live.
	 */
	static final int NEEDED = 100;

	/**
	 * The share of the hits that a time to live keeps.
	 */
	private static final double KEPT = 0.95;

	private static final double DIGITS = 10_000;

	private final CacheSettings settings;

	private final HitTally.Figures figures;

	CacheSuggestions(CacheSettings settings, HitTally.Figures figures) {
		this.settings = settings;
		this.figures = figures;
	}

	List<Suggestion> all() {
		Suggestion similarity = similarityThreshold();
		Suggestion ttl = ttl();
		return (similarity != null) ? List.of(similarity, ttl) : List.of(ttl);
	}

	// A lower threshold has all the hits of a higher one, so the lowest one that keeps
	// the error rate saves most
	private @Nullable Suggestion similarityThreshold() {
		List<Option> options = new ArrayList<>();
		Point sum = Point.NONE;
		for (int step = HitTally.SIMILARITIES; step >= 0; step--) {
			Point more = this.figures.similarities().get(step);
			sum = sum.plus(more);
			if (more.hits() > 0) {
				options.add(new Option(BigDecimal.valueOf(step, 2), sum));
			}
		}
		if (options.isEmpty()) {
			return null;
		}
		BigDecimal now = BigDecimal.valueOf(this.settings.similarityThreshold());
		Option certain = null;
		Option known = null;
		for (Option option : options) {
			if (option.point().judged() >= NEEDED && option.point().wrongShare() <= this.settings.maxErrorRate()) {
				boolean sure = option.isCertain(options.size(), this.settings.maxErrorRate());
				certain = sure ? option : certain;
				// What is not proved must not make a plan less strict
				known = (sure || ((BigDecimal) option.value()).compareTo(now) >= 0) ? option : known;
			}
		}
		Option chosen = (certain != null) ? certain : known;
		return new Suggestion("cache.similarity_threshold", now, (chosen != null) ? chosen.value() : null,
				certain != null, sum.judged(), NEEDED, curve(options, options.size()));
	}

	private Suggestion ttl() {
		List<Option> options = new ArrayList<>();
		Point sum = Point.NONE;
		for (int step = 0; step < HitTally.AGES.size(); step++) {
			sum = sum.plus(this.figures.ages().get(step));
			Duration ttl = HitTally.AGES.get(step);
			if (ttl.compareTo(this.settings.ttl()) >= 0) {
				break;
			}
			options.add(new Option(SettingText.of(ttl), sum));
		}
		Point all = this.figures.ages().stream().reduce(Point.NONE, Point::plus);
		options.add(new Option(SettingText.of(this.settings.ttl()), all));
		Option chosen = (all.hits() >= NEEDED) ? shortest(options, KEPT * all.hits()) : null;
		int choices = options.size();
		boolean certain = chosen != null && chosen.isCertain(choices, this.settings.maxErrorRate());
		options.removeIf((option) -> option.point().hits() == 0);
		Collections.reverse(options);
		return new Suggestion("cache.ttl", SettingText.of(this.settings.ttl()),
				(chosen != null) ? chosen.value() : null, certain, all.hits(), NEEDED, curve(options, choices));
	}

	// The shortest that keeps the hits, or a still shorter one if too many of the older
	// answers are wrong
	private @Nullable Option shortest(List<Option> options, double hits) {
		int index = 0;
		while (options.get(index).point().hits() < hits) {
			index++;
		}
		while (index >= 0 && options.get(index).point().judged() >= NEEDED
				&& options.get(index).point().wrongShare() > this.settings.maxErrorRate()) {
			index--;
		}
		if (index < 0) {
			return null;
		}
		Option chosen = options.get(index);
		boolean shortened = chosen.point().hits() < hits;
		return (shortened && chosen.point().judged() < NEEDED) ? null : chosen;
	}

	private static List<Map<String, Object>> curve(List<Option> options, int choices) {
		return options.stream().map((option) -> option.describe(choices)).toList();
	}

	/**
	 * What a value of a setting comes to. Immutable.
	 *
	 * @param value the value, as a configuration would contain it
	 * @param point the answers that it serves
	 */
	private record Option(Object value, Point point) {

		boolean isCertain(int choices, double maxErrorRate) {
			return upper(choices) <= maxErrorRate;
		}

		private double upper(int choices) {
			return ErrorRateBound.upper(this.point.judged(), this.point.wrong(), choices);
		}

		Map<String, Object> describe(int choices) {
			Map<String, Object> described = new LinkedHashMap<>();
			described.put("value", this.value);
			described.put("hits", this.point.hits());
			described.put("saved_usd", PicoUsd.toUsd(this.point.picoUsd()));
			described.put("judged", this.point.judged());
			described.put("wrong", this.point.wrong());
			described.put("wrong_share_upper", Math.round(DIGITS * upper(choices)) / DIGITS);
			return described;
		}

	}

}
