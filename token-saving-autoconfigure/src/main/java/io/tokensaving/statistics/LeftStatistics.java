package io.tokensaving.statistics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import io.tokensaving.ForeignText;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Takes care of what a repository does not take before the application ends: keeps it in
 * files if there is a directory for them, and adds what earlier processes have left
 * there. The log says what became of it. Used by one thread at a time.
 */
final class LeftStatistics {

	private static final Log logger = LogFactory.getLog(StatisticsAggregator.class);

	private static final int MAX_PATH_LENGTH = 1000;

	private final StatisticsSpool files;

	private final Set<Path> added = new HashSet<>();

	private boolean read;

	/**
	 * Use a directory.
	 * @param directory the directory, which is made if it does not exist
	 */
	LeftStatistics(Path directory) {
		this.files = new StatisticsSpool(directory);
	}

	/**
	 * Add what earlier processes have left, unless that was done.
	 * @param repository where to add it
	 * @throws RuntimeException if the repository fails; it is then tried again the next
	 * time
	 */
	void addTo(StatisticsRepository repository) {
		if (this.read) {
			return;
		}
		try {
			for (Path file : this.files.files()) {
				if (!this.added.contains(file)) {
					add(file, repository);
					this.added.add(file);
				}
			}
		}
		catch (IOException ex) {
			logger
				.warn("The directory of statistics that could not be added cannot be read: " + ex.getClass().getName());
		}
		this.read = true;
	}

	// A file that cannot be read is left alone, so that it does not block later batches
	private void add(Path file, StatisticsRepository repository) {
		List<StatisticsBatch> batches;
		try {
			batches = this.files.read(file);
		}
		catch (NoSuchFileException ex) {
			// Another instance has added it
			return;
		}
		catch (RuntimeException | IOException ex) {
			logger.warn("The statistics in '%s' cannot be read and are not added: %s"
				.formatted(ForeignText.printable(file, MAX_PATH_LENGTH), ex.getClass().getName()));
			return;
		}
		batches.forEach(repository::add);
		try {
			Files.deleteIfExists(file);
		}
		catch (IOException ex) {
			logger.warn(
					("The statistics in '%s' have been added, but the file cannot be removed (%s): remove it within a "
							+ "day, as a later start would add them again")
						.formatted(ForeignText.printable(file, MAX_PATH_LENGTH), ex.getClass().getName()));
			return;
		}
		logger.info("The statistics that an earlier process had not been able to add are added from '%s'"
			.formatted(ForeignText.printable(file, MAX_PATH_LENGTH)));
	}

	/**
	 * Keep batches for the next start.
	 * @param instance the instance
	 * @param batches the batches
	 * @return what became of them, for the log
	 */
	private String keep(String instance, List<StatisticsBatch> batches) {
		try {
			return "are kept in '%s' for the next start"
				.formatted(ForeignText.printable(this.files.write(instance, batches), MAX_PATH_LENGTH));
		}
		catch (IOException | RuntimeException ex) {
			logger.debug("Statistics could not be kept", ex);
			return "are lost, as no file could be written: " + ex.getClass().getName();
		}
	}

	/**
	 * Say in the log what could not be added, and keep it if there is a directory.
	 * @param files where to keep it, or {@code null} if it is lost
	 * @param instance the instance
	 * @param left the batches, none if all was added
	 * @param figures what sums come to
	 */
	static void keep(@Nullable LeftStatistics files, String instance, List<StatisticsBatch> left,
			Function<StatisticsCounters, StatisticsSnapshot> figures) {
		if (left.isEmpty()) {
			return;
		}
		StatisticsCounters sums = StatisticsCounters.EMPTY;
		for (StatisticsBatch batch : left) {
			for (StatisticsCounters increments : batch.increments().values()) {
				sums = sums.plus(increments.withLabelled(Map.of()));
			}
		}
		StatisticsSnapshot lost = figures.apply(sums);
		logger
			.warn(("Statistics of %d requests (%d tokens saved, %d bought, %s USD saved) could not be added before the "
					+ "application ended, and %s")
				.formatted(lost.totalRequests(), lost.tokensSaved(), lost.tokensBought(),
						lost.costSavedUsd().toPlainString(),
						(files != null) ? files.keep(instance, left) : "are lost. With "
								+ "'token-saving.statistics.spool-directory' they would be kept for the next start"));
	}

}
