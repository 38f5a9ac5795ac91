/**
 * Batches that are kept in Redis.
 */
@NullMarked
package io.tokensaving.batch.redis;

import org.jspecify.annotations.NullMarked;
