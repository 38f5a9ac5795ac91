/**
 * Conversations with a simulated provider that show what prompt caching saves.
 */
@NullMarked
package io.tokensaving.samples.supportbot.promptcache;

import org.jspecify.annotations.NullMarked;
