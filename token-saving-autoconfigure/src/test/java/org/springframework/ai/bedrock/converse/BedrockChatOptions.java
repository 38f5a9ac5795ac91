package org.springframework.ai.bedrock.converse;

import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.bedrock.converse.api.BedrockCacheOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;

/**
 * Looks like Spring AI's class of this name, as far as its cache options go.
 */
public class BedrockChatOptions extends DefaultToolCallingChatOptions {

	private final @Nullable BedrockCacheOptions cacheOptions;

	public BedrockChatOptions(@Nullable String model, List<ToolCallback> tools,
			@Nullable BedrockCacheOptions cacheOptions) {
		super(tools, Map.of(), model, null, null, null, null, null, null, null);
		this.cacheOptions = cacheOptions;
	}

	public @Nullable BedrockCacheOptions getCacheOptions() {
		return this.cacheOptions;
	}

	@Override
	public Builder mutate() {
		Builder builder = new Builder();
		builder.model(getModel());
		builder.toolCallbacks(getToolCallbacks());
		return builder.cacheOptions(this.cacheOptions);
	}

	/**
	 * Looks like its builder.
	 */
	public static class Builder extends DefaultToolCallingChatOptions.Builder<Builder> {

		private @Nullable BedrockCacheOptions cacheOptions;

		public Builder cacheOptions(@Nullable BedrockCacheOptions cacheOptions) {
			this.cacheOptions = cacheOptions;
			return this;
		}

		@Override
		public BedrockChatOptions build() {
			List<ToolCallback> tools = super.build().getToolCallbacks();
			return new BedrockChatOptions(super.build().getModel(), tools, this.cacheOptions);
		}

	}

}
