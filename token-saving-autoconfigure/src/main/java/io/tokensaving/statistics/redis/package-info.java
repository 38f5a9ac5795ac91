/**
 * Statistics that the instances of an application share in Redis.
 */
@NullMarked
package io.tokensaving.statistics.redis;

import org.jspecify.annotations.NullMarked;
