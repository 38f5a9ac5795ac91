package io.tokensaving.cache.semantic;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * A hit of the semantic cache.
 *
 * @param response the response for the caller
 * @param served the chat response inside it
 */
record SemanticHit(ChatClientResponse response, ChatResponse served) {

}
