/**
 * Dedup: equal requests in flight share one call of the model.
 */
@NullMarked
package io.tokensaving.dedup;

import org.jspecify.annotations.NullMarked;
