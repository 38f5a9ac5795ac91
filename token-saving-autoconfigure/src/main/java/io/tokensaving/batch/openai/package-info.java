/**
 * Batches of OpenAI, and of providers with the same API.
 */
@NullMarked
package io.tokensaving.batch.openai;

import org.jspecify.annotations.NullMarked;
