package io.tokensaving.samples.supportbot.batch;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import io.tokensaving.samples.supportbot.demo.SupportQuestions;
import io.tokensaving.samples.supportbot.replay.ZipfSampler;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ApplicationArguments;
import org.springframework.core.io.ClassPathResource;

/**
 * What to classify by batch, from the command line.
 *
 * @param questions the questions, in the order in which they are submitted
 * @param known all questions of the file, with their intents
 * @param simulator the address of a simulator that is a process of its own, or
 * {@code null} for one in this process
 */
public record BatchOptions(List<Question> questions, List<Question> known, @Nullable URI simulator) {

	/**
	 * The name of the argument that names the file, and of the profile.
	 */
	public static final String ARGUMENT = "batch";

	static final String SIMULATOR = "simulator";

	static final String REACHABLE = "the address of a simulator that runs, such as 'http://127.0.0.1:9797'";

	private static final int MAX_REQUESTS = 1_000_000;

	private static final long SEED = 42;

	/**
	 * Parse the command line.
	 * @param arguments the arguments
	 * @return the options, or {@code null} if nothing is to be classified
	 * @throws IllegalArgumentException if an argument is not accepted
	 */
	public static @Nullable BatchOptions parse(ApplicationArguments arguments) {
		if (!arguments.containsOption(ARGUMENT)) {
			return null;
		}
		for (String other : List.of("replay", "conversation")) {
			if (arguments.containsOption(other)) {
				throw new IllegalArgumentException(
						"--%s and --%s are both given, accepted is one of them".formatted(ARGUMENT, other));
			}
		}
		String file = value(arguments, ARGUMENT);
		List<Question> known = (file != null) ? parse(file, content(file))
				: parse(SupportQuestions.FILE, content(new ClassPathResource(SupportQuestions.FILE)));
		String simulator = value(arguments, SIMULATOR);
		return new BatchOptions(drawn(arguments, known), known, (simulator != null) ? address(simulator) : null);
	}

	private static @Nullable String value(ApplicationArguments arguments, String name) {
		List<String> values = arguments.getOptionValues(name);
		return (values == null || values.isEmpty() || values.get(0).isBlank()) ? null : values.get(0);
	}

	private static List<Question> drawn(ApplicationArguments arguments, List<Question> known) {
		String requests = value(arguments, "requests");
		if (requests == null) {
			return known;
		}
		int number = 0;
		try {
			number = Integer.parseInt(requests);
		}
		catch (NumberFormatException ex) {
			// Refused below
		}
		if (number < 1 || number > MAX_REQUESTS) {
			throw refused("requests", requests, "a whole number from 1 to " + MAX_REQUESTS);
		}
		ZipfSampler<Question> sampler = new ZipfSampler<>(known, 1, SEED);
		List<Question> drawn = new ArrayList<>();
		for (int i = 0; i < number; i++) {
			drawn.add(sampler.next());
		}
		return drawn;
	}

	private static URI address(String value) {
		try {
			URI address = new URI(value.replaceAll("/+$", ""));
			if ("http".equals(address.getScheme()) && address.getHost() != null) {
				return address;
			}
		}
		catch (URISyntaxException ex) {
			throw refused(SIMULATOR, value, REACHABLE);
		}
		throw refused(SIMULATOR, value, REACHABLE);
	}

	private static byte[] content(String file) {
		try {
			return Files.readAllBytes(Path.of(file));
		}
		catch (IOException | InvalidPathException ex) {
			throw refused(ARGUMENT, file, "a file that can be read");
		}
	}

	private static byte[] content(ClassPathResource resource) {
		try (InputStream stream = resource.getInputStream()) {
			return stream.readAllBytes();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	static List<Question> parse(String file, byte[] content) {
		List<String> lines;
		try {
			lines = StandardCharsets.UTF_8.newDecoder()
				.decode(ByteBuffer.wrap(content))
				.toString()
				.replace("\uFEFF", "")
				.lines()
				.filter((line) -> !line.isBlank())
				.toList();
		}
		catch (CharacterCodingException ex) {
			throw refused(ARGUMENT, file, "a text file in UTF-8");
		}
		List<String> header = lines.isEmpty() ? List.of() : columns(lines.get(0));
		int question = header.indexOf("question");
		int intent = header.indexOf("intent");
		List<Question> questions = new ArrayList<>();
		if (question >= 0 && intent >= 0) {
			for (String line : lines.subList(1, lines.size())) {
				List<String> columns = columns(line);
				if (columns.size() > Math.max(question, intent) && !columns.get(question).isEmpty()) {
					questions.add(new Question(columns.get(question), columns.get(intent)));
				}
			}
		}
		if (questions.isEmpty()) {
			throw refused(ARGUMENT, file,
					"a tab-separated file with the columns 'question' and 'intent', and at least one question");
		}
		return List.copyOf(questions);
	}

	private static List<String> columns(String line) {
		return Arrays.stream(line.split("\t", -1)).map(String::strip).toList();
	}

	static IllegalArgumentException refused(String name, String value, String accepted) {
		return new IllegalArgumentException("--%s has the value '%s', accepted is %s".formatted(name, value, accepted));
	}

	/**
	 * A question.
	 *
	 * @param text the question
	 * @param intent what it is about
	 */
	record Question(String text, String intent) {

	}

}
