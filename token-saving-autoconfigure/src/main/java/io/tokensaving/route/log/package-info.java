/**
 * The log of what routing has decided: a window in memory, and sinks that keep it longer.
 * It holds no text of a request or an answer unless that is switched on, and then only
 * encrypted.
 */
@NullMarked
package io.tokensaving.route.log;

import org.jspecify.annotations.NullMarked;
