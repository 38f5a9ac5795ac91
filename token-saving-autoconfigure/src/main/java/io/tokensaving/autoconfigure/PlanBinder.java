package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import io.tokensaving.feature.DefaultUnit;
import io.tokensaving.feature.Features;
import io.tokensaving.feature.SettingsSection;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanSettings;
import io.tokensaving.plan.PlanSource;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.core.annotation.MergedAnnotation;

/**
 * Binds the sections of a plan, for all features, and checks the plan as a whole.
 * Thread-safe.
 */
final class PlanBinder {

	/**
	 * The property below which plans are configured by their ids.
	 */
	static final ConfigurationPropertyName PLANS = ConfigurationPropertyName
		.of(TokenSavingProperties.PREFIX + ".plans");

	private final Features features;

	PlanBinder(Features features) {
		this.features = features;
	}

	/**
	 * Bind and check a plan.
	 * @param id the id
	 * @param source where the plan is defined
	 * @param layers where its settings are: those of the plans it is based on first, each
	 * of which the next ones override setting by setting
	 * @return the plan
	 * @throws BindException if a value is not of the type of its setting
	 * @throws InvalidPlanException if the id or a setting is not accepted
	 */
	Plan bind(String id, PlanSource source, List<Layer> layers) {
		return bind(Plan.builder(id).source(source), layers);
	}

	/**
	 * Bind and check a plan.
	 * @param plan the plan without sections
	 * @param layers where its settings are, as above
	 * @return the plan
	 * @throws BindException if a value is not of the type of its setting
	 * @throws InvalidPlanException if the id or a setting is not accepted
	 */
	Plan bind(Plan.Builder plan, List<Layer> layers) {
		this.features.sections().values().forEach((section) -> {
			PlanSettings settings = bind(section, layers);
			if (settings != null) {
				plan.with(settings);
			}
		});
		Plan bound = plan.build();
		this.features.check(bound);
		return bound;
	}

	private static <B> @Nullable PlanSettings bind(SettingsSection<B> section, List<Layer> layers) {
		B bean = null;
		for (Layer layer : layers) {
			ConfigurationPropertyName name = layer.name().append(section.name());
			Bindable<B> target = Bindable.of(section.type());
			BindHandler handler = new DefaultUnitHandler(layer.handler());
			if (bean != null) {
				bean = layer.binder().bind(name, target.withExistingValue(bean), handler).orElse(bean);
			}
			else if (layer.present().test(section.name())) {
				bean = layer.binder().bindOrCreate(name, target, handler);
			}
			else {
				bean = layer.binder().bind(name, target, handler).orElse(null);
			}
		}
		return (bean != null) ? section.reader().apply(bean) : null;
	}

	/**
	 * Return the sections that plans can have.
	 * @return the types of the beans by the names of the sections, ordered
	 */
	Map<String, SettingsSection<?>> sections() {
		return this.features.sections();
	}

	/**
	 * A place with settings of a plan. Immutable.
	 *
	 * @param binder binds from there
	 * @param name the name of the property below which the sections are
	 * @param handler is notified of what is bound
	 * @param present whether a section is present, by its name; an empty section stands
	 * for its defaults
	 */
	record Layer(Binder binder, ConfigurationPropertyName name, BindHandler handler, Predicate<String> present) {

	}

	/**
	 * Applies the unit of {@link DefaultUnit} to durations, as Spring Boot does for its
	 * own annotation.
	 */
	private static final class DefaultUnitHandler extends AbstractBindHandler {

		DefaultUnitHandler(BindHandler parent) {
			super(parent);
		}

		@Override
		public <T> @Nullable Bindable<T> onStart(ConfigurationPropertyName name, Bindable<T> target,
				BindContext context) {
			DefaultUnit unit = target.getAnnotation(DefaultUnit.class);
			boolean duration = target.getType().toClass() == Duration.class;
			return super.onStart(name,
					(unit != null && duration)
							? target.withAnnotations(
									MergedAnnotation.of(DurationUnit.class, Map.of("value", unit.value())).synthesize())
							: target,
					context);
		}

	}

}
