package io.tokensaving.autoconfigure;

import io.tokensaving.feature.Feature;
import io.tokensaving.feature.Features;
import io.tokensaving.ledger.PriceTable;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.local.LocalModels;
import io.tokensaving.plan.InMemoryPlanRepository;
import io.tokensaving.plan.PlanKey;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanRepository;
import io.tokensaving.plan.PlanRepositoryFactory;
import io.tokensaving.statistics.SavingsStatistics;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;

/**
 * Configuration of plans: features, binding and repositories.
 */
@Configuration(proxyBeanMethods = false)
class PlanConfiguration {

	@Bean
	Features tokenSavingFeatures(ObjectProvider<Feature> features) {
		return new Features(features.stream().toList());
	}

	@Bean
	KnownProperties tokenSavingKnownProperties(ListableBeanFactory beanFactory, Features features,
			Environment environment) {
		KnownProperties properties = new KnownProperties(beanFactory, features);
		properties.check(environment);
		return properties;
	}

	@Bean
	PlanBinder tokenSavingPlanBinder(Features features) {
		return new PlanBinder(features);
	}

	// Unknown names are checked first, because a misspelt property is also missing
	@Bean
	@Lazy
	ConfiguredPlans tokenSavingConfiguredPlans(TokenSavingProperties properties, KnownProperties knownProperties,
			PlanBinder binder, Features features, TokenCounter tokenCounter, SavingsStatistics statistics,
			Environment environment, ObjectProvider<LocalModels> local) {
		ConfiguredPlans configured = ConfiguredPlans.read(environment, binder, properties.getDefaultPlan());
		String workspace = LocalConfiguration.workspace(properties, local);
		configured.plans().forEach((plan) -> statistics.keep(new PlanKey(workspace, plan.id())));
		configured.load(features, tokenCounter, properties.getDefaultPlan());
		return configured;
	}

	@Bean
	@Lazy
	@ConditionalOnMissingBean
	PlanReader tokenSavingPlanReader(PlanBinder binder, Features features, TokenCounter tokenCounter, PriceTable prices,
			Environment environment) {
		return new BindingPlanReader(binder, (plan) -> {
			tokenCounter.load();
			prices.load();
			features.load(plan);
		}, new PlanLayers(environment));
	}

	@Bean
	@ConditionalOnMissingBean
	PlanRepository tokenSavingPlanRepository(TokenSavingProperties properties, ConfiguredPlans configured,
			PlanReader reader, ObjectProvider<PlanRepositoryFactory> factory) {
		if (properties.getPlanRepository() == RepositoryType.REDIS) {
			throw ConfigurationErrors.noRedis("plan-repository");
		}
		PlanRepositoryFactory own = factory.getIfAvailable();
		return (own != null) ? own.create(configured.plans(), reader)
				: new InMemoryPlanRepository(configured.plans(), reader);
	}

}
