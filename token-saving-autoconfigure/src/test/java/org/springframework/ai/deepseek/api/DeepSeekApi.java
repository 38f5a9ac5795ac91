package org.springframework.ai.deepseek.api;

/**
 * Stands for the class of that name in {@code spring-ai-deepseek}, as far as it is read
 * by reflection.
 */
public final class DeepSeekApi {

	private DeepSeekApi() {
	}

	public record Usage(Integer completionTokens, Integer promptTokens, Integer totalTokens,
			PromptTokensDetails promptTokensDetails) {

		public record PromptTokensDetails(Integer cachedTokens) {

		}

	}

}
