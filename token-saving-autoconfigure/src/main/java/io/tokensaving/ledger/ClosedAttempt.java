package io.tokensaving.ledger;

import io.tokensaving.provider.TokenUsage;

/**
 * An answer that was bought for a call whose caller got that of another model. Immutable.
 *
 * @param labels the labels under which it is counted
 * @param technique the name of the technique that bought it, whose loss it is
 * @param usage the tokens
 * @param picoUsd what the provider bills for them; 0 if the model has no price
 */
public record ClosedAttempt(Labels labels, String technique, TokenUsage usage, long picoUsd) {

}
