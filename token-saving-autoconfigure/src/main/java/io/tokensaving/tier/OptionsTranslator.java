package io.tokensaving.tier;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Function;

import io.tokensaving.provider.Dialects;
import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;

/**
 * Translates the options of a request that was made for one model into those of another.
 * A request carries the defaults of the model that it was made for, so only what differs
 * from these is what the caller has set, and only that is carried over, onto the defaults
 * of the other model. A value that the caller has set and that equals the default of the
 * first model cannot be told from it.
 * <p>
 * If both models have options of one class, all of them are carried over but those of the
 * connection. If not, those are that all options of Spring AI have, tools and their
 * context, the schema of the output, and a few more of equal meaning. Thread-safe.
 */
public final class OptionsTranslator {

	private static final String MODEL = "model";

	private static final String MAX_TOKENS = "maxTokens";

	private static final String MAX_COMPLETION_TOKENS = "maxCompletionTokens";

	private static final String TOOL_CALLBACKS = "toolCallbacks";

	private static final String TOOL_CONTEXT = "toolContext";

	private static final String OUTPUT_SCHEMA = "outputSchema";

	private static final String STOP_SEQUENCES = "stopSequences";

	private static final String BASE_URL = "baseUrl";

	private static final String DEPLOYMENT = "deploymentName";

	private static final String PARALLEL_TOOLS = "parallelToolCalls";

	private static final String NO_PARALLEL_TOOLS = "disableParallelToolUse";

	/**
	 * What belongs to the model itself, and not to a request.
	 */
	private static final Set<String> OF_THE_MODEL = Set.of(MODEL, BASE_URL, "apiKey", "credential", DEPLOYMENT,
			"microsoftDeploymentName", "microsoftFoundryServiceVersion", "microsoftFoundry", "gitHubModels",
			"organizationId", "proxy");

	/**
	 * Other names that classes have for options that all have.
	 */
	private static final Set<String> PORTABLE = Set.of(MAX_TOKENS, MAX_COMPLETION_TOKENS, "maxOutputTokens",
			"numPredict", STOP_SEQUENCES, "stop", "temperature", "topP", "topK", "frequencyPenalty", "presencePenalty",
			TOOL_CALLBACKS, TOOL_CONTEXT, OUTPUT_SCHEMA);

	/**
	 * The options by which classes set the schema of the output.
	 */
	private static final Set<String> FORMATS = Set.of("responseFormat", "outputConfig", "format", "responseSchema",
			"responseMimeType");

	/**
	 * Options that mean the same in all classes that have them, with the names they have.
	 */
	private static final Map<String, List<String>> SAME_MEANING = Map.of("seed", List.of("seed", "randomSeed"),
			"randomSeed", List.of("randomSeed", "seed"), "n", List.of("n", "candidateCount"), "candidateCount",
			List.of("candidateCount", "n"), "user", List.of("user"), PARALLEL_TOOLS, List.of(PARALLEL_TOOLS),
			NO_PARALLEL_TOOLS, List.of(NO_PARALLEL_TOOLS), "timeout", List.of("timeout"), "maxRetries",
			List.of("maxRetries"));

	private static final ChatOptions NOTHING = ChatOptions.builder().build();

	private static final ClassValue<ChatOptions> DEFAULTS = new ClassValue<>() {

		@Override
		protected ChatOptions computeValue(Class<?> type) {
			return defaultsOf(type);
		}

	};

	private final Dialects dialects;

	/**
	 * Create a translator.
	 * @param dialects know what providers call the limit of output tokens
	 */
	public OptionsTranslator(Dialects dialects) {
		this.dialects = dialects;
	}

	private static ChatOptions defaultsOf(Class<?> type) {
		try {
			Method method = type.getMethod("builder");
			method.trySetAccessible();
			if (method.invoke(null) instanceof ChatOptions.Builder<?> builder) {
				ChatOptions built = builder.build();
				return (built.getClass() == type) ? built : NOTHING;
			}
		}
		catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException | RuntimeException ex) {
			// Then all that is set counts as set by the caller
		}
		return NOTHING;
	}

	/**
	 * Replace the model of a request that stays with its provider and with the bean that
	 * it was made for. Everything else stays as it is; only the limit of output tokens
	 * changes its name if the other model takes it under another one.
	 * @param options the options of the request
	 * @param model the name of the other model
	 * @return the options, or {@code null} if options of this class cannot be changed
	 */
	public @Nullable ChatOptions withModel(ChatOptions options, String model) {
		ChatOptions.Builder<?> builder = options.mutate();
		setModel(builder, options, model);
		Integer limit = options.getMaxTokens();
		if (limit != null && this.dialects.of(options).outputLimit(model).equals(MAX_COMPLETION_TOKENS)
				&& OptionProperty.read(options, MAX_COMPLETION_TOKENS) == null) {
			setLimit(builder, options, model, limit);
		}
		ChatOptions changed = builder.build();
		return (changed.getClass() == options.getClass()) ? changed : null;
	}

	/**
	 * Set a single option of a request by its name, where the class of its options has
	 * it.
	 * @param options the options of the request
	 * @param name the name of the property, such as {@code serviceTier}
	 * @param value the value; the name of a constant in any case if the option is an enum
	 * @return the options, or {@code null} if the class has no such option or does not
	 * take the value
	 */
	public static @Nullable ChatOptions with(ChatOptions options, String name, Object value) {
		OptionProperty property = OptionProperty.of(options.getClass(), name);
		Object accepted = (property != null) ? accepted(property.type(), value) : null;
		if (property == null || accepted == null) {
			return null;
		}
		ChatOptions.Builder<?> builder = options.mutate();
		ChatOptions changed = property.set(builder, accepted) ? builder.build() : null;
		return (changed != null && changed.getClass() == options.getClass()) ? changed : null;
	}

	/**
	 * Read a single option of a request by its name.
	 * @param options the options of the request
	 * @param name the name of the property
	 * @return the value, or {@code null} if it is not set or the class has no such option
	 */
	public static @Nullable Object read(ChatOptions options, String name) {
		return OptionProperty.read(options, name);
	}

	private static @Nullable Object accepted(Class<?> type, Object value) {
		if (type.isEnum()) {
			for (Object constant : type.getEnumConstants()) {
				if (((Enum<?>) constant).name().equalsIgnoreCase(value.toString())) {
					return constant;
				}
			}
			return null;
		}
		return type.isInstance(value) ? value : null;
	}

	// Where a deployment is named, it takes the place of the model
	private static void setModel(ChatOptions.Builder<?> builder, ChatOptions options, String model) {
		builder.model(model);
		OptionProperty deployment = OptionProperty.of(options.getClass(), DEPLOYMENT);
		if (deployment != null && deployment.read(options) instanceof String) {
			deployment.set(builder, model);
		}
	}

	/**
	 * Translate options.
	 * @param options the options of the request, or {@code null} if it has none
	 * @param source the default options of the model that the request was made for, or
	 * {@code null} if that is not known. Then what differs from the defaults of the class
	 * counts as set by the caller
	 * @param target the default options of the model that it goes to
	 * @param model the name of the model, or {@code null} for the default of the target
	 * @return the options of the class of the target, and what was left out, or
	 * {@code null} if options of that class cannot be made from its defaults
	 */
	public @Nullable Translation translate(@Nullable ChatOptions options, @Nullable ChatOptions source,
			ChatOptions target, @Nullable String model) {
		ChatOptions.Builder<?> builder = target.mutate();
		Set<String> dropped = new TreeSet<>();
		String name = (model != null) ? model : target.getModel();
		if (name != null) {
			setModel(builder, target, name);
		}
		ChatOptions built = null;
		if (options != null && options.getClass() == target.getClass()) {
			carryAll(options, base(options, source), target, (name != null) ? name : "", builder, dropped);
		}
		else if (options != null) {
			built = carryPortable(options, base(options, source), target, (name != null) ? name : "", builder, dropped);
		}
		built = (built != null) ? built : builder.build();
		return (built.getClass() == target.getClass()) ? new Translation(built, List.copyOf(dropped)) : null;
	}

	private static ChatOptions base(ChatOptions options, @Nullable ChatOptions source) {
		return (source != null) ? source : DEFAULTS.get(options.getClass());
	}

	private static @Nullable Object base(OptionProperty property, ChatOptions options, ChatOptions base) {
		if (base.getClass() == options.getClass()) {
			return property.read(base);
		}
		Object value = OptionProperty.read(base, property.name());
		ChatOptions defaults = DEFAULTS.get(options.getClass());
		return (value != null || defaults.getClass() != options.getClass()) ? value : property.read(defaults);
	}

	// Of one class

	private void carryAll(ChatOptions options, ChatOptions base, ChatOptions target, String model,
			ChatOptions.Builder<?> builder, Set<String> dropped) {
		List<OptionProperty> properties = new ArrayList<>(OptionProperty.of(options.getClass()));
		// What a class derives the schema from says more than the schema
		properties.sort(
				(one, other) -> Boolean.compare(other.name().equals(OUTPUT_SCHEMA), one.name().equals(OUTPUT_SCHEMA)));
		boolean sameHost = Objects.equals(OptionProperty.read(options, BASE_URL),
				OptionProperty.read(target, BASE_URL));
		for (OptionProperty property : properties) {
			Object value = OF_THE_MODEL.contains(property.name()) ? null : property.read(options);
			Object before = (value != null) ? base(property, options, base) : null;
			if (value == null || value.equals(before) || !property.isSetBy(builder)) {
				continue;
			}
			if (!sameHost && property.name().toLowerCase(Locale.ROOT).endsWith("headers")) {
				// They may hold what one host trusts another with
				dropped.add(property.name());
			}
			else if (property.name().equals(MAX_TOKENS)) {
				setLimit(builder, target, model, (Integer) value);
			}
			else if (!property.set(builder,
					property.isAddedTo() ? merged(property.name(), value, before, property.read(target)) : value)) {
				dropped.add(property.name());
			}
		}
	}

	// What the caller has added to a list or map, on top of what the target has
	private static Object merged(String name, Object value, @Nullable Object before, @Nullable Object target) {
		if (value instanceof List<?> list) {
			List<?> beginning = (before instanceof List<?> given) ? given : List.of();
			boolean added = list.size() > beginning.size() && list.subList(0, beginning.size()).equals(beginning);
			// A client adds to a list, but replaces tools where it is given any itself
			if (!added || (beginning.isEmpty() && name.equals(TOOL_CALLBACKS))) {
				return list;
			}
			List<Object> merged = new ArrayList<>((target instanceof List<?> given) ? given : List.of());
			merged.addAll(list.subList(beginning.size(), list.size()));
			return merged;
		}
		if (value instanceof Map<?, ?> map) {
			Map<Object, Object> merged = new HashMap<>((target instanceof Map<?, ?> given) ? given : Map.of());
			map.forEach((key, element) -> {
				if (!(before instanceof Map<?, ?> given) || !Objects.equals(given.get(key), element)) {
					merged.put(key, element);
				}
			});
			return merged;
		}
		return value;
	}

	private void setLimit(ChatOptions.Builder<?> builder, ChatOptions target, String model, Integer limit) {
		OptionProperty completion = OptionProperty.of(target.getClass(), MAX_COMPLETION_TOKENS);
		boolean given = completion != null && completion.read(target) != null;
		if (completion == null
				|| !(given || this.dialects.of(target).outputLimit(model).equals(MAX_COMPLETION_TOKENS))) {
			builder.maxTokens(limit);
			return;
		}
		if (!given) {
			// One takes the place of the other, with a warning if both are set
			builder.maxTokens(null);
		}
		completion.set(builder, limit);
	}

	// Of different classes

	private ChatOptions carryPortable(ChatOptions options, ChatOptions base, ChatOptions target, String model,
			ChatOptions.Builder<?> builder, Set<String> dropped) {
		List<Consumer<ChatOptions>> checks = new ArrayList<>();
		carry("temperature", options, base, ChatOptions::getTemperature, builder::temperature, checks, dropped);
		carry("topP", options, base, ChatOptions::getTopP, builder::topP, checks, dropped);
		carry("topK", options, base, ChatOptions::getTopK, builder::topK, checks, dropped);
		carry("frequencyPenalty", options, base, ChatOptions::getFrequencyPenalty, builder::frequencyPenalty, checks,
				dropped);
		carry("presencePenalty", options, base, ChatOptions::getPresencePenalty, builder::presencePenalty, checks,
				dropped);
		Integer limit = limit(options, base);
		if (limit != null) {
			setLimit(builder, target, model, limit);
			checks.add((built) -> {
				if (!limit.equals(built.getMaxTokens())
						&& !limit.equals(OptionProperty.read(built, MAX_COMPLETION_TOKENS))) {
					dropped.add(MAX_TOKENS);
				}
			});
		}
		List<String> stop = options.getStopSequences();
		if (stop != null && !stop.isEmpty() && !stop.equals(base.getStopSequences())) {
			builder
				.stopSequences(texts(merged(STOP_SEQUENCES, stop, base.getStopSequences(), target.getStopSequences())));
			checks.add((built) -> {
				if (built.getStopSequences() == null) {
					dropped.add(STOP_SEQUENCES);
				}
			});
		}
		carryTools(options, base, target, builder, dropped);
		boolean schema = carrySchema(options, base, builder, dropped);
		carryOthers(options, base, target, builder, schema, dropped);
		ChatOptions built = builder.build();
		checks.forEach((check) -> check.accept(built));
		return built;
	}

	private static <T> void carry(String name, ChatOptions options, ChatOptions base,
			Function<ChatOptions, @Nullable T> getter, Consumer<T> setter, List<Consumer<ChatOptions>> checks,
			Set<String> dropped) {
		T value = getter.apply(options);
		if (value != null && !value.equals(getter.apply(base))) {
			setter.accept(value);
			// A provider that does not have the option takes it and forgets it
			checks.add((built) -> {
				if (!value.equals(getter.apply(built))) {
					dropped.add(name);
				}
			});
		}
	}

	// The limit that the caller has set, under either name
	private static @Nullable Integer limit(ChatOptions options, ChatOptions base) {
		Object completion = OptionProperty.read(options, MAX_COMPLETION_TOKENS);
		if (completion instanceof Integer limit
				&& !completion.equals(OptionProperty.read(base, MAX_COMPLETION_TOKENS))) {
			return limit;
		}
		Integer limit = options.getMaxTokens();
		return (limit != null && !limit.equals(base.getMaxTokens())) ? limit : null;
	}

	private static List<String> texts(Object list) {
		List<String> texts = new ArrayList<>();
		((List<?>) list).forEach((text) -> texts.add((String) text));
		return texts;
	}

	private static void carryTools(ChatOptions options, ChatOptions base, ChatOptions target,
			ChatOptions.Builder<?> builder, Set<String> dropped) {
		if (!(options instanceof ToolCallingChatOptions given)) {
			return;
		}
		ToolCallingChatOptions before = (base instanceof ToolCallingChatOptions tools) ? tools : null;
		ToolCallingChatOptions own = (target instanceof ToolCallingChatOptions tools) ? tools : null;
		List<ToolCallback> callbacks = given.getToolCallbacks();
		if (callbacks != null && !callbacks.isEmpty()
				&& !(before != null && callbacks.equals(before.getToolCallbacks()))) {
			if (builder instanceof ToolCallingChatOptions.Builder<?> tools) {
				List<ToolCallback> merged = new ArrayList<>();
				((List<?>) merged(TOOL_CALLBACKS, callbacks, (before != null) ? before.getToolCallbacks() : null,
						(own != null) ? own.getToolCallbacks() : null))
					.forEach((tool) -> merged.add((ToolCallback) tool));
				tools.toolCallbacks(merged);
			}
			else {
				dropped.add(TOOL_CALLBACKS);
			}
		}
		Map<String, Object> context = given.getToolContext();
		if (context != null && builder instanceof ToolCallingChatOptions.Builder<?> tools) {
			Map<String, Object> known = (before != null && before.getToolContext() != null) ? before.getToolContext()
					: Map.of();
			Map<String, Object> added = new HashMap<>(context);
			added.entrySet().removeIf((entry) -> Objects.equals(known.get(entry.getKey()), entry.getValue()));
			if (!added.isEmpty()) {
				// The builder adds
				tools.toolContext(added);
			}
		}
	}

	// Whether the schema was carried over
	private static boolean carrySchema(ChatOptions options, ChatOptions base, ChatOptions.Builder<?> builder,
			Set<String> dropped) {
		String schema = (options instanceof StructuredOutputChatOptions structured) ? structured.getOutputSchema()
				: null;
		// Some return the name of a format here
		if (schema == null || !schema.stripLeading().startsWith("{")
				|| (base instanceof StructuredOutputChatOptions before && schema.equals(before.getOutputSchema()))) {
			return false;
		}
		if (builder instanceof StructuredOutputChatOptions.Builder<?> structured) {
			try {
				structured.outputSchema(schema);
				return true;
			}
			catch (RuntimeException ex) {
				// Some read it at once
			}
		}
		dropped.add(OUTPUT_SCHEMA);
		return true;
	}

	private static void carryOthers(ChatOptions options, ChatOptions base, ChatOptions target,
			ChatOptions.Builder<?> builder, boolean schema, Set<String> dropped) {
		ChatOptions.Builder<?> own = options.mutate();
		for (OptionProperty property : OptionProperty.of(options.getClass())) {
			String name = property.name();
			Object value = (OF_THE_MODEL.contains(name) || PORTABLE.contains(name)
					|| (schema && FORMATS.contains(name))) ? null : property.read(options);
			if (value != null && !value.equals(base(property, options, base)) && property.isSetBy(own)
					&& !carryOther(name, value, property.type(), target, builder)) {
				dropped.add(name);
			}
		}
	}

	private static boolean carryOther(String name, Object value, Class<?> type, ChatOptions target,
			ChatOptions.Builder<?> builder) {
		for (String other : SAME_MEANING.getOrDefault(name, List.of())) {
			OptionProperty property = OptionProperty.of(target.getClass(), other);
			if (property != null && property.type() == type && property.set(builder, value)) {
				return true;
			}
		}
		String opposite = name.equals(PARALLEL_TOOLS) ? NO_PARALLEL_TOOLS
				: name.equals(NO_PARALLEL_TOOLS) ? PARALLEL_TOOLS : null;
		OptionProperty property = (opposite != null) ? OptionProperty.of(target.getClass(), opposite) : null;
		return property != null && value instanceof Boolean flag && property.set(builder, !flag);
	}

	/**
	 * Options in the terms of another model. Immutable.
	 *
	 * @param options the options
	 * @param dropped the names of the options that the caller has set and the model does
	 * not have, in alphabetical order; those of one class of options, so they are few
	 */
	public record Translation(ChatOptions options, List<String> dropped) {

		/**
		 * Copy the names.
		 */
		public Translation {
			dropped = List.copyOf(dropped);
		}

	}

}
