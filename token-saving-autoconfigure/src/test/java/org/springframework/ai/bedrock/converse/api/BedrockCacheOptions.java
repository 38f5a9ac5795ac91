package org.springframework.ai.bedrock.converse.api;

/**
 * Looks like Spring AI's class of this name.
 */
public class BedrockCacheOptions {

	private BedrockCacheStrategy strategy = BedrockCacheStrategy.NONE;

	private BedrockCacheTtl ttl = BedrockCacheTtl.FIVE_MINUTES;

	public static Builder builder() {
		return new Builder();
	}

	public BedrockCacheStrategy getStrategy() {
		return this.strategy;
	}

	public BedrockCacheTtl getTtl() {
		return this.ttl;
	}

	/**
	 * Looks like its builder.
	 */
	public static class Builder {

		private final BedrockCacheOptions options = new BedrockCacheOptions();

		public Builder strategy(BedrockCacheStrategy strategy) {
			this.options.strategy = strategy;
			return this;
		}

		public Builder ttl(BedrockCacheTtl ttl) {
			this.options.ttl = ttl;
			return this;
		}

		public BedrockCacheOptions build() {
			return this.options;
		}

	}

}
