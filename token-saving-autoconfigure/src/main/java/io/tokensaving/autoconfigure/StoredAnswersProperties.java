package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Base64;

import io.tokensaving.cache.EntryCodec;
import io.tokensaving.plan.SettingText;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * How answers are kept outside this process.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".cache", ignoreUnknownFields = false)
public class StoredAnswersProperties {

	/**
	 * Key that encrypts what is stored outside this process: 16, 24 or 32 bytes in
	 * Base64. Without it, nothing is encrypted.
	 */
	private @Nullable String encryptionKey;

	/**
	 * Size above which answers are compressed.
	 */
	private DataSize compressionThreshold = DataSize.ofKilobytes(4);

	private final NearCache nearCache = new NearCache();

	public @Nullable String getEncryptionKey() {
		return this.encryptionKey;
	}

	public void setEncryptionKey(@Nullable String encryptionKey) {
		this.encryptionKey = encryptionKey;
	}

	public DataSize getCompressionThreshold() {
		return this.compressionThreshold;
	}

	public void setCompressionThreshold(DataSize compressionThreshold) {
		this.compressionThreshold = compressionThreshold;
	}

	public NearCache getNearCache() {
		return this.nearCache;
	}

	/**
	 * Check the properties, which only stores outside this process use, even if there is
	 * none.
	 */
	void check() {
		var unused = entryCodec();
		this.nearCache.checkedMaxBytes();
		this.nearCache.checkedTtl();
	}

	/**
	 * Create the codec for answers that are stored outside this process.
	 * @return the codec
	 */
	EntryCodec entryCodec() {
		long threshold = this.compressionThreshold.toBytes();
		if (threshold < 0 || threshold > Integer.MAX_VALUE) {
			throw ConfigurationErrors.invalid("cache.compression-threshold", this.compressionThreshold,
					"a size from 0 to 2 GB");
		}
		return new EntryCodec((int) threshold, checkedEncryptionKey());
	}

	/**
	 * Check and decode the key.
	 * @return the key, or {@code null} if there is none
	 */
	byte @Nullable [] checkedEncryptionKey() {
		if (this.encryptionKey == null || !StringUtils.hasText(this.encryptionKey)) {
			return null;
		}
		byte[] bytes;
		try {
			bytes = Base64.getDecoder().decode(this.encryptionKey.strip());
		}
		catch (IllegalArgumentException ex) {
			throw invalidKey("is no Base64");
		}
		if (!EntryCodec.isKeyLength(bytes.length)) {
			throw invalidKey("has " + bytes.length + " bytes");
		}
		return bytes;
	}

	// Describes the problem without revealing the key
	private static InvalidSecretException invalidKey(String description) {
		return new InvalidSecretException(TokenSavingProperties.PREFIX + ".cache.encryption-key", description,
				"Accepted are 16, 24 or 32 random bytes in Base64, such as 'openssl rand -base64 32' makes.");
	}

	/**
	 * A small cache in this process before the backend 'redis'.
	 */
	public static class NearCache {

		/**
		 * Memory that it may take up; 0 for no near cache.
		 */
		private DataSize maxSize = DataSize.ofBytes(0);

		/**
		 * How long an answer stays there, and so how long it may still be served after
		 * another instance has evicted it. Without a unit, in seconds.
		 */
		@DurationUnit(ChronoUnit.SECONDS)
		private Duration ttl = Duration.ofSeconds(5);

		public DataSize getMaxSize() {
			return this.maxSize;
		}

		public void setMaxSize(DataSize maxSize) {
			this.maxSize = maxSize;
		}

		public Duration getTtl() {
			return this.ttl;
		}

		public void setTtl(Duration ttl) {
			this.ttl = ttl;
		}

		long checkedMaxBytes() {
			if (this.maxSize.isNegative()) {
				throw ConfigurationErrors.invalid("cache.near-cache.max-size", this.maxSize,
						"a size of 0 (no near cache) or more");
			}
			return this.maxSize.toBytes();
		}

		Duration checkedTtl() {
			if (this.ttl.isZero() || this.ttl.isNegative() || this.ttl.compareTo(SettingText.MAX_DURATION) > 0) {
				throw ConfigurationErrors.invalid("cache.near-cache.ttl", this.ttl,
						"a duration above zero and of at most 3650 days");
			}
			return this.ttl;
		}

	}

}
