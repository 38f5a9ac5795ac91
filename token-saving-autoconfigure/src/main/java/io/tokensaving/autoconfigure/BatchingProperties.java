package io.tokensaving.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;

import io.tokensaving.batch.BatchEngineSettings;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;
import org.springframework.util.unit.DataSize;

/**
 * How requests whose answers may come later are sent in batches.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".batch", ignoreUnknownFields = false)
public class BatchingProperties {

	private static final Duration MIN_POLL = Duration.ofSeconds(1);

	private static final Duration MAX_TIME = Duration.ofDays(14);

	/**
	 * Whether there is a TokenSavingBatch bean, which runs work whose answers may come
	 * later.
	 */
	private boolean enabled;

	/**
	 * Where it is kept what is to be sent, and what has come back.
	 */
	private BatchStoreType store = BatchStoreType.FILE;

	/**
	 * Directory of the files, which only the owner of the process can read, and which
	 * only one process can use at a time.
	 */
	private Path directory = Path.of("token-saving-batch");

	/**
	 * Number of requests of a batch at most. Fewer if the provider takes fewer.
	 */
	private int maxRequests = 50_000;

	/**
	 * Size of a batch at most. Less if the provider takes less.
	 */
	private DataSize maxSize = DataSize.ofMegabytes(190);

	/**
	 * How long a request waits for others of its batch, up to 14 days. Without a unit, in
	 * seconds.
	 */
	@DurationUnit(ChronoUnit.SECONDS)
	private Duration maxWait = Duration.ofMinutes(10);

	/**
	 * Pause before a batch is looked at first, 1 second or more. Without a unit, in
	 * seconds.
	 */
	@DurationUnit(ChronoUnit.SECONDS)
	private Duration minPollInterval = Duration.ofSeconds(30);

	/**
	 * Pause to which that grows. Without a unit, in seconds.
	 */
	@DurationUnit(ChronoUnit.SECONDS)
	private Duration maxPollInterval = Duration.ofMinutes(10);

	/**
	 * How long an answer is kept after its first use, or after its deadline if nobody
	 * uses it. Without a unit, in days.
	 */
	@DurationUnit(ChronoUnit.DAYS)
	private Duration retention = Duration.ofDays(3);

	private final LiveFallback liveFallback = new LiveFallback();

	private final Jdbc jdbc = new Jdbc();

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public BatchStoreType getStore() {
		return this.store;
	}

	public void setStore(BatchStoreType store) {
		this.store = store;
	}

	public Path getDirectory() {
		return this.directory;
	}

	public void setDirectory(Path directory) {
		this.directory = directory;
	}

	public int getMaxRequests() {
		return this.maxRequests;
	}

	public void setMaxRequests(int maxRequests) {
		this.maxRequests = maxRequests;
	}

	public DataSize getMaxSize() {
		return this.maxSize;
	}

	public void setMaxSize(DataSize maxSize) {
		this.maxSize = maxSize;
	}

	public Duration getMaxWait() {
		return this.maxWait;
	}

	public void setMaxWait(Duration maxWait) {
		this.maxWait = maxWait;
	}

	public Duration getMinPollInterval() {
		return this.minPollInterval;
	}

	public void setMinPollInterval(Duration minPollInterval) {
		this.minPollInterval = minPollInterval;
	}

	public Duration getMaxPollInterval() {
		return this.maxPollInterval;
	}

	public void setMaxPollInterval(Duration maxPollInterval) {
		this.maxPollInterval = maxPollInterval;
	}

	public Duration getRetention() {
		return this.retention;
	}

	public void setRetention(Duration retention) {
		this.retention = retention;
	}

	public LiveFallback getLiveFallback() {
		return this.liveFallback;
	}

	public Jdbc getJdbc() {
		return this.jdbc;
	}

	/**
	 * Check the settings.
	 * @return the settings of the engine
	 */
	BatchEngineSettings checkedSettings() {
		if (this.maxRequests < 1) {
			throw ConfigurationErrors.invalid("batch.max-requests", this.maxRequests, "a number of at least 1");
		}
		if (this.maxSize.toBytes() < 1) {
			throw ConfigurationErrors.invalid("batch.max-size", this.maxSize, "a size of at least one byte");
		}
		check("max-wait", this.maxWait, Duration.ZERO);
		check("min-poll-interval", this.minPollInterval, MIN_POLL);
		check("max-poll-interval", this.maxPollInterval, this.minPollInterval);
		check("retention", this.retention, Duration.ZERO);
		check("live-fallback.margin", this.liveFallback.margin, Duration.ZERO);
		return new BatchEngineSettings(this.maxRequests, this.maxSize.toBytes(), this.maxWait, this.minPollInterval,
				this.maxPollInterval, this.liveFallback.margin, this.retention, this.liveFallback.enabled);
	}

	private static void check(String property, Duration value, Duration least) {
		if (value.compareTo(least) < 0 || value.compareTo(MAX_TIME) > 0) {
			throw ConfigurationErrors.invalid("batch." + property, value,
					"a duration from %ds to 14d".formatted(least.toSeconds()));
		}
	}

	Path checkedDirectory() {
		Path checked = this.directory.toAbsolutePath();
		Path existing = checked;
		while (existing != null && !Files.exists(existing)) {
			existing = existing.getParent();
		}
		if (this.directory.toString().isBlank() || existing == null || !Files.isDirectory(existing)
				|| !Files.isWritable(existing)) {
			throw ConfigurationErrors.invalid("batch.directory", this.directory,
					"a directory that can be written, or a path where one can be made");
		}
		return checked;
	}

	/**
	 * What happens to a request for which no time is left.
	 */
	public static class LiveFallback {

		/**
		 * Whether it is asked at once, at the usual price. If not, it fails.
		 */
		private boolean enabled = true;

		/**
		 * How long before its deadline that begins. Without a unit, in seconds.
		 */
		@DurationUnit(ChronoUnit.SECONDS)
		private Duration margin = Duration.ofMinutes(30);

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

		public Duration getMargin() {
			return this.margin;
		}

		public void setMargin(Duration margin) {
			this.margin = margin;
		}

	}

	/**
	 * The tables of the store 'jdbc'.
	 */
	public static class Jdbc {

		/**
		 * Whether they are created if they do not exist.
		 */
		private boolean createTables = true;

		public boolean isCreateTables() {
			return this.createTables;
		}

		public void setCreateTables(boolean createTables) {
			this.createTables = createTables;
		}

	}

}
