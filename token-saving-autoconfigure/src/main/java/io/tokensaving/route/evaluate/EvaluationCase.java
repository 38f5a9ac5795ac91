package io.tokensaving.route.evaluate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import io.tokensaving.route.log.RouteLogReader;
import io.tokensaving.route.log.RouteText;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.util.Assert;

/**
 * A recorded prompt and the answer that is expected of a model. {@link #toString()} shows
 * neither. Immutable.
 *
 * @param question the text of the prompt, not blank
 * @param expected a right answer, not blank
 */
public record EvaluationCase(String question, String expected) {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	/**
	 * Check the texts.
	 * @throws IllegalArgumentException if one of them is blank
	 */
	public EvaluationCase {
		Assert.hasText(question, "'question' must not be blank");
		Assert.hasText(expected, "'expected' must not be blank");
	}

	/**
	 * Read cases of a file of JSON lines, each an object with the texts {@code question}
	 * and {@code expected}. Other fields and empty lines are passed over.
	 * @param file the file, in UTF-8
	 * @return the cases, in the order of the file
	 * @throws IOException if it cannot be read, or has a line that is no case; the
	 * message names the line and nothing of its text
	 */
	public static List<EvaluationCase> read(Path file) throws IOException {
		List<EvaluationCase> cases = new ArrayList<>();
		List<String> lines = Files.readAllLines(file);
		for (int i = 0; i < lines.size(); i++) {
			if (!lines.get(i).isBlank()) {
				cases.add(read(lines.get(i), i + 1));
			}
		}
		return cases;
	}

	private static EvaluationCase read(String line, int number) throws IOException {
		try {
			JsonNode node = JSON.readTree(line);
			return new EvaluationCase(node.path("question").asString(""), node.path("expected").asString(""));
		}
		catch (JacksonException | IllegalArgumentException ex) {
			// The cause would quote the text
			throw new IOException(
					"Line %d is no JSON object with the texts 'question' and 'expected'".formatted(number));
		}
	}

	/**
	 * Take cases of a decision log whose entries have texts: the recorded answers are
	 * what is expected.
	 * @param log the log, which has been read
	 * @return the cases, without entries that have no text or no answer
	 */
	public static List<EvaluationCase> of(RouteLogReader log) {
		List<EvaluationCase> cases = new ArrayList<>();
		for (RouteLogReader.Entry entry : log.entries()) {
			RouteText text = entry.text();
			if (text != null && !text.question().isBlank() && !text.answer().isBlank()) {
				cases.add(new EvaluationCase(text.question(), text.answer()));
			}
		}
		return cases;
	}

	@Override
	public String toString() {
		return "EvaluationCase[%d characters]".formatted((long) this.question.length() + this.expected.length());
	}

}
