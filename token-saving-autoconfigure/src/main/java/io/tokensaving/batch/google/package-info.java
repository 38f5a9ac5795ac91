/**
 * Batches of Gemini.
 */
@NullMarked
package io.tokensaving.batch.google;

import org.jspecify.annotations.NullMarked;
