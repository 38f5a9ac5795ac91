package io.tokensaving.samples.gateway.door;

import java.util.ArrayList;
import java.util.List;

import io.tokensaving.samples.gateway.wire.GatewayFields;
import io.tokensaving.samples.gateway.wire.WireException;
import io.tokensaving.samples.gateway.wire.WireRequest;
import io.tokensaving.samples.gateway.wire.json.JsonEdits;
import io.tokensaving.samples.gateway.wire.json.JsonMember;
import io.tokensaving.samples.gateway.wire.json.JsonMembers;
import io.tokensaving.samples.gateway.wire.json.JsonPieces;
import io.tokensaving.samples.gateway.wire.json.JsonReader;
import io.tokensaving.samples.gateway.wire.json.Span;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonToken;

/**
 * What has to be known of a body that is passed on as it is, but for the fields of this
 * gateway. Immutable.
 *
 * @param bytes the body without the fields of this gateway
 * @param model the model
 * @param stream whether a stream is asked for
 * @param maxOutputTokens what the output cannot exceed in tokens, or -1
 * @param parameters the parameters of this gateway
 */
record PassedBody(byte[] bytes, String model, boolean stream, long maxOutputTokens, WireRequest.Parameters parameters) {

	/**
	 * Read a body.
	 * @param body the body
	 * @return what has to be known of it
	 * @throws DoorException if it is no object, or names no model
	 */
	static PassedBody read(byte[] body) {
		try (JsonReader in = new JsonReader(body)) {
			return new Reader(body, in).read();
		}
		catch (WireException ex) {
			throw DoorException.of(ex);
		}
	}

	private static final class Reader {

		private final byte[] body;

		private final JsonReader in;

		private final GatewayFields ours = new GatewayFields();

		private final List<JsonMember> members = new ArrayList<>();

		private boolean cut;

		private @Nullable String model;

		private boolean stream;

		private long maxTokens = -1;

		private long answers = 1;

		private long prompts = 1;

		Reader(byte[] body, JsonReader in) {
			this.body = body;
			this.in = in;
		}

		PassedBody read() {
			if (this.in.next() != JsonToken.START_OBJECT) {
				throw new WireException("The body must be a JSON object", null, "invalid_type");
			}
			while (this.in.next() != JsonToken.END_OBJECT) {
				String name = this.in.text();
				int key = this.in.start();
				JsonToken value = this.in.next();
				int start = this.in.start();
				member(name, value);
				this.in.skip();
				this.members.add(new JsonMember(name, key, new Span(start, this.in.end())));
			}
			this.in.finish();
			String model = this.model;
			if (model == null || model.isBlank()) {
				throw new WireException("'model' must be the name of a model", "model",
						(model != null) ? "invalid_type" : "missing_required_parameter");
			}
			return new PassedBody(withoutOurs(), model, this.stream, maxOutputTokens(), this.ours.parameters());
		}

		private void member(String name, JsonToken value) {
			if (isOurs(name, value)) {
				this.cut = true;
				this.ours.put(name, this.in.value());
				return;
			}
			switch (name) {
				case "model" -> {
					if (value != JsonToken.VALUE_STRING) {
						throw new WireException("'model' must be a text", name, "invalid_type");
					}
					this.model = this.in.text();
				}
				case "stream" -> {
					this.stream = value == JsonToken.VALUE_TRUE;
				}
				case "max_tokens", "max_completion_tokens", "max_output_tokens" -> {
					this.maxTokens = number(value, this.maxTokens);
				}
				case "n", "best_of" -> {
					this.answers = Math.max(this.answers, number(value, 1));
				}
				case "prompt" -> {
					countPrompts(value);
				}
				default -> {
					// Is passed on
				}
			}
		}

		private static boolean isOurs(String name, JsonToken value) {
			return GatewayFields.isOurs(name, value == JsonToken.START_OBJECT);
		}

		private long number(JsonToken value, long otherwise) {
			return (value == JsonToken.VALUE_NUMBER_INT && this.in.value() instanceof Number number)
					? number.longValue() : otherwise;
		}

		private void countPrompts(JsonToken value) {
			if (value != JsonToken.START_ARRAY) {
				return;
			}
			long texts = 0;
			for (JsonToken token = this.in.next(); token != JsonToken.END_ARRAY; token = this.in.next()) {
				texts += (token == JsonToken.VALUE_STRING || token == JsonToken.START_ARRAY) ? 1 : 0;
				this.in.skip();
			}
			this.prompts = Math.max(1, texts);
		}

		private long maxOutputTokens() {
			long all = Math.min(this.answers, Integer.MAX_VALUE) * Math.min(this.prompts, Integer.MAX_VALUE);
			return (this.maxTokens <= 0) ? -1
					: (this.maxTokens > Long.MAX_VALUE / all) ? Long.MAX_VALUE : this.maxTokens * all;
		}

		private byte[] withoutOurs() {
			if (!this.cut) {
				return this.body;
			}
			JsonEdits edits = new JsonEdits(this.body);
			JsonMembers.change(this.members,
					(member) -> GatewayFields.isOurs(member.name(), this.body[member.value().start()] == '{'),
					List.of(), this.body.length, edits);
			JsonPieces rest = new JsonPieces();
			edits.copy(0, this.body.length, rest);
			return rest.toByteArray();
		}

	}

}
