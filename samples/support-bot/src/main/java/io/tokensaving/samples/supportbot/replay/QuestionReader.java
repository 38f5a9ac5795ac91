package io.tokensaving.samples.supportbot.replay;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads questions from a file: one a line, or tab-separated with a header, where the
 * column {@code question} holds them or, without one, the first column.
 */
final class QuestionReader {

	private static final String BYTE_ORDER_MARK = "\uFEFF";

	private QuestionReader() {
	}

	/**
	 * Read the questions.
	 * @param file the file, in UTF-8
	 * @return the distinct questions in the order of the file
	 * @throws IllegalArgumentException if the file cannot be read or holds no question
	 */
	static List<String> read(Path file) {
		List<String> questions = parse(content(file));
		if (questions.isEmpty()) {
			throw ReplayOptions.refused("replay", file.toString(), "a file with at least one question");
		}
		return questions;
	}

	/**
	 * Read the intents of the questions, from the column {@code intent}.
	 * @param file the file, in UTF-8
	 * @return the intents by question, empty if there is no such column
	 * @throws IllegalArgumentException if the file cannot be read
	 */
	static Map<String, String> readIntents(Path file) {
		return parseIntents(content(file));
	}

	private static String content(Path file) {
		try {
			return Files.readString(file, StandardCharsets.UTF_8);
		}
		catch (MalformedInputException ex) {
			throw ReplayOptions.refused("replay", file.toString(), "a text file in UTF-8");
		}
		catch (IOException ex) {
			throw ReplayOptions.refused("replay", file.toString(), ReplayOptions.READABLE);
		}
	}

	static List<String> parse(String content) {
		List<String> lines = content.replace(BYTE_ORDER_MARK, "").lines().filter((line) -> !line.isBlank()).toList();
		if (lines.isEmpty() || !lines.get(0).contains("\t")) {
			return lines.stream().map(String::strip).distinct().toList();
		}
		int column = Math.max(0, header(lines).indexOf("question"));
		return lines.stream()
			.skip(1)
			.map((line) -> line.split("\t", -1))
			.filter((columns) -> columns.length > column)
			.map((columns) -> columns[column].strip())
			.filter((question) -> !question.isEmpty())
			.distinct()
			.toList();
	}

	static Map<String, String> parseIntents(String content) {
		List<String> lines = content.replace(BYTE_ORDER_MARK, "").lines().filter((line) -> !line.isBlank()).toList();
		List<String> header = lines.isEmpty() ? List.of() : header(lines);
		int intent = header.indexOf("intent");
		int question = Math.max(0, header.indexOf("question"));
		Map<String, String> intents = new HashMap<>();
		if (intent >= 0) {
			for (String line : lines.subList(1, lines.size())) {
				String[] columns = line.split("\t", -1);
				if (columns.length > Math.max(intent, question)) {
					intents.putIfAbsent(columns[question].strip(), columns[intent].strip());
				}
			}
		}
		return intents;
	}

	private static List<String> header(List<String> lines) {
		return Arrays.stream(lines.get(0).split("\t")).map(String::strip).toList();
	}

}
