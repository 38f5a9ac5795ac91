/**
 * Models that are made up, whose answers are right as often as their skill says, so that
 * what routing, cascades and judges make of them can be checked against the truth.
 */
@NullMarked
package io.tokensaving.simulator.quality;

import org.jspecify.annotations.NullMarked;
