/**
 * Asks questions about long conversations and shows what compression leaves of them.
 */
@NullMarked
package io.tokensaving.samples.supportbot.conversation;

import org.jspecify.annotations.NullMarked;
