/**
 * Plans in the database of the gateway.
 */
@NullMarked
package io.tokensaving.samples.gateway.plan;

import org.jspecify.annotations.NullMarked;
