package io.tokensaving.request;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.tokensaving.provider.Dialect;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

import org.springframework.ai.chat.client.ChatClientAttributes;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.converter.CompositeResponseTextCleaner;
import org.springframework.ai.converter.MarkdownCodeBlockCleaner;
import org.springframework.ai.converter.ResponseTextCleaner;
import org.springframework.ai.converter.ThinkingTagCleaner;
import org.springframework.ai.converter.WhitespaceCleaner;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.util.StringUtils;

/**
 * The structured output that a request asks for, and whether an answer is that. It may be
 * asked for by the options, by an attribute of the request that reaches the model only
 * through the last advisor, or by instructions in a message as Spring AI's converters
 * write them. Immutable.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class RequestedOutput {

	/**
	 * In front of the schema in the instructions of Spring AI's converter to beans.
	 */
	private static final String SCHEMA_MARKER = "JSON Schema instance your output must adhere to";

	private static final List<String> JSON_MARKERS = List.of("in json format", "rfc8259", "rfc 8259", "json schema",
			"valid json", "json object", "json array");

	private static final ResponseTextCleaner WITHOUT_FENCES = CompositeResponseTextCleaner.builder()
		.addCleaner(new WhitespaceCleaner())
		.addCleaner(new MarkdownCodeBlockCleaner())
		.addCleaner(new WhitespaceCleaner())
		.build();

	private static final ResponseTextCleaner THOUGHTS = new ThinkingTagCleaner();

	// The expressions of the cleaner look for the end of each tag that they find
	private static final int MAX_TAGS = 100;

	private final boolean json;

	// Whether Spring AI's converters read the answer, which look for JSON inside of it
	private final boolean converted;

	private final List<String> schemas;

	private RequestedOutput(boolean json, boolean converted, List<String> schemas) {
		this.json = json || !schemas.isEmpty();
		this.converted = converted;
		this.schemas = List.copyOf(schemas);
	}

	/**
	 * Find out what output a request asks for.
	 * @param request the request
	 * @param dialect reads its options
	 * @return the output
	 */
	public static RequestedOutput of(ChatClientRequest request, Dialect dialect) {
		ChatOptions options = request.prompt().getOptions();
		List<String> schemas = new ArrayList<>();
		boolean json = dialect.asksForJson(options);
		if (options instanceof StructuredOutputChatOptions structured) {
			String schema = structured.getOutputSchema();
			// Ollama's options return the name of the format here
			if (StringUtils.hasText(schema)) {
				json = true;
				addIfObject(schemas, schema);
			}
		}
		CallState.OutputFormat format = CallState.OutputFormat.of(request);
		boolean converted = format.format() instanceof String instructions && StringUtils.hasText(instructions);
		if (format.schema() instanceof String schema && StringUtils.hasText(schema)) {
			schemas.add(schema);
		}
		else if (format.format() instanceof String instructions) {
			json |= read(instructions, schemas);
		}
		for (Message message : request.prompt().getInstructions()) {
			String text = (message instanceof UserMessage || message instanceof SystemMessage) ? message.getText()
					: null;
			int marker = (text != null) ? text.lastIndexOf(SCHEMA_MARKER) : -1;
			if (text != null && marker >= 0 && read(text.substring(marker), schemas)) {
				converted = true;
				json = true;
			}
		}
		return new RequestedOutput(json, converted, schemas);
	}

	/**
	 * Whether a request asks for a format, as its options, its context, its instructions
	 * and its last question say. Costs little where it does not.
	 * @param request the request
	 * @param dialect reads its options
	 * @return whether it does, so that {@link #of} says which
	 */
	public static boolean isAskedFor(ChatClientRequest request, Dialect dialect) {
		Map<String, @Nullable Object> context = request.context();
		if (context.get(ChatClientAttributes.OUTPUT_FORMAT.getKey()) != null
				|| context.get(ChatClientAttributes.STRUCTURED_OUTPUT_SCHEMA.getKey()) != null) {
			return true;
		}
		ChatOptions options = request.prompt().getOptions();
		if (dialect.asksForJson(options) || (options instanceof StructuredOutputChatOptions structured
				&& StringUtils.hasText(structured.getOutputSchema()))) {
			return true;
		}
		List<Message> messages = request.prompt().getInstructions();
		boolean last = true;
		for (int i = messages.size() - 1; i >= 0; i--) {
			Message message = messages.get(i);
			boolean read = message instanceof SystemMessage || (last && message instanceof UserMessage);
			last &= !(message instanceof UserMessage);
			if (read && message.getText() != null && message.getText().contains(SCHEMA_MARKER)) {
				return true;
			}
		}
		return false;
	}

	private static void addIfObject(List<String> schemas, String text) {
		if (text.stripLeading().startsWith("{")) {
			schemas.add(text);
		}
	}

	private static boolean read(String instructions, List<String> schemas) {
		String schema = JsonSchemas.find(instructions);
		if (schema != null) {
			schemas.add(schema);
			return true;
		}
		String lowerCase = instructions.toLowerCase(Locale.ROOT);
		return JSON_MARKERS.stream().anyMatch(lowerCase::contains);
	}

	/**
	 * Whether the request asks for JSON.
	 * @return {@code false} if any text will do
	 */
	public boolean isJson() {
		return this.json;
	}

	/**
	 * Whether a request asks for JSON by a schema, as far as that can be told without
	 * reading its messages.
	 * @param request the request
	 * @return whether an attribute or an option of it has a schema
	 */
	static boolean hasSchema(ChatClientRequest request) {
		CallState.OutputFormat format = CallState.OutputFormat.of(request);
		return format.schema() != null || format.format() != null
				|| (request.prompt().getOptions() instanceof StructuredOutputChatOptions structured
						&& StringUtils.hasText(structured.getOutputSchema()));
	}

	/**
	 * Whether the request asks for JSON by a schema.
	 * @return {@code false} if any text, or any JSON, will do
	 */
	boolean hasSchema() {
		return !this.schemas.isEmpty();
	}

	/**
	 * Return the schema by which the request asks for JSON.
	 * @return the text of the schema, or {@code null} if there is none, or more than one
	 */
	public @Nullable String schema() {
		return (this.schemas.size() == 1) ? this.schemas.get(0) : null;
	}

	/**
	 * Whether an answer is JSON as it stands, with nothing around it, and satisfies all
	 * schemas, which is more than {@link #accepts} asks for where converters clean the
	 * answer.
	 * @param answer the text of the answer, or {@code null} if it has none
	 * @return whether it is; {@code false} also if a schema cannot be understood
	 */
	public boolean isValid(@Nullable String answer) {
		JsonNode value = (answer != null) ? JsonSchemas.read(answer) : null;
		return value != null && this.schemas.stream().allMatch((schema) -> JsonSchemas.satisfies(schema, value));
	}

	/**
	 * Say why an answer is not {@linkplain #isValid valid}.
	 * @param answer the text of the answer
	 * @return the message of the parser or of the first schema that it violates
	 */
	public String problem(String answer) {
		JsonNode value = JsonSchemas.read(answer);
		if (value == null) {
			return "It is not valid JSON: " + JsonSchemas.problem(answer);
		}
		for (String schema : this.schemas) {
			String problem = JsonSchemas.problem(schema, value);
			if (problem != null) {
				return "It does not satisfy the schema: " + problem;
			}
		}
		return "It is not what was asked for";
	}

	/**
	 * Whether an answer is what was asked for.
	 * @param answer the text of the answer, or {@code null} if it has none
	 * @return whether any text was asked for, or the answer is JSON and satisfies all
	 * schemas
	 */
	public boolean accepts(@Nullable String answer) {
		if (!this.json) {
			return true;
		}
		JsonNode value = (answer != null) ? read(answer) : null;
		return value != null && this.schemas.stream().allMatch((schema) -> JsonSchemas.satisfies(schema, value));
	}

	/**
	 * Whether an answer is certainly not what was asked for.
	 * @param answer the text of the answer, or {@code null} if it has none
	 * @return whether JSON was asked for and the answer is none, or violates a schema; a
	 * schema that cannot be understood is not violated
	 */
	public boolean rejects(@Nullable String answer) {
		if (!this.json) {
			return false;
		}
		JsonNode value = (answer != null) ? read(answer) : null;
		return value == null || this.schemas.stream().anyMatch((schema) -> JsonSchemas.violates(schema, value));
	}

	private @Nullable JsonNode read(String answer) {
		JsonNode value = JsonSchemas.read(answer);
		if (value != null || !this.converted) {
			return value;
		}
		value = JsonSchemas.read(nonNull(WITHOUT_FENCES.clean(answer)));
		if (value != null || answer.chars().filter((c) -> c == '<').count() > MAX_TAGS) {
			return value;
		}
		return JsonSchemas.read(nonNull(WITHOUT_FENCES.clean(THOUGHTS.clean(answer))));
	}

	private static String nonNull(@Nullable String text) {
		return (text != null) ? text : "";
	}

}
