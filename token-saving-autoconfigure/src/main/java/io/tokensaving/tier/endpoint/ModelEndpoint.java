package io.tokensaving.tier.endpoint;

import io.micrometer.observation.ObservationRegistry;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.model.tool.ToolCallingManager;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.util.ClassUtils;

/**
 * An endpoint with an OpenAI-compatible API: a provider's, a gateway's or one of an own
 * server.
 */
public final class ModelEndpoint {

	/**
	 * What an application needs on its class path, for messages.
	 */
	public static final String ARTIFACT = "org.springframework.ai:spring-ai-openai";

	// Whoever asked has another model to turn to
	private static final int RETRIES = 1;

	private static final String MODEL_CLASS = "org.springframework.ai.openai.OpenAiChatModel";

	private ModelEndpoint() {
	}

	/**
	 * Whether there is what makes models of endpoints.
	 * @param classLoader where it is looked for, or {@code null} for the default
	 * @return whether {@link #ARTIFACT} is on the class path
	 */
	public static boolean isAvailable(@Nullable ClassLoader classLoader) {
		return ClassUtils.isPresent(MODEL_CLASS, classLoader);
	}

	/**
	 * Create a model that is tried once more when it fails.
	 * @param baseUrl the address that paths such as {@code /chat/completions} are
	 * appended to
	 * @param apiKey the key, or {@code null} to send none
	 * @param model the name of the model
	 * @param toolCallingManager resolves tools, or {@code null} for that of Spring AI
	 * @param observationRegistry is told of calls, or {@code null} for none
	 * @return the model
	 */
	public static ChatModel create(String baseUrl, @Nullable String apiKey, String model,
			@Nullable ToolCallingManager toolCallingManager, @Nullable ObservationRegistry observationRegistry) {
		return create(baseUrl, apiKey, model, toolCallingManager, observationRegistry, RETRIES);
	}

	/**
	 * Create a model.
	 * @param baseUrl the address that paths such as {@code /chat/completions} are
	 * appended to
	 * @param apiKey the key, or {@code null} to send none
	 * @param model the name of the model
	 * @param toolCallingManager resolves tools, or {@code null} for that of Spring AI
	 * @param observationRegistry is told of calls, or {@code null} for none
	 * @param retries how often a call that fails is tried again, with pauses that begin
	 * with half a second, 0 or more
	 * @return the model
	 */
	public static ChatModel create(String baseUrl, @Nullable String apiKey, String model,
			@Nullable ToolCallingManager toolCallingManager, @Nullable ObservationRegistry observationRegistry,
			int retries) {
		// Without an empty key, the key for another host would be taken from the
		// environment
		OpenAiChatModel.Builder builder = OpenAiChatModel.builder()
			.options(OpenAiChatOptions.builder()
				.baseUrl(baseUrl)
				.apiKey((apiKey != null) ? apiKey : "")
				.model(model)
				.maxRetries(retries)
				.build());
		if (toolCallingManager != null) {
			builder.toolCallingManager(toolCallingManager);
		}
		if (observationRegistry != null) {
			builder.observationRegistry(observationRegistry);
		}
		return builder.build();
	}

}
