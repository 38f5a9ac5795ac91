/**
 * Verification of answers that were obtained more cheaply: for a sample the model answers
 * too, a judge compares both answers, and the error rate is watched.
 */
@NullMarked
package io.tokensaving.sampling;

import org.jspecify.annotations.NullMarked;
