/**
 * What a request saved: tokens, prices, the ledger of a call, statistics and meters.
 */
@NullMarked
package io.tokensaving.savings;

import org.jspecify.annotations.NullMarked;
