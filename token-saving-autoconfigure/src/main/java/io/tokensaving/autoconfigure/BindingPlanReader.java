package io.tokensaving.autoconfigure;

import java.beans.PropertyDescriptor;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.tokensaving.autoconfigure.TokenSavingProperties.PlanProperties;
import io.tokensaving.plan.InvalidPlanException;
import io.tokensaving.plan.Plan;
import io.tokensaving.plan.PlanReader;
import io.tokensaving.plan.PlanSource;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.context.properties.bind.AbstractBindHandler;
import org.springframework.boot.context.properties.bind.BindContext;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.StringUtils;
import org.springframework.util.unit.DataSize;

/**
 * Reads stored plans as Spring Boot binds those of the configuration, and checks them
 * with the same code. What binding would let pass is refused here: a setting that does
 * not exist, a list or a section where there is to be one value, a number that would be
 * cut, an empty text that would leave a default in place. Thread-safe.
 */
final class BindingPlanReader implements PlanReader {

	private static final Log logger = LogFactory.getLog(BindingPlanReader.class);

	private static final String ROOT = "plan";

	private static final String CHECKED_PREFIX = TokenSavingProperties.PREFIX + ".plans";

	private static final String REASON_PREFIX = "Accepted is ";

	private static final Duration MAX_DURATION = Duration.ofDays(3650);

	private static final int MAX_ELEMENTS = 100;

	private final Function<TokenSavingProperties, Plan> checks;

	private final Consumer<Plan> loader;

	/**
	 * Create a reader.
	 * @param checks makes the only plan of the given properties, as at startup; fails
	 * with {@link InvalidConfigurationPropertyValueException}
	 * @param loader loads what a plan needs; fails with {@link InvalidPlanException}
	 */
	BindingPlanReader(Function<TokenSavingProperties, Plan> checks, Consumer<Plan> loader) {
		this.checks = checks;
		this.loader = loader;
	}

	@Override
	public Plan read(String id, Map<String, Object> settings) {
		try {
			Plan.builder(id).source(PlanSource.STORED).build();
			TokenSavingProperties properties = new TokenSavingProperties();
			properties.setPlans(Map.of(id, bind(settings)));
			return check(id, properties);
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
	public void load(Plan plan) {
		this.loader.accept(plan);
	}

	@Override
	public void checkName(String name) {
		Class<?> type = PlanProperties.class;
		String path = "";
		for (String part : name.split("\\.")) {
			type = isSection(type) ? property(path + part, part, null, type) : type;
			path += part + ".";
		}
	}

	private Plan check(String id, TokenSavingProperties properties) {
		try {
			return this.checks.apply(properties);
		}
		catch (InvalidConfigurationPropertyValueException ex) {
			String prefix = CHECKED_PREFIX + "." + id + ".";
			String field = ex.getName().startsWith(prefix) ? ex.getName().substring(prefix.length()) : "id";
			String accepted = (ex.getReason() != null) ? ex.getReason() : "";
			if (accepted.startsWith(REASON_PREFIX) && accepted.endsWith(".")) {
				accepted = accepted.substring(REASON_PREFIX.length(), accepted.length() - 1);
			}
			throw new InvalidPlanException(field, String.valueOf(ex.getValue()), accepted);
		}
	}

	private static PlanProperties bind(Map<String, Object> settings) {
		Map<String, String> flat = new LinkedHashMap<>();
		flatten("", settings, PlanProperties.class, flat);
		Map<String, String> source = new LinkedHashMap<>();
		flat.forEach((name, value) -> source.put(ROOT + "." + name, value));
		BindHandler handler = new NoUnboundElementsBindHandler(new LimitsBindHandler());
		try {
			return new Binder(new MapConfigurationPropertySource(source))
				.bind(ROOT, Bindable.of(PlanProperties.class), handler)
				.orElseGet(PlanProperties::new);
		}
		catch (BindException ex) {
			for (Throwable cause = ex; cause != null; cause = cause.getCause()) {
				if (cause instanceof InvalidPlanException invalid) {
					throw invalid;
				}
			}
			String field = field(ex.getName());
			throw new InvalidPlanException(field, flat.getOrDefault(field, ""), accepted(ex.getTarget()));
		}
	}

	private static String field(ConfigurationPropertyName name) {
		String text = name.toString();
		return text.startsWith(ROOT + ".") ? text.substring(ROOT.length() + 1) : text;
	}

	private static void flatten(String path, Map<?, ?> section, Class<?> type, Map<String, String> target) {
		section.forEach((key, value) -> {
			String field = path + key;
			add(field, value, property(field, String.valueOf(key), value, type), target);
		});
	}

	private static Class<?> property(String field, String name, @Nullable Object value, Class<?> section) {
		Map<String, Class<?>> properties = properties(section);
		Class<?> property = properties.get(name);
		if (property == null) {
			throw new InvalidPlanException(field, describe(value), "a setting that exists: " + quoted(properties));
		}
		return property;
	}

	private static void add(String field, Object value, Class<?> type, Map<String, String> target) {
		if (isSection(type)) {
			if (!(value instanceof Map<?, ?> section)) {
				throw new InvalidPlanException(field, describe(value), "a section with " + quoted(properties(type)));
			}
			if (section.isEmpty()) {
				addDefault(field, type, target);
			}
			flatten(field + ".", section, type, target);
		}
		else if (value instanceof Map<?, ?>) {
			throw new InvalidPlanException(field, describe(value), accepted(Bindable.of(type)));
		}
		else if (value instanceof List<?> list) {
			if (!Collection.class.isAssignableFrom(type)) {
				throw new InvalidPlanException(field, describe(value), accepted(Bindable.of(type)));
			}
			checkSize(field, list.size());
			for (int i = 0; i < list.size(); i++) {
				target.put(field + "[" + i + "]", String.valueOf(list.get(i)));
			}
			if (list.isEmpty()) {
				target.put(field, "");
			}
		}
		else {
			String text = String.valueOf(value);
			if (!StringUtils.hasText(text) && !Collection.class.isAssignableFrom(type)) {
				throw new InvalidPlanException(field, text, accepted(Bindable.of(type)));
			}
			if (Collection.class.isAssignableFrom(type)) {
				checkSize(field, StringUtils.countOccurrencesOf(text, ",") + 1);
			}
			target.put(field, text);
		}
	}

	// Binding takes a time that grows with the square of it
	private static void checkSize(String field, int size) {
		if (size > MAX_ELEMENTS) {
			throw new InvalidPlanException(field, "a list of %d elements".formatted(size),
					"a list of at most %d elements".formatted(MAX_ELEMENTS));
		}
	}

	// A section that is there but empty means its defaults; without a property it would
	// not be bound and so be off
	private static void addDefault(String field, Class<?> type, Map<String, String> target) {
		Object defaults = BeanUtils.instantiateClass(type);
		for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(type)) {
			if (property.getWriteMethod() != null && property.getReadMethod() != null) {
				Object value = ReflectionUtils.invokeMethod(property.getReadMethod(), defaults);
				if (value instanceof String || value instanceof Number || value instanceof Boolean) {
					target.put(field + "." + DataObjectPropertyName.toDashedForm(property.getName()),
							String.valueOf(value));
					return;
				}
			}
		}
	}

	private static Map<String, Class<?>> properties(Class<?> type) {
		Map<String, Class<?>> properties = new TreeMap<>();
		for (PropertyDescriptor property : BeanUtils.getPropertyDescriptors(type)) {
			boolean settable = property.getWriteMethod() != null
					|| (property.getPropertyType() != null && isSection(property.getPropertyType()));
			if (settable) {
				properties.put(DataObjectPropertyName.toDashedForm(property.getName()), property.getPropertyType());
			}
		}
		return properties;
	}

	private static boolean isSection(Class<?> type) {
		return type.getNestHost() == TokenSavingProperties.class && !type.isEnum();
	}

	private static String quoted(Map<String, ?> names) {
		return "'" + String.join("', '", names.keySet()) + "'";
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
			return "a duration such as 500ms, 30s or 1h, of at most %d days".formatted(MAX_DURATION.toDays());
		}
		if (type == DataSize.class) {
			return "a size such as 64KB or 1MB";
		}
		if (type.isEnum()) {
			return "one of " + Arrays.stream(type.getEnumConstants())
				.map((constant) -> "'" + ((Enum<?>) constant).name().toLowerCase(Locale.ROOT) + "'")
				.collect(Collectors.joining(", "));
		}
		return Collection.class.isAssignableFrom(type) ? "a list of texts" : "a text that is not blank";
	}

	/**
	 * Refuses what can be bound but not worked with.
	 */
	private static final class LimitsBindHandler extends AbstractBindHandler {

		@Override
		public Object onSuccess(ConfigurationPropertyName name, Bindable<?> target, BindContext context,
				Object result) {
			if (result instanceof Duration duration && duration.compareTo(MAX_DURATION) > 0) {
				throw new InvalidPlanException(field(name), duration, accepted(target));
			}
			return result;
		}

	}

}
