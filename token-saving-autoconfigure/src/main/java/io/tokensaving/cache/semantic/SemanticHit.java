package io.tokensaving.cache.semantic;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.model.ChatResponse;

/**
 * A hit of the semantic cache.
 *
 * @param response the response for the caller
 * @param served the chat response inside it
 * @param age the age of the answer
 * @param similarity the cosine similarity of both questions
 * @param review the id of the pair that is kept for people to judge, or {@code null} if
 * none is
 */
record SemanticHit(ChatClientResponse response, ChatResponse served, Duration age, double similarity,
		@Nullable String review) {

}
