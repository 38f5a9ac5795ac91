/**
 * Anthropic's Messages.
 */
@NullMarked
package io.tokensaving.samples.gateway.wire.anthropic;

import org.jspecify.annotations.NullMarked;
