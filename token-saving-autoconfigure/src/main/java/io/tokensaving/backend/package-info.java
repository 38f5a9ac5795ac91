/**
 * What servers outside this process need: each has a circuit breaker.
 */
@NullMarked
package io.tokensaving.backend;

import org.jspecify.annotations.NullMarked;
