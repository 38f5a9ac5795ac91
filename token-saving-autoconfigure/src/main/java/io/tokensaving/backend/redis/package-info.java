/**
 * How what is kept in Redis comes by a connection.
 */
@NullMarked
package io.tokensaving.backend.redis;

import org.jspecify.annotations.NullMarked;
