/**
 * What servers outside this process need: each has a circuit breaker, and threads of its
 * own wait for it.
 */
@NullMarked
package io.tokensaving.backend;

import org.jspecify.annotations.NullMarked;
