/**
 * Wire formats: requests read into prompts, prompts written back into requests, answers
 * kept byte for byte.
 */
@NullMarked
package io.tokensaving.samples.gateway.wire;

import org.jspecify.annotations.NullMarked;
