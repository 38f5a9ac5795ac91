/**
 * Plans: which optimisations a request gets, and where plans come from.
 */
@NullMarked
package io.tokensaving.plan;

import org.jspecify.annotations.NullMarked;
