package io.tokensaving.event;

import java.math.BigDecimal;

import io.tokensaving.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * A request was answered without buying the answer. Immutable.
 *
 * @param workspace the workspace
 * @param plan the id of the plan
 * @param outcome how the request was answered
 * @param similarity the cosine similarity of a semantic hit, otherwise {@code null}
 * @param tokensSaved the tokens that were not bought
 * @param costSavedUsd the net saving in US dollars: what they would have cost, less what
 * token saving itself spent on the request; may be negative
 */
public record AnswerServedEvent(String workspace, String plan, Outcome outcome, @Nullable Double similarity,
		long tokensSaved, BigDecimal costSavedUsd) implements TokenSavingEvent {

}
