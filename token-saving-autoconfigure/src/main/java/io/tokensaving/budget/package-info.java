/**
 * Budgets: what plans and workspaces may spend in a day or a month.
 */
@NullMarked
package io.tokensaving.budget;

import org.jspecify.annotations.NullMarked;
