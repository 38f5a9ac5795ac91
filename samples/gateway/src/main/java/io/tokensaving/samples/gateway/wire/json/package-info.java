/**
 * JSON read with the places of its parts, and written by copying ranges of bytes.
 */
@NullMarked
package io.tokensaving.samples.gateway.wire.json;

import org.jspecify.annotations.NullMarked;
