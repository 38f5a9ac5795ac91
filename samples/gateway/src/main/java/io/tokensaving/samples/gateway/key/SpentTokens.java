package io.tokensaving.samples.gateway.key;

import io.tokensaving.provider.TokenUsage;

/**
 * What a request used. Immutable.
 *
 * @param model the model that answered
 * @param usage its tokens
 */
public record SpentTokens(String model, TokenUsage usage) {

}
