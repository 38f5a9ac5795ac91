package io.tokensaving.statistics.redis;

import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.StatisticsCounters;
import io.tokensaving.statistics.redis.RedisCommands.Command;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.ReturnType;

/**
 * Reads the sums of plans. Leaves out what is none, as others may have written it.
 * Thread-safe.
 */
final class SumsReader {

	// Twice the limit, as instances that admit at the same moment may exceed it
	private static final int MAX_MEMBERS = 2 * PlanAdmissions.MAX_PLANS;

	private final RedisCommands commands;

	private final StatisticsKeys keys;

	SumsReader(RedisCommands commands, StatisticsKeys keys) {
		this.commands = commands;
		this.keys = keys;
	}

	Map<PlanKey, StatisticsCounters> totals(Collection<PlanKey> plans) {
		List<PlanKey> ids = List.copyOf(plans);
		List<Command> commands = new ArrayList<>();
		for (PlanKey plan : ids) {
			List<String> names = List.of(this.keys.total(plan), this.keys.unpriced(plan), this.keys.folding(plan));
			commands.add(RedisCommands.script(StatisticsScripts.READ_TOTAL, ReturnType.MULTI, names.size(), names));
		}
		List<@Nullable Object> replies = this.commands.execute(commands);
		Map<PlanKey, StatisticsCounters> totals = new HashMap<>();
		for (int i = 0; i < ids.size(); i++) {
			ScriptReply reply = new ScriptReply(replies.get(i));
			totals.put(ids.get(i), new StatisticsCounters(reply.counters(), reply.others()));
		}
		return totals;
	}

	NavigableMap<LocalDate, StatisticsCounters> days(PlanKey plan, List<LocalDate> days) {
		List<String> parts = new ArrayList<>(days.stream().map((day) -> this.keys.day(plan, day)).toList());
		days.forEach((day) -> parts.add(day.toString()));
		ScriptReply reply = new ScriptReply(this.commands
			.execute(RedisCommands.script(StatisticsScripts.READ_DAYS, ReturnType.MULTI, days.size(), parts)));
		NavigableMap<LocalDate, StatisticsCounters> sums = new TreeMap<>();
		while (reply.hasNext()) {
			sums.put(LocalDate.parse(reply.next()), new StatisticsCounters(reply.counters(), Set.of()));
		}
		return sums;
	}

	Map<Labels, StatisticsCounters> labelled(PlanKey plan) {
		return labelled(this.commands.execute(readLabelled(this.keys.labelled(plan))));
	}

	// One script for each day, as Redis serves nobody else while a script runs
	NavigableMap<LocalDate, Map<Labels, StatisticsCounters>> labelledDays(PlanKey plan, List<LocalDate> days) {
		List<@Nullable Object> replies = this.commands
			.execute(days.stream().map((day) -> readLabelled(this.keys.labelledDay(plan, day))).toList());
		NavigableMap<LocalDate, Map<Labels, StatisticsCounters>> sums = new TreeMap<>();
		for (int i = 0; i < days.size(); i++) {
			Map<Labels, StatisticsCounters> day = labelled(replies.get(i));
			if (!day.isEmpty()) {
				sums.put(days.get(i), day);
			}
		}
		return sums;
	}

	// What has no labels in front of its name is the sum of the plan
	NavigableMap<Instant, StatisticsCounters> hours(PlanKey plan, List<Instant> hours) {
		List<@Nullable Object> replies = this.commands
			.execute(hours.stream().map((hour) -> readLabelled(this.keys.hour(plan, hour))).toList());
		NavigableMap<Instant, StatisticsCounters> sums = new TreeMap<>();
		for (int i = 0; i < hours.size(); i++) {
			Map<String, Long> whole = new HashMap<>();
			Map<Labels, StatisticsCounters> parts = labelled(replies.get(i), whole);
			StatisticsCounters hour = new StatisticsCounters(whole, Set.of(), parts);
			if (!hour.isEmpty()) {
				sums.put(hours.get(i), hour);
			}
		}
		return sums;
	}

	private static Command readLabelled(String key) {
		return RedisCommands.script(StatisticsScripts.READ_LABELLED, ReturnType.MULTI, 1, List.of(key));
	}

	private static Map<Labels, StatisticsCounters> labelled(@Nullable Object reply) {
		return labelled(reply, new HashMap<>());
	}

	private static Map<Labels, StatisticsCounters> labelled(@Nullable Object reply, Map<String, Long> whole) {
		Map<Labels, Map<String, Long>> sums = new HashMap<>();
		Map<String, Labels> known = new HashMap<>();
		ScriptReply parts = new ScriptReply(reply);
		while (parts.hasNext()) {
			String field = parts.next();
			String value = parts.next();
			int end = field.indexOf(' ');
			if (end < 0) {
				RedisText.putCounter(whole, field, value);
				continue;
			}
			Labels labels = known.computeIfAbsent(field.substring(0, end), SumsReader::labels);
			if (!labels.isEmpty()) {
				RedisText.putCounter(sums.computeIfAbsent(labels, (added) -> new HashMap<>()), field.substring(end + 1),
						value);
			}
		}
		Map<Labels, StatisticsCounters> counters = new HashMap<>();
		sums.forEach((labels, values) -> counters.put(labels, new StatisticsCounters(values, Set.of())));
		counters.values().removeIf(StatisticsCounters::isEmpty);
		return counters;
	}

	private static Labels labels(String text) {
		try {
			return Labels.parse(text);
		}
		catch (IllegalArgumentException ex) {
			return Labels.NONE;
		}
	}

	Set<PlanKey> plans() {
		Set<PlanKey> plans = new HashSet<>();
		Set<String> workspaces = new LinkedHashSet<>(members(this.keys.workspaces()));
		workspaces.add(this.keys.workspace());
		workspaces.removeIf(String::isBlank);
		for (String workspace : workspaces) {
			for (String member : members(this.keys.plans(workspace))) {
				PlanKey plan = this.keys.plan(workspace, member);
				if (plan != null) {
					plans.add(plan);
				}
			}
		}
		return plans;
	}

	private Set<String> members(String key) {
		return new ScriptReply(this.commands.execute(RedisCommands.script(StatisticsScripts.READ_MEMBERS,
				ReturnType.MULTI, 1, List.of(key, String.valueOf(MAX_MEMBERS)))))
			.others();
	}

}
