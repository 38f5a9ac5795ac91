package io.tokensaving.statistics.redis;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.data.redis.connection.ReturnType;

/**
 * Decides which workspaces and plans are counted apart in Redis, so that their number
 * does not grow without a bound. All instances decide alike. Thread-safe.
 */
final class PlanAdmissions {

	/**
	 * The number of workspaces, besides the application's, whose plans are counted apart.
	 */
	static final int MAX_WORKSPACES = 1000;

	/**
	 * The number of plans of a workspace that are counted apart: as many as can be
	 * stored, and those of the configuration.
	 */
	static final int MAX_PLANS = 2000;

	private static final int MAX_REMEMBERED = 10_000;

	private final RedisCommands commands;

	private final StatisticsKeys keys;

	// What Redis has admitted, so that it is asked once for each workspace and plan
	private final Set<String> admitted = ConcurrentHashMap.newKeySet();

	PlanAdmissions(RedisCommands commands, StatisticsKeys keys) {
		this.commands = commands;
		this.keys = keys;
	}

	/**
	 * Return the plan under which a plan is counted.
	 * @param plan the plan and its workspace
	 * @return the plan itself, or what stands for others
	 */
	PlanKey admit(PlanKey plan) {
		if (StatisticsKeys.isSpecial(plan)) {
			return plan;
		}
		if (!plan.workspace().equals(this.keys.workspace())
				&& !isAdmitted(this.keys.workspaces(), plan.workspace(), MAX_WORKSPACES)) {
			return SavingsStatistics.OTHER_WORKSPACES;
		}
		return isAdmitted(this.keys.plans(plan), plan.plan(), MAX_PLANS) ? plan
				: new PlanKey(plan.workspace(), SavingsStatistics.OTHER_PLANS);
	}

	private boolean isAdmitted(String key, String member, int max) {
		String remembered = remembered(key, member);
		if (this.admitted.contains(remembered)) {
			return true;
		}
		boolean admitted = Long.valueOf(1)
			.equals(this.commands.execute(RedisCommands.script(StatisticsScripts.ADMIT, ReturnType.INTEGER, 1,
					List.of(key, String.valueOf(max), member))));
		if (admitted) {
			if (this.admitted.size() >= MAX_REMEMBERED) {
				this.admitted.clear();
			}
			this.admitted.add(remembered);
		}
		return admitted;
	}

	/**
	 * Forget that a plan was admitted, because it is taken out of the set of plans.
	 * @param plan the plan and its workspace
	 */
	void forget(PlanKey plan) {
		this.admitted.remove(remembered(this.keys.plans(plan), plan.plan()));
	}

	private static String remembered(String key, String member) {
		return key + ' ' + member;
	}

}
