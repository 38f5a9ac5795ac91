/**
 * A support bot whose answers a plan makes cheaper.
 */
@NullMarked
package io.tokensaving.samples.supportbot;

import org.jspecify.annotations.NullMarked;
