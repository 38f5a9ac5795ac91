package io.tokensaving.statistics.redis;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.redis.RedisCommands.Command;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.ReturnType;

/**
 * Adds the sums of a plan that was deleted to those of others, once even if several
 * instances do it or one ends in the middle, and removes all keys of the plan.
 * Thread-safe.
 */
final class PlanFolding {

	private static final String MODEL = "*model:";

	private static final String FOLD = "*fold";

	private final RedisCommands commands;

	private final StatisticsKeys keys;

	private final SumsWriter writer;

	PlanFolding(RedisCommands commands, StatisticsKeys keys, SumsWriter writer) {
		this.commands = commands;
		this.keys = keys;
		this.writer = writer;
	}

	/**
	 * Fold a plan.
	 * @param plan the plan and its workspace
	 * @param target what takes the sums over
	 * @param days the days that may have been kept, the latest one last
	 * @param hours the hours that may have been kept
	 */
	void fold(PlanKey plan, PlanKey target, List<LocalDate> days, List<Instant> hours) {
		List<String> names = new ArrayList<>(
				List.of(this.keys.folding(plan), this.keys.total(plan), this.keys.unpriced(plan)));
		days.forEach((day) -> names.add(this.keys.day(plan, day)));
		names.add(this.keys.labels(plan));
		names.add(this.keys.labelled(plan));
		days.forEach((day) -> names.add(this.keys.labelledDay(plan, day)));
		hours.forEach((hour) -> names.add(this.keys.hour(plan, hour)));
		LocalDate today = days.get(days.size() - 1);
		while (foldOnce(target, names, today)) {
			// The first round may finish what an earlier attempt has put aside; then
			// another one takes what was counted since
		}
	}

	private boolean foldOnce(PlanKey target, List<String> names, LocalDate today) {
		List<String> parts = new ArrayList<>(names);
		parts.add(UUID.randomUUID().toString());
		Object reply = this.commands
			.execute(RedisCommands.script(StatisticsScripts.PUT_ASIDE, ReturnType.MULTI, names.size(), parts));
		Map<String, Long> values = new HashMap<>();
		Set<String> models = new HashSet<>();
		String number = null;
		for (Iterator<?> fields = ((List<?>) Objects.requireNonNull(reply)).iterator(); fields.hasNext();) {
			String name = RedisText.string(fields.next());
			String value = RedisText.string(fields.next());
			if (name.equals(FOLD)) {
				number = value;
			}
			else if (name.startsWith(MODEL)) {
				models.add(name.substring(MODEL.length()));
			}
			else {
				RedisText.putCounter(values, name, value);
			}
		}
		if (number == null) {
			return false;
		}
		Command index = RedisCommands.addToSet(this.keys.plans(target), List.of(target.plan()));
		Command add = this.writer.add("fold:" + number, 1, target, new StatisticsCounters(values, models), today, null,
				Duration.ZERO);
		List<@Nullable Object> replies = this.commands.execute(List.of(index, add));
		this.commands.execute(RedisCommands.script(StatisticsScripts.FORGET_ASIDE, ReturnType.INTEGER, 1,
				List.of(names.get(0), number)));
		SumsWriter.checkRefused(replies.subList(1, 2));
		return true;
	}

	/**
	 * Take a plan out of the set of plans, unless something was counted of it since.
	 * @param plan the plan and its workspace
	 */
	void remove(PlanKey plan) {
		String plans = this.keys.plans(plan);
		this.commands.execute(
				RedisCommands.script(StatisticsScripts.REMOVE, ReturnType.INTEGER, 1, List.of(plans, plan.plan())));
		byte[] total = RedisText.bytes(this.keys.total(plan));
		if (Boolean.TRUE.equals(this.commands.execute((connection) -> connection.keyCommands().exists(total)))) {
			this.commands.execute(RedisCommands.addToSet(plans, List.of(plan.plan())));
		}
	}

}
