package io.tokensaving.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The backend 'qdrant_semantic'. If none of the connection settings is given, the
 * QdrantClient bean is used.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".qdrant", ignoreUnknownFields = false)
public class QdrantProperties {

	/**
	 * Name or address of the server. Defaults to that of Spring AI's vector store,
	 * 'spring.ai.vectorstore.qdrant.host', or to 'localhost'.
	 */
	private @Nullable String host;

	/**
	 * Port of the server's gRPC interface. Defaults to that of Spring AI's vector store,
	 * 'spring.ai.vectorstore.qdrant.port', or to 6334.
	 */
	private @Nullable Integer port;

	/**
	 * Whether to connect by TLS. Defaults to what Spring AI's vector store does,
	 * 'spring.ai.vectorstore.qdrant.use-tls', or to 'false'.
	 */
	private @Nullable Boolean useTls;

	/**
	 * API key of the server. Defaults to that of Spring AI's vector store,
	 * 'spring.ai.vectorstore.qdrant.api-key', or to none.
	 */
	private @Nullable String apiKey;

	/**
	 * What the names of collections start with.
	 */
	private String collectionName = "tokensaving";

	public @Nullable String getHost() {
		return this.host;
	}

	public void setHost(@Nullable String host) {
		this.host = host;
	}

	public @Nullable Integer getPort() {
		return this.port;
	}

	public void setPort(@Nullable Integer port) {
		this.port = port;
	}

	public @Nullable Boolean getUseTls() {
		return this.useTls;
	}

	public void setUseTls(@Nullable Boolean useTls) {
		this.useTls = useTls;
	}

	public @Nullable String getApiKey() {
		return this.apiKey;
	}

	public void setApiKey(@Nullable String apiKey) {
		this.apiKey = apiKey;
	}

	public String getCollectionName() {
		return this.collectionName;
	}

	public void setCollectionName(String collectionName) {
		this.collectionName = collectionName;
	}

	/**
	 * Whether any of the connection settings is given.
	 * @return whether at least one is given
	 */
	boolean hasConnection() {
		return this.host != null || this.port != null || this.useTls != null || this.apiKey != null;
	}

}
