package io.tokensaving.autoconfigure;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The backend 'vector_store'.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".vector-store", ignoreUnknownFields = false)
public class VectorStoreProperties {

	/**
	 * Name of the VectorStore bean that keeps the answers, if there is more than one.
	 */
	private @Nullable String bean;

	public @Nullable String getBean() {
		return this.bean;
	}

	public void setBean(@Nullable String bean) {
		this.bean = bean;
	}

}
