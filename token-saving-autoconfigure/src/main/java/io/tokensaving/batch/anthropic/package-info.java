/**
 * Batches of Anthropic.
 */
@NullMarked
package io.tokensaving.batch.anthropic;

import org.jspecify.annotations.NullMarked;
