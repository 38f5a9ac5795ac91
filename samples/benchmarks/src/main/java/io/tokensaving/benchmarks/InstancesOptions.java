package io.tokensaving.benchmarks;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * What {@link InstancesLoad} is to do, from the command line.
 *
 * @param instances the number of instances
 * @param redis the {@code redis://} or {@code rediss://} URI of the server, or
 * {@code null} to start one
 * @param jar the jar of the support bot
 * @param latencyMillis how long the model takes to answer
 * @param lookupTimeoutMillis how long a look-up in Redis may take; by default longer than
 * that of a plan, as what is to be seen is whether instances share, not whether the
 * machine is busy
 * @param rounds how often each check is repeated
 * @param callers the number of equal calls at the same time
 * @param requests the number of requests of the load
 * @param questions the number of different questions of the load
 * @param threads the number of threads of the load
 * @param zipf the exponent of the popularity of the questions
 */
record InstancesOptions(int instances, @Nullable String redis, Path jar, int latencyMillis, int lookupTimeoutMillis,
		int rounds, int callers, int requests, int questions, int threads, double zipf) {

	private static final Set<String> NAMES = Set.of("instances", "redis", "jar", "latency", "lookup-timeout", "rounds",
			"callers", "requests", "questions", "threads", "zipf");

	/**
	 * Parse the command line.
	 * @param arguments the arguments, each {@code --name=value}
	 * @return the options
	 * @throws IllegalArgumentException if an argument is not accepted
	 */
	static InstancesOptions parse(String... arguments) {
		Map<String, String> values = new LinkedHashMap<>();
		for (String argument : arguments) {
			int equals = argument.indexOf('=');
			String name = (argument.startsWith("--") && equals > 2) ? argument.substring(2, equals) : "";
			if (!NAMES.contains(name)) {
				List<String> accepted = new ArrayList<>(NAMES);
				accepted.sort(null);
				throw new IllegalArgumentException("'%s' is not accepted; accepted is --name=value with the names %s"
					.formatted(argument, String.join(", ", accepted)));
			}
			values.put(name, argument.substring(equals + 1));
		}
		return new InstancesOptions(number(values, "instances", 2, 2, 16), redis(values.get("redis")),
				jar(values.getOrDefault("jar", "samples/support-bot/target/support-bot.jar")),
				number(values, "latency", 100, 1, 10_000), number(values, "lookup-timeout", 1000, 1, 10_000),
				number(values, "rounds", 20, 1, 1000), number(values, "callers", 64, 2, 200),
				number(values, "requests", 40_000, 1, 10_000_000), number(values, "questions", 1000, 1, 1_000_000),
				number(values, "threads", 16, 1, 200), zipf(values));
	}

	private static @Nullable String redis(@Nullable String value) {
		if (value == null) {
			return null;
		}
		try {
			URI uri = URI.create(value);
			if (Set.of("redis", "rediss").contains(String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT))
					&& uri.getHost() != null) {
				return value;
			}
		}
		catch (IllegalArgumentException ex) {
			// The message would show a password
			throw refusedRedis();
		}
		throw refusedRedis();
	}

	private static IllegalArgumentException refusedRedis() {
		return new IllegalArgumentException(
				"The value of --redis is not accepted; accepted is a URI such as redis://127.0.0.1:6379");
	}

	private static Path jar(String value) {
		try {
			Path jar = Path.of(value);
			if (Files.isRegularFile(jar) && Files.isReadable(jar)) {
				return jar;
			}
		}
		catch (InvalidPathException ex) {
			throw refused("jar", value, "the jar of samples/support-bot");
		}
		throw refused("jar", value, "the jar of samples/support-bot, which "
				+ "'mvn -q -DskipTests -pl samples/support-bot -am package' builds");
	}

	private static int number(Map<String, String> values, String name, int otherwise, int min, int max) {
		String value = values.get(name);
		if (value == null) {
			return otherwise;
		}
		String accepted = "a whole number from %d to %d".formatted(min, max);
		try {
			int number = Integer.parseInt(value);
			if (number >= min && number <= max) {
				return number;
			}
		}
		catch (NumberFormatException ex) {
			throw refused(name, value, accepted);
		}
		throw refused(name, value, accepted);
	}

	private static double zipf(Map<String, String> values) {
		String value = values.getOrDefault("zipf", "1");
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

	private static IllegalArgumentException refused(String name, String value, String accepted) {
		return new IllegalArgumentException("--%s has the value '%s', accepted is %s".formatted(name, value, accepted));
	}

}
