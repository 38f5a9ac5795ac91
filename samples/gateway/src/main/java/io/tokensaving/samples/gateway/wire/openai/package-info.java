/**
 * OpenAI's chat completions.
 */
@NullMarked
package io.tokensaving.samples.gateway.wire.openai;

import org.jspecify.annotations.NullMarked;
