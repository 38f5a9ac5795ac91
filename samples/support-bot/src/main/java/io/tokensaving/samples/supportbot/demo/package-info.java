/**
 * A model for demonstration that needs no key, no server and no network.
 */
@NullMarked
package io.tokensaving.samples.supportbot.demo;

import org.jspecify.annotations.NullMarked;
