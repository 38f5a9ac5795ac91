package io.tokensaving.budget;

import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;

import com.github.benmanes.caffeine.cache.Ticker;
import io.tokensaving.ledger.PicoUsd;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.SettingText;
import io.tokensaving.request.CallState;
import org.jspecify.annotations.Nullable;

/**
 * The budgets of an application, and those of its plans. Thread-safe.
 */
public final class Budgets {

	private static final int MAX_SEEN = 10_000;

	private final List<Budget> named;

	private final BudgetAccounts accounts;

	private final Clock clock;

	// The budgets that were used in this instance
	private final Map<BudgetKey, BudgetSettings> seen = new ConcurrentHashMap<>();

	private final List<Consumer<BudgetLevel>> watchers = new CopyOnWriteArrayList<>();

	/**
	 * Create the budgets.
	 * @param named the budgets of the application; plans may have one besides
	 * @param accounts keeps what is taken from them
	 * @param clock tells which period it is
	 * @throws InvalidPlanException if two of them have the same name, or one has that of
	 * the budgets of plans
	 */
	public Budgets(Collection<Budget> named, BudgetAccounts accounts, Clock clock) {
		Set<String> names = new LinkedHashSet<>(Set.of(Budget.OF_PLAN));
		for (Budget budget : named) {
			if (!names.add(budget.name())) {
				throw new InvalidPlanException("name", budget.name(),
						"a name that no other budget has; '%s' is that of the budget in a plan"
							.formatted(Budget.OF_PLAN));
			}
		}
		this.named = List.copyOf(named);
		this.accounts = accounts;
		this.clock = clock;
	}

	BudgetAccounts accounts() {
		return this.accounts;
	}

	/**
	 * Return the budgets that a call takes from.
	 * @param call the call
	 * @return the budgets with their present periods; none are an empty list
	 */
	List<BudgetClaim> claims(CallState call) {
		List<BudgetClaim> claims = claims(call.planKey(), call.plan(), (scope) -> switch (scope) {
			case WORKSPACE -> call.workspace();
			case PLAN -> call.plan().id();
			case FEATURE -> call.feature();
			case TENANT -> call.tenant();
		});
		for (BudgetClaim claim : claims) {
			if (!claim.settings().equals(this.seen.get(claim.key()))
					&& (this.seen.size() < MAX_SEEN || this.seen.containsKey(claim.key()))
					&& this.seen.put(claim.key(), claim.settings()) == null) {
				this.watchers.forEach((watcher) -> show(claim.key(), watcher));
			}
		}
		return claims;
	}

	/**
	 * Watch the budgets of plans and workspaces. Those of features and tenants are not
	 * watched, because there may be very many of them.
	 * @param watcher is told of each budget once, when a call of this instance takes from
	 * it for the first time; must neither block nor throw
	 */
	public void watch(Consumer<BudgetLevel> watcher) {
		this.watchers.add(watcher);
		this.seen.keySet().forEach((key) -> show(key, watcher));
	}

	private void show(BudgetKey key, Consumer<BudgetLevel> watcher) {
		if (key.scope() == BudgetScope.PLAN || key.scope() == BudgetScope.WORKSPACE) {
			watcher.accept(new BudgetLevel(key, () -> claim(key), this.accounts, Ticker.systemTicker()));
		}
	}

	private @Nullable BudgetClaim claim(BudgetKey key) {
		BudgetSettings settings = this.seen.get(key);
		return (settings != null) ? claim(key, "", settings, this.clock.instant()) : null;
	}

	/**
	 * Forget that a plan had budgets, because it is gone. Who watches is told again when
	 * a plan with its id takes from one.
	 * @param plan the plan
	 */
	public void forget(PlanKey plan) {
		this.seen.keySet().removeIf((key) -> isOf(plan, key));
	}

	/**
	 * Whether a budget is that of a plan.
	 * @param plan the plan
	 * @param key whose budget it is
	 * @return whether only calls of this plan take from it
	 */
	public static boolean isOf(PlanKey plan, BudgetKey key) {
		return key.scope() == BudgetScope.PLAN && key.workspace().equals(plan.workspace())
				&& key.value().equals(plan.plan());
	}

	private List<BudgetClaim> claims(PlanKey key, Plan plan, Function<BudgetScope, @Nullable String> names) {
		BudgetSettings ofPlan = plan.settings(BudgetSettings.class);
		if (ofPlan == null && this.named.isEmpty()) {
			return List.of();
		}
		Instant now = this.clock.instant();
		List<BudgetClaim> claims = new ArrayList<>(this.named.size() + 1);
		if (ofPlan != null) {
			claims.add(claim(new BudgetKey(Budget.OF_PLAN, key.workspace(), BudgetScope.PLAN, key.plan()), key.plan(),
					ofPlan, now));
		}
		for (Budget budget : this.named) {
			String name = names.apply(budget.scope());
			if (name != null && budget.appliesTo(name)) {
				String value = (budget.scope() != BudgetScope.WORKSPACE) ? name : "";
				claims.add(claim(new BudgetKey(budget.name(), key.workspace(), budget.scope(), value), key.plan(),
						budget.settings(), now));
			}
		}
		return claims;
	}

	private static BudgetClaim claim(BudgetKey key, String plan, BudgetSettings settings, Instant now) {
		return new BudgetClaim(key, plan, settings, settings.window(now));
	}

	/**
	 * Return the figures of all budgets of a workspace: those of its plans, those of the
	 * application, and those that calls of this instance have taken from.
	 * @param workspace the workspace
	 * @param plans the plans of the workspace
	 * @return the figures by names in snake case, as the endpoint shows them
	 * @throws RuntimeException if the accounts cannot be read
	 */
	List<Map<String, Object>> figures(String workspace, Collection<Plan> plans) {
		Instant now = this.clock.instant();
		Map<BudgetKey, BudgetClaim> claims = new LinkedHashMap<>();
		for (Plan plan : plans) {
			for (BudgetClaim claim : claims(new PlanKey(workspace, plan.id()), plan, (scope) -> switch (scope) {
				case WORKSPACE -> workspace;
				case PLAN -> plan.id();
				case FEATURE, TENANT -> null;
			})) {
				claims.put(claim.key(), claim);
			}
		}
		this.seen.forEach((key, settings) -> {
			if (key.workspace().equals(workspace)) {
				claims.putIfAbsent(key, claim(key, "", settings, now));
			}
		});
		List<Map<String, Object>> figures = new ArrayList<>();
		claims.values().forEach((claim) -> figures.add(figures(claim)));
		return figures;
	}

	private Map<String, Object> figures(BudgetClaim claim) {
		BudgetUsage usage = this.accounts.usage(claim);
		BudgetSettings settings = claim.settings();
		Map<String, Object> figures = new LinkedHashMap<>();
		figures.put("budget", claim.key().budget());
		figures.put("scope", SettingText.of(claim.key().scope()));
		figures.put(SettingText.of(claim.key().scope()),
				(claim.key().scope() == BudgetScope.WORKSPACE) ? claim.key().workspace() : claim.key().value());
		figures.put("per", SettingText.of(settings.per()));
		figures.put("action", SettingText.of(settings.action()));
		if (settings.usd() != null) {
			figures.put("limit_usd", settings.usd());
		}
		figures.put("used_usd", PicoUsd.toUsd(usage.used().picoUsd()));
		figures.put("reserved_usd", PicoUsd.toUsd(usage.reserved().picoUsd()));
		if (settings.tokens() != null) {
			figures.put("limit_tokens", settings.tokens());
		}
		figures.put("used_tokens", usage.used().tokens());
		figures.put("reserved_tokens", usage.reserved().tokens());
		figures.put("resets_at", claim.window().end().toString());
		return figures;
	}

}
