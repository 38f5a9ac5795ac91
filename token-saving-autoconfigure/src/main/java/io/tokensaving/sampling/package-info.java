/**
 * Verification of answers that were obtained more cheaply. For a sample a judge compares
 * the answer with that of another model, or grades it by a rubric, and the share of bad
 * answers is watched: of a whole plan ({@link io.tokensaving.sampling.ErrorRateMonitor})
 * or by tier and feature ({@link io.tokensaving.sampling.QualityMonitors}, with a rate
 * that adapts, grades and a budget).
 */
@NullMarked
package io.tokensaving.sampling;

import org.jspecify.annotations.NullMarked;
