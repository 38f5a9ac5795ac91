/**
 * Replays questions with the popularity of real traffic and shows what was saved.
 */
@NullMarked
package io.tokensaving.samples.supportbot.replay;

import org.jspecify.annotations.NullMarked;
