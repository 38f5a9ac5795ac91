package io.tokensaving.ledger;

import io.tokensaving.provider.TokenUsage;
import org.jspecify.annotations.Nullable;

/**
 * The purchase of a call. Immutable.
 *
 * @param asked the model that the application asked for, or {@code null} if it named none
 * @param answering the model that answered, or {@code null} if it is not known
 * @param usage the tokens that were bought
 * @param answered whether the caller received the answer or a part of it; a call that
 * failed saved nothing
 */
public record Purchase(@Nullable String asked, @Nullable String answering, TokenUsage usage, boolean answered) {

}
