package io.tokensaving.samples.gateway.wire;

import org.jspecify.annotations.Nullable;

/**
 * An event of a stream. Immutable.
 *
 * @param name the name behind {@code event:}, or {@code null} if there is none
 * @param data the text behind {@code data:}, lines joined by line feeds
 */
public record ServerSentEvent(@Nullable String name, String data) {

}
