package io.tokensaving.provider;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.StringUtils;

/**
 * Reads the requests and responses of one provider: according to its
 * {@link ProviderDialect}, and where that says nothing, by general rules. Headers, finish
 * reasons and numbers of generations of all providers are recognised, because a gateway
 * passes on those of others. Thread-safe.
 * <p>
 * Internal: not part of the API, may change at any time.
 */
public final class Dialect {

	/**
	 * The getters of the options that set the format of the answer.
	 */
	private static final ClassValue<List<Method>> FORMATS = new Getters(
			Set.of("responseFormat", "responseMimeType", "format"));

	private final ProviderDialect provider;

	private final List<ProviderDialect> reasoning;

	private final Set<String> irrelevantOptions;

	private final Set<String> irrelevantHeaders;

	private final List<String> irrelevantHeaderPrefixes;

	private final List<String> candidateNumbers;

	private final Set<String> completeReasons;

	private final Set<String> refusalReasons;

	private final Set<String> absentReasons;

	private final ClassValue<List<Method>> candidateCounts;

	private final MetadataTypes metadataTypes;

	/**
	 * Create a dialect.
	 * @param provider the dialect of the provider itself
	 * @param irrelevantOptions the options that cannot change the answer
	 * @param others the dialects of all other providers
	 * @param metadataTypes the classes of values in the metadata of all providers
	 */
	Dialect(ProviderDialect provider, Set<String> irrelevantOptions, List<ProviderDialect> others,
			MetadataTypes metadataTypes) {
		this.provider = provider;
		this.metadataTypes = metadataTypes;
		// Of a provider that is not known, a message may be one of any
		this.reasoning = (provider instanceof GeneralDialect) ? List.copyOf(others) : List.of(provider);
		this.irrelevantOptions = Set.copyOf(irrelevantOptions);
		List<ProviderDialect> all = new ArrayList<>(List.of(provider));
		all.addAll(others);
		Set<String> names = new TreeSet<>();
		Set<String> prefixes = new TreeSet<>();
		for (String header : union(all, ProviderDialect::irrelevantHeaders)) {
			if (header.endsWith("*")) {
				prefixes.add(header.substring(0, header.length() - 1));
			}
			else {
				names.add(header);
			}
		}
		this.irrelevantHeaders = Set.copyOf(names);
		this.irrelevantHeaderPrefixes = List.copyOf(prefixes);
		this.candidateNumbers = List.copyOf(union(all, (dialect) -> new LinkedHashSet<>(dialect.candidateNumbers())));
		Set<String> complete = union(all, ProviderDialect::completeReasons);
		complete.removeAll(provider.incompleteReasons());
		this.completeReasons = Set.copyOf(complete);
		Set<String> refusals = union(all, ProviderDialect::refusalReasons);
		refusals.removeAll(provider.completeReasons());
		this.refusalReasons = Set.copyOf(refusals);
		Set<String> absent = union(all, ProviderDialect::absentReasons);
		absent.removeAll(provider.completeReasons());
		absent.removeAll(provider.incompleteReasons());
		this.absentReasons = Set.copyOf(absent);
		this.candidateCounts = new Getters(union(all, ProviderDialect::candidateCounts));
	}

	static Set<String> union(List<ProviderDialect> dialects, Function<ProviderDialect, Set<String>> names) {
		Set<String> union = new LinkedHashSet<>();
		dialects.forEach((dialect) -> union.addAll(names.apply(dialect)));
		return union;
	}

	/**
	 * Return the name of the provider.
	 * @return the name, {@code general} if the provider is not known
	 */
	public String name() {
		return this.provider.name();
	}

	ProviderDialect provider() {
		return this.provider;
	}

	/**
	 * Whether an option cannot change the answer.
	 * @param name the name of the property in lower case
	 * @return whether it is left out of the fingerprint
	 */
	public boolean isIrrelevantOption(String name) {
		return this.irrelevantOptions.contains(name);
	}

	/**
	 * Whether an HTTP header cannot change the answer.
	 * @param name the name in lower case
	 * @return whether it is left out of the fingerprint
	 */
	public boolean isIrrelevantHeader(String name) {
		if (this.irrelevantHeaders.contains(name)) {
			return true;
		}
		for (String prefix : this.irrelevantHeaderPrefixes) {
			if (name.startsWith(prefix)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Return the HTTP headers that cannot change the answer, for the documentation.
	 * @return names in lower case, and prefixes of names followed by {@code *}
	 */
	public Set<String> irrelevantHeaders() {
		Set<String> headers = new HashSet<>(this.irrelevantHeaders);
		this.irrelevantHeaderPrefixes.forEach((prefix) -> headers.add(prefix + "*"));
		return headers;
	}

	/**
	 * Whether a request asks for more than one generation.
	 * @param options the options of the request, or {@code null}
	 * @return whether it does
	 * @throws IllegalStateException if the options cannot be read
	 */
	public boolean asksForSeveral(@Nullable ChatOptions options) {
		if (options == null) {
			return false;
		}
		for (Method method : this.candidateCounts.get(options.getClass())) {
			try {
				if (method.invoke(options) instanceof Number count && count.longValue() > 1) {
					return true;
				}
			}
			catch (IllegalAccessException | InvocationTargetException ex) {
				throw new IllegalStateException("The options of the request cannot be read", ex);
			}
		}
		return false;
	}

	/**
	 * Whether the options of a request ask the provider for JSON, with or without a
	 * schema.
	 * @param options the options, or {@code null}
	 * @return whether they do; {@code false} also if they cannot be read
	 */
	public boolean asksForJson(@Nullable ChatOptions options) {
		if (options == null) {
			return false;
		}
		for (Method method : FORMATS.get(options.getClass())) {
			Object format = ReflectionUtils.invokeMethod(method, options);
			Object type = (format == null || format instanceof String || format instanceof Map) ? format
					: typeOf(format);
			// Ollama takes the schema itself for the format
			if (type instanceof Map || (type != null && type.toString().toLowerCase(Locale.ROOT).contains("json"))) {
				return true;
			}
		}
		return false;
	}

	private static @Nullable Object typeOf(Object format) {
		Method method = ReflectionUtils.findMethod(format.getClass(), "getType");
		method = (method != null) ? method : ReflectionUtils.findMethod(format.getClass(), "type");
		return (method != null && method.trySetAccessible()) ? ReflectionUtils.invokeMethod(method, format) : null;
	}

	/**
	 * Whether a generation holds a thought of the model, and no answer.
	 * @param generation the generation, which has an output
	 * @return whether it does
	 */
	public boolean isThought(Generation generation) {
		Map<String, Object> metadata = generation.getOutput().getMetadata();
		return Boolean.TRUE.equals(metadata.get("isThought")) || Boolean.TRUE.equals(metadata.get("thinking"))
				|| this.provider.isThought(generation);
	}

	/**
	 * Return the number that identifies a generation within a response.
	 * @param generation the generation, which has an output
	 * @return the number, or {@code null} if it has none
	 */
	public @Nullable Integer candidateNumber(Generation generation) {
		Map<String, Object> message = generation.getOutput().getMetadata();
		ChatGenerationMetadata metadata = generation.getMetadata();
		for (String name : this.candidateNumbers) {
			Object value = message.get(name);
			if (value == null) {
				value = metadata.get(name);
			}
			if (value instanceof Number number) {
				return number.intValue();
			}
		}
		return null;
	}

	/**
	 * Return the classes of values that metadata of answers may hold. Those of all
	 * providers are known, because a gateway passes on those of others.
	 * @return the types
	 */
	public MetadataTypes metadataTypes() {
		return this.metadataTypes;
	}

	/**
	 * Return the option by which a model takes the largest number of output tokens.
	 * @param model the name of the model
	 * @return the name of a property of the chat options
	 */
	public String outputLimit(String model) {
		return this.provider.outputLimit(model.toLowerCase(Locale.ROOT));
	}

	/**
	 * Return what the provider demands of a schema by which a model is to answer.
	 * @param model the name of the model
	 * @return the demands, or {@code null} if the model is not known to be held to a
	 * schema
	 */
	public @Nullable SchemaRules schemaRules(String model) {
		return this.provider.schemaRules(model.toLowerCase(Locale.ROOT));
	}

	/**
	 * Whether each tool call has an id, by which its result is sent back.
	 * @return whether it does
	 */
	public boolean toolCallsHaveIds() {
		return this.provider.toolCallsHaveIds();
	}

	/**
	 * Whether a finish reason says that the answer has ended, completely or not.
	 * @param reason the reason, or {@code null}
	 * @return {@code true} if there is a reason
	 */
	public boolean isFinished(@Nullable String reason) {
		return reason != null && !this.absentReasons.contains(canonical(reason));
	}

	/**
	 * Whether a finish reason says that the answer is complete, not truncated, filtered
	 * or refused.
	 * @param reason the reason, or {@code null}
	 * @return {@code true} only for reasons that are known to mean this
	 */
	public boolean isComplete(@Nullable String reason) {
		return reason != null && this.completeReasons.contains(canonical(reason));
	}

	/**
	 * Whether the provider says that the model, or a filter, refuses to answer: by the
	 * finish reason, by content filters, or by a refusal in the metadata of the message.
	 * @param generation the generation, which has an output
	 * @return {@code false} if it does not say so, whatever the text says
	 */
	public boolean isRefused(Generation generation) {
		String reason = generation.getMetadata().getFinishReason();
		return hasRefusal(generation) || !generation.getMetadata().getContentFilters().isEmpty()
				|| (reason != null && this.refusalReasons.contains(canonical(reason)));
	}

	/**
	 * Whether the metadata of a message hold a refusal, which some providers give in
	 * place of a text.
	 * @param generation the generation, which has an output
	 * @return whether they do
	 */
	public boolean hasRefusal(Generation generation) {
		return generation.getOutput().getMetadata().get("refusal") instanceof String refusal
				&& StringUtils.hasText(refusal);
	}

	/**
	 * Return the reasoning of the model that is sent back to it.
	 * @param message a message of the assistant
	 * @return texts and byte arrays
	 */
	public List<Object> reasoning(AssistantMessage message) {
		List<Object> contents = null;
		for (ProviderDialect dialect : this.reasoning) {
			List<Object> found = dialect.reasoning(message);
			if (!found.isEmpty()) {
				// One that several name is sent once
				contents = (contents == null || contents.size() < found.size()) ? found : contents;
			}
		}
		return (contents != null) ? contents : List.of();
	}

	private static String canonical(String reason) {
		return reason.strip().toLowerCase(Locale.ROOT);
	}

	@Override
	public String toString() {
		return name();
	}

	/**
	 * The getters of certain properties, by class.
	 */
	private static final class Getters extends ClassValue<List<Method>> {

		private final Set<String> names;

		Getters(Set<String> names) {
			this.names = names;
		}

		@Override
		protected List<Method> computeValue(Class<?> type) {
			List<Method> methods = new ArrayList<>();
			for (String name : this.names) {
				Method method = ReflectionUtils.findMethod(type, "get" + StringUtils.capitalize(name));
				if (method != null && method.trySetAccessible()) {
					methods.add(method);
				}
			}
			return methods;
		}

	}

}
