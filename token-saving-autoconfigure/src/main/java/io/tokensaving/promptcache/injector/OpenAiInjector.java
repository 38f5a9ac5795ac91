package io.tokensaving.promptcache.injector;

import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

import io.tokensaving.promptcache.CacheInjection;
import io.tokensaving.promptcache.CacheTarget;
import io.tokensaving.promptcache.CacheTtl;
import io.tokensaving.promptcache.PromptCacheInjector;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.openai.OpenAiChatOptions;
import org.springframework.util.StringUtils;

/**
 * Tells providers with an OpenAI-compatible API what to keep. Which fields and headers a
 * request can have depends on the host; one that is not known gets none.
 */
final class OpenAiInjector implements PromptCacheInjector {

	private static final String CACHE_OPTIONS = "prompt_cache_options";

	private static final String RETENTION = "prompt_cache_retention";

	private static final String CACHE_CONTROL = "cache_control";

	private static final String CONVERSATION_HEADER = "x-grok-conv-id";

	/**
	 * The models that take a retention of a day, with their dated versions. Of later ones
	 * it is the default, and the newest reject the field.
	 */
	private static final Pattern EXTENDED_RETENTION = Pattern.compile("(gpt-4\\.1|gpt-5(-codex)?"
			+ "|gpt-5\\.1(-codex(-mini|-max)?|-chat-latest)?|gpt-5\\.2)(-\\d{4}-\\d{2}-\\d{2})?");

	private static final long FIVE_MINUTES = 300;

	// Set by the SDK if the options name no base URL
	private static final List<String> BASE_URL_VARIABLES = List.of("OPENAI_BASE_URL", "AZURE_OPENAI_BASE_URL");

	private final UnaryOperator<@Nullable String> environment;

	OpenAiInjector(UnaryOperator<@Nullable String> environment) {
		this.environment = environment;
	}

	@Override
	public boolean supports(ChatOptions options) {
		return options instanceof OpenAiChatOptions;
	}

	@Override
	public CacheTarget target(ChatOptions options, List<Message> messages) {
		OpenAiChatOptions given = (OpenAiChatOptions) options;
		Set<String> body = (given.getExtraBody() != null) ? given.getExtraBody().keySet() : Set.of();
		boolean managed = body.contains(CACHE_OPTIONS) || body.contains(CACHE_CONTROL);
		List<@Nullable Object> front = new ArrayList<>();
		front.add(given.getOutputSchema());
		front.add(given.getReasoningEffort());
		front.add(given.getVerbosity());
		return new CacheTarget(Host.of(given, baseUrl(given)).provider, baseUrl(given), managed, front, List.of());
	}

	private String baseUrl(OpenAiChatOptions options) {
		if (StringUtils.hasText(options.getBaseUrl())) {
			return options.getBaseUrl();
		}
		for (String variable : BASE_URL_VARIABLES) {
			String value = this.environment.apply(variable);
			if (StringUtils.hasText(value)) {
				return value;
			}
		}
		return "";
	}

	// Only the end of the prompt is ever written
	@Override
	public boolean isMarkable(List<Message> messages, int index) {
		return index == messages.size() - 1;
	}

	@Override
	public boolean isSystemMarkable(List<Message> messages) {
		return false;
	}

	@Override
	public Injected inject(ChatOptions options, CacheInjection injection) {
		OpenAiChatOptions given = (OpenAiChatOptions) options;
		Host host = Host.of(given, injection.target().baseUrl());
		return switch (host) {
			case OPENAI -> new Injected(openAi(given, injection), false);
			case AZURE -> new Injected(withKey(given, injection), false);
			case XAI -> new Injected(withConversation(given, injection), false);
			case OPENROUTER -> openRouter(given, injection);
			case DEEPSEEK, OTHER -> new Injected(given, false);
		};
	}

	private static OpenAiChatOptions openAi(OpenAiChatOptions options, CacheInjection injection) {
		Map<String, Object> added = new HashMap<>();
		if (injection.rules().implicitWrites() && !injection.hasMarks()) {
			// Nothing is written, and nothing paid for that
			added.put(CACHE_OPTIONS, Map.of("mode", "explicit"));
		}
		String model = (options.getModel() != null) ? options.getModel().toLowerCase(Locale.ROOT) : "";
		if (injection.settings().extendedRetention() && EXTENDED_RETENTION.matcher(model).matches()) {
			added.put(RETENTION, "24h");
		}
		return withBody(withKey(options, injection), added);
	}

	private static OpenAiChatOptions withKey(OpenAiChatOptions options, CacheInjection injection) {
		if (!injection.settings().key() || options.getPromptCacheKey() != null
				|| body(options).containsKey("prompt_cache_key")) {
			return options;
		}
		return options.mutate().promptCacheKey(injection.keys().shared()).build();
	}

	private static Map<String, Object> body(OpenAiChatOptions options) {
		return (options.getExtraBody() != null) ? options.getExtraBody() : Map.of();
	}

	private static OpenAiChatOptions withBody(OpenAiChatOptions options, Map<String, Object> added) {
		Map<String, Object> body = new HashMap<>(added);
		body.keySet().removeAll(body(options).keySet());
		if (body.isEmpty()) {
			return options;
		}
		body.putAll(body(options));
		return options.mutate().extraBody(body).build();
	}

	private static OpenAiChatOptions withConversation(OpenAiChatOptions options, CacheInjection injection) {
		Map<String, String> headers = (options.getCustomHeaders() != null) ? options.getCustomHeaders() : Map.of();
		if (!injection.settings().key() || headers.keySet().stream().anyMatch(CONVERSATION_HEADER::equalsIgnoreCase)) {
			return options;
		}
		Map<String, String> added = new HashMap<>(headers);
		added.put(CONVERSATION_HEADER, injection.keys().conversation());
		return options.mutate().customHeaders(added).build();
	}

	// The whole request is marked, which marks its last block
	private static Injected openRouter(OpenAiChatOptions options, CacheInjection injection) {
		CacheTtl ttl = injection.behindMessages().get(injection.messages().size() - 1);
		if (ttl == null) {
			return new Injected(options, false);
		}
		Map<String, Object> control = (ttl.duration().toSeconds() > FIVE_MINUTES)
				? Map.of("type", "ephemeral", "ttl", "1h") : Map.of("type", "ephemeral");
		OpenAiChatOptions marked = withBody(options, Map.of(CACHE_CONTROL, control));
		return new Injected(marked, true);
	}

	@Override
	public boolean isRejection(Throwable failure) {
		return Rejections.isBadRequest(failure, "com.openai.errors.BadRequestException");
	}

	/**
	 * Who answers.
	 */
	private enum Host {

		OPENAI("openai"), AZURE("azure"), XAI("xai"), OPENROUTER("openrouter"), DEEPSEEK("deepseek"), OTHER("general");

		private static final List<String> AZURE_HOSTS = List.of(".openai.azure.com", ".cognitiveservices.azure.com",
				".services.ai.azure.com");

		private final String provider;

		Host(String provider) {
			this.provider = provider;
		}

		static Host of(OpenAiChatOptions options, String baseUrl) {
			if (options.isGitHubModels()) {
				return OTHER;
			}
			if (options.isMicrosoftFoundry()) {
				return AZURE;
			}
			if (baseUrl.isEmpty()) {
				return OPENAI;
			}
			String host = host(baseUrl);
			if (isWithin(host, "api.openai.com")) {
				return OPENAI;
			}
			if (AZURE_HOSTS.stream().anyMatch(host::endsWith)) {
				return AZURE;
			}
			if (isWithin(host, "api.x.ai")) {
				return XAI;
			}
			if (isWithin(host, "openrouter.ai")) {
				return OPENROUTER;
			}
			return isWithin(host, "api.deepseek.com") ? DEEPSEEK : OTHER;
		}

		private static boolean isWithin(String host, String domain) {
			return host.equals(domain) || host.endsWith("." + domain);
		}

		private static String host(String baseUrl) {
			try {
				String host = URI.create(baseUrl.strip()).getHost();
				return (host != null) ? host.toLowerCase(Locale.ROOT) : "";
			}
			catch (IllegalArgumentException ex) {
				return "";
			}
		}

	}

}
