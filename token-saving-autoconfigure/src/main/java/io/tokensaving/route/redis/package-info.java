/**
 * The log of routing in Redis.
 */
@NullMarked
package io.tokensaving.route.redis;

import org.jspecify.annotations.NullMarked;
