package io.tokensaving.autoconfigure;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.feature.Features;
import io.tokensaving.ledger.TokenCounter;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanSource;
import io.tokensaving.plan.SettingText;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.core.env.Environment;

/**
 * The plans of the configuration, read and checked. Immutable.
 *
 * @param plans the plans
 */
record ConfiguredPlans(List<Plan> plans) {

	ConfiguredPlans {
		plans = List.copyOf(plans);
	}

	/**
	 * Read and check the plans. Errors name the property, its value and what is accepted;
	 * Spring Boot's failure analysis adds file and line.
	 * @param environment the environment with the properties
	 * @param binder binds a plan
	 * @param defaultPlan the id of the default plan, if there is one
	 * @return the plans
	 * @throws BindException if a value is not of the type of its setting
	 * @throws org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException
	 * if a value is not accepted
	 * @throws MissingPropertyException if a setting is missing
	 */
	static ConfiguredPlans read(Environment environment, PlanBinder binder, @Nullable String defaultPlan) {
		List<Plan> plans = new ArrayList<>();
		PlanLayers layers = new PlanLayers(environment);
		layers.ids().forEach((id) -> {
			try {
				plans.add(binder.bind(
						Plan.builder(id).source(PlanSource.CONFIGURATION).overridable(layers.allowsOverride(id)),
						layers.of(id)));
			}
			catch (InvalidPlanException ex) {
				String property = ex.getField().equals("id") ? "plans" : "plans." + id + "." + ex.getField();
				throw ex.isMissing() ? ConfigurationErrors.missing(property, ex.getAccepted())
						: ConfigurationErrors.invalid(property, ex.getValue(), ex.getAccepted());
			}
		});
		checkDefaultPlan(plans, defaultPlan);
		return new ConfiguredPlans(plans);
	}

	private static void checkDefaultPlan(List<Plan> plans, @Nullable String id) {
		if (id != null && !id.equals(Plan.NONE) && plans.stream().noneMatch((plan) -> plan.id().equals(id))) {
			throw ConfigurationErrors.invalid("default-plan", id,
					plans.isEmpty() ? "the id of a plan, but there are no plans under 'token-saving.plans'"
							: SettingText.oneOf(plans.stream().map(Plan::id).toList()));
		}
	}

	/**
	 * Load what the plans need, so that their first requests do not wait for it.
	 * @param features the features, which load it
	 * @param tokenCounter the token counter, which is loaded too
	 * @param defaultPlan the id of the default plan, if there is one
	 */
	void load(Features features, TokenCounter tokenCounter, @Nullable String defaultPlan) {
		for (Plan plan : this.plans) {
			tokenCounter.load();
			features.all().forEach((feature) -> feature.loadAtStart(plan, plan.id().equals(defaultPlan)));
		}
	}

}
