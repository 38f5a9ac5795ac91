package io.tokensaving.samples.gateway.door;

import java.util.Arrays;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The table of what clients can ask. What is not in it is answered with 404.
 */
enum Route {

	/**
	 * A conversation in OpenAI's format.
	 */
	CHAT_COMPLETIONS("POST", "/chat/completions", Kind.CONVERSATION, "/chat/completions"),

	/**
	 * A conversation in Anthropic's format.
	 */
	MESSAGES("POST", "/messages", Kind.CONVERSATION, "/messages"),

	/**
	 * The tokens of a conversation in Anthropic's format.
	 */
	COUNT_TOKENS("POST", "/messages/count_tokens", Kind.PASS_THROUGH, "/messages"),

	/**
	 * A conversation in OpenAI's newer format.
	 */
	RESPONSES("POST", "/responses", Kind.CONVERSATION, "/responses"),

	/**
	 * The tokens of a conversation in OpenAI's newer format.
	 */
	INPUT_TOKENS("POST", "/responses/input_tokens", Kind.PASS_THROUGH, "/responses"),

	/**
	 * A conversation in OpenAI's newer format, made shorter by the provider.
	 */
	COMPACT("POST", "/responses/compact", Kind.PASS_THROUGH, "/responses"),

	/**
	 * Vectors of texts.
	 */
	EMBEDDINGS("POST", "/embeddings", Kind.PASS_THROUGH, "/chat/completions"),

	/**
	 * The older way to have a text completed.
	 */
	COMPLETIONS("POST", "/completions", Kind.PASS_THROUGH, "/chat/completions"),

	/**
	 * The models that a key may use.
	 */
	MODELS("GET", "/models", Kind.LOCAL, "/chat/completions"),

	/**
	 * One of them; its id follows the path.
	 */
	MODEL("GET", "/models/", Kind.LOCAL, "/chat/completions");

	private static final Route[] ALL = values();

	private final String method;

	private final String path;

	private final Kind kind;

	private final String formatPath;

	Route(String method, String path, Kind kind, String formatPath) {
		this.method = method;
		this.path = path;
		this.kind = kind;
		this.formatPath = formatPath;
	}

	String method() {
		return this.method;
	}

	String path() {
		return this.path;
	}

	Kind kind() {
		return this.kind;
	}

	/**
	 * Whether providers take no money for it.
	 * @return whether it is free
	 */
	boolean isFree() {
		return this == COUNT_TOKENS || this == INPUT_TOKENS;
	}

	/**
	 * How the path of the format ends in which errors, and conversations, are written.
	 * @return the end of a path
	 */
	String formatPath() {
		return this.formatPath;
	}

	/**
	 * Whether a format is that of the route.
	 * @param path the path of the format
	 * @return whether it is
	 */
	boolean isOfFormat(String path) {
		return path.equals(this.formatPath) || path.equals("/v1" + this.formatPath);
	}

	static List<Route> all() {
		return Arrays.asList(ALL);
	}

	/**
	 * Find a route.
	 * @param path the path behind {@code /v1}
	 * @return the route, or {@code null} if there is none
	 */
	static @Nullable Route of(@Nullable String path) {
		if (path == null) {
			return null;
		}
		for (Route route : ALL) {
			if ((route == MODEL) ? path.startsWith(MODEL.path) && path.length() > MODEL.path.length()
					: path.equals(route.path)) {
				return route;
			}
		}
		return null;
	}

	/**
	 * What is done with a request.
	 */
	enum Kind {

		/**
		 * Goes through the advisors.
		 */
		CONVERSATION,

		/**
		 * Goes to an upstream as it is.
		 */
		PASS_THROUGH,

		/**
		 * Is answered here.
		 */
		LOCAL

	}

}
