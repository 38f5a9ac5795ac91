package io.tokensaving.samples.supportbot.conversation;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.boot.ApplicationArguments;

/**
 * A conversation that took place, and questions about it.
 *
 * @param id the id
 * @param history the messages
 * @param questions the questions
 */
public record Conversation(String id, List<Message> history, List<String> questions) {

	/**
	 * The name of the argument that names the file.
	 */
	public static final String ARGUMENT = "conversation";

	private static final JsonMapper MAPPER = new JsonMapper();

	/**
	 * Read the conversations that the command line names.
	 * @param arguments the command line
	 * @return the conversations; empty if it names none
	 * @throws IllegalArgumentException if they cannot be read
	 */
	public static List<Conversation> parse(ApplicationArguments arguments) {
		List<String> values = arguments.getOptionValues(ARGUMENT);
		if (values == null) {
			return List.of();
		}
		if (arguments.containsOption("replay")) {
			throw new IllegalArgumentException(
					"--%s and --replay are both given, accepted is one of them".formatted(ARGUMENT));
		}
		if (values.isEmpty() || values.get(0).isBlank()) {
			throw refused("", "a value after '='");
		}
		return read(values.get(0));
	}

	private static List<Conversation> read(String file) {
		List<Conversation> conversations = new ArrayList<>();
		int number = 0;
		try {
			for (String line : Files.readAllLines(Path.of(file))) {
				number++;
				if (!line.isBlank()) {
					conversations.add(of(MAPPER.readTree(line), "line " + number));
				}
			}
		}
		catch (MalformedInputException ex) {
			throw refused(file, "a text file in UTF-8");
		}
		catch (IOException | InvalidPathException ex) {
			throw refused(file, "a file that can be read");
		}
		catch (JacksonException | IllegalArgumentException ex) {
			throw refused(file, "a file of one JSON object a line, with 'turns' of 'text' (and 'speaker' or 'role') "
					+ "and 'queries' of 'query'; line %d is not".formatted(number));
		}
		if (conversations.isEmpty()) {
			throw refused(file, "a file with at least one conversation");
		}
		return conversations;
	}

	private static Conversation of(JsonNode json, String otherwise) {
		List<Message> history = new ArrayList<>();
		for (JsonNode turn : required(json, "turns")) {
			String text = required(turn, "text").asString();
			if ("assistant".equals(turn.path("role").asString(""))) {
				history.add(new AssistantMessage(text));
			}
			else {
				JsonNode speaker = turn.get("speaker");
				history.add(new UserMessage((speaker != null) ? speaker.asString() + ": " + text : text));
			}
		}
		List<String> questions = new ArrayList<>();
		for (JsonNode query : required(json, "queries")) {
			questions.add(required(query, "query").asString());
		}
		return new Conversation(json.path("id").asString(otherwise), history, questions);
	}

	private static JsonNode required(JsonNode json, String name) {
		JsonNode value = json.get(name);
		if (value == null) {
			throw new IllegalArgumentException("'" + name + "' must be there");
		}
		return value;
	}

	private static IllegalArgumentException refused(@Nullable String value, String accepted) {
		return new IllegalArgumentException(
				"--%s has the value '%s', accepted is %s".formatted(ARGUMENT, value, accepted));
	}

}
