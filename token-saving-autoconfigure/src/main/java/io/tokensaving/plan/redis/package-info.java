/**
 * Plans in Redis, shared by all instances of an application.
 */
@NullMarked
package io.tokensaving.plan.redis;

import org.jspecify.annotations.NullMarked;
