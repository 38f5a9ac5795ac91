/**
 * Plans: which optimisations apply to a request, and where plans are defined and stored.
 */
@NullMarked
package io.tokensaving.plan;

import org.jspecify.annotations.NullMarked;
