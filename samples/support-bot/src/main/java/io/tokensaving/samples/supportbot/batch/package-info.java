/**
 * Classifies questions by batch, for half the price, and goes on where it was killed.
 */
@NullMarked
package io.tokensaving.samples.supportbot.batch;

import org.jspecify.annotations.NullMarked;
