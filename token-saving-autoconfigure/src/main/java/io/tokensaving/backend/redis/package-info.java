/**
 * Connecting to Redis. Only {@link io.tokensaving.backend.redis.RedisConnector} is part
 * of the API.
 */
@NullMarked
package io.tokensaving.backend.redis;

import org.jspecify.annotations.NullMarked;
