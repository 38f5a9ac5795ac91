/**
 * The chat over HTTP.
 */
@NullMarked
package io.tokensaving.samples.supportbot.chat;

import org.jspecify.annotations.NullMarked;
