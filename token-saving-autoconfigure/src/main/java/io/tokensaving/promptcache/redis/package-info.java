/**
 * What instances tell each other about the providers' prompt caches, over Redis.
 */
@NullMarked
package io.tokensaving.promptcache.redis;

import org.jspecify.annotations.NullMarked;
