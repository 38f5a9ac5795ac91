/**
 * Stands for the providers of models on loopback: their wire formats, their prompt caches
 * and their bills. Knows nothing of the library, so that its bill is a second opinion.
 */
@NullMarked
package io.tokensaving.simulator;

import org.jspecify.annotations.NullMarked;
