/**
 * The exact cache in Redis, shared by all instances of an application.
 */
@NullMarked
package io.tokensaving.cache.exact.redis;

import org.jspecify.annotations.NullMarked;
