package io.tokensaving.request;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

import org.springframework.util.StringUtils;

/**
 * A property of an object of any class. The properties of a class are its record
 * components, its public getters and, so that nothing is missed, the fields that no
 * getter of the same name and type reads.
 */
abstract class ObjectProperty {

	private static final ClassValue<Collection<ObjectProperty>> PROPERTIES = new ClassValue<>() {

		@Override
		protected Collection<ObjectProperty> computeValue(Class<?> type) {
			return find(type, type.getMethods());
		}

	};

	private final String name;

	private final String lowerCaseName;

	private final boolean headers;

	private ObjectProperty(String name, String simpleName) {
		this.name = name;
		this.lowerCaseName = simpleName.toLowerCase(Locale.ROOT);
		this.headers = this.lowerCaseName.endsWith("headers");
	}

	/**
	 * Return the properties of a class.
	 * @param type the class
	 * @return the properties ordered by name
	 * @throws FingerprintException if a field can be read neither directly nor through a
	 * getter
	 */
	static Collection<ObjectProperty> of(Class<?> type) {
		return PROPERTIES.get(type);
	}

	/**
	 * Find the properties of a class.
	 * @param type the class
	 * @param methods its public methods, in any order
	 * @return the properties ordered by name, whatever the order of the methods
	 */
	static Collection<ObjectProperty> find(Class<?> type, Method... methods) {
		Map<String, ObjectProperty> properties = new TreeMap<>();
		if (type.isRecord()) {
			for (RecordComponent component : type.getRecordComponents()) {
				properties.put(component.getName(),
						new Getter(component.getName(), component.getName(), component.getAccessor()));
			}
			return properties.values();
		}
		Map<String, List<Method>> getters = getters(methods);
		getters.forEach((name, alternatives) -> {
			for (Method method : alternatives) {
				// Reflection returns methods in any order, so if two getters have the
				// same name, such as getEnabled() and isEnabled(), both are properties
				String unique = (alternatives.size() == 1) ? name
						: method.getName() + "()" + method.getReturnType().getName();
				properties.put(unique, new Getter(unique, name, method));
			}
		});
		for (Class<?> declaring = type; declaring != null
				&& declaring != Object.class; declaring = declaring.getSuperclass()) {
			for (Field field : declaring.getDeclaredFields()) {
				if (isState(field) && !isReadBy(getters.get(field.getName()), field)) {
					if (!field.trySetAccessible()) {
						throw new FingerprintException(
								"Field '%s' of %s cannot be read".formatted(field.getName(), declaring.getName()));
					}
					// A getter of the same name but another type is another property, as
					// in SDKs with isEnabled() and a field "enabled" that holds an object
					boolean taken = properties.containsKey(field.getName()) || getters.containsKey(field.getName());
					String name = taken ? declaring.getName() + "." + field.getName() : field.getName();
					properties.put(name, new State(name, field));
				}
			}
		}
		return properties.values();
	}

	private static @Nullable String propertyName(Method method) {
		if (method.getParameterCount() > 0 || Modifier.isStatic(method.getModifiers()) || method.isSynthetic()
				|| method.getDeclaringClass() == Object.class || method.getReturnType() == void.class) {
			return null;
		}
		String name = method.getName();
		if (name.startsWith("get") && name.length() > 3 && Character.isUpperCase(name.charAt(3))) {
			return StringUtils.uncapitalize(name.substring(3));
		}
		boolean flag = method.getReturnType() == boolean.class || method.getReturnType() == Boolean.class;
		if (flag && name.startsWith("is") && name.length() > 2 && Character.isUpperCase(name.charAt(2))) {
			return StringUtils.uncapitalize(name.substring(2));
		}
		return null;
	}

	// Constants are no state; neither are transient fields, Kotlin delegates and the flag
	// by which SDKs remember that an object was validated
	private static boolean isState(Field field) {
		return !Modifier.isStatic(field.getModifiers()) && !Modifier.isTransient(field.getModifiers())
				&& !field.isSynthetic() && field.getName().indexOf('$') < 0 && !"validated".equals(field.getName());
	}

	private static Map<String, List<Method>> getters(Method... methods) {
		Map<String, List<Method>> getters = new TreeMap<>();
		for (Method method : methods) {
			String name = propertyName(method);
			if (name != null) {
				getters.computeIfAbsent(name, (added) -> new ArrayList<>(1)).add(method);
			}
		}
		return getters;
	}

	private static boolean isReadBy(@Nullable List<Method> getters, Field field) {
		return getters != null && getters.stream().anyMatch((getter) -> getter.getReturnType() == field.getType());
	}

	String name() {
		return this.name;
	}

	String lowerCaseName() {
		return this.lowerCaseName;
	}

	/**
	 * Whether the property holds HTTP headers, as its name says.
	 * @return whether the name ends in {@code headers}, in any case of letters
	 */
	boolean holdsHeaders() {
		return this.headers;
	}

	/**
	 * Read the property.
	 * @param object the object
	 * @return the value, or {@code null} if the property is not set; if its getter
	 * throws, the class of the exception
	 */
	abstract @Nullable Object read(Object object);

	private static final class Getter extends ObjectProperty {

		private final Method method;

		Getter(String name, String simpleName, Method method) {
			super(name, simpleName);
			this.method = method;
			method.trySetAccessible();
		}

		@Override
		@Nullable Object read(Object object) {
			try {
				return this.method.invoke(object);
			}
			catch (InvocationTargetException ex) {
				// A getter may throw in some states only, so its exception is a value
				return ex.getTargetException().getClass();
			}
			catch (IllegalAccessException ex) {
				throw new FingerprintException(
						"Property '%s' of %s cannot be read".formatted(name(), object.getClass().getName()));
			}
		}

	}

	private static final class State extends ObjectProperty {

		private final Field field;

		State(String name, Field field) {
			super(name, field.getName());
			this.field = field;
		}

		@Override
		@Nullable Object read(Object object) {
			try {
				return this.field.get(object);
			}
			catch (IllegalAccessException ex) {
				throw new FingerprintException(
						"Field '%s' of %s cannot be read".formatted(name(), object.getClass().getName()));
			}
		}

	}

}
