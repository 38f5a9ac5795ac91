/**
 * Providers that answer requests, and the chat model that sends them there.
 */
@NullMarked
package io.tokensaving.samples.gateway.upstream;

import org.jspecify.annotations.NullMarked;
