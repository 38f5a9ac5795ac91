package io.tokensaving.simulator.quality;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.tokensaving.simulator.Answer;
import io.tokensaving.simulator.Responder;
import io.tokensaving.simulator.SimulatedRequest;

/**
 * Classifies questions whose intents it knows, and always rightly: it is there for what
 * asking costs. The answer is an object with the property that was asked for,
 * {@code intent} by default. Safe for use by several threads.
 */
public final class KnownIntents implements Responder {

	private static final String UNKNOWN = "unknown";

	private final Map<String, String> intents;

	private KnownIntents(Map<String, String> intents) {
		this.intents = Map.copyOf(intents);
	}

	/**
	 * Know the intents of questions.
	 * @param intents the intents by question, each question on one line
	 * @return what answers by them
	 */
	public static KnownIntents of(Map<String, String> intents) {
		return new KnownIntents(intents);
	}

	/**
	 * Read the intents of questions.
	 * @param file a file in UTF-8, tab-separated, whose header names the columns
	 * {@code question} and {@code intent}
	 * @return what answers by them
	 * @throws IOException if it cannot be read
	 * @throws IllegalArgumentException if it lacks one of the columns
	 */
	public static KnownIntents read(Path file) throws IOException {
		List<String> lines = Files.readAllLines(file);
		List<String> header = lines.isEmpty() ? List.of() : columns(lines.get(0).replace("\uFEFF", ""));
		int question = header.indexOf("question");
		int intent = header.indexOf("intent");
		if (question < 0 || intent < 0) {
			throw new IllegalArgumentException(
					"A file with the columns 'question' and 'intent' is accepted, but not " + file);
		}
		Map<String, String> intents = new HashMap<>();
		for (String line : lines.subList(1, lines.size())) {
			List<String> columns = columns(line);
			if (columns.size() > Math.max(question, intent)) {
				intents.put(columns.get(question), columns.get(intent));
			}
		}
		return new KnownIntents(intents);
	}

	private static List<String> columns(String line) {
		return Arrays.stream(line.split("\t", -1)).map(String::strip).toList();
	}

	@Override
	public Answer answer(SimulatedRequest request) {
		Asked asked = Asked.of(request);
		// Beside the question there may be instructions for the format of the answer
		String intent = asked.question()
			.lines()
			.map((line) -> this.intents.get(line.strip()))
			.filter((known) -> known != null)
			.findFirst()
			.orElse(UNKNOWN);
		String property = (asked.property() != null) ? asked.property() : "intent";
		return Answer.text("{\"%s\": \"%s\"}".formatted(property, intent.replace("\\", "\\\\").replace("\"", "\\\"")));
	}

}
