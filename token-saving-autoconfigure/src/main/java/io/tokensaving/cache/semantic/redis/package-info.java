/**
 * The semantic cache in Redis, using its search module.
 */
@NullMarked
package io.tokensaving.cache.semantic.redis;

import org.jspecify.annotations.NullMarked;
