package io.tokensaving.samples.gateway.upstream;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * What is known of a provider, so that a key suffices to use it. Immutable.
 *
 * @param name the name
 * @param baseUrl where it is, or {@code null} if that has to be said
 * @param models the models that it serves, or nothing if they have to be said
 * @param formats the wire formats that it speaks
 * @param auth how it is shown the key
 * @param needsKey whether it answers nobody without a key
 */
record UpstreamProvider(String name, @Nullable String baseUrl, List<String> models, List<String> formats, Auth auth,
		boolean needsKey) {

	/**
	 * The provider of upstreams whose name is that of none.
	 */
	static final String COMPATIBLE = "compatible";

	private static final String CHAT = "chat-completions";

	private static final String MESSAGES = "messages";

	private static final String RESPONSES = "responses";

	private static final List<String> ALL = List.of("*");

	private static final Map<String, UpstreamProvider> KNOWN = new LinkedHashMap<>();

	static {
		add("openai", "https://api.openai.com/v1",
				List.of("gpt-*", "chatgpt-*", "o1*", "o3*", "o4*", "codex-*", "text-embedding-*"),
				List.of(CHAT, RESPONSES), Auth.BEARER, true);
		// Its endpoint for OpenAI's format takes the key as OpenAI does
		add("anthropic", "https://api.anthropic.com/v1", List.of("claude-*"), List.of(MESSAGES, CHAT), Auth.ANTHROPIC,
				true);
		add("azure", null, List.of(), List.of(CHAT, RESPONSES), Auth.AZURE, true);
		add("deepseek", "https://api.deepseek.com/v1", List.of("deepseek-*"), List.of(CHAT), Auth.BEARER, true);
		add("gemini", "https://generativelanguage.googleapis.com/v1beta/openai", List.of("gemini-*"), List.of(CHAT),
				Auth.BEARER, true);
		add("mistral", "https://api.mistral.ai/v1", List.of("mistral-*", "ministral-*", "magistral-*", "codestral-*",
				"devstral-*", "pixtral-*", "open-mistral-*", "open-mixtral-*"), List.of(CHAT), Auth.BEARER, true);
		add("xai", "https://api.x.ai/v1", List.of("grok-*"), List.of(CHAT, RESPONSES), Auth.BEARER, true);
		add("cohere", "https://api.cohere.ai/compatibility/v1", List.of("command-*"), List.of(CHAT), Auth.BEARER, true);
		add("perplexity", "https://api.perplexity.ai", List.of("sonar*"), List.of(CHAT), Auth.BEARER, true);
		add("groq", "https://api.groq.com/openai/v1", ALL, List.of(CHAT), Auth.BEARER, true);
		add("together", "https://api.together.xyz/v1", ALL, List.of(CHAT), Auth.BEARER, true);
		add("openrouter", "https://openrouter.ai/api/v1", ALL, List.of(CHAT), Auth.BEARER, true);
		add("ollama", "http://localhost:11434/v1", ALL, List.of(CHAT), Auth.BEARER, false);
		add(COMPATIBLE, null, ALL, List.of(CHAT), Auth.BEARER, false);
	}

	private static void add(String name, @Nullable String baseUrl, List<String> models, List<String> formats, Auth auth,
			boolean needsKey) {
		KNOWN.put(name, new UpstreamProvider(name, baseUrl, models, formats, auth, needsKey));
	}

	/**
	 * Find a provider.
	 * @param name the name
	 * @return the provider, or {@code null} if it is not known
	 */
	static @Nullable UpstreamProvider find(String name) {
		return KNOWN.get(name);
	}

	/**
	 * Return all names.
	 * @return the names
	 */
	static List<String> names() {
		return List.copyOf(KNOWN.keySet());
	}

	/**
	 * How a provider is shown the key.
	 */
	enum Auth {

		/**
		 * In {@code Authorization}.
		 */
		BEARER,

		/**
		 * In {@code x-api-key} with a version for its own format, otherwise as a bearer.
		 */
		ANTHROPIC,

		/**
		 * In {@code api-key}.
		 */
		AZURE

	}

}
