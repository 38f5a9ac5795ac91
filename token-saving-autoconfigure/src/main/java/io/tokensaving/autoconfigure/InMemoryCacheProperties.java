package io.tokensaving.autoconfigure;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.util.unit.DataSize;

/**
 * The backend 'in_memory'.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".in-memory", ignoreUnknownFields = false)
public class InMemoryCacheProperties {

	/**
	 * Memory that the answers of all plans may take up.
	 */
	private DataSize maxSize = DataSize.ofMegabytes(64);

	public DataSize getMaxSize() {
		return this.maxSize;
	}

	public void setMaxSize(DataSize maxSize) {
		this.maxSize = maxSize;
	}

	long checkedMaxBytes() {
		return ConfigurationErrors.checkedBytes("in-memory.max-size", this.maxSize);
	}

}
