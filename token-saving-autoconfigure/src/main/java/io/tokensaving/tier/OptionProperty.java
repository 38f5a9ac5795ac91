package io.tokensaving.tier;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;
import org.springframework.util.StringUtils;

/**
 * An option of a class of chat options that this library need not know: a public getter,
 * and the method of the same name of a builder. Immutable.
 */
final class OptionProperty {

	private static final ClassValue<Map<String, OptionProperty>> PROPERTIES = new ClassValue<>() {

		@Override
		protected Map<String, OptionProperty> computeValue(Class<?> type) {
			return find(type);
		}

	};

	private static final ClassValue<Map<String, List<Method>>> SETTERS = new ClassValue<>() {

		@Override
		protected Map<String, List<Method>> computeValue(Class<?> type) {
			return findSetters(type);
		}

	};

	private final String name;

	private final Method getter;

	private final Class<?> type;

	private OptionProperty(String name, Method getter) {
		this.name = name;
		this.getter = getter;
		this.type = ClassUtils.resolvePrimitiveIfNecessary(getter.getReturnType());
	}

	/**
	 * Return the options of a class.
	 * @param type the class of the options
	 * @return the options, ordered by name
	 */
	static Collection<OptionProperty> of(Class<?> type) {
		return PROPERTIES.get(type).values();
	}

	/**
	 * Return an option of a class.
	 * @param type the class of the options
	 * @param name the name
	 * @return the option, or {@code null} if the class has none of that name
	 */
	static @Nullable OptionProperty of(Class<?> type, String name) {
		return PROPERTIES.get(type).get(name);
	}

	/**
	 * Read an option by its name.
	 * @param options the options
	 * @param name the name
	 * @return the value, or {@code null} if it is not set or the class has no such option
	 */
	static @Nullable Object read(ChatOptions options, String name) {
		OptionProperty property = of(options.getClass(), name);
		return (property != null) ? property.read(options) : null;
	}

	private static Map<String, OptionProperty> find(Class<?> type) {
		Map<String, OptionProperty> properties = new TreeMap<>();
		for (Method method : type.getMethods()) {
			String name = name(method);
			if (name != null && method.trySetAccessible()) {
				// Of a getter that narrows an inherited one, the narrow type counts
				properties.merge(name, new OptionProperty(name, method),
						(one, other) -> one.type.isAssignableFrom(other.type) ? other : one);
			}
		}
		return properties;
	}

	private static @Nullable String name(Method method) {
		if (method.getParameterCount() > 0 || Modifier.isStatic(method.getModifiers()) || method.isBridge()
				|| method.getDeclaringClass() == Object.class || method.getReturnType() == void.class) {
			return null;
		}
		String name = method.getName();
		for (String prefix : List.of("get", "is")) {
			if (name.length() > prefix.length() && name.startsWith(prefix)
					&& Character.isUpperCase(name.charAt(prefix.length()))) {
				return StringUtils.uncapitalize(name.substring(prefix.length()));
			}
		}
		return null;
	}

	private static Map<String, List<Method>> findSetters(Class<?> builder) {
		Map<String, List<Method>> setters = new TreeMap<>();
		for (Method method : builder.getMethods()) {
			if (method.getParameterCount() == 1 && !Modifier.isStatic(method.getModifiers())
					&& method.getDeclaringClass() != Object.class && method.trySetAccessible()) {
				setters.computeIfAbsent(method.getName(), (added) -> new ArrayList<>(1)).add(method);
			}
		}
		return setters;
	}

	String name() {
		return this.name;
	}

	Class<?> type() {
		return this.type;
	}

	/**
	 * Whether a client adds to the default value. One of any type may hold a list or map,
	 * such as a schema, that is a whole.
	 * @return whether it is declared as a list or map
	 */
	boolean isAddedTo() {
		return this.type == List.class || this.type == Map.class;
	}

	/**
	 * Read the option.
	 * @param options the options, of the class of this option
	 * @return the value, or {@code null} if it is not set
	 */
	@Nullable Object read(ChatOptions options) {
		return ReflectionUtils.invokeMethod(this.getter, options);
	}

	/**
	 * Whether a builder can set the option.
	 * @param builder the builder
	 * @return whether it has a method of this name that takes such a value
	 */
	boolean isSetBy(ChatOptions.Builder<?> builder) {
		return setter(builder) != null;
	}

	private @Nullable Method setter(ChatOptions.Builder<?> builder) {
		for (Method method : SETTERS.get(builder.getClass()).getOrDefault(this.name, List.of())) {
			if (ClassUtils.isAssignable(method.getParameterTypes()[0], this.type)) {
				return method;
			}
		}
		return null;
	}

	/**
	 * Set the option.
	 * @param builder the builder
	 * @param value the value
	 * @return whether the builder has taken it
	 */
	boolean set(ChatOptions.Builder<?> builder, @Nullable Object value) {
		Method setter = setter(builder);
		if (setter == null) {
			return false;
		}
		try {
			setter.invoke(builder, value);
			return true;
		}
		catch (IllegalAccessException | InvocationTargetException | IllegalArgumentException ex) {
			return false;
		}
	}

}
