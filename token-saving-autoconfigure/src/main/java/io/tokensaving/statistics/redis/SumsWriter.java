package io.tokensaving.statistics.redis;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.StatisticsRepository;
import io.tokensaving.statistics.redis.RedisCommands.Command;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.ReturnType;
import org.springframework.util.Assert;

/**
 * Adds to the sums of a plan: at once, and only if the number of the batch is higher than
 * that of the one before. Immutable.
 */
final class SumsWriter {

	private static final Duration BATCH_TTL = Duration.ofDays(1);

	private static final Duration HOUR_TTL = Duration.ofHours(StatisticsRepository.HOURS);

	// Sets that are admitted beyond the limit, for calls whose own set is not: each value
	// is 'other', so there is one for each combination of names
	private static final int SPARE_LABEL_SETS = 10;

	private final StatisticsKeys keys;

	SumsWriter(StatisticsKeys keys) {
		this.keys = keys;
	}

	/**
	 * Create a command that adds to the sums of a plan.
	 * @param batch the name of what the batches are numbered for
	 * @param number the number of the batch
	 * @param plan the plan and its workspace
	 * @param increments what to add
	 * @param day the day to which it belongs
	 * @param hour the start of the hour to which it belongs, or {@code null} if it is not
	 * to be added to an hour
	 * @param dayTtl how long the day is kept, zero if it is not to be added to a day
	 * @return the command, whose reply is to be {@linkplain #checkRefused checked}
	 */
	Command add(String batch, long number, PlanKey plan, StatisticsCounters increments, LocalDate day,
			@Nullable Instant hour, Duration dayTtl) {
		boolean labelled = !increments.labelled().isEmpty();
		List<String> names = new ArrayList<>(List.of(this.keys.batch(plan, batch), this.keys.total(plan),
				this.keys.day(plan, day), this.keys.unpriced(plan)));
		if (labelled) {
			names.addAll(List.of(this.keys.labels(plan), this.keys.labelled(plan), this.keys.labelledDay(plan, day)));
		}
		if (hour != null) {
			names.add(this.keys.hour(plan, hour));
		}
		List<String> parts = new ArrayList<>(names);
		parts.addAll(List.of(String.valueOf(number), String.valueOf(BATCH_TTL.toSeconds()),
				String.valueOf(dayTtl.toSeconds()), String.valueOf(StatisticsCounters.MAX_UNPRICED_MODELS),
				String.valueOf(increments.values().size()), String.valueOf(increments.unpricedModels().size()),
				String.valueOf((hour != null) ? HOUR_TTL.toSeconds() : 0),
				String.valueOf(increments.hourly().values().size())));
		addCounters(parts, increments);
		parts.addAll(increments.unpricedModels());
		if (labelled) {
			addLabelled(parts, increments);
		}
		return RedisCommands.script(labelled ? StatisticsScripts.ADD_WITH_LABELS : StatisticsScripts.ADD,
				ReturnType.INTEGER, names.size(), parts);
	}

	private static void addLabelled(List<String> parts, StatisticsCounters increments) {
		parts.addAll(List.of(String.valueOf(StatisticsRepository.MAX_LABEL_VALUES),
				String.valueOf(StatisticsRepository.MAX_LABEL_SETS), String.valueOf(SPARE_LABEL_SETS)));
		increments.labelled().forEach((labels, counters) -> {
			parts.add(labels.toString());
			parts.add(String.valueOf(counters.values().size()));
			parts.add(String.valueOf(counters.hourly().values().size()));
			addCounters(parts, counters);
		});
	}

	// Those that are added to the hour as well come first
	private static void addCounters(List<String> parts, StatisticsCounters counters) {
		Map<String, Long> hourly = counters.hourly().values();
		addCounters(parts, hourly);
		Map<String, Long> others = new HashMap<>(counters.values());
		others.keySet().removeAll(hourly.keySet());
		addCounters(parts, others);
	}

	private static void addCounters(List<String> parts, Map<String, Long> counters) {
		counters.forEach((name, value) -> {
			parts.add(name);
			parts.add(String.valueOf(value));
		});
	}

	/**
	 * Check that all was added.
	 * @param replies the replies of commands that add
	 * @throws IllegalStateException if Redis refused to add to a counter
	 */
	static void checkRefused(List<@Nullable Object> replies) {
		long refused = replies.stream().mapToLong((reply) -> (reply instanceof Long count) ? count : 0).sum();
		Assert.state(refused == 0, () -> "Redis refused to add to " + refused + " counters");
	}

}
