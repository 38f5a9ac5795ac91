package io.tokensaving.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Where statistics are summed over all instances of the application.
 */
@ConfigurationProperties(prefix = TokenSavingProperties.PREFIX + ".statistics", ignoreUnknownFields = false)
public class StatisticsProperties {

	private static final Duration MIN_FLUSH_INTERVAL = Duration.ofMillis(100);

	private static final Duration MAX_FLUSH_INTERVAL = Duration.ofMinutes(1);

	/**
	 * Repository of the sums.
	 */
	private RepositoryType repository = RepositoryType.AUTO;

	/**
	 * Time between two batches of what an instance counted, 100 ms to one minute. Without
	 * a unit, in milliseconds.
	 */
	private Duration flushInterval = Duration.ofSeconds(1);

	/**
	 * Directory that keeps statistics which Redis did not take before the application
	 * ended, to be added at the next start. By default they are lost.
	 */
	private @Nullable Path spoolDirectory;

	public @Nullable Path getSpoolDirectory() {
		return this.spoolDirectory;
	}

	public void setSpoolDirectory(@Nullable Path spoolDirectory) {
		this.spoolDirectory = spoolDirectory;
	}

	public RepositoryType getRepository() {
		return this.repository;
	}

	public void setRepository(RepositoryType repository) {
		this.repository = repository;
	}

	public Duration getFlushInterval() {
		return this.flushInterval;
	}

	public void setFlushInterval(Duration flushInterval) {
		this.flushInterval = flushInterval;
	}

	/**
	 * Check that statistics may be kept in memory.
	 */
	void checkInMemory() {
		if (this.repository == RepositoryType.REDIS) {
			throw ConfigurationErrors.noRedis("statistics.repository");
		}
	}

	Duration checkedFlushInterval() {
		if (this.flushInterval.compareTo(MIN_FLUSH_INTERVAL) < 0
				|| this.flushInterval.compareTo(MAX_FLUSH_INTERVAL) > 0) {
			throw ConfigurationErrors.invalid("statistics.flush-interval", this.flushInterval,
					"a duration from 100ms to 1m");
		}
		return this.flushInterval;
	}

	/**
	 * Create the directory for statistics that Redis did not accept in time.
	 * @return the directory, or {@code null} if there is none
	 */
	@Nullable Path checkedSpoolDirectory() {
		Path directory = this.spoolDirectory;
		if (directory == null) {
			return null;
		}
		try {
			Files.createDirectories(directory);
		}
		catch (IOException ex) {
			throw ConfigurationErrors.invalid("statistics.spool-directory", directory,
					"a directory, or a path where one can be made");
		}
		if (!Files.isWritable(directory)) {
			throw ConfigurationErrors.invalid("statistics.spool-directory", directory,
					"a directory that can be written");
		}
		return directory;
	}

}
