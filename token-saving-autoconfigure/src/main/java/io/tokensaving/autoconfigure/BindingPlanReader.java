package io.tokensaving.autoconfigure;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;

import io.tokensaving.autoconfigure.PlanBinder.Layer;
import io.tokensaving.feature.SettingsSection;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanSource;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.core.ResolvableType;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * Reads stored plans with the same binding and the same checks as plans of the
 * configuration. Rejects what binding would accept or change silently: settings that do
 * not exist, a list or a section instead of a single value, a number that would be
 * changed, and an empty text, which would keep the default. Thread-safe.
 */
final class BindingPlanReader implements PlanReader {

	private static final Log logger = LogFactory.getLog(BindingPlanReader.class);

	private static final ConfigurationPropertyName ROOT = ConfigurationPropertyName.of("plan");

	private static final int MAX_ELEMENTS = 100;

	private static final int MAX_SETTINGS = 1000;

	private final PlanBinder binder;

	private final Consumer<Plan> loader;

	private final PlanLayers configured;

	/**
	 * Create a reader.
	 * @param binder binds a plan, as at startup
	 * @param loader loads what a plan needs
	 * @param configured the plans of the configuration, on which others may be based
	 */
	BindingPlanReader(PlanBinder binder, Consumer<Plan> loader, PlanLayers configured) {
		this.configured = configured;
		this.binder = binder;
		this.loader = loader;
	}

	@Override
	public Plan read(String id, Map<String, Object> settings) {
		try {
			Plan.builder(id).build();
			Map<String, String> values = new LinkedHashMap<>();
			Map<String, Object> sections = new LinkedHashMap<>(settings);
			Object base = sections.remove(PlanLayers.BASED_ON);
			sections.forEach((name, value) -> add(name, value, ResolvableType.forClass(section(name, value)), values));
			return bind(id, base, sections.keySet(), values);
		}
		catch (InvalidPlanException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			logger.debug("A plan was refused for an unexpected reason", ex);
			throw new InvalidPlanException("id", id, "a plan with other settings");
		}
	}

	@Override
	public Plan readOver(Plan fixed, Map<String, Object> settings) {
		if (fixed.source() != PlanSource.CONFIGURATION) {
			return PlanReader.super.readOver(fixed, settings);
		}
		Map<String, Object> based = new LinkedHashMap<>(settings);
		based.put(PlanLayers.BASED_ON, fixed.id());
		return read(fixed.id(), based);
	}

	private Plan bind(String id, @Nullable Object base, Set<String> sections, Map<String, String> values) {
		Map<String, String> source = new LinkedHashMap<>();
		values.forEach((name, value) -> source.put(ROOT + "." + name, value));
		try {
			List<Layer> layers = new ArrayList<>(base(base));
			layers.add(new Layer(new Binder(new MapConfigurationPropertySource(source)), ROOT, BindHandler.DEFAULT,
					sections::contains));
			return this.binder.bind(id, PlanSource.STORED, layers);
		}
		catch (BindException ex) {
			String field = field(ex.getName());
			throw new InvalidPlanException(field, values.getOrDefault(field, ""), accepted(ex.getTarget()));
		}
	}

	private List<Layer> base(@Nullable Object base) {
		if (base == null) {
			return List.of();
		}
		if (!(base instanceof String id)) {
			throw new InvalidPlanException(PlanLayers.BASED_ON, describe(base),
					"the id of a plan of the configuration");
		}
		return this.configured.of(id);
	}

	@Override
	public void load(Plan plan) {
		try {
			this.loader.accept(plan);
		}
		catch (InvalidPlanException ex) {
			throw ex;
		}
		catch (RuntimeException | LinkageError ex) {
			logger.debug("What a plan needs cannot be loaded", ex);
			throw new InvalidPlanException("id", plan.id(),
					"a plan whose needs can be loaded; the debug log says what cannot");
		}
	}

	@Override
	public void checkName(String name) {
		if (name.equals(PlanLayers.BASED_ON)) {
			return;
		}
		String[] parts = name.split("\\.");
		Class<?> type = section(parts[0], null);
		String path = parts[0];
		for (int i = 1; i < parts.length; i++) {
			path += "." + parts[i];
			type = KnownProperties.isBean(type) ? property(path, parts[i], null, type).toClass() : type;
		}
	}

	private Class<?> section(String name, @Nullable Object value) {
		SettingsSection<?> section = this.binder.sections().get(name);
		if (section == null) {
			Set<String> known = new TreeSet<>(this.binder.sections().keySet());
			known.add(PlanLayers.BASED_ON);
			throw unknown(name, value, known);
		}
		return section.type();
	}

	private static String field(ConfigurationPropertyName name) {
		return ROOT.isAncestorOf(name) ? name.subName(ROOT.getNumberOfElements()).toString() : name.toString();
	}

	private static void flatten(String path, Map<?, ?> section, Class<?> type, Map<String, String> target) {
		section.forEach((key, value) -> {
			String field = path + key;
			add(field, value, property(field, String.valueOf(key), value, type), target);
		});
	}

	private static ResolvableType property(String field, String name, @Nullable Object value, Class<?> section) {
		Map<String, ResolvableType> properties = KnownProperties.of(section);
		ResolvableType property = properties.get(name);
		if (property == null) {
			throw unknown(field, value, properties.keySet());
		}
		return property;
	}

	private static void add(String field, Object value, ResolvableType property, Map<String, String> target) {
		Class<?> type = property.toClass();
		if (KnownProperties.isBean(type)) {
			if (!(value instanceof Map<?, ?> section)) {
				throw new InvalidPlanException(field, describe(value), aSection(type));
			}
			flatten(field + ".", section, type, target);
		}
		else if (value instanceof Map<?, ?>) {
			throw new InvalidPlanException(field, describe(value), accepted(Bindable.of(property)));
		}
		else if (Collection.class.isAssignableFrom(type)) {
			addList(field, value, property, target);
		}
		else if (value instanceof List<?>) {
			throw new InvalidPlanException(field, describe(value), accepted(Bindable.of(property)));
		}
		else {
			target.put(field, checked(field, value, type));
		}
	}

	private static void addList(String field, Object value, ResolvableType property, Map<String, String> target) {
		ResolvableType type = property.asCollection().getGeneric();
		Class<?> elementType = type.toClass();
		if (!(value instanceof List<?> list)) {
			String text = String.valueOf(value);
			if (KnownProperties.isBean(elementType) && !text.isEmpty()) {
				throw new InvalidPlanException(field, text, accepted(Bindable.of(property)));
			}
			checkSize(field, StringUtils.countOccurrencesOf(text, ",") + 1);
			if (Number.class.isAssignableFrom(elementType)) {
				StringUtils.commaDelimitedListToSet(text).forEach((number) -> checked(field, number, elementType));
			}
			target.put(field, text);
			return;
		}
		checkSize(field, list.size());
		int start = target.size();
		for (int i = 0; i < list.size(); i++) {
			String element = field + "[" + i + "]";
			Object content = list.get(i);
			int before = target.size();
			if (KnownProperties.isBean(elementType)) {
				add(element, content, type, target);
			}
			else if (content instanceof Map<?, ?>) {
				throw new InvalidPlanException(element, describe(content), accepted(Bindable.of(type)));
			}
			else {
				target.put(element, (elementType == String.class) ? String.valueOf(content)
						: checked(element, content, elementType));
			}
			if (target.size() == before) {
				// An empty section stands for its defaults, as in the configuration
				target.put(element, "");
			}
		}
		if (list.isEmpty()) {
			target.put(field, "");
		}
		int settings = target.size() - start;
		if (settings > MAX_SETTINGS) {
			throw new InvalidPlanException(field, "a list of sections with %d settings".formatted(settings),
					"a list of sections with at most %d settings together".formatted(MAX_SETTINGS));
		}
	}

	private static String checked(String field, Object value, Class<?> type) {
		String text = String.valueOf(value);
		if (!StringUtils.hasText(text)) {
			throw new InvalidPlanException(field, text, accepted(Bindable.of(type)));
		}
		String accepted = NumberSettings.refuse(type, text);
		if (accepted != null) {
			throw new InvalidPlanException(field, text, accepted);
		}
		return text;
	}

	// The time for binding grows with the square of the size
	private static void checkSize(String field, int size) {
		if (size > MAX_ELEMENTS) {
			throw new InvalidPlanException(field, "a list of %d elements".formatted(size),
					"a list of at most %d elements".formatted(MAX_ELEMENTS));
		}
	}

	private static InvalidPlanException unknown(String field, @Nullable Object value, Collection<String> names) {
		return new InvalidPlanException(field, describe(value), "a setting that exists: " + quoted(names));
	}

	private static String aSection(Class<?> type) {
		return "a section with " + quoted(KnownProperties.of(type).keySet());
	}

	private static String quoted(Collection<String> names) {
		return "'" + String.join("', '", names).replace('-', '_') + "'";
	}

	private static String describe(@Nullable Object value) {
		if (value instanceof Map<?, ?>) {
			return "a section";
		}
		return (value instanceof List<?>) ? "a list" : String.valueOf(value);
	}

	private static String accepted(Bindable<?> target) {
		Class<?> type = target.getType().resolve(Object.class);
		if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
			return "a whole number";
		}
		if (type == double.class || type == Double.class || Number.class.isAssignableFrom(type)) {
			return "a number";
		}
		if (type == boolean.class || type == Boolean.class) {
			return "'true' or 'false'";
		}
		if (type == Duration.class) {
			return "a duration such as 500ms, 30s or 1h, of at most 3650 days";
		}
		if (type == DataSize.class) {
			return "a size such as 64KB or 1MB";
		}
		if (type.isEnum()) {
			return "one of " + Arrays.stream(type.getEnumConstants())
				.map((constant) -> "'" + ((Enum<?>) constant).name().toLowerCase(Locale.ROOT) + "'")
				.collect(Collectors.joining(", "));
		}
		if (!Collection.class.isAssignableFrom(type)) {
			return "a text that is not blank";
		}
		Class<?> element = target.getType().asCollection().getGeneric().resolve(Object.class);
		if (KnownProperties.isBean(element)) {
			return "a list of sections, each of them " + aSection(element);
		}
		return Number.class.isAssignableFrom(element) ? "a list of numbers" : "a list of texts";
	}

}
