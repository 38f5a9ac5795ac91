package io.tokensaving.dedup;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;

/**
 * The flight that a request has joined or started.
 *
 * @param flight the flight
 * @param leads whether the request started the flight, and so has to call the model
 * @param landed the answer if it was stored a moment ago, otherwise {@code null}
 */
record Boarding(Flight flight, boolean leads, @Nullable ChatClientResponse landed) {

}
