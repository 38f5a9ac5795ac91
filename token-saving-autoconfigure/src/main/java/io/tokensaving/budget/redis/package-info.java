/**
 * Budgets that all instances of an application share in Redis.
 */
@NullMarked
package io.tokensaving.budget.redis;

import org.jspecify.annotations.NullMarked;
