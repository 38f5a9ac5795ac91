package io.tokensaving.request;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage.ToolCall;
import org.springframework.util.StringUtils;

/**
 * A tool call whose name and arguments arrive piece by piece. Not thread-safe.
 */
final class StreamedToolCall {

	private final ToolCall first;

	private String name;

	private final StringBuilder arguments = new StringBuilder();

	// How deep the arguments so far are nested, and whether they end within a text
	private int depth;

	private boolean quoted;

	private boolean escaped;

	private boolean whole;

	StreamedToolCall(ToolCall first) {
		this.first = first;
		this.name = (first.name() != null) ? first.name() : "";
		append(first.arguments());
	}

	@Nullable String id() {
		return this.first.id();
	}

	/**
	 * Whether all arguments have arrived.
	 * @return {@code false} also if there are none, as some may still come
	 */
	boolean isWhole() {
		return this.whole;
	}

	/**
	 * Add a further piece.
	 * @param call the piece
	 * @return {@code false} if it does not fit, so that something would be lost
	 */
	boolean append(ToolCall call) {
		boolean named = StringUtils.hasText(call.name());
		if (named && !this.name.isEmpty() && !this.name.equals(call.name())) {
			return false;
		}
		this.name = named ? call.name() : this.name;
		if (this.whole && StringUtils.hasText(call.arguments())) {
			// The whole call once more, or another one with its id
			return false;
		}
		append(call.arguments());
		return true;
	}

	private void append(@Nullable String piece) {
		if (piece == null) {
			return;
		}
		this.arguments.append(piece);
		for (int i = 0; i < piece.length(); i++) {
			char c = piece.charAt(i);
			if (this.escaped) {
				this.escaped = false;
			}
			else if (this.quoted) {
				this.escaped = c == '\\';
				this.quoted = c != '"';
			}
			else if (c == '"') {
				this.quoted = true;
			}
			else if (c == '{' || c == '[') {
				this.depth++;
			}
			else if (c == '}' || c == ']') {
				this.depth--;
				this.whole = this.depth <= 0;
			}
		}
	}

	// What a model has left out stays left out
	ToolCall toToolCall() {
		boolean unchanged = this.name.equals(this.first.name()) && this.first.arguments() != null
				&& this.arguments.length() == this.first.arguments().length();
		return unchanged ? this.first
				: new ToolCall(this.first.id(), this.first.type(), this.name, this.arguments.toString());
	}

}
