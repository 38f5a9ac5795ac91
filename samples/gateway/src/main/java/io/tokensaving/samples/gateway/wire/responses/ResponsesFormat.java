package io.tokensaving.samples.gateway.wire.responses;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

import io.tokensaving.samples.gateway.wire.ServerSentEvent;
import io.tokensaving.samples.gateway.wire.WireFormat;
import io.tokensaving.samples.gateway.wire.WireOptions;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.WireStream;
import io.tokensaving.samples.gateway.wire.json.AnswerJson;
import io.tokensaving.samples.gateway.wire.json.JsonTexts;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.util.Assert;

/**
 * OpenAI's Responses. A plan does all it can for requests that neither refer to what the
 * provider keeps nor have it keep their answer ({@code "store": false}); others are sent
 * as they are. Immutable.
 */
public final class ResponsesFormat implements WireFormat {

	/**
	 * The name of the format.
	 */
	public static final String NAME = "responses";

	private static final String ERROR = "error";

	@Override
	public String name() {
		return NAME;
	}

	@Override
	public String path() {
		return "/responses";
	}

	@Override
	public WireRequest read(byte[] body) {
		return ResponsesReader.read(body);
	}

	@Override
	public byte[] write(Prompt prompt, boolean stream) {
		WireOptions options = (prompt.getOptions() instanceof WireOptions given) ? given : null;
		Assert.isTrue(options != null && options.getDocument() instanceof ResponsesDocument,
				"'prompt' must have options with a document of this format");
		return new ResponsesWriter((ResponsesDocument) options.getDocument(), options).write(prompt.getInstructions(),
				stream);
	}

	@Override
	public ChatResponse readAnswer(byte[] body, WireOptions options) {
		return ResponsesAnswer.read(body);
	}

	@Override
	public WireStream readStream(WireOptions options) {
		return new ResponsesStream();
	}

	@Override
	public List<ServerSentEvent> cut(String body, WireOptions options) {
		return ResponsesCutter.cut(body);
	}

	@Override
	public byte[] error(int status, String type, String message, @Nullable String param, @Nullable String code) {
		ObjectNode body = AnswerJson.object();
		body.putObject(ERROR).put("message", message).put("type", type).put("param", param).put("code", code);
		return body.toString().getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * Write an error as an event. OpenAI's document has its members in the event itself,
	 * and clients look for them in an object, too.
	 */
	@Override
	public ServerSentEvent errorEvent(String error, int sent) {
		ObjectNode given = (AnswerJson.value(error) instanceof ObjectNode object) ? object
				: AnswerJson.object().put("message", "The upstream reports an error");
		if (given.path("type").stringValue("").equals(ERROR)) {
			// An upstream's own
			return new ServerSentEvent(ERROR, error);
		}
		ObjectNode event = AnswerJson.object().put("type", ERROR).put("sequence_number", sent);
		JsonNode members = given.path(ERROR).isObject() ? given.path(ERROR) : given;
		for (String name : List.of("code", "message", "param")) {
			JsonNode value = members.path(name);
			if (value.isMissingNode()) {
				event.putNull(name);
			}
			else {
				event.set(name, value);
			}
		}
		event.set(ERROR, members);
		return new ServerSentEvent(ERROR, event.toString());
	}

	@Override
	public String withTexts(String body, List<String> texts) {
		if (texts.size() != 1) {
			return body;
		}
		JsonTexts answer = new JsonTexts(body);
		List<JsonTexts.Text> all = answer.findAll("output", "content", "text");
		List<JsonTexts.Text> own = new ArrayList<>();
		int found = 0;
		for (JsonNode item : AnswerJson.object(body.getBytes(StandardCharsets.UTF_8)).path("output")) {
			for (JsonNode part : item.path("content")) {
				// Reasoning has texts, too
				if (part.path("text").isString() && found < all.size()) {
					JsonTexts.Text text = all.get(found++);
					if (ResponsesAnswer.type(item).equals("message")
							&& ResponsesAnswer.type(part).equals("output_text")) {
						own.add(text);
					}
				}
			}
		}
		answer.replaceAll(own, texts.get(0));
		return answer.body();
	}

}
