/**
 * Answers that may come later, for less: requests are queued and sent through the batch
 * APIs of providers.
 */
@NullMarked
package io.tokensaving.batch;

import org.jspecify.annotations.NullMarked;
