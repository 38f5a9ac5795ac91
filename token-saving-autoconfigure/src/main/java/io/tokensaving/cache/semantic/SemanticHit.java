package io.tokensaving.cache.semantic;

import java.time.Duration;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * A hit of the semantic cache.
 *
 * @param response the response for the caller
 * @param served the chat response inside it
 * @param age the age of the answer
 * @param similarity the cosine similarity of both questions
 */
record SemanticHit(ChatClientResponse response, ChatResponse served, Duration age, double similarity) {

}
