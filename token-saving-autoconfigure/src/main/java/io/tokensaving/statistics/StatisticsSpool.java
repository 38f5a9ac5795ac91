package io.tokensaving.statistics;

import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import io.tokensaving.ledger.Labels;
import io.tokensaving.plan.PlanKey;
import org.jspecify.annotations.Nullable;

/**
 * Batches of statistics that could not be added before the application ended, in files,
 * one for each instance. A batch keeps its instance and number, so that it is added once
 * even if it had been added after all. Not thread-safe.
 */
final class StatisticsSpool {

	private static final String SUFFIX = ".statistics";

	// The second one may have labels, and the third one hours. A file has the lowest
	// format that will do, which earlier versions can read
	private static final List<String> FORMATS = List.of("token-saving-statistics 1", "token-saving-statistics 2",
			"token-saving-statistics 3");

	private static final String END = "end";

	private final Path directory;

	StatisticsSpool(Path directory) {
		this.directory = directory;
	}

	/**
	 * Write a file, all or nothing.
	 * @param instance the instance
	 * @param batches its batches
	 * @return the file
	 * @throws IOException if it cannot be written
	 */
	Path write(String instance, List<StatisticsBatch> batches) throws IOException {
		List<String> lines = new ArrayList<>();
		boolean labelled = batches.stream()
			.flatMap((batch) -> batch.increments().values().stream())
			.anyMatch((increments) -> !increments.labelled().isEmpty());
		boolean hours = batches.stream().anyMatch((batch) -> batch.hour() != null);
		lines.add(FORMATS.get(hours ? 2 : (labelled ? 1 : 0)));
		for (StatisticsBatch batch : batches) {
			String number = String.valueOf(batch.number());
			lines.add((batch.hour() != null)
					? line("batch", batch.instance(), number, batch.day().toString(), batch.hour().toString())
					: line("batch", batch.instance(), number, batch.day().toString()));
			batch.increments().forEach((plan, counters) -> {
				lines.add(line("plan", plan.workspace(), plan.plan()));
				counters.values().forEach((name, value) -> lines.add(line("count", name, String.valueOf(value))));
				counters.unpricedModels().forEach((model) -> lines.add(line("model", model)));
				counters.labelled().forEach((labels, part) -> {
					lines.add(line("labels", labels.toString()));
					part.values().forEach((name, value) -> lines.add(line("count", name, String.valueOf(value))));
				});
			});
		}
		lines.add(END);
		Files.createDirectories(this.directory);
		Path file = this.directory.resolve(instance + SUFFIX);
		Path part = this.directory.resolve(instance + ".part");
		Files.write(part, lines, StandardCharsets.UTF_8);
		return Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
	}

	/**
	 * List the files.
	 * @return the files; none if there is no directory
	 * @throws IOException if the directory cannot be read
	 */
	List<Path> files() throws IOException {
		if (!Files.isDirectory(this.directory)) {
			return List.of();
		}
		try (Stream<Path> files = Files.list(this.directory)) {
			return files.filter((file) -> file.getFileName().toString().endsWith(SUFFIX)).sorted().toList();
		}
	}

	/**
	 * Read a file.
	 * @param file the file
	 * @return its batches, ordered by number
	 * @throws IOException if it cannot be read
	 * @throws IllegalArgumentException if it is not one that was written here, or not
	 * whole
	 */
	List<StatisticsBatch> read(Path file) throws IOException {
		List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
		if (lines.size() < 2 || !FORMATS.contains(lines.get(0)) || !lines.get(lines.size() - 1).equals(END)) {
			throw new IllegalArgumentException("not a whole file of statistics");
		}
		List<Reading> readings = new ArrayList<>();
		for (String line : lines.subList(1, lines.size() - 1)) {
			String[] parts = line.split(" ", -1);
			for (int i = 0; i < parts.length; i++) {
				parts[i] = URLDecoder.decode(parts[i], StandardCharsets.UTF_8);
			}
			if (parts[0].equals("batch") && (parts.length == 4 || parts.length == 5)) {
				readings.add(new Reading(parts[1], Long.parseLong(parts[2]), LocalDate.parse(parts[3]),
						(parts.length == 5) ? Instant.parse(parts[4]) : null));
			}
			else if (readings.isEmpty() || !readings.get(readings.size() - 1).add(parts)) {
				throw new IllegalArgumentException("a line that is not understood");
			}
		}
		return readings.stream().map(Reading::toBatch).toList();
	}

	private static String line(String... parts) {
		return String.join(" ",
				Stream.of(parts).map((part) -> URLEncoder.encode(part, StandardCharsets.UTF_8)).toList());
	}

	/**
	 * A batch that is being read.
	 */
	private static final class Reading {

		private final String instance;

		private final long number;

		private final LocalDate day;

		private final @Nullable Instant hour;

		private final Map<PlanKey, StatisticsCounters> increments = new HashMap<>();

		private PlanKey plan = StatisticsCounters.NO_PLAN;

		private Labels labels = Labels.NONE;

		Reading(String instance, long number, LocalDate day, @Nullable Instant hour) {
			this.instance = instance;
			this.number = number;
			this.day = day;
			this.hour = hour;
		}

		boolean add(String[] parts) {
			if (parts[0].equals("plan") && parts.length == 3) {
				this.plan = new PlanKey(parts[1], parts[2]);
				this.labels = Labels.NONE;
				return true;
			}
			if (parts[0].equals("labels") && parts.length == 2) {
				this.labels = Labels.parse(parts[1]);
				return true;
			}
			Map<String, Long> values = new HashMap<>();
			Set<String> models = new HashSet<>();
			if (parts[0].equals("count") && parts.length == 3) {
				values.put(parts[1], Long.valueOf(parts[2]));
			}
			else if (parts[0].equals("model") && parts.length == 2) {
				models.add(parts[1]);
			}
			else {
				return false;
			}
			StatisticsCounters counters = new StatisticsCounters(values, models);
			this.increments.merge(this.plan,
					this.labels.isEmpty() ? counters
							: StatisticsCounters.EMPTY.withLabelled(Map.of(this.labels, counters)),
					StatisticsCounters::plus);
			return true;
		}

		StatisticsBatch toBatch() {
			return new StatisticsBatch(this.instance, this.number, this.day, this.hour, this.increments);
		}

	}

}
