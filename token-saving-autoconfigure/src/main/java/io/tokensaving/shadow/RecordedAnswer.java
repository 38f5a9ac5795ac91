package io.tokensaving.shadow;

import java.util.concurrent.CompletableFuture;

import io.tokensaving.request.DirectStreamAdvisor;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.client.ChatClientResponse;
import org.springframework.ai.chat.client.advisor.api.StreamAdvisorChain;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.core.Ordered;

/**
 * Stands for the model in shadow: answers what the model answers to the original request,
 * once it does. Immutable.
 */
final class RecordedAnswer implements DirectStreamAdvisor {

	private final CompletableFuture<@Nullable ChatResponse> answer;

	RecordedAnswer(CompletableFuture<@Nullable ChatResponse> answer) {
		this.answer = answer;
	}

	@Override
	public String getName() {
		return "Token Saving Recorded Answer";
	}

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

	@Override
	public Flux<ChatClientResponse> adviseStream(ChatClientRequest request, StreamAdvisorChain chain) {
		return Mono.fromFuture(this.answer, true)
			.map((response) -> new ChatClientResponse(response, request.context()))
			.flux();
	}

}
