/**
 * The exact cache: the answer to a request that was asked before, letter for letter.
 */
@NullMarked
package io.tokensaving.cache.exact;

import org.jspecify.annotations.NullMarked;
