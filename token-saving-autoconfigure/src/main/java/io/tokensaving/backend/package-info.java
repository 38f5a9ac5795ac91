/**
 * Access to servers outside this process: circuit breakers, and threads that wait for
 * answers. Only {@link io.tokensaving.backend.CircuitBreakers} is part of the API.
 */
@NullMarked
package io.tokensaving.backend;

import org.jspecify.annotations.NullMarked;
