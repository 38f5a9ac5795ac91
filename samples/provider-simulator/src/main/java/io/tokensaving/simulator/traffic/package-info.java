/**
 * Shapes of traffic, made up from a seed, and fixed strategies of marking prompts for
 * Anthropic's cache, by which a learned one can be measured.
 */
@NullMarked
package io.tokensaving.simulator.traffic;

import org.jspecify.annotations.NullMarked;
