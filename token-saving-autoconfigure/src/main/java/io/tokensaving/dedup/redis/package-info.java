/**
 * Leases in Redis: one instance of an application calls the model for all.
 */
@NullMarked
package io.tokensaving.dedup.redis;

import org.jspecify.annotations.NullMarked;
