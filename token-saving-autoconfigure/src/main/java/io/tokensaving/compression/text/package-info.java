/**
 * Texts as compression sees them: sentences, terms and what can be left out without a
 * loss. Knows nothing of messages.
 */
@NullMarked
package io.tokensaving.compression.text;

import org.jspecify.annotations.NullMarked;
