package io.tokensaving.samples.supportbot.replay;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

import io.tokensaving.samples.supportbot.demo.SupportQuestions;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ApplicationArguments;

/**
 * What to replay, from the command line.
 *
 * @param file the file with the questions, or {@code null} for the sample's own
 * @param requests the number of requests to send
 * @param seed the seed of the draw
 * @param zipf the exponent of the popularity
 * @param inOrder whether to send each question once, in the order of the file, instead
 * @param plan the plan of the requests, or {@code null} for the default one
 * @param report the file to write the report to, or {@code null} for none
 * @param stay whether to stay up afterwards
 */
public record ReplayOptions(@Nullable Path file, int requests, long seed, double zipf, boolean inOrder,
		@Nullable String plan, @Nullable Path report, boolean stay) {

	static final String READABLE = "a file that can be read";

	private static final String WRITABLE = "a file in a folder that exists, writable";

	private static final int DEFAULT_REQUESTS = 1000;

	private static final int DEFAULT_REQUESTS_OF_OWN = 200;

	private static final int MAX_REQUESTS = 10_000_000;

	private static final long DEFAULT_SEED = 42;

	/**
	 * Parse the command line.
	 * @param arguments the arguments
	 * @return the options
	 * @throws IllegalArgumentException if an argument is not accepted
	 */
	public static ReplayOptions parse(ApplicationArguments arguments) {
		Path file = path(arguments, "replay", READABLE);
		int questions = (file != null) ? QuestionReader.read(file).size() : SupportQuestions.load().questions().size();
		boolean inOrder = inOrder(arguments);
		int defaultRequests = (file != null) ? DEFAULT_REQUESTS : DEFAULT_REQUESTS_OF_OWN;
		Path report = path(arguments, "report", WRITABLE);
		if (report != null && !isWritable(report.toAbsolutePath())) {
			throw refused("report", report.toString(), WRITABLE);
		}
		return new ReplayOptions(file,
				(int) number(arguments, "requests", inOrder ? questions : defaultRequests, 1,
						inOrder ? questions : MAX_REQUESTS),
				number(arguments, "seed", DEFAULT_SEED, Long.MIN_VALUE, Long.MAX_VALUE), zipf(arguments), inOrder,
				value(arguments, "plan"), report, file == null || arguments.containsOption("stay"));
	}

	private static boolean isWritable(Path file) {
		if (Files.exists(file)) {
			return !Files.isDirectory(file) && Files.isWritable(file);
		}
		Path folder = file.getParent();
		return folder != null && Files.isDirectory(folder) && Files.isWritable(folder);
	}

	private static @Nullable Path path(ApplicationArguments arguments, String name, String accepted) {
		String value = value(arguments, name);
		try {
			return (value != null) ? Path.of(value) : null;
		}
		catch (InvalidPathException ex) {
			throw refused(name, value, accepted);
		}
	}

	private static @Nullable String value(ApplicationArguments arguments, String name) {
		List<String> values = arguments.getOptionValues(name);
		if (values == null) {
			return null;
		}
		if (values.isEmpty() || values.get(0).isBlank()) {
			throw refused(name, "", "a value after '='");
		}
		return values.get(0);
	}

	private static long number(ApplicationArguments arguments, String name, long otherwise, long min, long max) {
		String value = value(arguments, name);
		if (value == null) {
			return otherwise;
		}
		String accepted = (min == Long.MIN_VALUE) ? "a whole number"
				: "a whole number from %d to %d".formatted(min, max);
		try {
			long number = Long.parseLong(value);
			if (number >= min && number <= max) {
				return number;
			}
		}
		catch (NumberFormatException ex) {
			throw refused(name, value, accepted);
		}
		throw refused(name, value, accepted);
	}

	private static boolean inOrder(ApplicationArguments arguments) {
		String value = value(arguments, "order");
		if (value == null || value.equals("popularity")) {
			return false;
		}
		if (value.equals("file")) {
			return true;
		}
		throw refused("order", value, "'popularity' or 'file'");
	}

	private static double zipf(ApplicationArguments arguments) {
		String value = value(arguments, "zipf");
		if (value == null) {
			return 1;
		}
		String accepted = "a number from 0 (all equally popular) to 5";
		try {
			double exponent = Double.parseDouble(value);
			if (exponent >= 0 && exponent <= 5) {
				return exponent;
			}
		}
		catch (NumberFormatException ex) {
			throw refused("zipf", value, accepted);
		}
		throw refused("zipf", value, accepted);
	}

	static IllegalArgumentException refused(String name, @Nullable String value, String accepted) {
		return new IllegalArgumentException("--%s has the value '%s', accepted is %s".formatted(name, value, accepted));
	}

}
