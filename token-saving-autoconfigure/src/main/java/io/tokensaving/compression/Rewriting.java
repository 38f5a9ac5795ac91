package io.tokensaving.compression;

import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link RewritingEngine} made of old turns. Immutable.
 *
 * @param text the text; blank if there is none, though it may have cost something
 * @param model the model that was paid, or {@code null} if none was or it is not known
 * @param usage the tokens that were paid for, which are charged against the savings
 */
public record Rewriting(String text, @Nullable String model, TokenUsage usage) {

}
