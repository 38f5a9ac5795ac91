package io.tokensaving.autoconfigure;

import java.time.Clock;

import io.tokensaving.budget.BudgetAccounts;
import io.tokensaving.budget.BudgetAdvisor;
import io.tokensaving.budget.BudgetFeature;
import io.tokensaving.budget.Budgets;
import io.tokensaving.budget.InMemoryBudgetAccounts;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Configuration of budgets.
 */
@Configuration(proxyBeanMethods = false)
class BudgetConfiguration {

	@Bean
	@ConditionalOnMissingBean
	BudgetAccounts tokenSavingBudgetAccounts(TokenSavingProperties properties) {
		if (properties.getBudgetRepository() == RepositoryType.REDIS) {
			throw ConfigurationErrors.noRedis("budget-repository");
		}
		return new InMemoryBudgetAccounts(Clock.systemUTC());
	}

	@Bean
	@ConditionalOnMissingBean
	Budgets tokenSavingBudgets(TokenSavingProperties properties, BudgetAccounts accounts) {
		return new Budgets(properties.checkedBudgets(), accounts, Clock.systemUTC());
	}

	@Bean
	BudgetFeature tokenSavingBudgetFeature(Budgets budgets, ObjectProvider<PlanRepository> plans) {
		return new BudgetFeature(budgets, (workspace) -> plans.getObject().findAll(workspace));
	}

	@Bean
	@ConditionalOnMissingBean
	BudgetAdvisor tokenSavingBudgetAdvisor(Budgets budgets, AdvisorOrderProperties order, TokenCounter tokenCounter,
			PriceTable prices, SavingsStatistics statistics) {
		return BudgetAdvisor.builder(budgets)
			.tokenCounter(tokenCounter)
			.prices(prices)
			.statistics(statistics)
			.order(order.checked().getBudget())
			.build();
	}

}
