package io.tokensaving.event;

import java.math.BigDecimal;

import org.jspecify.annotations.Nullable;

/**
 * Something was seen of a plan that costs money or serves wrong answers, for the first
 * time in this instance. Immutable.
 *
 * @param workspace the workspace
 * @param plan the id of the plan
 * @param code the name of what was seen, in snake case, such as
 * {@code volatile_system_text}
 * @param severity {@code serious}, {@code warning} or {@code info}
 * @param feature the feature of the application that it was seen of, or {@code null}
 * @param model the model that it was seen of, or {@code null}
 * @param text what was seen, a sentence
 * @param remedy what helps, a sentence
 * @param setting the property that mends it, or {@code null} if there is none
 * @param suggestedValue what to set it to, or {@code null} if there is no property
 * @param costUsdPerDay what it costs in US dollars a day, an estimate, or {@code null} if
 * that is not known
 */
public record AdviceEvent(String workspace, String plan, String code, String severity, @Nullable String feature,
		@Nullable String model, String text, String remedy, @Nullable String setting, @Nullable String suggestedValue,
		@Nullable BigDecimal costUsdPerDay) implements TokenSavingEvent {

}
