package io.tokensaving.statistics.redis;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Pattern;

import io.tokensaving.plan.PlanKey;
import io.tokensaving.statistics.SavingsStatistics;
import org.jspecify.annotations.Nullable;

/**
 * Names the keys of statistics. Those of a plan lie in one slot of a cluster. Immutable.
 */
final class StatisticsKeys {

	private static final String SPECIAL_WORKSPACE = SavingsStatistics.OTHER_WORKSPACES.workspace();

	private static final Pattern PLAN_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

	private static final DateTimeFormatter HOUR = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH", Locale.ROOT)
		.withZone(ZoneOffset.UTC);

	private final String workspace;

	/**
	 * Create names.
	 * @param workspace the workspace of the application, with which is kept what belongs
	 * to no workspace
	 */
	StatisticsKeys(String workspace) {
		this.workspace = workspace;
	}

	String workspace() {
		return this.workspace;
	}

	String workspaces() {
		return prefix(SavingsStatistics.OTHER_WORKSPACES) + "workspaces";
	}

	String plans(PlanKey plan) {
		return plans(isSpecial(plan) ? this.workspace : plan.workspace());
	}

	String plans(String workspace) {
		return prefix(workspace) + "plans";
	}

	String batch(PlanKey plan, String batch) {
		return key(plan, batch);
	}

	String total(PlanKey plan) {
		return key(plan, "total");
	}

	String day(PlanKey plan, LocalDate day) {
		return key(plan, day.toString());
	}

	String unpriced(PlanKey plan) {
		return key(plan, "unpriced");
	}

	String folding(PlanKey plan) {
		return key(plan, "folding");
	}

	String labels(PlanKey plan) {
		return key(plan, "labels");
	}

	String labelled(PlanKey plan) {
		return key(plan, "labelled");
	}

	String labelledDay(PlanKey plan, LocalDate day) {
		return key(plan, "labelled:" + day);
	}

	String hour(PlanKey plan, Instant hour) {
		return key(plan, "hour:" + HOUR.format(hour));
	}

	private String key(PlanKey plan, String name) {
		return prefix(plan) + "{" + plan.plan() + "}:" + name;
	}

	private String prefix(PlanKey plan) {
		return prefix(isSpecial(plan) ? this.workspace : plan.workspace());
	}

	// Encoded, as a brace or colon in a workspace would change the meaning of the key
	private static String prefix(String workspace) {
		return "tokensaving:" + URLEncoder.encode(workspace, StandardCharsets.UTF_8) + ":stats:";
	}

	/**
	 * Return what a member of the set of plans stands for.
	 * @param workspace the workspace of the set
	 * @param member the member, which others may have written
	 * @return the plan, or {@code null} if it is none
	 */
	@Nullable PlanKey plan(String workspace, String member) {
		if (member.equals(SavingsStatistics.OTHER_PLANS) || PLAN_ID.matcher(member).matches()) {
			return new PlanKey(workspace, member);
		}
		boolean special = member.equals(SavingsStatistics.OTHER_WORKSPACES.plan()) || member.equals(SPECIAL_WORKSPACE);
		return (special && workspace.equals(this.workspace)) ? new PlanKey(SPECIAL_WORKSPACE, member) : null;
	}

	/**
	 * Whether something belongs to no workspace.
	 * @param plan what is counted as a plan
	 * @return whether it stands for what is counted without a plan, or for further
	 * workspaces than are counted apart
	 */
	static boolean isSpecial(PlanKey plan) {
		return plan.equals(SavingsStatistics.OTHER_WORKSPACES)
				|| (plan.workspace().equals(SPECIAL_WORKSPACE) && plan.plan().equals(SPECIAL_WORKSPACE));
	}

}
