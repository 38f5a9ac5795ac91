package io.tokensaving.samples.gateway.wire;

import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.samples.gateway.key.Caller;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.DefaultToolCallingChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.tool.ToolCallback;

/**
 * The options of a request in a wire format. What can change an answer is in a property
 * that is part of the keys of stored answers; the document, who asks, and what the
 * provider is told about its prompt cache are not ({@link GatewayDialect}). Immutable.
 */
public final class WireOptions extends DefaultToolCallingChatOptions implements StructuredOutputChatOptions {

	private final String format;

	private final String upstream;

	private final Map<String, Object> fields;

	private final Map<String, List<String>> headers;

	private final @Nullable String outputSchema;

	private final @Nullable WireDocument document;

	private final @Nullable Caller caller;

	private final @Nullable CacheInjection cacheInjection;

	private WireOptions(Builder builder, List<ToolCallback> toolCallbacks, Map<String, Object> toolContext) {
		super(toolCallbacks, toolContext, builder.modelName(), builder.frequencyPenaltyValue(),
				builder.maxTokensValue(), builder.presencePenaltyValue(), builder.stopSequencesValue(),
				builder.temperatureValue(), builder.topKValue(), builder.topPValue());
		this.format = builder.format;
		this.upstream = builder.upstream;
		this.fields = Collections.unmodifiableMap(new LinkedHashMap<>(builder.fields));
		this.headers = Map.copyOf(builder.headers);
		this.outputSchema = builder.outputSchema;
		this.document = builder.document;
		this.caller = builder.caller;
		this.cacheInjection = builder.cacheInjection;
	}

	/**
	 * Start options.
	 * @return a builder
	 */
	public static Builder builder() {
		return new Builder();
	}

	/**
	 * Return the name of the wire format.
	 * @return the name, empty if the request was not made by a client
	 */
	public String getFormat() {
		return this.format;
	}

	/**
	 * Return what identifies the upstream that the model of the client belongs to.
	 * @return the base URL, or an empty text
	 */
	public String getUpstream() {
		return this.upstream;
	}

	/**
	 * Return the fields of the document that can change the answer and are no property of
	 * their own.
	 * @return the values by name, which may be {@code null}
	 */
	public Map<String, Object> getFields() {
		return this.fields;
	}

	/**
	 * Return how many answers are asked for.
	 * @return the number, or {@code null} if the document does not say
	 */
	public @Nullable Integer getN() {
		return (this.fields.get("n") instanceof Number count) ? count.intValue() : null;
	}

	/**
	 * Return the type of the format of the answer.
	 * @return the type, such as {@code json_object}, or {@code null} if the document does
	 * not say
	 */
	public @Nullable String getResponseFormat() {
		Object given = this.fields.get("response_format");
		if (given == null && this.fields.get("text") instanceof Map<?, ?> text) {
			given = text.get("format");
		}
		return (given instanceof Map<?, ?> members && members.get("type") instanceof String type) ? type : null;
	}

	/**
	 * Return how fast the request is to be processed.
	 * @return the tier as the provider names it, or {@code null} if the document does not
	 * say
	 */
	public @Nullable String getServiceTier() {
		return (this.fields.get("service_tier") instanceof String tier) ? tier : null;
	}

	/**
	 * Return the headers of the client that the upstream is sent.
	 * @return the values by name in lower case
	 */
	public Map<String, List<String>> getForwardedHeaders() {
		return this.headers;
	}

	@Override
	public @Nullable String getOutputSchema() {
		return this.outputSchema;
	}

	/**
	 * Return the document.
	 * @return the document, or {@code null} if the request was not made by a client
	 */
	public @Nullable WireDocument getDocument() {
		return this.document;
	}

	/**
	 * Return who asks.
	 * @return the caller, or {@code null} if the gateway itself asks
	 */
	public @Nullable Caller getCaller() {
		return this.caller;
	}

	/**
	 * Return what the provider is to be told about its prompt cache.
	 * @return what to add to the document, or {@code null} for nothing
	 */
	public @Nullable CacheInjection getCacheInjection() {
		return this.cacheInjection;
	}

	@Override
	public Builder mutate() {
		Builder builder = new Builder();
		builder.model(getModel());
		builder.frequencyPenalty(getFrequencyPenalty());
		builder.maxTokens(getMaxTokens());
		builder.presencePenalty(getPresencePenalty());
		builder.stopSequences(getStopSequences());
		builder.temperature(getTemperature());
		builder.topK(getTopK());
		builder.topP(getTopP());
		builder.toolCallbacks(getToolCallbacks());
		builder.toolContext(getToolContext());
		builder.format = this.format;
		builder.upstream = this.upstream;
		builder.fields = this.fields;
		builder.headers = this.headers;
		builder.outputSchema = this.outputSchema;
		builder.document = this.document;
		builder.caller = this.caller;
		builder.cacheInjection = this.cacheInjection;
		return builder;
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof WireOptions that && super.equals(other) && this.format.equals(that.format)
				&& this.upstream.equals(that.upstream) && this.fields.equals(that.fields)
				&& this.headers.equals(that.headers) && Objects.equals(this.outputSchema, that.outputSchema)
				&& Objects.equals(this.document, that.document) && Objects.equals(this.caller, that.caller)
				&& Objects.equals(this.cacheInjection, that.cacheInjection);
	}

	@Override
	public int hashCode() {
		return Objects.hash(super.hashCode(), this.format, this.upstream, this.outputSchema);
	}

	/**
	 * Builds {@link WireOptions}. Not thread-safe.
	 */
	public static final class Builder extends DefaultToolCallingChatOptions.Builder<Builder>
			implements StructuredOutputChatOptions.Builder<Builder> {

		private String format = "";

		private String upstream = "";

		private Map<String, Object> fields = Map.of();

		private Map<String, List<String>> headers = Map.of();

		private @Nullable String outputSchema;

		private @Nullable WireDocument document;

		private @Nullable Caller caller;

		private @Nullable CacheInjection cacheInjection;

		private Builder() {
		}

		/**
		 * Set the wire format.
		 * @param format its name
		 * @return this builder
		 */
		public Builder format(String format) {
			this.format = format;
			return this;
		}

		/**
		 * Set what identifies the upstream.
		 * @param upstream its base URL
		 * @return this builder
		 */
		public Builder upstream(String upstream) {
			this.upstream = upstream;
			return this;
		}

		/**
		 * Set the fields that are no property of their own.
		 * @param fields the values by name
		 * @return this builder
		 */
		public Builder fields(Map<String, Object> fields) {
			this.fields = fields;
			return this;
		}

		/**
		 * Set how fast the request is to be processed.
		 * @param serviceTier the tier as the provider names it
		 * @return this builder
		 */
		public Builder serviceTier(String serviceTier) {
			Map<String, Object> changed = new LinkedHashMap<>(this.fields);
			changed.put("service_tier", serviceTier);
			this.fields = changed;
			return this;
		}

		/**
		 * Set the headers that the upstream is sent.
		 * @param headers the values by name in lower case
		 * @return this builder
		 */
		public Builder forwardedHeaders(Map<String, List<String>> headers) {
			this.headers = headers;
			return this;
		}

		@Override
		public Builder outputSchema(@Nullable String outputSchema) {
			this.outputSchema = outputSchema;
			return this;
		}

		/**
		 * Set the document.
		 * @param document the document
		 * @return this builder
		 */
		public Builder document(@Nullable WireDocument document) {
			this.document = document;
			return this;
		}

		/**
		 * Set who asks.
		 * @param caller the caller
		 * @return this builder
		 */
		public Builder caller(@Nullable Caller caller) {
			this.caller = caller;
			return this;
		}

		/**
		 * Set what the provider is to be told about its prompt cache.
		 * @param cacheInjection what to add to the document
		 * @return this builder
		 */
		public Builder cacheInjection(@Nullable CacheInjection cacheInjection) {
			this.cacheInjection = cacheInjection;
			return this;
		}

		@Override
		public Builder clone() {
			return build().mutate();
		}

		@Override
		public Builder combineWith(ChatOptions.Builder<?> other) {
			super.combineWith(other);
			if (other instanceof Builder that) {
				this.format = that.format.isEmpty() ? this.format : that.format;
				this.upstream = that.upstream.isEmpty() ? this.upstream : that.upstream;
				this.fields = that.fields.isEmpty() ? this.fields : that.fields;
				this.headers = that.headers.isEmpty() ? this.headers : that.headers;
				this.outputSchema = (that.outputSchema != null) ? that.outputSchema : this.outputSchema;
				this.document = (that.document != null) ? that.document : this.document;
				this.caller = (that.caller != null) ? that.caller : this.caller;
				this.cacheInjection = (that.cacheInjection != null) ? that.cacheInjection : this.cacheInjection;
			}
			return this;
		}

		@Override
		public WireOptions build() {
			return new WireOptions(this, (this.toolCallbacks != null) ? List.copyOf(this.toolCallbacks) : List.of(),
					(this.toolContext != null) ? new HashMap<>(this.toolContext) : Map.of());
		}

		private @Nullable String modelName() {
			return this.model;
		}

		private @Nullable Double frequencyPenaltyValue() {
			return this.frequencyPenalty;
		}

		private @Nullable Integer maxTokensValue() {
			return this.maxTokens;
		}

		private @Nullable Double presencePenaltyValue() {
			return this.presencePenalty;
		}

		private @Nullable List<String> stopSequencesValue() {
			return this.stopSequences;
		}

		private @Nullable Double temperatureValue() {
			return this.temperature;
		}

		private @Nullable Integer topKValue() {
			return this.topK;
		}

		private @Nullable Double topPValue() {
			return this.topP;
		}

	}

}
