package io.tokensaving.provider;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.Usage;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;

/**
 * All dialects. The one to use is found by the class of the options of a request or of
 * the usage of a response, or by the name of a model. The general dialect applies if no
 * other matches. Thread-safe.
 */
public final class Dialects {

	/**
	 * The dialects that come with the library, to which a new one is added.
	 */
	private static final List<ProviderDialect> BUILT_IN = List.of(new OpenAiDialect(), new AnthropicDialect(),
			new BedrockDialect(), new GoogleDialect(), new DeepSeekDialect(), new MistralDialect(), new OllamaDialect(),
			new CohereDialect(), new HuggingFaceDialect(), new AzureDialect(), new XaiDialect(), new LiteLlmDialect(),
			new OpenRouterDialect());

	/**
	 * Options that are for accounting if a known provider or Spring AI defines them, but
	 * may change the answer of any other provider.
	 */
	private static final Set<String> AMBIGUOUS_OPTIONS = Set.of("user", "metadata", "store");

	private static final String SPRING_AI = "org.springframework.ai.";

	private static final int MAX_IMAGES = 4;

	private static final int REMEMBERED_MODELS = 1000;

	private static final int REMEMBERED_LENGTH = 200;

	private static final Dialects DEFAULT = new Dialects(List.of());

	// Those of the application first, the general one last
	private final List<ProviderDialect> providers;

	private final List<Dialect> known = new ArrayList<>();

	private final Set<String> privateMetadata;

	private final Dialect general;

	private final Dialect generalOfSpringAi;

	private final ClassValue<Dialect> byClass = new ClassValue<>() {

		@Override
		protected Dialect computeValue(Class<?> type) {
			return find(type.getName());
		}

	};

	private final ConcurrentMap<String, Tokens> tokens = new ConcurrentHashMap<>();

	/**
	 * Create dialects.
	 * @param custom dialects that take precedence over the built-in ones; one with the
	 * name of a built-in dialect replaces it
	 * @throws IllegalArgumentException if two of them have the same name
	 */
	public Dialects(Collection<? extends ProviderDialect> custom) {
		Set<String> names = new HashSet<>();
		List<ProviderDialect> providers = new ArrayList<>();
		for (ProviderDialect provider : custom) {
			if (!names.add(provider.name())) {
				throw new IllegalArgumentException("Two dialects have the name '" + provider.name() + "'");
			}
			providers.add(provider);
		}
		ProviderDialect all = new GeneralDialect();
		List<ProviderDialect> others = new ArrayList<>(List.of(all));
		for (ProviderDialect provider : BUILT_IN) {
			if (names.add(provider.name())) {
				providers.add(provider);
				others.add(provider);
			}
		}
		List<ProviderDialect> everybody = new ArrayList<>(providers);
		everybody.addAll(BUILT_IN);
		everybody.add(all);
		MetadataTypes types = new MetadataTypes(everybody);
		for (ProviderDialect provider : providers) {
			Set<String> options = new HashSet<>(all.irrelevantOptions());
			options.addAll(provider.irrelevantOptions());
			this.known.add(new Dialect(provider, options, others, types));
		}
		Set<String> options = Dialect.union(others, ProviderDialect::irrelevantOptions);
		this.generalOfSpringAi = new Dialect(all, options, others, types);
		options.removeAll(AMBIGUOUS_OPTIONS);
		this.general = new Dialect(all, options, others, types);
		this.privateMetadata = Set.copyOf(Dialect.union(everybody, ProviderDialect::privateMetadata));
		providers.add(all);
		this.providers = List.copyOf(providers);
	}

	/**
	 * Return the dialects that come with the library.
	 * @return the dialects
	 */
	public static Dialects builtIn() {
		return DEFAULT;
	}

	/**
	 * Return the dialect of a request.
	 * @param options the options of the request, or {@code null} if it has none
	 * @return the dialect, the general one if the provider is not known
	 */
	public Dialect of(@Nullable ChatOptions options) {
		return (options != null) ? this.byClass.get(options.getClass()) : this.general;
	}

	private Dialect find(String className) {
		for (Dialect dialect : this.known) {
			for (String beginning : dialect.provider().classes()) {
				if (className.startsWith(beginning)) {
					return dialect;
				}
			}
		}
		return className.startsWith(SPRING_AI) ? this.generalOfSpringAi : this.general;
	}

	/**
	 * Read the usage that a provider reported.
	 * @param usage the usage of a response, or {@code null}
	 * @param options the options of the request, or {@code null}; they identify the
	 * provider if the usage does not
	 * @return the tokens, or {@code null} if nothing was reported
	 */
	public @Nullable TokenUsage usage(@Nullable Usage usage, @Nullable ChatOptions options) {
		if (usage == null) {
			return null;
		}
		TokenUsage tokens = provider(usage, options).usage(usage, options);
		return (tokens.total() > 0) ? tokens : null;
	}

	private ProviderDialect provider(Usage usage, @Nullable ChatOptions options) {
		Object nativeUsage = usage.getNativeUsage();
		Dialect dialect = (nativeUsage != null) ? this.byClass.get(nativeUsage.getClass()) : this.general;
		if (isGeneral(dialect)) {
			dialect = this.byClass.get(usage.getClass());
		}
		return (isGeneral(dialect) ? of(options) : dialect).provider();
	}

	private boolean isGeneral(Dialect dialect) {
		return dialect == this.general || dialect == this.generalOfSpringAi;
	}

	/**
	 * Return the token factor of a model: how many tokens it makes of a text for which
	 * the models of OpenAI make one.
	 * @param model the name of the model, or {@code null} if it is not known
	 * @return the factor, or nothing if it is not known
	 */
	public OptionalDouble tokenFactor(@Nullable String model) {
		return (model != null) ? tokens(model).factor() : OptionalDouble.empty();
	}

	/**
	 * Return the encoding by which a model makes tokens of a text.
	 * @param model the name of the model, or {@code null} if it is not known
	 * @return the name of the encoding, or {@code null} for the usual one
	 */
	public @Nullable String tokenEncoding(@Nullable String model) {
		return (model != null) ? tokens(model).encoding() : null;
	}

	private Tokens tokens(String model) {
		Tokens known = this.tokens.get(model);
		if (known == null) {
			known = findTokens(model);
			if (this.tokens.size() < REMEMBERED_MODELS && model.length() <= REMEMBERED_LENGTH) {
				this.tokens.put(model, known);
			}
		}
		return known;
	}

	private Tokens findTokens(String model) {
		String name = model.isBlank() ? model : model(model).name();
		for (ProviderDialect provider : this.providers) {
			for (String beginning : provider.models()) {
				if (name.startsWith(beginning)) {
					return new Tokens(provider.tokenFactor(), provider.tokenEncoding(name));
				}
			}
		}
		return Tokens.UNKNOWN;
	}

	/**
	 * Return whose a model is. Gateways and servers with the interface of another
	 * provider serve any model, so the class of the options counts only if the model has
	 * no name.
	 * @param model the name of the model, or {@code null} if it is not known
	 * @param options the options of its requests, or {@code null}
	 * @return the name of the provider, that of the general dialect if it is not known
	 */
	public String family(@Nullable String model, @Nullable ChatOptions options) {
		if (model == null || model.isBlank()) {
			return of(options).name();
		}
		List<ModelName> names = models(model);
		for (ProviderDialect provider : this.providers) {
			for (String beginning : provider.models()) {
				if (names.stream().anyMatch((name) -> name.name().startsWith(beginning))) {
					return provider.name();
				}
			}
		}
		return this.general.name();
	}

	/**
	 * Resolve the name of a model.
	 * @param name the name, which may be one that only a gateway or a region uses
	 * @return the provider's own name of the model; the given name in lower case if it is
	 * not known
	 */
	public ModelName model(String name) {
		List<ModelName> models = models(name);
		return models.get(models.size() - 1);
	}

	/**
	 * Resolve the name of a model step by step, as one gateway may call another.
	 * @param name the name, which may be one that only a gateway or a region uses
	 * @return the names, beginning with the given one in lower case and ending with the
	 * provider's own. Each says whether the list price of the provider applies
	 */
	public List<ModelName> models(String name) {
		ModelName model = new ModelName(name.toLowerCase(Locale.ROOT), true);
		List<ModelName> models = new ArrayList<>(List.of(model));
		for (int i = 0; i < MAX_IMAGES; i++) {
			ModelName next = next(model.name());
			if (next == null) {
				break;
			}
			model = new ModelName(next.name(), model.listPrice() && next.listPrice());
			models.add(model);
		}
		return models;
	}

	private @Nullable ModelName next(String name) {
		for (ProviderDialect provider : this.providers) {
			ModelName model = provider.model(name);
			if (model != null) {
				return model;
			}
		}
		return null;
	}

	/**
	 * Say how a row of the public price table of LiteLLM is to be read.
	 * @param provider the name of the provider in the row
	 * @param name the name of the row
	 * @return the names of models that have the prices of the row
	 */
	public PriceListing listing(String provider, String name) {
		String row = name.toLowerCase(Locale.ROOT);
		for (ProviderDialect dialect : this.providers) {
			PriceListing listing = dialect.listing(provider, row);
			if (listing != null) {
				return listing;
			}
		}
		return PriceListing.of(row);
	}

	/**
	 * Return where messages of the assistant hold what only the model that wrote them may
	 * see again. A message may be one of any provider.
	 * @return keys of the metadata of a message
	 */
	public Set<String> privateMetadata() {
		return this.privateMetadata;
	}

	/**
	 * Whether a message of the assistant holds reasoning that Spring AI sends back to its
	 * provider, in its metadata or in a class of its own.
	 * @param message a message of any provider
	 * @return whether it does
	 */
	public boolean hasReasoning(AssistantMessage message) {
		return !this.general.reasoning(message).isEmpty();
	}

	/**
	 * Whether a message of the assistant is a thought of the model and nothing else. A
	 * stream that was put together says so of its answer, too, and is not taken for one.
	 * @param message a message of any provider
	 * @return whether it is
	 */
	public boolean isThought(AssistantMessage message) {
		if (message.hasToolCalls() || Boolean.TRUE.equals(message.getMetadata().get("thinking"))) {
			return false;
		}
		Generation generation = new Generation(message);
		return this.known.stream().anyMatch((dialect) -> dialect.isThought(generation));
	}

	/**
	 * Return the list prices of all providers.
	 * @return the prices, those of the application's dialects first
	 */
	public List<ModelPrice> prices() {
		return this.providers.stream().flatMap((provider) -> provider.prices().stream()).toList();
	}

	/**
	 * How a model makes tokens of a text.
	 *
	 * @param factor the token factor, if it is known
	 * @param encoding the encoding, or {@code null} for the usual one
	 */
	private record Tokens(OptionalDouble factor, @Nullable String encoding) {

		private static final Tokens UNKNOWN = new Tokens(OptionalDouble.empty(), null);

	}

}
