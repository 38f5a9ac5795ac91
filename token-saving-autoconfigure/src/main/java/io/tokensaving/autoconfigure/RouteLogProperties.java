package io.tokensaving.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Base64;

import io.tokensaving.plan.SettingText;
import io.tokensaving.route.log.JsonlRouteSink;
import io.tokensaving.route.log.PromptHash;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * Where it is logged what routing decides.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".route-log", ignoreUnknownFields = false)
public class RouteLogProperties {

	private static final int MIN_CAPACITY = 100;

	private static final int MAX_CAPACITY = 1_000_000;

	private static final Duration MIN_RETENTION = Duration.ofHours(1);

	/**
	 * Number of decisions that are kept in memory, 100 to 1,000,000. Each takes up less
	 * than a kilobyte.
	 */
	private int capacity = 10_000;

	/**
	 * Whether the text of requests and answers is kept in the file and in Redis. It is
	 * encrypted with 'token-saving.cache.encryption-key', which is required for it.
	 */
	private boolean text;

	/**
	 * How long decisions are kept in the file and in Redis, one hour to 3650 days. Files
	 * hold a day and are deleted as a whole. Without a unit, in days.
	 */
	@DurationUnit(ChronoUnit.DAYS)
	private Duration retention = Duration.ofDays(7);

	/**
	 * Key of the hashes of prompts: at least 16 bytes in Base64. Instances with the same
	 * key have the same hashes. By default it is derived from
	 * 'token-saving.cache.encryption-key', or without one a random key that changes with
	 * each start.
	 */
	private @Nullable String hashKey;

	private final LogFiles file = new LogFiles();

	private final Streams redis = new Streams();

	public int getCapacity() {
		return this.capacity;
	}

	public void setCapacity(int capacity) {
		this.capacity = capacity;
	}

	public boolean isText() {
		return this.text;
	}

	public void setText(boolean text) {
		this.text = text;
	}

	public Duration getRetention() {
		return this.retention;
	}

	public void setRetention(Duration retention) {
		this.retention = retention;
	}

	public @Nullable String getHashKey() {
		return this.hashKey;
	}

	public void setHashKey(@Nullable String hashKey) {
		this.hashKey = hashKey;
	}

	public LogFiles getFile() {
		return this.file;
	}

	public Streams getRedis() {
		return this.redis;
	}

	int checkedCapacity() {
		if (this.capacity < MIN_CAPACITY || this.capacity > MAX_CAPACITY) {
			throw ConfigurationErrors.invalid("route-log.capacity", this.capacity, "a number from 100 to 1000000");
		}
		return this.capacity;
	}

	Duration checkedRetention() {
		if (this.retention.compareTo(MIN_RETENTION) < 0 || this.retention.compareTo(SettingText.MAX_DURATION) > 0) {
			throw ConfigurationErrors.invalid("route-log.retention", this.retention,
					"a duration from one hour to 3650 days");
		}
		return this.retention;
	}

	/**
	 * Create the hashes of prompts.
	 * @param encryptionKey the key of stored answers, or {@code null} if there is none
	 * @return the hashes
	 */
	PromptHash promptHash(byte @Nullable [] encryptionKey) {
		if (this.hashKey == null || !StringUtils.hasText(this.hashKey)) {
			return (encryptionKey != null) ? PromptHash.derivedFrom(encryptionKey) : PromptHash.random();
		}
		byte[] key;
		try {
			key = Base64.getDecoder().decode(this.hashKey.strip());
		}
		catch (IllegalArgumentException ex) {
			throw invalidKey("is no Base64");
		}
		if (key.length < PromptHash.MIN_KEY_BYTES) {
			throw invalidKey("has " + key.length + " bytes");
		}
		return PromptHash.withKey(key);
	}

	// Describes the problem without revealing the key
	private static InvalidSecretException invalidKey(String description) {
		return new InvalidSecretException(TokenSavingProperties.PREFIX + ".route-log.hash-key", description,
				"Accepted are at least 16 random bytes in Base64, such as 'openssl rand -base64 32' makes.");
	}

	/**
	 * Files with one JSON object a line.
	 */
	public static class LogFiles {

		private static final DataSize MIN_SIZE = DataSize.ofMegabytes(1);

		/**
		 * Directory of the files, which only the owner of the process can read. By
		 * default there are none.
		 */
		private @Nullable Path directory;

		/**
		 * Size at which a new file begins, at least 1 MB. One also begins each day.
		 */
		private DataSize maxFileSize = DataSize.ofMegabytes(64);

		/**
		 * Size of all files together above which the oldest are deleted.
		 */
		private DataSize maxTotalSize = DataSize.ofGigabytes(1);

		public @Nullable Path getDirectory() {
			return this.directory;
		}

		public void setDirectory(@Nullable Path directory) {
			this.directory = directory;
		}

		public DataSize getMaxFileSize() {
			return this.maxFileSize;
		}

		public void setMaxFileSize(DataSize maxFileSize) {
			this.maxFileSize = maxFileSize;
		}

		public DataSize getMaxTotalSize() {
			return this.maxTotalSize;
		}

		public void setMaxTotalSize(DataSize maxTotalSize) {
			this.maxTotalSize = maxTotalSize;
		}

		/**
		 * Create the directory.
		 * @return the directory
		 */
		Path checkedDirectory() {
			Path checked = this.directory;
			if (checked == null || checked.toString().isBlank()) {
				throw ConfigurationErrors.invalid("route-log.file.directory", checked,
						"a directory, or a path where one can be made");
			}
			try {
				JsonlRouteSink.createDirectory(checked);
			}
			catch (IOException ex) {
				throw ConfigurationErrors.invalid("route-log.file.directory", checked,
						"a directory, or a path where one can be made");
			}
			if (!Files.isWritable(checked)) {
				throw ConfigurationErrors.invalid("route-log.file.directory", checked,
						"a directory that can be written");
			}
			return checked;
		}

		long checkedMaxFileBytes() {
			if (this.maxFileSize.compareTo(MIN_SIZE) < 0) {
				throw ConfigurationErrors.invalid("route-log.file.max-file-size", this.maxFileSize,
						"a size of at least 1MB");
			}
			return this.maxFileSize.toBytes();
		}

		long checkedMaxTotalBytes() {
			if (this.maxTotalSize.compareTo(this.maxFileSize) < 0) {
				throw ConfigurationErrors.invalid("route-log.file.max-total-size", this.maxTotalSize,
						"a size that is not below 'token-saving.route-log.file.max-file-size' (%s)"
							.formatted(this.maxFileSize));
			}
			return this.maxTotalSize.toBytes();
		}

	}

	/**
	 * Streams in Redis, one for each plan.
	 */
	public static class Streams {

		private static final long MAX_LENGTH = 100_000_000;

		/**
		 * Whether decisions are added to streams in Redis.
		 */
		private boolean enabled;

		/**
		 * Number of records that a stream keeps, about, 100 to 100,000,000.
		 */
		private long maxLength = 100_000;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public long getMaxLength() {
			return this.maxLength;
		}

		public void setMaxLength(long maxLength) {
			this.maxLength = maxLength;
		}

		long checkedMaxLength() {
			if (this.maxLength < MIN_CAPACITY || this.maxLength > MAX_LENGTH) {
				throw ConfigurationErrors.invalid("route-log.redis.max-length", this.maxLength,
						"a number from 100 to 100000000");
			}
			return this.maxLength;
		}

	}

}
