package io.tokensaving.feature;

import java.util.function.Function;

import io.tokensaving.plan.PlanSettings;
import org.jspecify.annotations.Nullable;

/**
 * A section of a plan: the properties that a configuration or a stored plan may contain,
 * and how they become settings.
 *
 * @param <B> the type of the bean
 * @param name the name of the section in kebab case, the same as
 * {@link PlanSettings#section()}
 * @param type a JavaBean with a property for each setting, initialised with its default;
 * or an enum, if the section is a single setting. A {@link DefaultUnit} sets the unit of
 * a duration that is written without one
 * @param reader creates the settings from the bean, or returns {@code null} if they
 * switch the feature off; throws {@link io.tokensaving.plan.InvalidPlanException}
 */
public record SettingsSection<B>(String name, Class<B> type, Function<B, @Nullable PlanSettings> reader) {

}
