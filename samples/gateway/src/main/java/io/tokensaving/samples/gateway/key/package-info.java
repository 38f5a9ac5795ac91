/**
 * API keys: who may ask, in which workspace, how often, and for how much money.
 */
@NullMarked
package io.tokensaving.samples.gateway.key;

import org.jspecify.annotations.NullMarked;
