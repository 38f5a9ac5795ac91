/**
 * Sums of what calls saved: counted here, shared between instances, published as meters.
 */
@NullMarked
package io.tokensaving.statistics;

import org.jspecify.annotations.NullMarked;
