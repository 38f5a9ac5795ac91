package io.tokensaving.autoconfigure;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.util.unit.DataSize;

/**
 * The backend 'in_memory_semantic'.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".in-memory-semantic", ignoreUnknownFields = false)
public class InMemorySemanticCacheProperties {

	/**
	 * Number of answers of all plans together.
	 */
	private long maxEntries = 100_000;

	/**
	 * Memory that the answers of all plans may take up, with their embeddings.
	 */
	private DataSize maxSize = DataSize.ofMegabytes(256);

	public long getMaxEntries() {
		return this.maxEntries;
	}

	public void setMaxEntries(long maxEntries) {
		this.maxEntries = maxEntries;
	}

	public DataSize getMaxSize() {
		return this.maxSize;
	}

	public void setMaxSize(DataSize maxSize) {
		this.maxSize = maxSize;
	}

	long checkedMaxEntries() {
		if (this.maxEntries < 1) {
			throw ConfigurationErrors.invalid("in-memory-semantic.max-entries", this.maxEntries,
					"a number of at least 1");
		}
		return this.maxEntries;
	}

	long checkedMaxBytes() {
		return ConfigurationErrors.checkedBytes("in-memory-semantic.max-size", this.maxSize);
	}

}
