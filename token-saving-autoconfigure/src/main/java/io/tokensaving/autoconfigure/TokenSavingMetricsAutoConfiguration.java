package io.tokensaving.autoconfigure;

import io.micrometer.core.instrument.MeterRegistry;
import io.tokensaving.budget.Budgets;
import io.tokensaving.statistics.SavingsMeterBinder;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/**
 * Auto-configuration for the meters of token saving.
 */
@AutoConfiguration(after = TokenSavingAutoConfiguration.class)
@ConditionalOnClass(MeterRegistry.class)
@ConditionalOnBean(SavingsStatistics.class)
public final class TokenSavingMetricsAutoConfiguration {

	@Bean
	@ConditionalOnMissingBean
	SavingsMeterBinder savingsMeterBinder(SavingsStatistics statistics) {
		return new SavingsMeterBinder(statistics);
	}

	@Bean
	@ConditionalOnBean(Budgets.class)
	BudgetMeterBinder tokenSavingBudgetMeterBinder(Budgets budgets, SavingsStatistics statistics) {
		return new BudgetMeterBinder(budgets, statistics);
	}

}
