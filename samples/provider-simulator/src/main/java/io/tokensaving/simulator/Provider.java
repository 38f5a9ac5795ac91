package io.tokensaving.simulator;

import java.util.Locale;

/** The providers that the simulator stands for. */
public enum Provider {

	/** Anthropic, Messages API. */
	ANTHROPIC("api.anthropic.com"),

	/** OpenAI, Chat Completions API. */
	OPENAI("api.openai.com"),

	/** DeepSeek, its Chat Completions API. */
	DEEPSEEK("api.deepseek.com"),

	/** Gemini, {@code generateContent} of the Developer API. */
	GEMINI("generativelanguage.googleapis.com");

	private final String host;

	Provider(String host) {
		this.host = host;
	}

	/**
	 * The provider's own host. A request that comes through the simulator as an HTTP
	 * proxy is told apart by it.
	 * @return a host name
	 */
	public String host() {
		return this.host;
	}

	/**
	 * The first segment of the paths that the simulator answers for this provider.
	 * @return a path segment, lower case
	 */
	public String path() {
		return name().toLowerCase(Locale.ROOT);
	}

}
