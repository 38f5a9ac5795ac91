package io.tokensaving.statistics.redis;

import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;

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
	 * @param dayTtl how long the day is kept, zero if it is not to be added to a day
	 * @return the command, whose reply is to be {@linkplain #checkRefused checked}
	 */
	Command add(String batch, long number, PlanKey plan, StatisticsCounters increments, LocalDate day,
			Duration dayTtl) {
		boolean labelled = !increments.labelled().isEmpty();
		List<String> names = new ArrayList<>(List.of(this.keys.batch(plan, batch), this.keys.total(plan),
				this.keys.day(plan, day), this.keys.unpriced(plan)));
		if (labelled) {
			names.addAll(List.of(this.keys.labels(plan), this.keys.labelled(plan), this.keys.labelledDay(plan, day)));
		}
		List<String> parts = new ArrayList<>(names);
		parts.addAll(List.of(String.valueOf(number), String.valueOf(BATCH_TTL.toSeconds()),
				String.valueOf(dayTtl.toSeconds()), String.valueOf(StatisticsCounters.MAX_UNPRICED_MODELS),
				String.valueOf(increments.values().size()), String.valueOf(increments.unpricedModels().size())));
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
			addCounters(parts, counters);
		});
	}

	private static void addCounters(List<String> parts, StatisticsCounters counters) {
		counters.values().forEach((name, value) -> {
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
