/**
 * Messages that hold more than a role and a text, and where a message stands in its
 * document.
 */
@NullMarked
package io.tokensaving.samples.gateway.wire.message;

import org.jspecify.annotations.NullMarked;
