/**
 * The exact cache: answers a request with the stored answer to an equal one.
 */
@NullMarked
package io.tokensaving.cache.exact;

import org.jspecify.annotations.NullMarked;
